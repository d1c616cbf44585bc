//! The binary as it is built with any set of clouds: it says what it has, names what it lacks, and serves.
//!
//! The one integration test that runs in every combination of features.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use std::fmt::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Every provider, whether it was compiled in, and a configuration of it whose cloud is a port that nobody listens on.
fn providers() -> [(&'static str, bool, &'static str); 3] {
    [
        (
            "aws",
            cfg!(feature = "aws"),
            "region = \"eu-central-1\"\nsubnet_group = \"caches\"\nsecurity_group_ids = [\"sg-0123456789abcdef0\"]",
        ),
        ("gcp", cfg!(feature = "gcp"), "project = \"acme-caches\"\nregion = \"europe-west3\"\nnetwork = \"default\""),
        (
            "azure",
            cfg!(feature = "azure"),
            "subscription_id = \"00000000-0000-0000-0000-000000000000\"\nresource_group = \"caches\"\nlocation = \"westeurope\"",
        ),
    ]
}

fn compiled() -> Vec<&'static str> {
    providers().into_iter().filter(|(_, is_compiled, _)| *is_compiled).map(|(name, ..)| name).collect()
}

/// A configuration that enables these providers, with a route for each.
fn config(enabled: &[&str]) -> tempfile::NamedTempFile {
    let mut text = String::from("[server]\nlisten = \"127.0.0.1:0\"\n");
    write!(text, "[secrets]\nkeyring = [{{ id = \"k1\", key = \"{}\" }}]\n", "0a".repeat(32)).unwrap();
    for (name, _, keys) in providers().into_iter().filter(|(name, ..)| enabled.contains(name)) {
        write!(text, "[providers.{name}]\nenabled = true\nendpoint_url = \"http://127.0.0.1:9\"\n{keys}\n").unwrap();
        write!(text, "[routes.{name}]\nresource_type = \"redis\"\nprovider = \"{name}\"\n").unwrap();
    }
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// The binary, with nothing of the machine's own set-up and an identity for AWS that nobody knows.
fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-driver"));
    command.env_clear().env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    command.kill_on_drop(true);
    command
}

async fn serve(config: &tempfile::NamedTempFile) -> (Child, String) {
    let command = &mut binary();
    let mut child = command.args(["serve", "--config"]).arg(config.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(url) = line.strip_prefix("listening on ") {
            return (child, url.to_owned());
        }
    }
    panic!("it ended before it listened: {:?}", child.wait().await);
}

#[tokio::test]
async fn the_version_names_the_clouds_that_are_in_it() {
    let ended = binary().arg("--version").output().await.unwrap();
    let expected = format!("cache-driver {} (providers: {})\n", env!("CARGO_PKG_VERSION"), compiled().join(", "));
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), expected);
}

#[tokio::test]
async fn it_serves_the_clouds_that_are_in_it() {
    if compiled().is_empty() {
        return;
    }
    let config = config(&compiled());
    let (_child, url) = serve(&config).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let alive: Value = client.get(format!("{url}/alive")).send().await.unwrap().json().await.unwrap();
    assert_eq!(alive["providers"], json!(compiled()));
    for provider in compiled() {
        let body = json!({ "type": "redis", "driver": { "values": { "size": "small" } } });
        let put = client.put(format!("{url}/{provider}/shop-sessions")).json(&body).send().await.unwrap();
        let (status, answer): (_, Value) = (put.status().as_u16(), put.json().await.unwrap());
        // Its cloud is silent, or there is no identity: either way the caller learns which.
        match status {
            202 => assert!(answer["message"].is_string(), "{provider}: {answer}"),
            400 => assert_eq!(answer["error"], "RES-103", "{provider}: {answer}"),
            _ => panic!("{provider}: {status} {answer}"),
        }
    }
    let nobody = client.put(format!("{url}/nobody/shop-sessions")).json(&json!({ "type": "redis" })).send();
    assert_eq!(nobody.await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_configuration_that_needs_a_cloud_that_is_not_in_it_says_which_feature_to_build_with() {
    for (name, is_compiled, _) in providers() {
        let config = config(&[name]);
        if is_compiled {
            continue;
        }
        let ended = binary().args(["serve", "--config"]).arg(config.path()).output().await.unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("--features {name}")), "{told}");
    }
}

#[tokio::test]
async fn a_binary_without_the_sandbox_says_so() {
    if cfg!(feature = "sandbox") {
        return;
    }
    let ended = binary().args(["serve", "--sandbox"]).output().await.unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8(ended.stderr).unwrap().contains("--features sandbox"));
    let demo = binary().arg("demo").output().await.unwrap();
    assert_eq!(demo.status.code(), Some(2));
}

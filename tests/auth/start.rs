//! The binary: what keeps it from starting, and one that starts with all of it.

use std::path::Path;
use std::process::Stdio;

use cache_driver::backend;
use cache_driver::cache::Provider;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::harness::{Authority, Files, client};

/// The binary, with a configuration that has nothing wrong but what `toml` brings. `None` for one without any cloud,
/// which cannot start.
fn serve(dir: &Path, toml: &str) -> Option<Command> {
    let provider = backend::compiled().first()?;
    let place = match provider {
        Provider::Aws => "region = \"r\"",
        Provider::Gcp => "project = \"p\"\nregion = \"r\"",
        Provider::Azure => "subscription_id = \"s\"\nlocation = \"l\"\nresource_group = \"g\"",
    };
    let key = "0a".repeat(32);
    let base = format!(
        "secrets.keyring = [{{ id = \"k1\", key = \"{key}\" }}]\n\
         [providers.{provider}]\nenabled = true\n{place}\n"
    );
    let file = dir.join("config.toml");
    std::fs::write(&file, base + toml).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-driver"));
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true).args(["serve", "--config"]).arg(file);
    Some(command)
}

/// What a start says that must not succeed.
async fn refused(toml: &str, parts: &[&str]) {
    let dir = TempDir::new().unwrap();
    let Some(mut command) = serve(dir.path(), toml) else { return };
    let output = command.output().await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(output.stdout.is_empty());
    assert!(parts.iter().all(|part| text.contains(part)), "not all of {parts:?} in {text}");
}

#[tokio::test]
async fn an_address_that_others_can_reach_without_a_rule_is_refused_and_says_what_to_set() {
    let public = "[server]\nlisten = \"0.0.0.0:0\"\n";
    let parts = ["server.listen", "server.auth.tokens", "cache-driver token", "allow_public_without_auth"];
    refused(public, &parts).await;
    let listed = format!("{public}[server.auth]\nallow_ips = [\"humanitec\"]\n");
    refused(&listed, &["alone does not tell callers apart"]).await;
}

#[tokio::test]
async fn a_key_that_cannot_be_read_or_is_of_another_certificate_is_refused() {
    let authority = Authority::new();
    let files = Files::of(&authority.server());
    let tls = |key: &Path| {
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[server.tls]\ncert_file = {:?}\nkey_file = {key:?}\n",
            files.certificate()
        )
    };
    refused(&tls(&files.dir().join("no-such.key")), &["server.tls.key_file: cannot read", "no-such.key"]).await;
    std::fs::write(files.key(), authority.server().key).unwrap();
    refused(&tls(&files.key()), &["server.tls.key_file: does not belong to the certificate"]).await;
}

#[tokio::test]
async fn a_secret_of_the_token_command_opens_a_server_that_speaks_tls() {
    let output = Command::new(env!("CARGO_BIN_EXE_cache-driver")).arg("token").output().await.unwrap();
    assert!(output.status.success());
    let made = String::from_utf8(output.stdout).unwrap();
    let of = |name: &str| made.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let (secret, sha256) = (of("secret"), of("sha256"));
    assert_eq!((secret.len(), sha256.len()), (64, 64));

    let authority = Authority::new();
    let files = Files::of(&authority.server());
    let dir = TempDir::new().unwrap();
    let toml = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[server.tls]\ncert_file = {:?}\nkey_file = {:?}\n\
         [server.auth]\ntokens = [{{ id = \"a\", sha256 = \"{sha256}\" }}]\n",
        files.certificate(),
        files.key()
    );
    let Some(mut command) = serve(dir.path(), &toml) else { return };
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let url = line.strip_prefix("listening on ").unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let client = client(&authority.pem, None);
    let status = |path: &'static str, token: Option<String>| {
        let mut request = client.get(format!("{url}{path}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(status("/alive", None).await, 200);
    assert_eq!(status("/sizes", None).await, 401);
    assert_eq!(status("/sizes", Some(sha256)).await, 401);
    assert_eq!(status("/sizes", Some(secret)).await, 200);
    child.kill().await.unwrap();
}

//! `check`: every planted misconfiguration is found, told by its subject, and mended by a command or a key.

mod planted;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cache_driver::clock::SystemClock;
use cache_driver::random::SystemSource;
use cache_driver::sandbox::aws::AwsSandbox;
use cache_driver::sandbox::azure::AzureSandbox;
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Ended, run};
use planted::Planted;

const NET: &str = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/net/providers/Microsoft.Network";

/// The secrets that every configuration needs.
const KEYRING: &str = r#"[{ id = "k1", key = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00" }]"#;

async fn cloud(provider: &str) -> Running {
    let options = SandboxOptions {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemSource),
        speed: 60.0,
        data_plane: Arc::new(NoDataPlane),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    };
    match provider {
        "aws" => AwsSandbox::start(options).await,
        "gcp" => GcpSandbox::start(options).await,
        _ => AzureSandbox::start(options).await,
    }
    .unwrap()
}

/// A configuration in which all is well, as environment. `more` wins.
fn settings(provider: &str, url: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let own: &[(&str, &str)] = match provider {
        "aws" => &[
            ("REGION", "eu-central-1"),
            ("SUBNET_GROUP", "caches"),
            ("SECURITY_GROUP_IDS", "[\"sg-0123456789abcdef0\"]"),
        ],
        "gcp" => &[("PROJECT", "shop-caches"), ("REGION", "europe-west3"), ("NETWORK", "main")],
        _ => &[
            ("SUBSCRIPTION_ID", "00000000-0000-4000-8000-000000000001"),
            ("RESOURCE_GROUP", "caches"),
            ("LOCATION", "westeurope"),
            ("ACCOUNTS__MAIN__TENANT_ID", "11111111-0000-4000-8000-000000000001"),
            ("ACCOUNTS__MAIN__CLIENT_ID", "22222222-0000-4000-8000-000000000001"),
            ("ACCOUNTS__MAIN__CLIENT_SECRET", "CANARY-secret"),
        ],
    };
    let prefix = format!("CACHE_DRIVER__PROVIDERS__{}__", provider.to_uppercase());
    let mut all = vec![
        ("CACHE_DRIVER__SECRETS__KEYRING".to_owned(), KEYRING.to_owned()),
        ("CACHE_DRIVER__ROUTES__REDIS__RESOURCE_TYPE".to_owned(), "redis".to_owned()),
        (format!("{prefix}ENABLED"), "true".to_owned()),
        (format!("{prefix}ENDPOINT_URL"), url.to_owned()),
        (format!("{prefix}MAX_ATTEMPTS"), "1".to_owned()),
        ("AWS_ACCESS_KEY_ID".to_owned(), "AKIASYNTHETIC000000000000".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "CANARY-aws".to_owned()),
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
    ];
    all.extend(own.iter().map(|(key, value)| (format!("{prefix}{key}"), (*value).to_owned())));
    for (key, value) in more {
        let key = if key.starts_with("CACHE_DRIVER__") { (*key).to_owned() } else { format!("{prefix}{key}") };
        all.retain(|(known, _)| *known != key);
        all.push((key, (*value).to_owned()));
    }
    all
}

async fn check(settings: &[(String, String)], args: &[&str]) -> Ended {
    let environment: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let ended = run(&[&["check"][..], args].concat(), &environment, "").await;
    assert!(!format!("{ended:?}").contains("CANARY"), "{ended:?}");
    ended
}

/// Findings of all places with this verdict.
fn findings(report: &Value, verdict: &str) -> Vec<Value> {
    let sections = report["checks"].as_array().unwrap().iter();
    let all = sections.flat_map(|section| section["findings"].as_array().unwrap().clone());
    all.filter(|finding| finding["verdict"] == verdict).collect()
}

async fn look(provider: &str, more: &[(&str, &str)], plant: &[Value]) -> (Ended, Value) {
    let cloud = cloud(provider).await;
    for change in plant {
        match change.get("kind").filter(|_| change.get("op").is_none()) {
            Some(_) => {
                cloud.control().faults().add_json(change.clone()).unwrap();
            }
            None => {
                cloud.control().mutate(change.clone()).await.unwrap();
            }
        }
    }
    let ended = check(&settings(provider, &cloud.url(), more), &["--output", "json", "--timeout", "8s"]).await;
    let report = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    cloud.shutdown().await;
    (ended, report)
}

#[tokio::test]
async fn where_all_is_well_there_is_no_problem() {
    for provider in ["aws", "gcp", "azure"] {
        let (ended, report) = look(provider, &[], &[]).await;
        assert!(findings(&report, "problem").is_empty(), "{provider}: {}", ended.out);
        assert_eq!((ended.code, ended.err.as_str(), &report["ok"]), (0, "", &json!(true)), "{provider}");
        let about = &report["checks"][0];
        assert_eq!(about["about"], "configuration");
        let told = about.to_string();
        for part in ["127.0.0.1:8080", "made with the key k1", "route redis"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}

#[tokio::test]
async fn each_planted_misconfiguration_is_found_with_how_to_mend_it() {
    for Planted { provider, settings, cloud, verdict, subject, mend } in planted::all() {
        let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let (ended, report) = look(provider, &settings, &cloud).await;
        let found = findings(&report, verdict);
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let fits =
            |finding: &&Value| text(finding, "subject").starts_with(subject) && text(finding, "mend").contains(mend);
        assert!(
            found.iter().any(|finding| fits(&finding)),
            "{provider} {cloud:?} {settings:?}: {subject}: {mend}: {}",
            ended.out
        );
        if verdict == "problem" {
            assert!(
                found.iter().all(|finding| text(finding, "subject").starts_with(subject)),
                "and no other: {found:?}"
            );
            assert_eq!((ended.code, &report["ok"]), (1, &json!(false)), "{cloud:?}");
            assert!(ended.err.starts_with("error: ") && ended.err.contains("problem"), "{}", ended.err);
        }
    }
}

#[tokio::test]
async fn a_cloud_that_does_not_answer_is_a_finding_and_not_a_hang() {
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let looking = ["aws", "gcp", "azure"].map(|provider| {
        let settings = settings(provider, &url, &[]);
        tokio::spawn(async move { check(&settings, &["--output", "json", "--timeout", "1s"]).await })
    });
    for ended in looking {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.expect("it ends").unwrap();
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        let problems = findings(&report, "problem");
        let is_told =
            |one: &Value| one["subject"] == "reachable" && one["mend"].as_str().unwrap().contains("--timeout");
        assert!(problems.iter().any(is_told), "{}", ended.out);
        assert_eq!(ended.code, 1);
    }
}

#[tokio::test]
async fn people_get_a_table() {
    let cloud = cloud("aws").await;
    cloud.control().mutate(json!({"op": "remove_subnet_group", "name": "caches"})).await.unwrap();
    let ended = check(&settings("aws", &cloud.url(), &[]), &[]).await;
    assert_eq!(ended.code, 1);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines[0], "configuration");
    assert!(lines.contains(&"aws/replication-group in eu-central-1, with the driver's own identity"), "{}", ended.out);
    let at = lines.iter().position(|line| line.starts_with("  problem  subnet group caches")).unwrap();
    assert!(
        lines[at + 1].trim_start().starts_with("-> run `aws elasticache create-cache-subnet-group"),
        "{}",
        ended.out
    );
    assert!(lines.last().unwrap().starts_with("1 problem, "), "{}", ended.out);
}

#[tokio::test]
async fn a_collector_that_serve_would_refuse_is_refused_here_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "no certificate").unwrap();
    let more = [
        ("CACHE_DRIVER__TELEMETRY__OTLP__ENDPOINT", "https://127.0.0.1:1"),
        ("CACHE_DRIVER__TELEMETRY__OTLP__CA_FILE", file.path().to_str().unwrap()),
    ];
    let ended = check(&settings("aws", "http://127.0.0.1:1", &more), &[]).await;
    assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{}", ended.err);
    assert!(ended.err.contains("telemetry.otlp.ca_file"), "{}", ended.err);
}

#[tokio::test]
async fn a_wrong_configuration_ends_with_two_and_names_all_that_is_wrong() {
    for (more, args, told) in [
        (vec![("REGON", "eu-central-1")], vec![], "REGON"),
        (vec![("CACHE_DRIVER__SERVER__LISTEN", "0.0.0.0:8080")], vec![], "server.listen"),
        (
            vec![
                ("CACHE_DRIVER__SERVER__TLS__CERT_FILE", "/no/such.pem"),
                ("CACHE_DRIVER__SERVER__TLS__KEY_FILE", "/no/such.key"),
            ],
            vec![],
            "/no/such",
        ),
        (vec![], vec!["--provider", "gcp"], "not enabled"),
        (vec![], vec!["--provider", "oracle"], "oracle"),
        (vec![], vec!["--timeout", "soon"], "--timeout"),
    ] {
        let ended = check(&settings("aws", "http://127.0.0.1:1", &more), &args).await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{more:?} {args:?}: {}", ended.err);
        assert!(ended.err.contains(told), "{told}: {}", ended.err);
    }
}

//! `ping`.

use std::sync::Arc;

use cache_driver::cache::Engine;
use cache_driver::clock::SystemClock;
use cache_driver::sandbox::data_plane::SmallServer;
use cache_driver::sandbox::{DataPlane, Listening, ServerSpec};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::run;

const PASSWORD: &str = "CANARY-synthetic";

struct Cache {
    plane: SmallServer,
    at: Listening,
    dir: TempDir,
}

impl Cache {
    async fn start(tls: bool) -> Self {
        let plane = SmallServer::new(Arc::new(SystemClock)).unwrap();
        let password = Some(PASSWORD.into());
        let spec = ServerSpec { name: "a".into(), engine: Engine::Valkey, password, tls, cluster: false };
        let at = plane.start(spec).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), plane.ca_pem().unwrap()).unwrap();
        std::fs::write(dir.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        Self { plane, at, dir }
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn address(&self) -> String {
        format!("{}:{}", self.at.host, self.at.port)
    }

    fn outputs(&self) -> Value {
        json!({"resource": {
            "values": {"host": self.at.host, "port": self.at.port, "tls": true, "ca_cert": self.plane.ca_pem()},
            "secrets": {"username": "default", "password": PASSWORD},
        }})
    }
}

#[tokio::test]
async fn a_cache_that_answers_is_reached_however_it_is_told() {
    let cache = Cache::start(true).await;
    let (address, ca, password) = (cache.address(), cache.file("ca.pem"), cache.file("password"));
    let outputs = cache.outputs().to_string();
    std::fs::write(cache.file("outputs.json"), &outputs).unwrap();
    let url = format!("rediss://default:{PASSWORD}@{address}");
    let port = cache.at.port.to_string();
    let pem = cache.plane.ca_pem().unwrap();
    let environment = [
        ("CACHE_HOST", cache.at.host.as_str()),
        ("CACHE_PORT", &port),
        ("CACHE_TLS", "true"),
        ("CACHE_PASSWORD", PASSWORD),
        ("CACHE_CA_CERT", &pem),
    ];
    for ended in [
        run(&["ping", &address, "--ca", &ca, "--password-file", &password], &[], "").await,
        run(&["ping", &url, "--ca", &ca], &[], "").await,
        run(&["ping", "-"], &[], &outputs).await,
        run(&["ping", &cache.file("outputs.json")], &[], "").await,
        run(&["ping"], &environment, "").await,
        run(&["ping", "--ca", &ca], &[("CACHE_URL", &url)], "").await,
    ] {
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
        let ok = ["TLS   ok", "AUTH  ok", "PING  ok"].iter().all(|stage| ended.out.contains(stage));
        assert!(ok, "{}", ended.out);
        assert!(!ended.out.contains(PASSWORD), "{}", ended.out);
    }
    let told = run(&["ping", "-", "--output", "json"], &[], &outputs).await;
    let report: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((told.code, &report["ok"], &report["stages"][4]["stage"]), (0, &json!(true), &json!("ping")));
}

#[tokio::test]
async fn each_obstacle_is_named_by_its_stage_with_a_hint() {
    let (encrypted, plain) = (Cache::start(true).await, Cache::start(false).await);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let foreign_ca = plain.file("ca.pem");
    let wrong = encrypted.file("wrong");
    std::fs::write(&wrong, "CANARY-wrong").unwrap();
    let (password, ca) = (encrypted.file("password"), encrypted.file("ca.pem"));
    let (address, open) = (encrypted.address(), plain.address());
    for (stage, args) in [
        ("DNS", vec!["no-such-cache.invalid:6379"]),
        ("TCP", vec![closed.as_str()]),
        ("TLS", vec![open.as_str(), "--ca", &ca]),
        ("TLS", vec![address.as_str(), "--ca", &foreign_ca, "--password-file", &password]),
        ("AUTH", vec![address.as_str(), "--ca", &ca, "--password-file", &wrong]),
        ("PING", vec![address.as_str(), "--ca", &ca]),
        ("PING", vec![address.as_str()]),
    ] {
        let mut all = vec!["ping", "--timeout", "3s"];
        all.extend(&args);
        let ended = run(&all, &[], "").await;
        assert_eq!(ended.code, 1, "{args:?}: {}", ended.out);
        assert!(ended.err.starts_with(&format!("error: {stage} failed: ")), "{args:?}: {}", ended.err);
        assert!(ended.out.contains("\nhint: ") && ended.out.contains("FAILED"), "{args:?}: {}", ended.out);
        assert!(!format!("{ended:?}").contains("CANARY"), "{ended:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_ends_with_two_and_shows_no_secret() {
    for (args, told) in [
        (vec!["ping"], "CACHE_URL"),
        (vec!["ping", "http://u:CANARY@h"], "rediss://"),
        (vec!["ping", "no-such-file.json"], "No such file"),
        (vec!["ping", "-"], "standard input"),
        (vec!["ping", "h:1", "--ca", "/no/such/ca.pem"], "/no/such/ca.pem"),
        (vec!["ping", "h:1", "--timeout", "soon"], "--timeout"),
        (vec!["ping", "h:1", "--fast"], "--fast"),
    ] {
        let ended = run(&args, &[], "not JSON").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains(told) && !ended.err.contains("CANARY"), "{args:?}: {}", ended.err);
    }
}

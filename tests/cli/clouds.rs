//! A running `cache-driver sandbox`, and a driver over it.

use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{Ended, run};

/// What the driver calls the emulated cloud with.
const IDENTITY: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIASANDBOX111122223333"), ("AWS_SECRET_ACCESS_KEY", "CANARY-synthetic")];

/// An emulated AWS, thousands of times as fast as the real one, and a driver that serves it. Both end when this is dropped.
pub(crate) struct Clouds {
    _sandbox: Child,
    _serve: Child,
    aws: String,
    driver: String,
    http: reqwest::Client,
    dir: TempDir,
}

impl Clouds {
    pub(crate) async fn start() -> Self {
        let (sandbox, aws) = begun(&["sandbox", "--speed", "6000"], "aws ").await;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("driver.toml");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[lifecycle]\npoll_interval = \"50ms\"\n\
             [secrets]\nkeyring = [{{ id = \"k1\", key = \"{}\" }}]\n[providers.aws]\nenabled = true\n\
             region = \"eu-central-1\"\nendpoint_url = \"{aws}\"\nsubnet_group = \"caches\"\n\
             security_group_ids = [\"sg-0123456789abcdef0\"]\n",
            "0a".repeat(32)
        );
        std::fs::write(&file, text).unwrap();
        let (serve, driver) = begun(&["serve", "--config", file.to_str().unwrap()], "listening on ").await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { _sandbox: sandbox, _serve: serve, aws, driver, http, dir }
    }

    /// Runs a command with the driver's configuration.
    pub(crate) async fn run(&self, args: &[&str], stdin: &str) -> Ended {
        let config = self.file("driver.toml");
        let all: Vec<&str> = args.iter().copied().chain(["--config", &config]).collect();
        let ended = run(&all, &IDENTITY, stdin).await;
        assert!(!format!("{ended:?}").contains("CANARY"), "{ended:?}");
        ended
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// PUTs until it is 200.
    pub(crate) async fn make(&self, id: &str, values: &Value) {
        self.until(reqwest::Method::PUT, id, Some(values), 200).await;
    }

    /// DELETEs until it is 204.
    pub(crate) async fn delete(&self, id: &str) {
        self.until(reqwest::Method::DELETE, id, None, 204).await;
    }

    async fn until(&self, method: reqwest::Method, id: &str, values: Option<&Value>, wanted: u16) {
        let url = format!("{}/redis/{id}", self.driver);
        let mut request = self.http.request(method, url).header("prefer", "wait=30");
        if let Some(values) = values {
            request = request.json(&json!({"type": "redis", "driver": {"values": values}}));
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(status, wanted, "{}", answer.text().await.unwrap());
    }

    /// Makes trouble.
    pub(crate) async fn fault(&self, fault: Value) {
        let answer = self.http.post(format!("{}/_sandbox/faults", self.aws)).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Changes something behind the driver's back.
    pub(crate) async fn mutate(&self, change: Value) {
        let answer = self.http.post(format!("{}/_sandbox/mutate", self.aws)).json(&change).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// The caches at the cloud.
    pub(crate) async fn caches(&self) -> Vec<Value> {
        let state: Value = self.get("state").await;
        state["caches"].as_array().unwrap().clone()
    }

    /// How often this was called.
    pub(crate) async fn count(&self, action: &str) -> u64 {
        self.get("calls").await["counts"][action].as_u64().unwrap_or_default()
    }

    async fn get(&self, what: &str) -> Value {
        let url = format!("{}/_sandbox/{what}", self.aws);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

/// Starts a command that goes on, and gives what follows `word` on the line that begins with it.
async fn begun(args: &[&str], word: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cache-driver"))
        .args(args)
        .env_clear()
        .envs(IDENTITY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(found) = line.strip_prefix(word) {
            let found = found.to_owned();
            // What it says later must not fill the pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, found);
        }
    }
    panic!("{args:?} did not start");
}

//! An emulated AWS in this process, drivers over it as processes, and servers that are no drivers.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest;
use cache_driver::clock::{Clock, SystemClock};
use cache_driver::random::SystemSource;
use cache_driver::sandbox::aws::AwsSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Creations take about a second.
pub(crate) const FAST: f64 = 600.0;

/// The machine's own set-up is left out; the credentials are for the emulated cloud.
pub(crate) fn command(args: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-driver"));
    command.args(args).env_clear().kill_on_drop(true);
    command.env("AWS_ACCESS_KEY_ID", "AKIASANDBOX000000000000").env("AWS_SECRET_ACCESS_KEY", "synthetic");
    command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// An emulated AWS, and a directory with a configuration for it.
pub(crate) struct World {
    pub(crate) cloud: Running,
    dir: TempDir,
    ids: AtomicU64,
}

impl World {
    pub(crate) async fn start(speed: f64) -> Self {
        let options = SandboxOptions {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemSource),
            speed,
            data_plane: Arc::new(NoDataPlane),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let cloud = AwsSandbox::start(options).await.unwrap();
        let world = Self { cloud, dir: tempfile::tempdir().unwrap(), ids: AtomicU64::new(1) };
        world.configure("");
        world
    }

    /// Writes the configuration, with `more` TOML at its end.
    pub(crate) fn configure(&self, more: &str) {
        let (key, url) = ("0a".repeat(32), self.cloud.url());
        let text = format!(
            "server.listen = \"127.0.0.1:0\"\nsecrets.keyring = [{{ id = \"k1\", key = \"{key}\" }}]\n\
             lifecycle.poll_interval = \"50ms\"\nlifecycle.retry_after.min = \"1s\"\nlifecycle.retry_after.max = \"1s\"\n\
             [providers.aws]\nenabled = true\nregion = \"eu-central-1\"\nendpoint_url = \"{url}\"\nmax_attempts = 2\n\
             subnet_group = \"caches\"\nsecurity_group_ids = [\"sg-0123456789abcdef0\"]\n\
             [routes.redis]\nresource_type = \"redis\"\n{more}"
        );
        std::fs::write(self.path("driver.toml"), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn config(&self) -> String {
        self.path("driver.toml")
    }

    /// A body of a PUT with these values.
    pub(crate) fn body(&self, values: &Value) -> String {
        let name = format!("body-{}.json", self.ids.fetch_add(1, Ordering::Relaxed));
        self.write(&name, &json!({"type": "redis", "driver": {"values": values}}).to_string())
    }

    /// A fresh id of a resource.
    pub(crate) fn id(&self) -> String {
        format!("resource-{}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn fault(&self, fault: Value) {
        self.cloud.control().faults().add_json(fault).unwrap();
    }

    pub(crate) fn count(&self, action: &str) -> u64 {
        self.cloud.control().calls().count(action)
    }

    pub(crate) async fn caches(&self) -> usize {
        self.cloud.control().state().await["caches"].as_array().unwrap().len()
    }

    /// A driver over this cloud.
    pub(crate) async fn driver(&self) -> Driver {
        Driver::start(&["serve", "--config", &self.config()]).await
    }
}

/// A driver that is a process of its own. Dropping it kills it.
pub(crate) struct Driver {
    pub(crate) url: String,
    _child: Child,
}

impl Driver {
    async fn start(args: &[&str]) -> Self {
        let mut child = command(args, &[]).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(url) = line.strip_prefix("listening on ") {
                return Self { url: url.to_owned(), _child: child };
            }
        }
        panic!("the driver did not start: {:?}", child.wait().await);
    }

    /// Arguments of a client command for this driver's route.
    pub(crate) fn args<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--url", &self.url, "--route", "redis"]].concat()
    }
}

/// Answers one connection after the other with these texts, then closes the port. `""` closes a connection unanswered.
pub(crate) async fn scripted(answers: Vec<String>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 16_384];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

/// An HTTP answer as it stands on the wire.
pub(crate) fn wire(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// Waits until something holds.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came to pass: {what}");
}

/// The hash of a secret, as the configuration takes it.
pub(crate) fn sha256(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
}

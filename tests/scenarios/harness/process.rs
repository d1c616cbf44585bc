//! Drivers as processes of their own, so that they can be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::World;

/// The configuration file of drivers that are processes.
pub(crate) struct Settings {
    dir: TempDir,
    pub(crate) file: PathBuf,
}

impl Settings {
    /// Over this cloud, with a keyring of its own; `more` is further TOML.
    pub(crate) fn over(world: &World, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let ca = world.ca.as_ref().map_or(String::new(), |pem| format!("cache_ca = '''\n{pem}'''\n"));
        let key = "0a".repeat(32);
        let url = world.cloud.url();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[secrets]\nkeyring = [{{ id = \"k1\", key = \"{key}\" }}]\n\
             [providers.aws]\nenabled = true\nregion = \"eu-central-1\"\nendpoint_url = \"{url}\"\n\
             subnet_group = \"caches\"\nsecurity_group_ids = [\"sg-0123456789abcdef0\"]\n{ca}{more}"
        );
        std::fs::write(&file, text).unwrap();
        Self { dir, file }
    }

    /// Starts a driver.
    pub(crate) async fn start(&self) -> Process {
        Process::start(&self.file, self.dir.path()).await
    }
}

/// A driver that is a process of its own. Dropping it kills it.
pub(crate) struct Process {
    pub(crate) url: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    async fn start(config: &Path, dir: &Path) -> Self {
        let count = std::fs::read_dir(dir).unwrap().count();
        let log = dir.join(format!("log-{count}"));
        let mut child = command()
            .args(["serve", "--config"])
            .arg(config)
            .stdout(Stdio::piped())
            .stderr(Stdio::from(File::create(&log).unwrap()))
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut url = None;
        while let Some(line) = lines.next_line().await.unwrap() {
            url = line.strip_prefix("listening on ").map(str::to_owned);
            if url.is_some() {
                break;
            }
        }
        let url = url.unwrap_or_else(|| panic!("it did not start: {}", std::fs::read_to_string(&log).unwrap()));
        Self { url, child, log }
    }

    /// `kill -9`, and waits until it is dead.
    pub(crate) async fn kill(mut self) -> String {
        self.child.start_kill().unwrap();
        let status = self.child.wait().await.unwrap();
        assert!(!status.success());
        std::fs::read_to_string(&self.log).unwrap()
    }
}

/// The binary, with nothing of the machine's own set-up and an identity of its own.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-driver"));
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command.env("AWS_ACCESS_KEY_ID", "AKIASANDBOX000000000000").env("AWS_SECRET_ACCESS_KEY", "synthetic");
    command
}

//! The processes under load: the same binary as emulated cloud and as driver.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};

/// A process that ends when it is dropped.
pub(crate) struct Child {
    process: Process,
    pub(crate) url: String,
}

impl Child {
    /// An emulated AWS.
    pub(crate) fn sandbox(speed: f64) -> Self {
        Self::start(&["sandbox", "--aws-port", "0", "--speed", &speed.to_string()], "aws ")
    }

    /// A driver with this configuration.
    pub(crate) fn driver(config: &Path) -> Self {
        Self::start(&["serve", "--config", config.to_str().expect("a path in UTF-8")], "listening on ")
    }

    fn start(arguments: &[&str], says: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_cache-driver"))
            .args(arguments)
            // What the emulated cloud takes as an identity: any.
            .env("AWS_ACCESS_KEY_ID", "BENCHAKIA000000000000")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let url = loop {
            line.clear();
            let read = lines.read_line(&mut line).expect("a line");
            assert!(read > 0, "{arguments:?} ended before it said `{says}`");
            if let Some(url) = line.trim().strip_prefix(says) {
                break url.to_owned();
            }
        };
        // The pipe stays open, or its next line would end it.
        std::thread::spawn(move || lines.lines().for_each(drop));
        Self { process, url }
    }

    /// Memory that the process holds, in MiB.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a VmRSS line");
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024.0
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A configuration for an emulated AWS at `url`.
pub(crate) fn config_file(url: &str, level: &str) -> tempfile::NamedTempFile {
    let key = "0123456789abcdef".repeat(4);
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    write!(
        file,
        r#"
[server]
listen = "127.0.0.1:0"
[log]
level = "{level}"
[secrets]
keyring = [{{ id = "k1", key = "{key}" }}]
[providers.aws]
enabled = true
region = "eu-central-1"
endpoint_url = "{url}"
subnet_group = "bench"
security_group_ids = ["sg-0123456789abcdef0"]
"#
    )
    .expect("written");
    file
}

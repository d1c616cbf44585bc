//! `ping`: proves that a cache can be reached, one step at a time.

pub(super) mod target;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Failed;
use super::documents::{Output, print};
use super::start::World;
use crate::config;
use crate::ping::{self, Timeouts};

/// Options of `ping`.
#[derive(Debug, Args)]
pub(super) struct Ping {
    /// What to reach: `rediss://user:password@host:port` (or `redis://` without TLS), `host:port`, a file with the driver's
    /// outputs as JSON, or `-` for outputs on standard input. Without it, the environment tells: `CACHE_URL`, or
    /// `CACHE_HOST`, `CACHE_PORT`, `CACHE_TLS`, `CACHE_USERNAME`, `CACHE_PASSWORD` and `CACHE_CA_CERT`.
    target: Option<String>,
    /// Speak TLS. Implied by `rediss://`, by outputs that say so, and by `--ca`.
    #[arg(long)]
    tls: bool,
    /// PEM file of the CAs to trust, and no others.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The user to log in as.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file that holds the password. On the command line it would show in the list of processes.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// How long each step may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

impl Ping {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let target = target::find(&self, config::process_var)?;
        let each = self.timeout;
        let timeouts = Timeouts { dns: each, tcp: each, tls: each, reply: each };
        let report = ping::run(&target, &timeouts, World::real().clock.as_ref()).await;
        match self.output {
            Output::Json => print(&report)?,
            Output::Text => say!("{report}"),
        }
        match report.failed() {
            None => Ok(()),
            Some(step) => Err(Failed::Run(format!("{} failed: {}", step.stage, step.detail))),
        }
    }
}

//! `get`: how a resource is.

use std::time::Duration;

use clap::Args;
use reqwest::Method;

use super::caller::Ask;
use super::reach::Reach;
use super::{Shown, Waiting, asked};
use crate::cli::Failed;

/// Options of `get`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Get {
    /// The resource's GUResID.
    id: String,
    /// Wait until it is ready or gone. Changes nothing; whoever asked for it last decides what it becomes.
    #[arg(long)]
    wait: bool,
    /// Give up waiting after this long.
    #[arg(long, requires = "wait", value_parser = humantime::parse_duration, value_name = "DURATION")]
    timeout: Option<Duration>,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    reach: Reach,
}

impl Get {
    pub(in crate::cli) async fn run(self) -> Result<(), Failed> {
        let mut remote = self.reach.open(&self.id)?;
        let waiting = Waiting { timeout: self.timeout, no_wait: !self.wait };
        let answer = asked(&mut remote, Ask::new(Method::GET, &self.id), &self.shown, &waiting).await?;
        match answer.status {
            200 | 202 => self.shown.success(&self.id, &answer),
            _ => Err(self.shown.refused(&remote, &answer)),
        }
    }
}

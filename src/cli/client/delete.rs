//! `delete`: a DELETE, repeated until the cache is gone.

use clap::Args;
use reqwest::Method;

use super::caller::Ask;
use super::reach::Reach;
use super::{Shown, Waiting, asked};
use crate::cli::Failed;

/// Options of `delete`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    /// The resource's GUResID.
    id: String,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    reach: Reach,
}

impl Delete {
    pub(in crate::cli) async fn run(self) -> Result<(), Failed> {
        let mut remote = self.reach.open(&self.id)?;
        let answer = asked(&mut remote, Ask::new(Method::DELETE, &self.id), &self.shown, &self.waiting).await?;
        match answer.status {
            202 | 204 => self.shown.success(&self.id, &answer),
            _ => Err(self.shown.refused(&remote, &answer)),
        }
    }
}

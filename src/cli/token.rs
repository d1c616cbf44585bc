//! `token`: a secret for callers, and its hash for the configuration.

use aws_lc_rs::digest;
use clap::Args;
use serde_json::json;

use super::Failed;
use super::documents::{Output, print};
use super::start::World;
use crate::config::to_hex;

/// Options of `token`.
#[derive(Debug, Args)]
pub(super) struct Token {
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

impl Token {
    pub(super) fn print(&self) -> Result<(), Failed> {
        let mut bytes = [0; 32];
        World::real().random.fill(&mut bytes);
        let secret = to_hex(&bytes);
        let sha256 = to_hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        match self.output {
            Output::Json => print(&json!({"secret": secret, "sha256": sha256})),
            Output::Text => {
                say!("secret  {secret}");
                say!("sha256  {sha256}");
                Ok(())
            }
        }
    }
}

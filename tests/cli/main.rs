//! The commands, as a shell runs them: what they print, and how they end.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

#[cfg(all(feature = "aws", feature = "gcp", feature = "azure"))]
mod check;
mod client;
#[cfg(feature = "aws")]
mod clouds;
mod completions;
mod harness;
mod job;
#[cfg(feature = "aws")]
mod list;
mod ping;
#[cfg(all(feature = "aws", feature = "gcp", feature = "azure"))]
mod policy;
mod register;
#[cfg(feature = "aws")]
mod sweep;

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Runs the binary with nothing of the machine's own set-up.
async fn run(args: &[&str], environment: &[(&str, &str)], stdin: &str) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cache-driver"))
        .args(args)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes()).await;
    let ended = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: ended.status.code().unwrap(), out: text(ended.stdout), err: text(ended.stderr) }
}

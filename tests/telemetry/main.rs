//! What the driver tells of itself, over the real server and the emulated clouds: lines, metrics, traces, and never a secret.
#![cfg(all(feature = "aws", feature = "gcp", feature = "azure", feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod canaries;
#[path = "../support/captured.rs"]
mod captured;
mod collector;
#[path = "../scenarios/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the scenarios use all of it")]
mod harness;
mod lines;
mod metrics;
mod scrape;
mod server;
mod traces;

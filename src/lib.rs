//! A Humanitec resource driver that provisions managed caches (Redis, Valkey, Memcached) on AWS, Google Cloud and Azure.
//!
//! ```text
//! http  ->  routing  ->  driver  ->  backend::Backend  <-  backend/{aws,gcp,azure}
//! (axum)   (which one)  (lifecycle)     (trait)             (SDK / REST client)
//!                             \            |            /
//!                              ->  cache  (the words)  <-
//! ```
//! Arrows are imports; none points up. `docs/architecture.md` walks through the rooms.

pub mod backend;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod driver;
pub mod http;
pub mod kept;
pub mod ping;
pub mod random;
pub mod routing;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod telemetry;

//! The driver over HTTP: the Driver API 0.9.3, the interface of 2020, and what operators ask.
//!
//! `router.rs` has the whole route table on one page. [`answer`] is what every request goes through, whatever its path:
//! request id, trailing slash, who may call, limits, time-out, the shape of errors, the log line.

pub mod answer;
mod app;
pub mod auth;
mod body;
mod connection;
mod docs;
pub mod error;
mod extract;
mod health;
mod legacy;
mod line;
mod metrics;
mod openapi;
mod operator;
mod page;
mod prefer;
mod resource;
mod resources;
mod router;
mod serve;
pub mod wire;

pub use answer::Service;
pub use app::{App, Parts};
pub use openapi::openapi;
pub use router::app;
pub use serve::{serve, serve_with};

//! Emulated clouds on loopback, good enough that the vendors' own SDKs work against them with only the endpoint changed.
//!
//! Each cloud is a room of its own with its own port; what they share is here: the listener that can hang up on a caller
//! ([`Running`]), the faults on request ([`Faults`]), the record of calls ([`Calls`]), the `/_sandbox` endpoints
//! ([`Control`]) and the seam to whatever answers on a cache's endpoint ([`DataPlane`]).
//!
//! Nothing in here knows the driver, or a mistake there would be mirrored here and never seen.

pub mod aws;
pub mod azure;
mod calls;
pub mod certificate;
mod control;
pub mod data_plane;
mod faults;
pub mod gcp;
mod running;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;

pub use calls::{Call, Calls};
pub use control::Control;
pub use faults::{Fault, FaultKind, Faults, InvalidFault};
pub use running::Running;
pub use server::{DataPlane, Listening, NoDataPlane, ServerSpec};

use crate::clock::Clock;
use crate::random::Random;

/// What every emulated cloud is started with.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// The time by which caches come to life.
    pub clock: Arc<dyn Clock>,
    /// Where request ids, host names and session keys come from.
    pub random: Arc<dyn Random>,
    /// How many times faster than the real cloud things happen; the cloud's own durations are divided by it.
    pub speed: f64,
    /// What answers on the endpoints that caches get.
    pub data_plane: Arc<dyn DataPlane>,
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
}

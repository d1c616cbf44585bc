//! Proves that a cache can be reached, one step at a time: DNS, TCP, TLS, AUTH, PING.
//!
//! A cache answers only inside its network, and a client library reports most failures on the way as the same time-out.
//! Each step here is timed on its own, and the first that fails says what is wrong and what to look at.

mod hint;
mod report;
pub mod resp;
pub mod tls;
mod walk;

use std::time::Duration;

use secrecy::SecretString;

pub use report::{Outcome, Report, Stage, StageReport};

use crate::clock::Clock;

/// What to reach, and with which credentials.
#[derive(Debug, Clone)]
pub struct Target {
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether to speak TLS.
    pub tls: bool,
    /// ACL user; `None` is the default user.
    pub username: Option<String>,
    /// `None` leaves AUTH out.
    pub password: Option<SecretString>,
    /// Trust these certificates only (PEM). `None` trusts what the machine trusts.
    pub ca_pem: Option<String>,
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving the name.
    pub dns: Duration,
    /// Connecting, over all addresses together.
    pub tcp: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// One answer of the server (AUTH, PING).
    pub reply: Duration,
}

impl Default for Timeouts {
    /// Five seconds for each step.
    fn default() -> Self {
        let each = Duration::from_secs(5);
        Self { dns: each, tcp: each, tls: each, reply: each }
    }
}

/// Walks the steps, and stops at the first that fails. The report never contains the password.
pub async fn run(target: &Target, timeouts: &Timeouts, clock: &dyn Clock) -> Report {
    walk::Walk::new(target, timeouts, clock).run().await
}

/// The result of `work`, or `None` if it takes longer than `limit` on this clock.
pub(crate) async fn within<T>(clock: &dyn Clock, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = clock.sleep(limit) => None,
    }
}

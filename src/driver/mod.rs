//! The life of a cache: what a PUT, a GET and a DELETE mean, whichever cloud it is on.
//!
//! Knows nothing of HTTP. Keeps no state that matters: every request looks at the cloud, decides with the pure
//! [`lifecycle`], makes at most one long-running call, and answers.

mod answer;
mod background;
mod cookie;
mod dry_run;
mod error;
mod inventory;
pub mod lifecycle;
mod locate;
mod look;
mod operation;
mod outputs;
mod plan;
mod progress;
mod put;
mod release;
mod remove;
mod request;
mod secret;
mod service;
mod strays;
mod sweep;
mod turns;
mod vanished;

pub use cookie::{Cookie, CookieError};
pub use error::{Details, DriverError};
pub use inventory::{Entry, Finding, FindingKind, Inventory, PlaceFailure, Unreadable, Upcoming};
pub use operation::Operation;
pub use outputs::{About, OutputStyle, Outputs, outputs};
pub use plan::{Action, Plan, PlannedChange, PlannedStep, change_id};
pub use progress::{Experience, Hint, estimate, later, retry_after};
pub use release::{Release, Released};
pub use request::{Call, Failure, Left, Outcome, Pending, Put, Ready};
pub use secret::{BrokenSeal, Key, Keyring, MissingKey};
pub use service::{Driver, Parts};
pub use sweep::{Sweep, SweepAction, SweepOptions, SweepOutcome};

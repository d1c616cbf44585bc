//! What a platform team is promised, tried over the real server and the real AWS backend against the emulated cloud.
#![cfg(all(feature = "aws", feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod bad_input;
mod changes;
mod conflicts;
mod credentials;
mod failures;
#[cfg(feature = "gcp")]
mod google;
mod harness;
mod kill;
mod life;

mod owners;
mod places;
mod racing;
mod rotation;
mod secrets;
mod start;
#[cfg(feature = "gcp")]
mod two_clouds;

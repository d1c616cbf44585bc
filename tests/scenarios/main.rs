//! What a platform team is promised, tried over the real server and the real AWS backend against the emulated cloud.
#![cfg(all(feature = "aws", feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

#[cfg(all(feature = "gcp", feature = "azure"))]
mod azure;
mod bad_input;
mod changes;
mod conflicts;
mod credentials;
#[cfg(all(feature = "gcp", feature = "azure"))]
mod ends;
mod failures;
#[cfg(all(feature = "gcp", feature = "azure"))]
mod google;
mod harness;
mod kill;
mod life;
#[cfg(all(feature = "gcp", feature = "azure"))]
mod list;
#[cfg(all(feature = "gcp", feature = "azure"))]
mod moving;

mod owners;
mod places;
mod racing;
mod rotation;
mod secrets;
mod start;
#[cfg(all(feature = "gcp", feature = "azure"))]
mod sweep;

//! The emulated AWS, driven by the official SDK.

#![cfg(all(feature = "aws", feature = "sandbox"))]

mod accounts;
mod faults;
mod harness;
mod life;
mod modify;
mod satellites;
mod servers;
mod validation;

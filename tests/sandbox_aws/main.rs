//! The emulated AWS, driven by the official SDK.

#![cfg(all(feature = "aws", feature = "sandbox"))]

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod life;
#[cfg(test)]
mod modify;
#[cfg(test)]
mod satellites;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod validation;

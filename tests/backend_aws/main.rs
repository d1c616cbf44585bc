//! The backend of AWS against the emulated ElastiCache, over HTTP, with the official SDK in between.

#![cfg(all(feature = "aws", feature = "sandbox"))]

#[cfg(test)]
mod change;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod life;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod trouble;

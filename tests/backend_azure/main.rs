//! The backends of Azure against the emulated resource manager, over HTTP.

#![cfg(all(feature = "azure", feature = "sandbox"))]

#[cfg(test)]
mod change;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod life;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod trouble;

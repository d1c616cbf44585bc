//! The backends of Google Cloud: what their client does with a server that answers as Google might, for what the emulator
//! cannot show.

#![cfg(feature = "gcp")]

#[cfg(test)]
mod budget;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod trouble;

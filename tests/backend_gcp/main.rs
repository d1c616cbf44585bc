//! The backends of Google Cloud: whole lives against the emulated one, and what their client does with a server that
//! answers as Google might, for what the emulator cannot show.

#![cfg(feature = "gcp")]

#[cfg(test)]
mod budget;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod instances;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod memcached;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod redis;
#[cfg(test)]
mod secrecy;
#[cfg(all(test, feature = "sandbox"))]
mod tls;
#[cfg(test)]
mod trouble;

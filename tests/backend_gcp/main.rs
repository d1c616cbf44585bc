//! The backends of Google Cloud: whole lives over the emulated one, and what their client does with a server that answers
//! as Google might, for what the emulator cannot show.

#![cfg(feature = "gcp")]

#[cfg(test)]
mod budget;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(all(test, feature = "sandbox"))]
mod instances;
#[cfg(all(test, feature = "sandbox"))]
mod memcached;
#[cfg(all(test, feature = "sandbox"))]
mod redis;
#[cfg(all(test, feature = "sandbox"))]
mod redis_cluster;
#[cfg(test)]
mod secrecy;
#[cfg(all(test, feature = "sandbox"))]
mod tls;
#[cfg(test)]
mod trouble;
#[cfg(all(test, feature = "sandbox"))]
mod valkey;
#[cfg(all(test, feature = "sandbox"))]
mod valkey_cloud;
#[cfg(all(test, feature = "sandbox"))]
mod valkey_fake;
#[cfg(all(test, feature = "sandbox"))]
mod valkey_tokens;

//! The backends of Google Cloud against the emulated one, over HTTP.

#![cfg(all(feature = "gcp", feature = "sandbox"))]

#[cfg(test)]
mod redis_cluster;
#[cfg(test)]
mod valkey;
#[cfg(test)]
mod valkey_cloud;
#[cfg(test)]
mod valkey_fake;
#[cfg(test)]
mod valkey_tokens;

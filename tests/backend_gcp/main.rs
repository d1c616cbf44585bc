//! The backends of Google Cloud against the emulated one, over HTTP.

#![cfg(all(feature = "gcp", feature = "sandbox"))]

#[cfg(test)]
mod instances;
#[cfg(test)]
mod memcached;
#[cfg(test)]
mod redis;

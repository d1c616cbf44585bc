//! The backends of Google Cloud: whole lives over the emulated one, and what their client does with a server that answers
//! as Google might, for what the emulator cannot show.

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
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod redis_cluster;
#[cfg(test)]
mod secrecy;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trouble;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod valkey;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod valkey_backups;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod valkey_cloud;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod valkey_fake;
#[cfg(feature = "sandbox")]
#[cfg(test)]
mod valkey_tokens;

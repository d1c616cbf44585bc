//! The emulated Google Cloud, driven by plain HTTP as its own clients speak it.

#![cfg(all(feature = "gcp", feature = "sandbox"))]

#[cfg(test)]
mod backups;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod memcache;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod prerequisites;
#[cfg(test)]
mod psc;
#[cfg(test)]
mod redis;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod tokens;

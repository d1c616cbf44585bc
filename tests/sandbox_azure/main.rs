//! The emulated Azure, driven over plain HTTP.

#![cfg(feature = "sandbox")]

#[cfg(test)]
mod classic;
#[cfg(test)]
mod databases;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod life;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod mutate;
#[cfg(test)]
mod network;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod validation;

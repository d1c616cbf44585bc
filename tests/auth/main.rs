//! Who is let in and who is not, over the real server: each way on its own, all together, and attempts to get around them.

#![cfg(feature = "sandbox")]

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod any;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod combined;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod jwt;
#[cfg(test)]
mod mtls;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod path_secret;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod start;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;

#[cfg(test)]
#[path = "../support/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

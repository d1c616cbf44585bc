//! `apply`, `get` and `delete`, against the real server over an emulated cloud, and against what is no driver.

mod bad;
mod callers;
mod life;

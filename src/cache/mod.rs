//! The words of the domain: what a cache is, how big, what it is called, where it lives, what can be wrong with a request.
//!
//! Imports nothing of ours. Everything here is plain data, valid by construction.

mod error;
mod id;
mod mark;
mod place;
pub(crate) mod product;
mod spec;

pub use error::{Cause, Code, Event, FieldError, nearest};
pub use id::{CacheName, GuResId, InvalidGuResId, Prefix};
pub use mark::{Intent, Mark, MarkError, OnDelete, Password, State};
pub use place::Place;
pub use product::{Engine, Mode, Product, Provider, UnknownWord};
pub use spec::*;

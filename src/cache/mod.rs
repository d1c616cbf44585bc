//! The words of the domain: what a cache is, how big, what it is called, where it lives, what can be wrong with a request.
//!
//! Imports nothing of ours. Everything here is plain data, valid by construction.

mod error;
pub mod fields;
mod id;
mod mark;
mod place;
pub(crate) mod product;
pub mod schema;
mod size;
mod spec;
mod ttl;
mod value;
mod window;

pub use error::{Cause, Code, Event, FieldError, nearest};
pub use id::{CacheName, GuResId, InvalidGuResId, Prefix};
pub use mark::{Intent, Mark, MarkError, OnDelete, Password, State};
pub use place::Place;
pub use product::{Engine, Mode, Product, Provider, UnknownWord};
pub use size::{Offering, Size, SizeTable, TooBig};
pub use spec::{Layer, Origin, Spec, check_developer, check_limits, read};
pub use ttl::{NoTtl, Ttl};
pub use value::{Apply, Auth, Backup, Capacity, EvictionPolicy, OnProviderChange, Persistence, Version};
pub use window::{DailyWindow, Day, WeeklyWindow};

//! Amazon Web Services: ElastiCache.

mod client;
mod credentials;
mod error;
mod events;
mod parameter_groups;
mod retry;
mod time;

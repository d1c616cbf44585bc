//! Amazon Web Services: ElastiCache.

mod client;
mod credentials;
mod error;
mod events;
mod parameter_groups;
mod replication_group;
mod retry;
mod time;

//! The emulated AWS: `ElastiCache` replication groups, and what of STS and EC2 is needed beside them.
//!
//! One port, path `/`, query protocol (`Action=…&Version=…`) in and XML out, as botocore's model of `ElastiCache` 2015-02-02 has it.
//! Where things are: `router` takes a call apart and applies faults; `actions` is the table of contents; one file per family
//! of actions; `group` and `store` are what is remembered; `advance` moves it on with the clock. Serverless caches, memcached,
//! users and user groups are not there yet.

mod actions;
mod advance;
mod catalog;
mod clusters;
mod context;
mod create;
mod delete;
mod describe;
mod durations;
mod ec2;
mod engine_versions;
mod error;
mod events;
mod group;
mod identity;
mod inner;
mod modify;
mod mutate;
mod paging;
mod parameter_groups;
mod parameters;
mod params;
mod report;
mod response;
mod router;
mod scaling;
mod snapshots;
mod store;
mod sts;
mod subnet_groups;
mod tags;
mod trouble;
mod validate;
mod windows;
mod xml;

use std::io;
use std::sync::Arc;

pub use identity::{DEFAULT_ACCOUNT, DEFAULT_REGION};

use super::{Control, Running, SandboxOptions};
use inner::Inner;

/// The emulated AWS.
#[derive(Debug, Clone, Copy)]
pub struct AwsSandbox;

impl AwsSandbox {
    /// Starts it. Fails only if the address cannot be listened on.
    pub async fn start(options: SandboxOptions) -> io::Result<Running> {
        let listen = options.listen;
        let inner = Arc::new(Inner::new(options));
        let control: Arc<dyn Control> = Arc::clone(&inner) as _;
        Running::start(listen, router::router(inner), control).await
    }
}

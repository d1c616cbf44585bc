//! The emulated AWS: `ElastiCache` replication groups, and what of STS and EC2 is needed beside them.
//!
//! One port, path `/`, query protocol (`Action=…&Version=…`) in and XML out, as botocore's model of `ElastiCache` 2015-02-02 has it.
//! Of IAM there is `SimulatePrincipalPolicy`, of KMS (JSON, told by `X-Amz-Target`) `DescribeKey`.
//! Where things are: `router` takes a call apart and applies faults; `actions` is the table of contents; one file per family
//! of actions; `group` and `store` are what is remembered; `advance` moves it on with the clock. Serverless caches, memcached,
//! users and user groups are not there yet.
//!
//! # Accounts
//! Any credentials are accepted, and none. Keys from `AssumeRole` belong to the role's account; a key that was mapped (`account` below)
//! to the one that it was mapped to; a key that ends in twelve digits to the account of that number; all others to
//! [`DEFAULT_ACCOUNT`]. The region is that of the signature, else [`DEFAULT_REGION`]. A role whose name ends in `-external` can only be
//! assumed with an external id.
//!
//! # Prerequisites
//! Subnet groups, subnets and security groups of well-formed names exist until they are removed. Parameter groups other than the
//! families' `default.*` have to be created.
//!
//! # `POST /_sandbox/mutate`
//! One operation, found by the group's name in any account and region unless `account_id` or `region` narrow that down:
//! ```json
//! {"op": "status", "id": "cache-1", "status": "snapshotting", "seconds": 60}
//! {"op": "remove_group", "id": "cache-1"}
//! {"op": "set", "id": "cache-1", "fields": {"description": "…", "node_type": "…", "engine_version": "…", "security_group_ids": [],
//!     "maintenance_window": "…", "snapshot_retention_limit": 1, "automatic_failover": true, "tags": {}}}
//! {"op": "apply_pending", "id": "cache-1"}
//! {"op": "event", "id": "cache-1", "message": "…"}
//! {"op": "remove_subnet_group", "name": "…"}       {"op": "remove_subnet", "id": "subnet-…"}
//! {"op": "remove_security_group", "id": "sg-…"}    {"op": "restore", "name": "what was removed"}
//! {"op": "move_security_group", "id": "sg-…", "vpc": "vpc-…"}       {"op": "remove_key", "id": "arn:aws:kms:…"}
//! {"op": "key_state", "id": "arn:aws:kms:…", "state": "Disabled"}
//! {"op": "deny", "action": "elasticache:CreateReplicationGroup"}    {"op": "allow", "action": "…"}
//! {"op": "remove_parameter_group", "name": "…"}    {"op": "remove_snapshot", "name": "…"}
//! {"op": "advance", "seconds": 600}                {"op": "account", "access_key": "AKIA…", "account": "111122223333"}
//! ```
//! A removed security group or subnet is also unknown to EC2. A denied action may end in `*`; the call is refused, and IAM's
//! `SimulatePrincipalPolicy` says so. `advance` skips time for this cloud alone.

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
mod iam;
mod identity;
mod inner;
mod kms;
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

//! The emulated Azure: Managed Redis (`Microsoft.Cache/redisEnterprise`), classic Redis, and what of ARM, the network and Entra is
//! needed beside them.
//!
//! One port: ARM at `/subscriptions/…`, tokens at `/{tenant}/oauth2/v2.0/token`, a machine's tokens at `/metadata/identity/oauth2/token`.
//! Where things are: `router` takes a call apart and applies faults; `target` reads the path; `actions` is the table of contents;
//! one file per family of resources; `resource` and `store` are what is remembered; `advance` moves it on with the clock;
//! `operations` is what callers follow meanwhile.
//!
//! Addresses in answers begin with the scheme and host that the caller used; `X-Forwarded-Proto: https` makes them `https`, for
//! clients that refuse to send a token over anything else. The long signed query of an operation's address may be left away, but not
//! be altered.
//!
//! Not there: what `import`, `export`, `flush`, geo-replication and linked caches do (501); tokens as passwords; deleting
//! resource groups.
//!
//! # Where this differs from Azure
//! With a data plane that listens, `hostName` of a cluster becomes the host of its database's server once that is up, and the database's
//! `port` (a classic cache's `sslPort`) the server's. With access keys turned off nobody can log in.
//!
//! # What is a guess
//! Recorded traffic decides wherever there is any. There is none for: a delete during a create (refused here with 409), a PUT on a
//! shell (400), scaling and other updates of Managed Redis and how long they take, quota, a taken name, refused classic
//! creation, `If-None-Match`, and the wording of most refusals of a value. Size names and gigabytes are from documentation.
//!
//! # Accounts
//! Any token is accepted, and none. Every subscription, tenant, application, secret, resource group, network, subnet and private DNS zone
//! exists until it is removed.
//!
//! # Names of calls
//! `redisEnterprise.create` (PUT), `.update` (PATCH), `.get`, `.delete`, `.list`, `.listSkusForScaling`; `databases.…`, also `.listKeys`,
//! `.regenerateKey`, `.upgradeDBRedisVersion`; `accessPolicyAssignments.…` of both products; `redis.…`, also `.checkNameAvailability`;
//! `firewallRules.…`, `patchSchedules.…`, `accessPolicies.…`; `operations.get`; `privateEndpoints.…`, `privateDnsZoneGroups.…`,
//! `permissions.list`, `virtualNetworks.get`, `subnets.get`, `privateDnsZones.get`; `providers.get`, `providers.register`, `resourceGroups.…`,
//! `subscriptions.get`; `entra.token`, `entra.discover`, `entra.machineToken`. A call goes by the name of the cache or endpoint that it
//! is about.
//!
//! # Faults
//! `create_failed` and `capacity` accept the call and fail the operation: what is left is a shell with a host name. An empty message
//! makes the operation fail without a word, as it does now and then. `http` 504 carries the call out all the same.
//!
//! # `POST /_sandbox/mutate`
//! One operation, on a cache found by its name or id, or with `"part": "database"` on its database:
//! ```json
//! {"op": "status", "id": "cache-1", "provisioning_state": "Updating", "resource_state": "Scaling", "seconds": 60}
//! {"op": "status", "id": "cache-1", "provisioning_state": "Failed", "resource_state": "UpdateFailed"}
//! {"op": "set", "id": "cache-1", "fields": {"tags": {"a": "b", "gone": null}, "sku": {"name": "…"}, "properties": {}}}
//! {"op": "remove", "id": "cache-1"}                {"op": "advance", "seconds": 600}
//! {"op": "unregister_provider", "namespace": "Microsoft.Cache"}     {"op": "register_provider", "namespace": "Microsoft.Cache"}
//! {"op": "remove_resource_group", "name": "…", "subscription": "…"}
//! {"op": "remove_prerequisite", "name": "a subscription, tenant or client id, or the id of a subnet, network or DNS zone"}
//! {"op": "restore", "name": "what was removed, taken or wrong"}
//! {"op": "deny", "permission": "Microsoft.Cache/redisEnterprise/write"}    {"op": "allow", "permission": "…"}
//! {"op": "refuse_classic_creation", "refuse": true}
//! {"op": "wrong_secret", "client_id": "…"}         {"op": "wrong_secret", "secret": "…"}
//! {"op": "take_name", "name": "a classic cache's"}
//! ```
//! A denied permission may end in `*`. `advance` skips time for this cloud alone.

mod actions;
mod advance;
mod change;
mod classic;
mod classic_settings;
mod clusters;
mod context;
mod databases;
mod durations;
mod entra;
mod error;
mod id;
mod inner;
mod keys;
mod kind;
mod lists;
mod locations;
mod mutate;
mod operations;
mod parts;
mod private_endpoints;
mod random;
mod reply;
mod report;
mod request;
mod resource;
mod router;
mod skus;
mod store;
mod subscription;
mod target;
mod time;
mod trouble;
mod versions;

use std::io;
use std::sync::Arc;

use super::{Control, Running, SandboxOptions};
use inner::Inner;

/// The emulated Azure.
#[derive(Debug, Clone, Copy)]
pub struct AzureSandbox;

impl AzureSandbox {
    /// Starts it. Fails only if the address cannot be listened on.
    pub async fn start(options: SandboxOptions) -> io::Result<Running> {
        let listen = options.listen;
        let inner = Arc::new(Inner::new(options));
        let control: Arc<dyn Control> = Arc::clone(&inner) as _;
        Running::start(listen, router::router(inner), control).await
    }
}

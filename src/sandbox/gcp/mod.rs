//! The emulated Google Cloud: Memorystore for Redis, Redis Cluster, Valkey and Memcached, and the OAuth token endpoint.
//!
//! One port, REST and JSON, as the discovery documents of `redis`, `memorystore` and `memcache` v1 have it. Where things are: `router`
//! takes a call apart (`call`) and applies faults (`trouble`); `resources` has create, get, list and delete of every product, `update`
//! patch and its like; `redis`, `cluster`, `valkey` and `memcache` have the products' rules, with `psc` for what clusters and Valkey
//! share; `fields` are the messages as tables, `schema` reads and writes them; `users` is token authentication, `backups` are backups; `operation` and
//! `store` are what is remembered; `advance` moves it on with the clock.
//!
//! # Endpoints
//! The service's name is the first path segment, where the real ones have it in the host name:
//! `{url}/redis/v1/…`, `{url}/memorystore/v1/…`, `{url}/memcache/v1/…`, and `POST {url}/token`. So `{url}/redis` is what a client takes
//! for `https://redis.googleapis.com`. Google's own clients put their paths behind whatever endpoint they are given: with
//! `transport="rest"` and `client_options={"api_endpoint": "http://127.0.0.1:PORT/redis"}` the Python ones work unchanged, operations
//! included (instances and clusters share `/redis`). Both kinds of enums are understood in requests; `$alt=json;enum-encoding=int` gives
//! numbers in resources, and words inside of operations, as the real services do.
//!
//! # Callers
//! Any bearer token is accepted, and none. `POST /token` exchanges the signed JWT of a service account for one (the signature is not
//! checked, the form is); tokens do not expire by themselves. A project in `X-Goog-User-Project` must have the service enabled too,
//! may be withheld by the permission `serviceusage.services.use`, and is the one whose quota counts. Every project and every real region exists; a project's number follows
//! from its id.
//!
//! # Prerequisites
//! Projects, enabled services, networks, private service access, service connection policies and permissions are all there until
//! they are taken away. What is missing shows where the real services show it: a service that is not enabled as 403 with
//! `SERVICE_DISABLED`, private service access as 400, a service connection policy only as the error of the create's operation.
//! Policies can be listed too: `{url}/networkconnectivity/v1/projects/…/locations/…/serviceConnectionPolicies` shows those of the
//! network `default`, of every network that something is in, and of those that were looked at. Beside them there are what tells the same in advance:
//! `{url}/cloudresourcemanager/v1/projects/…:testIamPermissions` (what is not withheld), `{url}/compute/compute/v1/projects/…/global/networks/…`
//! (with its peering) and `{url}/cloudkms/v1/projects/…/cryptoKeys/…`.
//!
//! # Calls and faults
//! Calls are recorded, and faults matched, by method id without `projects.locations`: `redis.instances.create`,
//! `redis.instances.getAuthString`, `redis.clusters.patch`, `memorystore.instances.tokenAuthUsers.addAuthToken`,
//! `memcache.instances.applyParameters`, `redis.operations.get`, `oauth.token`; the service is `redis`, `memorystore`, `memcache` or
//! `oauth`, the name the resource's (or operation's) id. The account of a recorded call is the project, its region the location.
//! `create_failed`, `update_failed` and `capacity` are accepted and fail in the operation; a `message` that begins with a code
//! (`"RESOURCE_EXHAUSTED: …"`) gives the operation's error that code, any other is `INTERNAL`. The instance of a failed create
//! vanishes; that of a failed update is as it was. In `error`, `code` is the status word and `status` the HTTP status.
//!
//! # `POST /_sandbox/mutate`
//! One operation. A resource is found by its id; `service`, `collection`, `project` and `location` narrow that down. The narrowings of a
//! prerequisite and the project of a permission may be left out, which means everywhere.
//! ```json
//! {"op": "status", "id": "cache-1", "status": "REPAIRING", "seconds": 60}
//! {"op": "set", "id": "cache-1", "fields": {"memorySizeGb": 8, "statusMessage": null}}
//! {"op": "labels", "id": "cache-1", "labels": {"owner": "somebody", "gone": null}}
//! {"op": "remove", "id": "cache-1"}                {"op": "advance", "seconds": 600}
//! {"op": "remove_prerequisite", "kind": "api", "service": "redis.googleapis.com", "project": "…"}
//! {"op": "remove_prerequisite", "kind": "project", "project": "…"}
//! {"op": "remove_prerequisite", "kind": "network", "project": "…", "network": "its-name"}
//! {"op": "remove_prerequisite", "kind": "private_service_access", "project": "…", "network": "its-name"}
//! {"op": "remove_prerequisite", "kind": "service_connection_policy", "project": "…", "network": "its-name", "location": "…"}
//! {"op": "remove_prerequisite", "kind": "key", "key": "projects/…/cryptoKeys/…"}
//! {"op": "restore_prerequisite", …the words by which it was removed…}
//! {"op": "deny", "permission": "redis.instances.create", "project": "…"}     {"op": "allow", …the same…}
//! {"op": "unreachable", "location": "us-east1", "on": true}
//! {"op": "enforce_quota", "on": true}              {"op": "page_size", "most": 50}
//! {"op": "refuse_tokens", "token": "…"}            {"op": "refuse_tokens"}            {"op": "accept_tokens"}
//! ```
//! `status` may be any word, also one that no client knows. A permission may end in `*`. `enforce_quota` lets clusters and Valkey have 60
//! requests a minute and project, 10 of them creates or deletes, by the sandbox's clock. `refuse_tokens` without a token refuses all but
//! those issued afterwards. A page of a list has no more than `page_size`
//! items, which the services reserve themselves. `advance` skips time for this cloud alone.
//!
//! # Not as the real ones
//! - The servers behind the endpoints know passwords but no users: with token authentication every token opens the door, under the
//!   user name `default`; with IAM authentication nothing does.
//! - There is one server for each cache: every endpoint, node and reader of it is that server. Memcached instances are served in
//!   this process.
//! - Backups hold nothing: a resource that is made from one is empty. None is taken automatically, and none can be exported.
//!   One that is still being taken when its resource is deleted is lost.
//! - Import and export of Redis instances, migration, maintenance schedules and ACL policies answer 501 or 404.
//! - Texts and details for which no real answer was seen: an exhausted capacity quota, AUTH strings of instances without AUTH,
//!   permissions of token authentication, most refusals of single values.

mod advance;
mod backups;
mod beside;
mod call;
mod certificates;
mod cluster;
mod common;
mod context;
mod durations;
mod error;
mod fields;
mod filter;
mod finish;
mod inner;
mod locations;
mod mask;
mod memcache;
mod memcached;
mod mutate;
mod operation;
mod paging;
mod policies;
mod prerequisites;
mod product;
mod psc;
mod query;
mod quota;
mod redis;
mod report;
mod resources;
mod response;
mod router;
mod schema;
mod store;
mod tokens;
mod trouble;
mod update;
mod users;
mod valkey;

use std::io;
use std::sync::Arc;

use super::{Control, Running, SandboxOptions};
use inner::{Controls, Inner};

/// The emulated Google Cloud.
#[derive(Debug, Clone, Copy)]
pub struct GcpSandbox;

impl GcpSandbox {
    /// Starts it. Fails only if the address cannot be listened on or no certificate can be made.
    pub async fn start(options: SandboxOptions) -> io::Result<Running> {
        let listen = options.listen;
        let inner = Arc::new(Inner::new(options)?);
        let control: Arc<dyn Control> = Arc::new(Controls(Arc::clone(&inner)));
        Running::start(listen, router::router(inner), control).await
    }
}

//! The four products of Google Cloud, Valkey in both of its modes, over the emulated one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use cache_driver::backend::{At, Backend, Class, Credentials, Given, enabled};
use cache_driver::cache::{Product, SizeTable};
use cache_driver::clock::{Clock, ManualClock};
use cache_driver::config::{Gcp, Providers};
use cache_driver::random::SeededSource;
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};

use crate::harness::{Alteration, Called, Hand, Harness, Trouble, WHY};
use crate::life::CANARY_2;
use crate::products::retold::Retold;

const PROJECT: &str = "synthetic-caches";

/// What deserves the whole suite, because calls and changes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Redis,
    RedisCluster,
    Valkey,
    ValkeyCluster,
    Memcached,
}

impl Shape {
    fn product(self) -> Product {
        match self {
            Self::Redis => Product::GcpRedis,
            Self::RedisCluster => Product::GcpRedisCluster,
            Self::Valkey | Self::ValkeyCluster => Product::GcpValkey,
            Self::Memcached => Product::GcpMemcached,
        }
    }

    /// Where calls about its caches go: API and collection.
    fn collection(self) -> &'static str {
        match self {
            Self::Redis => "redis.instances",
            Self::RedisCluster => "redis.clusters",
            Self::Valkey | Self::ValkeyCluster => "memorystore.instances",
            Self::Memcached => "memcache.instances",
        }
    }

    /// Whether it is reached by Private Service Connect.
    fn by_psc(self) -> bool {
        matches!(self, Self::RedisCluster | Self::Valkey | Self::ValkeyCluster)
    }
}

struct Caches {
    backend: Arc<dyn Backend>,
    cloud: Running,
    /// What stands between the backend and the cloud.
    retold: Retold,
    clock: ManualClock,
    shape: Shape,
}

pub(super) async fn start(shape: Shape) -> Arc<dyn Harness> {
    let clock = super::clock();
    let options = SandboxOptions {
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededSource::new(7)),
        speed: 1.0,
        data_plane: Arc::new(NoDataPlane),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    };
    let cloud = GcpSandbox::start(options).await.unwrap();
    // Fewer than are asked for; a page of the real ones may have a thousand.
    cloud.control().mutate(json!({"op": "page_size", "most": 50})).await.unwrap();
    let retold = Retold::start(cloud.addr()).await;
    let gcp = Gcp {
        enabled: true,
        project: Some(PROJECT.to_owned()),
        region: Some("europe-west3".to_owned()),
        regions: vec!["europe-west4".to_owned()],
        endpoint_url: Some(format!("http://{}", retold.address)),
        // Retries would hide single faults, and wait on a clock that stands still.
        max_attempts: 1,
        // On that clock no quota would ever be filled up again.
        requests_per_minute: 1_000_000,
        creations_per_minute: 1_000_000,
        static_token: Some(CANARY_2.into()),
        ..Gcp::default()
    };
    let providers = Providers { gcp, ..Providers::default() };
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let registry = enabled(&providers, &SizeTable::embedded(), &shared);
    let backend = Arc::clone(registry.get(shape.product()).unwrap());
    Arc::new(Caches { backend, cloud, retold, clock, shape })
}

impl Caches {
    fn fault(&self, fault: Value) {
        self.cloud.control().faults().add_json(fault).unwrap();
    }

    async fn mutate(&self, change: Value) {
        self.cloud.control().mutate(change).await.unwrap();
    }

    async fn label(&self, at: &At, labels: Value) {
        self.mutate(json!({"op": "labels", "id": at.place.name, "labels": labels})).await;
    }
}

#[async_trait]
impl Harness for Caches {
    fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn base(&self) -> Value {
        match self.shape {
            Shape::Redis => json!({"gcp": {"connect_mode": "PRIVATE_SERVICE_ACCESS"}}),
            Shape::Memcached => json!({"engine": "memcached"}),
            Shape::Valkey => json!({"engine": "valkey"}),
            Shape::RedisCluster => json!({"engine": "redis", "mode": "cluster"}),
            Shape::ValkeyCluster => json!({"engine": "valkey", "mode": "cluster"}),
        }
    }

    fn unserved(&self) -> Vec<(Value, &'static str)> {
        let mut all = vec![
            (json!({"apply": "maintenance_window"}), "apply"),
            (json!({"encryption_key": "alias/mine"}), "encryption_key"),
            (json!({"maintenance_window": "sun:03:00-sun:03:30"}), "maintenance_window"),
        ];
        all.extend(match self.shape {
            Shape::Redis => vec![
                (json!({"auth": "iam"}), "auth"),
                (json!({"persistence": "aof"}), "persistence"),
                (json!({"version": "8.0"}), "version"),
                (json!({"backup": {"days": 3}}), "backup.days"),
                (json!({"rotate": 1}), "rotate"),
                (json!({"gcp": {"node_count": 2}}), "gcp.node_count"),
            ],
            Shape::Memcached => vec![
                (json!({"tls": true}), "tls"),
                (json!({"high_availability": true}), "high_availability"),
                (json!({"version": "1.7"}), "version"),
                (json!({"gcp": {"tier": "BASIC"}}), "gcp.tier"),
            ],
            Shape::Valkey | Shape::ValkeyCluster => {
                vec![(json!({"version": "6.0"}), "version"), (json!({"gcp": {"tier": "BASIC"}}), "gcp.tier")]
            }
            Shape::RedisCluster => {
                vec![(json!({"version": "6.0"}), "version"), (json!({"gcp": {"node_count": 2}}), "gcp.node_count")]
            }
        });
        all
    }

    fn alterations(&self) -> Vec<Alteration> {
        let alteration = |values, field, class| Alteration { values, field, class };
        // Memcached's last three hours at least, the others' one.
        let end = if self.shape == Shape::Memcached { "06:00" } else { "04:00" };
        let window = json!({"maintenance_window": format!("tue:03:00-tue:{end}")});
        let window = alteration(window, "maintenance_window", Class::InPlace);
        match self.shape {
            Shape::Redis => vec![
                alteration(json!({"size": "large"}), "memory_size_gb", Class::Disruptive),
                alteration(json!({"eviction_policy": "allkeys-lru"}), "parameters", Class::InPlace),
                alteration(json!({"persistence": "rdb"}), "persistence", Class::InPlace),
                alteration(json!({"gcp": {"display_name": "Sessions"}}), "display_name", Class::InPlace),
                alteration(json!({"tags": {"team": "shop"}}), "labels", Class::InPlace),
                window,
            ],
            Shape::Memcached => vec![
                alteration(json!({"shards": 2}), "node_count", Class::InPlace),
                alteration(json!({"parameters": {"max-item-size": "1048576"}}), "parameters", Class::Disruptive),
                alteration(json!({"gcp": {"display_name": "Sessions"}}), "display_name", Class::InPlace),
                alteration(json!({"tags": {"team": "shop"}}), "labels", Class::InPlace),
                window,
            ],
            Shape::RedisCluster | Shape::Valkey | Shape::ValkeyCluster => {
                let mut all = vec![
                    alteration(json!({"size": "large"}), "node_type", Class::InPlace),
                    alteration(json!({"replicas": 1}), "replica_count", Class::InPlace),
                    alteration(json!({"eviction_policy": "allkeys-lru"}), "parameters", Class::InPlace),
                    alteration(json!({"persistence": "rdb"}), "persistence", Class::InPlace),
                    alteration(json!({"backup": {"days": 3}}), "backup_days", Class::InPlace),
                    alteration(json!({"deletion_protection": true}), "deletion_protection_enabled", Class::InPlace),
                    window,
                ];
                if self.shape != Shape::Valkey {
                    all.push(alteration(json!({"shards": 5}), "shard_count", Class::InPlace));
                }
                all
            }
        }
    }

    fn fixed(&self) -> Vec<(Value, &'static str)> {
        let key = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k";
        let mut all = vec![
            (json!({"context": {"app": "shop"}}), if self.shape.by_psc() { "tags" } else { "labels" }),
            (json!({"gcp": {"network": "projects/shared/global/networks/n"}}), "network"),
        ];
        if self.shape != Shape::Memcached {
            all.push((json!({ "encryption_key": key }), "encryption_key"));
        }
        all
    }

    fn locations(&self) -> [&'static str; 2] {
        ["europe-west3", "europe-west4"]
    }

    fn elsewhere(&self) -> &'static str {
        "us-east1"
    }

    fn strangers(&self) -> (Credentials, String) {
        let account = json!({"access_token": CANARY_2});
        let given = Given::recognise(account.as_object().unwrap()).unwrap();
        (Credentials::Given(given.into()), PROJECT.to_owned())
    }

    fn calls(&self) -> Vec<Called> {
        let reads = ["get", "list", "testIamPermissions", "token"];
        let calls = self.cloud.control().calls().to_json();
        let listed = calls["calls"].as_array().unwrap().iter();
        listed
            .map(|call| call["action"].as_str().unwrap().to_owned())
            .map(|call| {
                let verb = call.rsplit('.').next().unwrap_or_default();
                Called { mutating: !reads.iter().any(|read| verb.starts_with(read)), call }
            })
            .collect()
    }

    async fn trouble(&self, trouble: Trouble) -> bool {
        let action = |method: &str| format!("{}.{method}", self.shape.collection());
        match trouble {
            Trouble::Throttled => self.fault(json!({"kind": "throttle"})),
            Trouble::Down => self.fault(json!({"kind": "http", "status": 502})),
            Trouble::HungUp => self.fault(json!({"kind": "drop_before"})),
            Trouble::AnswerLost => self.fault(json!({"kind": "drop_after"})),
            Trouble::Denied => self.fault(json!({"kind": "access_denied"})),
            Trouble::Expired => self.fault(json!({"kind": "expired_token"})),
            Trouble::NoCapacity => self.fault(json!({"kind": "capacity"})),
            Trouble::NoQuota => self.fault(json!({"kind": "quota"})),
            Trouble::CreationFails => self.fault(json!({"kind": "create_failed", "message": WHY})),
            Trouble::ChangeFails => self.fault(json!({"kind": "update_failed", "message": WHY})),
            Trouble::PrerequisiteMissing => {
                // Private service access is only told by a creation: tests/backend_gcp. The service is told off by a look too.
                let kind = if self.shape.by_psc() { "service_connection_policy" } else { "api" };
                self.mutate(json!({"op": "remove_prerequisite", "kind": kind})).await;
            }
            Trouble::PageLost => self.fault(json!({"kind": "throttle", "action": action("list"), "skip": 1})),
        }
        true
    }

    async fn meddle(&self, at: &At, hand: Hand) -> bool {
        let id = &at.place.name;
        match hand {
            Hand::StripsMark => {
                let own = ["id", "w", "t", "d", "c", "k", "g", "s", "st", "p", "a", "i", "r"];
                let gone = own.iter().map(|key| (format!("cache-driver-{key}"), Value::Null));
                self.label(at, Value::Object(gone.collect())).await;
            }
            Hand::GarblesMark => self.label(at, json!({"cache-driver-w": null})).await,
            Hand::OwnBusiness => {
                let status = match self.shape {
                    Shape::Redis => "REPAIRING",
                    Shape::Memcached => "PERFORMING_MAINTENANCE",
                    Shape::RedisCluster | Shape::Valkey | Shape::ValkeyCluster => "MIGRATING",
                };
                self.mutate(json!({"op": "status", "id": id, "status": status, "seconds": 300})).await;
            }
            Hand::UnknownStatus if self.shape.by_psc() => self.retold.retell("\"ACTIVE\"", "\"MAGICK\""),
            Hand::UnknownStatus => self.retold.retell("\"READY\"", "\"MAGIC\""),
        }
        true
    }

    async fn snapshots(&self) -> Vec<String> {
        let state = self.cloud.control().state().await;
        let done = state["backups"].as_array().unwrap().iter().filter(|backup| backup["state"] == "ACTIVE");
        done.map(|backup| backup["id"].as_str().unwrap().to_owned()).collect()
    }

    fn excused(&self) -> &'static [(&'static str, &'static str)] {
        match self.shape {
            Shape::Redis => REDIS,
            Shape::Memcached => MEMCACHED,
            Shape::RedisCluster | Shape::Valkey | Shape::ValkeyCluster => BY_PSC,
        }
    }
}

const ONE: (&str, &str) = (
    "account::other_credentials_are_asked_anew",
    "a project is named, not told by the credentials; one may be reached with many",
);
const NOBODY_ASKED: (&str, &str) =
    ("account::a_refusal_is_not_remembered", "a project is named: nobody is asked who could refuse");
const WINDOW: (&str, &str) =
    ("steps::interrupting_changes_wait_for_the_window", "every change is made at once, and `apply` says so");

const REDIS: &[(&str, &str)] = &[ONE, NOBODY_ASKED, WINDOW];
const MEMCACHED: &[(&str, &str)] = &[ONE, NOBODY_ASKED, WINDOW];
const BY_PSC: &[(&str, &str)] = &[ONE, NOBODY_ASKED, WINDOW];

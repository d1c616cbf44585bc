//! `azure/managed-redis`, in each of its modes, and `azure/classic-redis`, over the emulated Azure.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use cache_driver::backend::{At, Backend, Class, Credentials, Given, enabled};
use cache_driver::cache::{Product, SizeTable};
use cache_driver::clock::{Clock, ManualClock};
use cache_driver::config::{Azure, Providers};
use cache_driver::random::SeededSource;
use cache_driver::sandbox::azure::AzureSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};

use crate::harness::{Alteration, Called, Hand, Harness, Trouble, WHY};
use crate::life::CANARY_2;
use crate::products::retold::Retold;

const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
const GROUP: &str = "caches";

/// What deserves the whole suite, because calls and changes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Managed,
    ManagedCluster,
    Classic,
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
    let cloud = AzureSandbox::start(options).await.unwrap();
    let retold = Retold::start(cloud.addr()).await;
    let azure = Azure {
        enabled: true,
        subscription_id: Some(SUBSCRIPTION.to_owned()),
        resource_group: Some(GROUP.to_owned()),
        location: Some("westeurope".to_owned()),
        locations: vec!["northeurope".to_owned()],
        endpoint_url: Some(format!("http://{}", retold.address)),
        // Retries would hide single faults, and wait on a clock that stands still.
        max_attempts: 1,
        static_token: Some(CANARY_2.into()),
        ..Azure::default()
    };
    let providers = Providers { azure, ..Providers::default() };
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let registry = enabled(&providers, &SizeTable::embedded(), &shared);
    let product = if shape == Shape::Classic { Product::AzureClassicRedis } else { Product::AzureManagedRedis };
    let backend = Arc::clone(registry.get(product).unwrap());
    Arc::new(Caches { backend, cloud, retold, clock, shape })
}

impl Caches {
    fn is_classic(&self) -> bool {
        self.shape == Shape::Classic
    }

    /// The call that makes a cache.
    fn creation(&self) -> &'static str {
        if self.is_classic() { "redis.create" } else { "redisEnterprise.create" }
    }

    fn fault(&self, fault: Value) {
        self.cloud.control().faults().add_json(fault).unwrap();
    }

    async fn mutate(&self, change: Value) {
        self.cloud.control().mutate(change).await.unwrap();
    }

    async fn set_tags(&self, at: &At, tags: Value) {
        self.mutate(json!({"op": "set", "id": at.place.name, "fields": {"tags": tags}})).await;
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
            Shape::Managed | Shape::Classic => json!({}),
            Shape::ManagedCluster => json!({"mode": "cluster"}),
        }
    }

    fn unserved(&self) -> Vec<(Value, &'static str)> {
        let mut all = vec![
            (json!({"auth": "none"}), "auth"),
            (json!({"backup": {"days": 3}}), "backup.days"),
            (json!({"maintenance_window": "sun:03:00-sun:04:00"}), "maintenance_window"),
            (json!({"apply": "maintenance_window"}), "apply"),
            (json!({"restore_from": "yesterday"}), "restore_from"),
            (json!({"parameters": {"timeout": "10"}}), "parameters.timeout"),
            (json!({"tags": {"managed-by": "me"}}), "tags.managed-by"),
            (json!({"azure": {"sku": "Enterprise_E10"}}), "azure.sku"),
        ];
        if self.is_classic() {
            all.push((json!({"version": "7.2"}), "version"));
            all.push((json!({"persistence": "aof"}), "persistence"));
            all.push((json!({"azure": {"modules": "RediSearch"}}), "azure.modules"));
        } else {
            all.push((json!({"version": "7.4"}), "version"));
            all.push((json!({"replicas": 2}), "replicas"));
            all.push((json!({"encryption_key": "https://v.vault.azure.net/keys/k"}), "encryption_key"));
            all.push((json!({"azure": {"zones": "1"}}), "azure.zones"));
        }
        all
    }

    fn alterations(&self) -> Vec<Alteration> {
        let alteration = |values, field, class| Alteration { values, field, class };
        let mut all = vec![
            alteration(json!({"size": "large"}), "sku", Class::Disruptive),
            alteration(json!({"eviction_policy": "allkeys-lru"}), "eviction_policy", Class::InPlace),
            alteration(json!({"azure": {"public_access": true}}), "public_network_access", Class::InPlace),
            alteration(json!({"tls": false}), "tls", Class::Disruptive),
            alteration(json!({"tags": {"team": "shop"}}), "tags", Class::InPlace),
        ];
        if self.is_classic() {
            all.push(alteration(json!({"azure": {"update_channel": "Preview"}}), "update_channel", Class::InPlace));
        } else {
            all.push(alteration(json!({"high_availability": true}), "high_availability", Class::InPlace));
            all.push(alteration(json!({"persistence": "rdb"}), "persistence", Class::InPlace));
            let object = "13476632-c6fe-483b-bf75-729f819e5f1c";
            all.push(alteration(json!({"azure": {"object_ids": object}}), "object_ids", Class::InPlace));
        }
        all
    }

    fn fixed(&self) -> Vec<(Value, &'static str)> {
        if self.is_classic() {
            return vec![
                (json!({"context": {"app": "shop"}}), "tags"),
                (json!({"parameters": {"maxmemory-reserved": "60"}}), "parameters"),
                (json!({"version": "6"}), "redis_version"),
            ];
        }
        let identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
        let key = json!({
            "encryption_key": "https://v.vault.azure.net/keys/k/562a4bb76b524a1493a6afe8e536ee78",
            "azure": {"user_assigned_identity_id": identity},
        });
        vec![
            (json!({"context": {"app": "shop"}}), "tags"),
            (key, "encryption_key"),
            (json!({"azure": {"port": 11000}}), "port"),
        ]
    }

    fn locations(&self) -> [&'static str; 2] {
        ["westeurope", "northeurope"]
    }

    fn elsewhere(&self) -> &'static str {
        "eastus"
    }

    fn strangers(&self) -> (Credentials, String) {
        let account = json!({
            "appId": "22222222-2222-3333-4444-555555555555", "password": CANARY_2,
            "tenant": "33333333-2222-3333-4444-555555555555",
        });
        let given = Given::recognise(account.as_object().unwrap()).unwrap();
        (Credentials::Given(given.into()), SUBSCRIPTION.to_owned())
    }

    fn calls(&self) -> Vec<Called> {
        // The emulator knows no permissions, which are asked for by a GET.
        let reads = ["get", "list", "listKeys", "listSkusForScaling", "token", "unknown"];
        let calls = self.cloud.control().calls().to_json();
        let listed = calls["calls"].as_array().unwrap().iter();
        listed
            .map(|call| call["action"].as_str().unwrap().to_owned())
            .map(|call| {
                let verb = call.rsplit('.').next().unwrap_or_default();
                Called { mutating: !reads.contains(&verb), call }
            })
            .collect()
    }

    async fn trouble(&self, trouble: Trouble) -> bool {
        let creation = self.creation();
        let list = if self.is_classic() { "redis.list" } else { "redisEnterprise.list" };
        match trouble {
            Trouble::Throttled => self.fault(json!({"kind": "throttle"})),
            Trouble::Down => self.fault(json!({"kind": "http", "status": 502})),
            Trouble::HungUp => self.fault(json!({"kind": "drop_before"})),
            Trouble::AnswerLost => self.fault(json!({"kind": "drop_after"})),
            Trouble::Denied => self.fault(json!({"kind": "access_denied"})),
            Trouble::Expired => self.fault(json!({"kind": "expired_token"})),
            Trouble::NoCapacity => {
                let message = "The requested size is not available in the region.";
                let code = "SkuNotAvailable";
                self.fault(
                    json!({"kind": "error", "code": code, "status": 409, "message": message, "action": creation}),
                );
            }
            Trouble::NoQuota => self.fault(json!({"kind": "quota"})),
            Trouble::CreationFails => self.fault(json!({"kind": "create_failed", "message": WHY, "action": creation})),
            Trouble::ChangeFails => self.fault(json!({"kind": "update_failed", "message": WHY})),
            Trouble::PrerequisiteMissing => {
                self.mutate(json!({"op": "unregister_provider", "namespace": "Microsoft.Cache"})).await;
            }
            Trouble::PageLost => self.fault(json!({"kind": "throttle", "action": list, "skip": 1})),
        }
        true
    }

    async fn meddle(&self, at: &At, hand: Hand) -> bool {
        let id = &at.place.name;
        match hand {
            Hand::StripsMark => {
                let own = ["id", "w", "t", "d", "c", "k", "g", "s", "st", "p", "a", "i", "r"];
                let gone = own.iter().map(|key| (format!("cache-driver-{key}"), Value::Null));
                self.set_tags(at, Value::Object(gone.collect())).await;
            }
            Hand::GarblesMark => self.set_tags(at, json!({"cache-driver-w": null})).await,
            Hand::OwnBusiness if self.is_classic() => {
                self.mutate(json!({"op": "status", "id": id, "provisioning_state": "Patching", "seconds": 300})).await;
            }
            Hand::OwnBusiness => {
                self.mutate(json!({
                    "op": "status", "id": id, "provisioning_state": "Updating", "resource_state": "Moving", "seconds": 300,
                }))
                .await;
            }
            Hand::UnknownStatus => self.retold.retell("\"Succeeded\"", "\"Enchanted\""),
        }
        true
    }

    async fn snapshots(&self) -> Vec<String> {
        Vec::new()
    }

    fn excused(&self) -> &'static [(&'static str, &'static str)] {
        if self.is_classic() { CLASSIC } else { MANAGED }
    }
}

const OPEN: (&str, &str) = ("connection::without_auth_there_is_no_password", "azure lets nobody in without a key");
const ONE: (&str, &str) = (
    "account::other_credentials_are_asked_anew",
    "a subscription is named, not told by the credentials; one may be reached with many",
);
const WINDOW: (&str, &str) =
    ("steps::interrupting_changes_wait_for_the_window", "there is no window, and `apply` says so at once");

const BUSY: (&str, &str) =
    ("apply::a_busy_cache_is_busy", "tags are the resource manager's own: a mark is written whatever goes on");

const MANAGED: &[(&str, &str)] = &[OPEN, ONE, WINDOW, BUSY];

const CLASSIC: &[(&str, &str)] = &[
    OPEN,
    ONE,
    WINDOW,
    BUSY,
    (
        "observe::a_failed_creation_leaves_a_shell_or_nothing",
        "`Failed` may hold data, so it is never taken for a shell",
    ),
    ("diagnose::a_failed_creation_has_the_clouds_cause", "the same"),
    ("diagnose::what_happened_in_an_earlier_life_is_left_out", "the same"),
    ("whole::a_shell_is_removed_and_made_anew", "the same"),
];

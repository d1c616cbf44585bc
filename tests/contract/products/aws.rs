//! `aws/replication-group`, in each of its modes, over the emulated AWS.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use cache_driver::backend::{At, Backend, Class, Credentials, Given, enabled};
use cache_driver::cache::{Product, SizeTable};
use cache_driver::clock::{Clock, ManualClock};
use cache_driver::config::{Aws, Providers, StaticCredentials};
use cache_driver::random::SeededSource;
use cache_driver::sandbox::aws::AwsSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};

use crate::harness::{Alteration, Called, Hand, Harness, Trouble, WHY};
use crate::life::CANARY_2;
use crate::products::retold::Retold;

const SUBNET_GROUP: &str = "caches";

/// What deserves the whole suite, because calls and changes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Standard,
    Cluster,
    /// Redis OSS without TLS and password, from which both and Valkey are still to come.
    Open,
}

struct ReplicationGroups {
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
    let cloud = AwsSandbox::start(options).await.unwrap();
    let retold = Retold::start(cloud.addr()).await;
    let aws = Aws {
        enabled: true,
        region: Some("eu-central-1".to_owned()),
        regions: vec!["eu-west-1".to_owned()],
        endpoint_url: Some(format!("http://{}", retold.address)),
        subnet_group: Some(SUBNET_GROUP.to_owned()),
        security_group_ids: vec!["sg-0123456789abcdef0".to_owned()],
        // Retries would hide single faults, and wait on the machine's clock.
        max_attempts: 1,
        static_credentials: Some(StaticCredentials {
            access_key_id: "AKIASYNTHETIC000000000000".to_owned(),
            secret_access_key: CANARY_2.into(),
            session_token: None,
        }),
        ..Aws::default()
    };
    let providers = Providers { aws, ..Providers::default() };
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let registry = enabled(&providers, &SizeTable::embedded(), &shared);
    let backend = Arc::clone(registry.get(Product::AwsReplicationGroup).unwrap());
    Arc::new(ReplicationGroups { backend, cloud, retold, clock, shape })
}

impl ReplicationGroups {
    fn fault(&self, fault: Value) {
        self.cloud.control().faults().add_json(fault).unwrap();
    }

    async fn mutate(&self, change: Value) {
        self.cloud.control().mutate(change).await.unwrap();
    }

    async fn describe(&self, at: &At, description: &str) {
        self.mutate(json!({"op": "set", "id": at.place.name, "fields": {"description": description}})).await;
    }
}

#[async_trait]
impl Harness for ReplicationGroups {
    fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn base(&self) -> Value {
        match self.shape {
            Shape::Standard => json!({}),
            Shape::Cluster => json!({"mode": "cluster"}),
            Shape::Open => json!({"engine": "redis", "tls": false, "auth": "none"}),
        }
    }

    fn unserved(&self) -> Vec<(Value, &'static str)> {
        vec![
            (json!({"persistence": "aof"}), "persistence"),
            (json!({"tls": true, "auth": "iam"}), "auth"),
            (json!({"backup": {"days": 36}}), "backup.days"),
            (json!({"encryption_key": "alias/mine"}), "encryption_key"),
            (json!({"restore_from": "s3://bucket/file.rdb"}), "restore_from"),
            (json!({"version": "7.0", "engine": "valkey"}), "version"),
            (json!({"maintenance_window": "sun:03:00-sun:03:30"}), "maintenance_window"),
            (json!({"parameters": {"cluster-enabled": "yes"}}), "parameters.cluster-enabled"),
            (json!({"tags": {"managed-by": "me"}}), "tags.managed-by"),
            (json!({"aws": {"user_group_ids": "mine"}}), "aws.user_group_ids"),
            (json!({"aws": {"max_ecpu": 1000}}), "aws.max_ecpu"),
            (json!({"aws": {"multi_az": true}}), "aws.multi_az"),
        ]
    }

    fn alterations(&self) -> Vec<Alteration> {
        let alteration = |values, field, class| Alteration { values, field, class };
        if self.shape == Shape::Open {
            return vec![
                alteration(json!({"tls": true}), "tls", Class::Disruptive),
                alteration(json!({"tls": true, "auth": "password"}), "auth", Class::Disruptive),
                alteration(json!({"engine": "valkey"}), "engine", Class::Disruptive),
                alteration(json!({"replicas": 1}), "replicas_per_node_group", Class::InPlace),
            ];
        }
        let mut all = vec![
            alteration(json!({"size": "large"}), "node_type", Class::Disruptive),
            alteration(json!({"replicas": 2}), "replicas_per_node_group", Class::InPlace),
            alteration(json!({"version": "8.2"}), "engine_version", Class::Disruptive),
            alteration(json!({"eviction_policy": "allkeys-lru"}), "parameter_group", Class::InPlace),
            alteration(
                json!({"aws": {"security_group_ids": "sg-0fedcba9876543210"}}),
                "security_group_ids",
                Class::InPlace,
            ),
            alteration(json!({"backup": {"days": 3}}), "snapshot_retention_limit", Class::InPlace),
            alteration(json!({"backup": {"days": 3, "window": "01:00-02:00"}}), "snapshot_window", Class::InPlace),
            alteration(json!({"maintenance_window": "tue:03:00-tue:04:00"}), "maintenance_window", Class::InPlace),
            alteration(
                json!({"aws": {"auto_minor_version_upgrade": false}}),
                "auto_minor_version_upgrade",
                Class::InPlace,
            ),
            alteration(
                json!({"aws": {"notification_topic_arn": "arn:aws:sns:eu-central-1:000000000000:events"}}),
                "notification_topic_arn",
                Class::InPlace,
            ),
            alteration(
                json!({"aws": {"transit_encryption_mode": "preferred"}}),
                "transit_encryption_mode",
                Class::Disruptive,
            ),
            alteration(json!({"high_availability": true}), "multi_az", Class::InPlace),
        ];
        if self.shape == Shape::Cluster {
            all.push(alteration(json!({"shards": 2}), "num_node_groups", Class::InPlace));
        }
        all
    }

    fn fixed(&self) -> Vec<(Value, &'static str)> {
        let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        vec![
            (json!({"tags": {"team": "shop"}}), "tags"),
            (json!({"context": {"app": "shop"}}), "tags"),
            (json!({"encryption_key": key}), "kms_key_id"),
            (json!({"restore_from": "yesterday"}), "snapshot_name"),
            (json!({"parameters": {"timeout": "10"}}), "parameters"),
            (json!({"aws": {"port": 7000}}), "port"),
            (json!({"aws": {"subnet_group": "mine"}}), "subnet_group"),
            (json!({"aws": {"parameter_group": "mine"}}), "parameter_group"),
            (json!({"aws": {"network_type": "ipv4"}}), "network_type"),
            (json!({"aws": {"ip_discovery": "ipv4"}}), "ip_discovery"),
        ]
    }

    fn locations(&self) -> [&'static str; 2] {
        ["eu-central-1", "eu-west-1"]
    }

    fn elsewhere(&self) -> &'static str {
        "us-east-1"
    }

    fn strangers(&self) -> (Credentials, String) {
        // The emulator takes the account of a key from its last twelve digits.
        let account = json!({"AccessKeyId": "AKIASTRANGER111122223333", "SecretAccessKey": CANARY_2});
        let given = Given::recognise(account.as_object().unwrap()).unwrap();
        (Credentials::Given(given.into()), "111122223333".to_owned())
    }

    fn calls(&self) -> Vec<Called> {
        let reads = ["Describe", "List", "Get", "AssumeRole", "Simulate"];
        let calls = self.cloud.control().calls().to_json();
        let listed = calls["calls"].as_array().unwrap().iter();
        listed
            .map(|call| call["action"].as_str().unwrap().to_owned())
            .map(|call| Called { mutating: !reads.iter().any(|read| call.starts_with(read)), call })
            .collect()
    }

    async fn trouble(&self, trouble: Trouble) -> bool {
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
                self.mutate(json!({"op": "remove_subnet_group", "name": SUBNET_GROUP})).await;
            }
            Trouble::PageLost => {
                self.fault(json!({"kind": "throttle", "action": "DescribeReplicationGroups", "skip": 1}));
            }
        }
        true
    }

    async fn meddle(&self, at: &At, hand: Hand) -> bool {
        let id = &at.place.name;
        match hand {
            Hand::StripsMark => self.describe(at, "sessions of the shop").await,
            Hand::GarblesMark => self.describe(at, "cache-driver/1 id=res-1 w=").await,
            Hand::OwnBusiness => {
                self.mutate(json!({"op": "status", "id": id, "status": "snapshotting", "seconds": 300})).await;
            }
            Hand::UnknownStatus => self.retold.retell("<Status>available<", "<Status>enchanted<"),
        }
        true
    }

    async fn snapshots(&self) -> Vec<String> {
        let state = self.cloud.control().state().await;
        let taken = state["snapshots"].as_array().unwrap().iter();
        taken.map(|snapshot| snapshot["SnapshotName"].as_str().unwrap().to_owned()).collect()
    }
}

//! The seam to the data plane: which servers run when, and with which passwords.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticache::types::AuthTokenUpdateStrategyType;
use cache_driver::sandbox::{DataPlane, Listening, ServerSpec};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::harness::{Cloud, TOKEN};

/// A data plane that only writes down what it is told.
#[derive(Debug, Default)]
struct Recorder {
    told: Mutex<Vec<String>>,
    refuse: bool,
    /// A start waits for this, if it is there.
    gate: Option<Arc<Semaphore>>,
}

impl Recorder {
    fn note(&self, text: String) {
        self.told.lock().unwrap().push(text);
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

#[async_trait]
impl DataPlane for Recorder {
    async fn start(&self, spec: ServerSpec) -> std::io::Result<Listening> {
        if self.refuse {
            return Err(std::io::Error::other("no server binary"));
        }
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let password = spec.password.as_ref().map_or("none", |password| password.expose_secret()).to_owned();
        self.note(format!("start {} {} tls={} cluster={} {password}", spec.name, spec.engine, spec.tls, spec.cluster));
        Ok(Listening { host: "127.0.0.1".to_owned(), port: 7001 })
    }

    async fn set_passwords(&self, name: &str, passwords: Vec<SecretString>) -> std::io::Result<()> {
        let list: Vec<_> = passwords.iter().map(ExposeSecret::expose_secret).collect();
        self.note(format!("passwords {name} {list:?}"));
        Ok(())
    }

    async fn stop(&self, name: &str) {
        self.note(format!("stop {name}"));
    }

    fn ca_pem(&self) -> Option<String> {
        None
    }
}

const NAME: &str = "000000000000-eu-central-1-c";

async fn set_token(cloud: &Cloud, token: &str, strategy: AuthTokenUpdateStrategyType) {
    let change = cloud.cache.modify_replication_group().replication_group_id("c").apply_immediately(true);
    change.auth_token(token).auth_token_update_strategy(strategy).send().await.unwrap();
    cloud.minutes(2);
    assert_eq!(cloud.status("c").await, "available");
}

#[tokio::test]
async fn a_server_runs_from_available_to_gone_and_takes_the_tokens_in_turn() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    let group = cloud.available("c").await;
    assert_eq!(servers.told(), [format!("start {NAME} valkey tls=true cluster=false {TOKEN}")]);
    let endpoint = group.node_groups()[0].primary_endpoint().unwrap();
    assert_eq!((endpoint.address(), endpoint.port()), (Some("127.0.0.1"), Some(7001)));

    let new = "canary-token-9876543210";
    set_token(&cloud, new, AuthTokenUpdateStrategyType::Rotate).await;
    assert_eq!(servers.told(), [format!("passwords {NAME} {:?}", [new, TOKEN])]);
    set_token(&cloud, new, AuthTokenUpdateStrategyType::Set).await;
    assert_eq!(servers.told(), [format!("passwords {NAME} {:?}", [new])]);

    cloud.cache.delete_replication_group().replication_group_id("c").send().await.unwrap();
    assert!(servers.told().is_empty(), "it runs until the delete is done");
    cloud.minutes(5);
    assert_eq!(cloud.status("c").await, "ReplicationGroupNotFoundFault");
    assert_eq!(servers.told(), [format!("stop {NAME}")]);
}

#[tokio::test]
async fn a_token_rotated_into_an_open_group_leaves_it_open_until_it_is_set() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.create("c").transit_encryption_enabled(true).send().await.unwrap();
    cloud.minutes(10);
    assert_eq!(cloud.status("c").await, "available");
    assert_eq!(servers.told(), [format!("start {NAME} valkey tls=true cluster=false none")]);
    set_token(&cloud, TOKEN, AuthTokenUpdateStrategyType::Rotate).await;
    assert_eq!(servers.told(), [format!("passwords {NAME} []")]);
    set_token(&cloud, TOKEN, AuthTokenUpdateStrategyType::Set).await;
    assert_eq!(servers.told(), [format!("passwords {NAME} {:?}", [TOKEN])]);
}

#[tokio::test]
async fn a_server_that_does_not_start_is_a_failed_create_with_the_cause() {
    let cloud = Cloud::with(Arc::new(Recorder { refuse: true, ..Recorder::default() })).await;
    cloud.create("c").send().await.unwrap();
    cloud.minutes(10);
    assert_eq!(cloud.status("c").await, "create-failed");
    assert!(cloud.events("c").await[0].contains("no server binary"));
}

#[tokio::test]
async fn a_shutdown_stops_the_servers_and_closes_the_port() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.available("c").await;
    servers.told();
    let address = cloud.running.addr();
    cloud.running.shutdown().await;
    assert_eq!(servers.told(), [format!("stop {NAME}")]);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn turning_tls_on_starts_the_server_again() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.create("c").send().await.unwrap();
    cloud.minutes(10);
    assert_eq!(cloud.status("c").await, "available");
    servers.told();
    let change = cloud.cache.modify_replication_group().replication_group_id("c").apply_immediately(true);
    change.transit_encryption_enabled(true).transit_encryption_mode("preferred".into()).send().await.unwrap();
    cloud.minutes(30);
    assert_eq!(cloud.status("c").await, "available");
    let started = format!("start {NAME} valkey tls=true cluster=false none");
    assert_eq!(servers.told(), [format!("stop {NAME}"), started]);
}

#[tokio::test]
async fn while_a_server_starts_others_see_the_group_creating_and_a_caller_that_leaves_harms_nothing() {
    let gate = Arc::new(Semaphore::new(0));
    let cloud = Cloud::with(Arc::new(Recorder { gate: Some(Arc::clone(&gate)), ..Recorder::default() })).await;
    cloud.create("c").send().await.unwrap();
    cloud.minutes(10);
    let impatient = tokio::time::timeout(Duration::from_millis(200), cloud.status("c")).await;
    assert!(impatient.is_err(), "the first who asks waits for the server");
    assert_eq!(cloud.status("c").await, "creating");
    gate.add_permits(1);
    for _ in 0..100 {
        if cloud.status("c").await == "available" {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never became available");
}

#[tokio::test]
async fn a_dropped_sandbox_stops_its_servers() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.available("c").await;
    servers.told();
    drop(cloud);
    for _ in 0..1000 {
        if servers.told() == [format!("stop {NAME}")] {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the server was left running");
}

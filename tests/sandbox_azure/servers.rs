//! The seam to the data plane: which servers run when, and with which passwords.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cache_driver::clock::SystemClock;
use cache_driver::sandbox::data_plane::SmallServer;
use cache_driver::sandbox::{DataPlane, Listening, ServerSpec};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::{Cloud, SUBSCRIPTION, classic, cluster, database, with_keys};

/// A data plane that only writes down what it is told.
#[derive(Debug, Default)]
struct Recorder {
    told: Mutex<Vec<String>>,
    refuse: bool,
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
        assert!(spec.password.is_some(), "never open");
        self.note(format!("start {} {} tls={} cluster={}", spec.name, spec.engine, spec.tls, spec.cluster));
        Ok(Listening { host: "127.0.0.1".to_owned(), port: 7001 })
    }

    async fn set_passwords(&self, name: &str, passwords: Vec<SecretString>) -> std::io::Result<()> {
        let list: Vec<_> = passwords.iter().map(ExposeSecret::expose_secret).collect();
        self.note(format!("passwords {name} {}", list.join(" ")));
        Ok(())
    }

    async fn stop(&self, name: &str) {
        self.note(format!("stop {name}"));
    }

    fn ca_pem(&self) -> Option<String> {
        None
    }
}

fn server_name(kind: &str, rest: &str) -> String {
    format!("subscriptions_{SUBSCRIPTION}_resourcegroups_caches_{kind}_{rest}")
}

#[tokio::test]
async fn the_databases_server_takes_both_keys_and_goes_with_the_cluster() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.running_cluster("C").await;
    assert!(servers.told().is_empty(), "a cluster without a database answers nobody");
    cloud.put(&database("C"), with_keys()).await;
    cloud.seconds(8);
    let running = cloud.get(&database("C")).await;
    assert_eq!(running.body["properties"]["port"], 7001);
    assert_eq!(cloud.get(&cluster("C")).await.body["properties"]["hostName"], "127.0.0.1");
    let keys = cloud.post(&format!("{}/listKeys", database("C")), json!({})).await.body;
    let name = server_name("redisenterprise", "c_databases_default");
    let both = |keys: &serde_json::Value| {
        let text = |name: &str| keys[name].as_str().unwrap().to_owned();
        format!("passwords {name} {} {}", text("primaryKey"), text("secondaryKey"))
    };
    assert_eq!(servers.told(), [format!("start {name} redis tls=true cluster=false"), both(&keys)]);

    let new = cloud.post(&format!("{}/regenerateKey", database("C")), json!({ "keyType": "Primary" })).await.body;
    assert_eq!(servers.told(), [both(&new)], "before the answer");

    cloud.patch(&database("C"), json!({ "properties": { "accessKeysAuthentication": "Disabled" } })).await;
    cloud.seconds(6);
    cloud.get(&database("C")).await;
    let told = servers.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].split(' ').count() == 3 && told[0] != both(&new), "one password that nobody knows");

    cloud.patch(&database("C"), json!({ "properties": { "clientProtocol": "Plaintext" } })).await;
    cloud.seconds(6);
    cloud.get(&database("C")).await;
    assert_eq!(servers.told()[..2], [format!("stop {name}"), format!("start {name} redis tls=false cluster=false")]);

    cloud.delete(&cluster("C")).await;
    assert!(servers.told().is_empty(), "it runs until the delete is done");
    cloud.seconds(306);
    assert_eq!(cloud.get(&cluster("C")).await.status, 404);
    assert_eq!(servers.told(), [format!("stop {name}")]);
}

#[tokio::test]
async fn a_classic_cache_has_its_server_behind_the_tls_port() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.running_classic("k").await;
    let told = servers.told();
    assert_eq!(told[0], format!("start {} redis tls=true cluster=false", server_name("redis", "k")));
    let shown = cloud.get(&classic("k")).await;
    assert_eq!(shown.body["properties"]["hostName"], "127.0.0.1");
    assert_eq!(shown.body["properties"]["sslPort"], 7001);
    cloud.running.shutdown().await;
    assert_eq!(servers.told(), [format!("stop {}", server_name("redis", "k"))]);
}

#[tokio::test]
async fn a_server_that_does_not_start_is_a_failed_create_with_the_cause() {
    let cloud = Cloud::with(Arc::new(Recorder { refuse: true, ..Recorder::default() })).await;
    cloud.running_cluster("c").await;
    let made = cloud.put(&database("c"), with_keys()).await;
    cloud.seconds(8);
    let failed = cloud.follow(made.header("azure-asyncoperation").unwrap()).await;
    assert_eq!(failed.body["error"]["message"], "no server binary");
    assert_eq!(cloud.get(&database("c")).await.state(), ("Failed", "CreateFailed"));
}

async fn ping(at: &Listening, ca: &str, key: &str) -> redis::RedisResult<String> {
    let url = format!("rediss://default:{}@{}:{}", key.replace('/', "%2F").replace('+', "%2B"), at.host, at.port);
    let trusted = redis::TlsCertificates { client_tls: None, root_cert: Some(ca.as_bytes().to_vec()) };
    let client = redis::Client::build_with_tls(url, trusted)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    redis::cmd("PING").query_async(&mut connection).await
}

#[tokio::test]
async fn a_client_logs_in_with_either_key_until_it_is_made_anew() {
    let servers = Arc::new(SmallServer::new(Arc::new(SystemClock)).unwrap());
    let ca = servers.ca_pem().unwrap();
    let cloud = Cloud::with(servers).await;
    cloud.running_database("c").await;
    let host = cloud.get(&cluster("c")).await.body["properties"]["hostName"].as_str().unwrap().to_owned();
    let port = cloud.get(&database("c")).await.body["properties"]["port"].as_u64().unwrap();
    let at = Listening { host, port: port.try_into().unwrap() };
    let keys = cloud.post(&format!("{}/listKeys", database("c")), json!({})).await.body;
    for which in ["primaryKey", "secondaryKey"] {
        assert_eq!(ping(&at, &ca, keys[which].as_str().unwrap()).await.unwrap(), "PONG", "{which}");
    }
    let new = cloud.post(&format!("{}/regenerateKey", database("c")), json!({ "keyType": "Primary" })).await.body;
    assert!(ping(&at, &ca, keys["primaryKey"].as_str().unwrap()).await.is_err(), "the old one is no good any more");
    for which in ["primaryKey", "secondaryKey"] {
        assert_eq!(ping(&at, &ca, new[which].as_str().unwrap()).await.unwrap(), "PONG", "{which}");
    }
    cloud.patch(&database("c"), json!({ "properties": { "accessKeysAuthentication": "Disabled" } })).await;
    cloud.seconds(6);
    cloud.get(&database("c")).await;
    assert!(ping(&at, &ca, new["primaryKey"].as_str().unwrap()).await.is_err(), "keys are turned off");
}

//! The seam to the data plane: which servers run when, and with which passwords; and real servers, if there are any.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cache_driver::clock::SystemClock;
use cache_driver::random::SystemSource;
use cache_driver::sandbox::data_plane::RealServers;
use cache_driver::sandbox::{DataPlane, Listening, ServerSpec};
use redis::AsyncCommands as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::harness::{CLUSTER, Cloud, MEMCACHE, REDIS, VALKEY, cluster, memcache, valkey};

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
        let password = if spec.password.is_some() { "secret" } else { "open" };
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
        Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned())
    }
}

const NAME: &str = "redis-instances-sample-project-us-central1-sample";

#[tokio::test]
async fn a_server_runs_from_ready_to_gone_and_follows_the_auth_string() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    let body = json!({
        "tier": "BASIC", "memorySizeGb": 1, "authEnabled": true, "transitEncryptionMode": "SERVER_AUTHENTICATION",
    });
    let instance = cloud.ready(&REDIS, "sample", &body).await;
    assert_eq!(servers.told(), [format!("start {NAME} redis tls=true cluster=false secret")]);
    assert_eq!((&instance["host"], &instance["port"]), (&json!("127.0.0.1"), &json!(7001)));
    assert!(instance["serverCaCerts"][0]["cert"].as_str().unwrap().contains("AAAA"));

    for on in [false, true] {
        cloud.patch(&REDIS.update("sample", "authEnabled"), &json!({ "authEnabled": on })).await.ok();
        cloud.minutes(2);
        cloud.get(&REDIS.path("sample")).await.ok();
        let secret = cloud.get(&format!("{}/authString", REDIS.path("sample"))).await.body["authString"].clone();
        let wanted: Vec<&str> = secret.as_str().into_iter().collect();
        assert_eq!(servers.told(), [format!("passwords {NAME} {wanted:?}")]);
    }
    cloud.delete(&REDIS.path("sample")).await.ok();
    assert!(servers.told().is_empty(), "it runs until the delete is done");
    cloud.minutes(3);
    assert_eq!(cloud.get(&REDIS.path("sample")).await.status, 404);
    assert_eq!(servers.told(), [format!("stop {NAME}")]);
}

#[tokio::test]
async fn a_server_that_does_not_start_is_a_failed_create_with_the_cause() {
    let cloud = Cloud::with(Arc::new(Recorder { refuse: true, ..Recorder::default() })).await;
    let operation = cloud.post(&CLUSTER.create("sample"), &cluster()).await.ok();
    cloud.minutes(13);
    let done = cloud.operation(&CLUSTER, &operation).await;
    assert_eq!(done["error"], json!({ "code": 13, "message": "no server binary" }));
    assert_eq!(cloud.get(&CLUSTER.path("sample")).await.status, 404);
}

#[tokio::test]
async fn tokens_open_the_door_from_their_creation_to_their_deletion() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    let mut body = valkey();
    body["authorizationMode"] = "TOKEN_AUTH".into();
    let instance = cloud.ready(&VALKEY, "sample", &body).await;
    let auto = &instance["endpoints"][0]["connections"][0]["pscAutoConnection"];
    assert_eq!((&auto["ipAddress"], &auto["port"]), (&json!("127.0.0.1"), &json!(7001)));
    assert!(servers.told()[0].ends_with("valkey tls=false cluster=true secret"), "closed before there is a token");
    let path = VALKEY.path("sample");
    cloud.post(&format!("{path}:addTokenAuthUser"), &json!({ "tokenAuthUser": "app" })).await.ok();
    cloud.minutes(1);
    cloud.post(&format!("{path}/tokenAuthUsers/app:addAuthToken"), &json!({})).await.ok();
    cloud.minutes(1);
    let tokens = cloud.get(&format!("{path}/tokenAuthUsers/app/authTokens")).await.ok();
    let token = tokens["authTokens"][0]["token"].as_str().unwrap();
    let told = servers.told();
    assert!(told.last().unwrap().ends_with(&format!("{:?}", [token])), "{told:?}");
    cloud.delete(&format!("{path}/tokenAuthUsers/app?force=true")).await.ok();
    cloud.minutes(1);
    cloud.get(&path).await.ok();
    let told = servers.told();
    assert!(told.len() == 1 && !told[0].contains(token) && !told[0].ends_with("[]"), "{told:?}");
}

#[tokio::test]
async fn a_shutdown_stops_the_servers() {
    let servers = Arc::new(Recorder::default());
    let cloud = Cloud::with(Arc::clone(&servers) as _).await;
    cloud.ready(&REDIS, "sample", &json!({ "tier": "BASIC", "memorySizeGb": 1 })).await;
    servers.told();
    cloud.running.shutdown().await;
    assert_eq!(servers.told(), [format!("stop {NAME}")]);
}

#[tokio::test]
async fn memcached_is_served_in_this_process() {
    let cloud = Cloud::with(Arc::new(Recorder::default())).await;
    let instance = cloud.ready(&MEMCACHE, "sample", &memcache()).await;
    let endpoint = instance["discoveryEndpoint"].as_str().unwrap();
    let mut stream = BufReader::new(TcpStream::connect(endpoint).await.unwrap());
    let commands = "version\r\nset k 5 0 3\r\nabc\r\nget k\r\ndelete k\r\nget k\r\nnonsense\r\nquit\r\n";
    stream.write_all(commands.as_bytes()).await.unwrap();
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    assert_eq!(lines, ["VERSION 1.6.15", "STORED", "VALUE k 5 3", "abc", "END", "DELETED", "END", "ERROR"]);
    cloud.delete(&MEMCACHE.path("sample")).await.ok();
    cloud.minutes(3);
    assert_eq!(cloud.get(&MEMCACHE.path("sample")).await.status, 404);
    assert!(TcpStream::connect(endpoint).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn real_servers_answer_to_the_auth_string() {
    let Some(binary) = RealServers::find(std::env::var_os("PATH").as_deref()) else {
        println!("not tested: no valkey-server or redis-server on PATH");
        return;
    };
    let real = RealServers::new(binary, Arc::new(SystemClock), Arc::new(SystemSource)).unwrap();
    let cloud = Cloud::with(Arc::new(real)).await;
    let body = json!({ "tier": "BASIC", "memorySizeGb": 1, "authEnabled": true });
    let instance = cloud.ready(&REDIS, "sample", &body).await;
    let path = format!("{}/authString", REDIS.path("sample"));
    let connect = |secret: &Value| {
        let (host, port) = (instance["host"].as_str().unwrap(), instance["port"].as_u64().unwrap());
        let url = format!("redis://:{}@{host}:{port}", secret["authString"].as_str().unwrap());
        async move { redis::Client::open(url).unwrap().get_multiplexed_async_connection().await }
    };
    let first = cloud.get(&path).await.ok();
    let mut connection = connect(&first).await.unwrap();
    connection.set::<_, _, ()>("k", "v").await.unwrap();
    for on in [false, true] {
        cloud.patch(&REDIS.update("sample", "authEnabled"), &json!({ "authEnabled": on })).await.ok();
        cloud.minutes(2);
        cloud.get(&REDIS.path("sample")).await.ok();
    }
    assert!(connect(&first).await.is_err(), "the old string is good no more");
    let second = cloud.get(&path).await.ok();
    let kept: String = connect(&second).await.unwrap().get("k").await.unwrap();
    assert_eq!(kept, "v");
    cloud.running.shutdown().await;
}

//! Starts a sandbox on a clock that stands still, and calls it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cache_driver::clock::ManualClock;
use cache_driver::random::SeededSource;
use cache_driver::sandbox::azure::AzureSandbox;
use cache_driver::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

pub(crate) const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const MANAGED: &str = "2025-07-01";
pub(crate) const CLASSIC: &str = "2024-11-01";

/// A sandbox and its clock.
pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
    http: Client,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The status and the error's code.
    #[track_caller]
    pub(crate) fn refused(&self) -> (u16, &str) {
        let error = &self.body["error"];
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "no message: {self:?}");
        (self.status, error["code"].as_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap()
    }

    pub(crate) fn state(&self) -> (&str, &str) {
        let text = |name: &str| self.body["properties"][name].as_str().unwrap_or_default();
        (text("provisioningState"), text("resourceState"))
    }

    /// Whether there are headers to follow an operation by: `Azure-AsyncOperation`, and `Location`.
    pub(crate) fn followed(&self) -> (bool, bool) {
        (self.header("azure-asyncoperation").is_some(), self.header("location").is_some())
    }
}

impl Cloud {
    /// With nothing behind the endpoints. The clock stands on a Monday morning.
    pub(crate) async fn start() -> Self {
        Self::with(Arc::new(NoDataPlane)).await
    }

    pub(crate) async fn with(data_plane: Arc<dyn DataPlane>) -> Self {
        let clock = ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap());
        let options = SandboxOptions {
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededSource::new(7)),
            speed: 1.0,
            data_plane,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let running = AzureSandbox::start(options).await.unwrap();
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running, clock, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.running.url()) };
        self.http.request(method, url)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answered {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        assert!(headers.get("x-ms-request-id").is_some(), "an answer without request id");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        if status != StatusCode::NO_CONTENT && !text.is_empty() {
            let kind = headers.get("content-type").unwrap().to_str().unwrap();
            assert!(kind.contains("json"), "{kind}");
        }
        Answered { status: status.as_u16(), headers, body }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, version: &str, body: Option<Value>) -> Answered {
        let request = self.request(method, &format!("{path}?api-version={version}"));
        self.send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answered {
        self.call(Method::PUT, path, version(path), Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answered {
        self.call(Method::PATCH, path, version(path), Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.call(Method::GET, path, version(path), None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answered {
        self.call(Method::DELETE, path, version(path), None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answered {
        self.call(Method::POST, path, version(path), Some(body)).await
    }

    /// Follows an address from a header, verbatim.
    pub(crate) async fn follow(&self, address: &str) -> Answered {
        self.send(self.request(Method::GET, address)).await
    }

    /// Creates a cluster and waits until it runs.
    pub(crate) async fn running_cluster(&self, name: &str) {
        assert_eq!(self.put(&cluster(name), small()).await.status, 201);
        self.seconds(400);
        assert_eq!(self.get(&cluster(name)).await.state(), ("Succeeded", "Running"));
    }

    /// The same with its database.
    pub(crate) async fn running_database(&self, name: &str) {
        self.running_cluster(name).await;
        assert_eq!(self.put(&database(name), with_keys()).await.status, 201);
        self.seconds(10);
        assert_eq!(self.get(&database(name)).await.state(), ("Succeeded", "Running"));
    }

    /// Creates a classic cache and waits until it runs.
    pub(crate) async fn running_classic(&self, name: &str) {
        assert_eq!(self.put(&classic(name), standard()).await.status, 201);
        self.seconds(900);
        assert_eq!(self.get(&classic(name)).await.state().0, "Succeeded");
    }

    pub(crate) fn seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn fault(&self, fault: Value) {
        self.running.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        let done = self.running.control().mutate(change).await.unwrap();
        assert_eq!(done, json!({ "done": true }));
    }

    pub(crate) fn count(&self, action: &str) -> u64 {
        self.running.control().calls().count(action)
    }
}

fn version(path: &str) -> &'static str {
    if path.to_ascii_lowercase().contains("microsoft.cache/redis/") || path.ends_with("/redis") {
        CLASSIC
    } else {
        MANAGED
    }
}

/// The resource group that everything is in.
pub(crate) fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/Caches")
}

pub(crate) fn cluster(name: &str) -> String {
    format!("{}/providers/Microsoft.Cache/redisEnterprise/{name}", group())
}

pub(crate) fn database(name: &str) -> String {
    format!("{}/databases/default", cluster(name))
}

pub(crate) fn classic(name: &str) -> String {
    format!("{}/providers/Microsoft.Cache/redis/{name}", group())
}

/// The smallest cluster.
pub(crate) fn small() -> Value {
    json!({
        "location": "westeurope",
        "sku": { "name": "Balanced_B0" },
        "tags": { "team": "shop" },
        "properties": { "publicNetworkAccess": "Enabled", "minimumTlsVersion": "1.2", "highAvailability": "Enabled" },
    })
}

/// A database for ordinary clients.
pub(crate) fn with_keys() -> Value {
    json!({ "properties": {
        "clientProtocol": "Encrypted",
        "clusteringPolicy": "EnterpriseCluster",
        "evictionPolicy": "NoEviction",
        "accessKeysAuthentication": "Enabled",
        "port": 10000,
    } })
}

/// A small classic cache.
pub(crate) fn standard() -> Value {
    json!({
        "location": "West US 2",
        "tags": { "team": "shop" },
        "properties": {
            "sku": { "name": "Standard", "family": "C", "capacity": 1 },
            "minimumTlsVersion": "1.2",
            "redisVersion": "6",
            "redisConfiguration": { "maxmemory-policy": "allkeys-lru", "maxmemory-delta": "10" },
        },
    })
}

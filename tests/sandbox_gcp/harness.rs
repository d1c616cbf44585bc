//! Starts a sandbox on a clock that stands still, and speaks HTTP to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cache_driver::clock::ManualClock;
use cache_driver::random::SeededSource;
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};
use reqwest::Method;
use serde_json::{Value, json};

/// Where everything is made.
pub(crate) const PLACE: &str = "projects/sample-project/locations/us-central1";
pub(crate) const NETWORK: &str = "projects/sample-project/global/networks/default";

/// A sandbox and its clock.
pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
    http: reqwest::Client,
}

/// Status and JSON of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    /// HTTP status, status word and message of an error.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, &str, &str) {
        let error = &self.body["error"];
        assert_eq!(error["code"], self.status, "{:#}", self.body);
        (self.status, error["status"].as_str().unwrap(), error["message"].as_str().unwrap())
    }

    /// The detail of that kind.
    #[track_caller]
    pub(crate) fn detail(&self, kind: &str) -> &Value {
        let details = self.body["error"]["details"].as_array().expect("details");
        let wanted = format!("type.googleapis.com/google.rpc.{kind}");
        details.iter().find(|detail| detail["@type"] == wanted).unwrap_or_else(|| panic!("no {kind}: {:#}", self.body))
    }
}

impl Cloud {
    /// With nothing behind the endpoints.
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
        let running = GcpSandbox::start(options).await.unwrap();
        Self { running, clock, http: reqwest::Client::builder().build().unwrap() }
    }

    /// A request to `path`, which begins with the service (`redis/v1/…`); `None` if there was no answer.
    pub(crate) async fn try_send(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Answer> {
        let mut request = self.http.request(method, format!("{}/{path}", self.running.url()));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.bearer_auth("a-token").send().await.ok()?;
        let status = response.status().as_u16();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        if status == 502 {
            assert!(kind.starts_with("text/html"), "{kind}");
            return Some(Answer { status, body: Value::Null });
        }
        assert_eq!(kind, "application/json; charset=UTF-8");
        Some(Answer { status, body: response.json().await.unwrap() })
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.try_send(method, path, body).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends a form to the token endpoint.
    pub(crate) async fn token(&self, form: &str) -> Answer {
        let request = self.http.post(format!("{}/token", self.running.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), body: response.json().await.unwrap() }
    }

    /// A request with this bearer token.
    pub(crate) async fn get_as(&self, bearer: &str, path: &str) -> Answer {
        let request = self.http.get(format!("{}/{path}", self.running.url())).bearer_auth(bearer);
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), body: response.json().await.unwrap() }
    }

    pub(crate) fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
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

    /// Creates a resource and waits for it.
    pub(crate) async fn ready(&self, product: &Product, id: &str, body: &Value) -> Value {
        let operation = self.post(&product.create(id), body).await.ok();
        self.minutes(15);
        let operation = self.operation(product, &operation).await;
        assert!(operation.get("response").is_some(), "{operation:#}");
        self.get(&product.path(id)).await.ok()
    }

    /// An operation as it is now.
    pub(crate) async fn operation(&self, product: &Product, operation: &Value) -> Value {
        let name = operation["name"].as_str().unwrap();
        self.get(&format!("{}/v1/{name}", product.service)).await.ok()
    }
}

/// Where a product is.
pub(crate) struct Product {
    pub(crate) service: &'static str,
    collection: &'static str,
    parameter: &'static str,
}

pub(crate) const REDIS: Product = Product { service: "redis", collection: "instances", parameter: "instanceId" };
pub(crate) const CLUSTER: Product = Product { service: "redis", collection: "clusters", parameter: "clusterId" };
pub(crate) const VALKEY: Product = Product { service: "memorystore", collection: "instances", parameter: "instanceId" };
pub(crate) const MEMCACHE: Product = Product { service: "memcache", collection: "instances", parameter: "instanceId" };

impl Product {
    pub(crate) fn collection(&self) -> String {
        format!("{}/v1/{PLACE}/{}", self.service, self.collection)
    }

    pub(crate) fn path(&self, id: &str) -> String {
        format!("{}/{id}", self.collection())
    }

    pub(crate) fn create(&self, id: &str) -> String {
        format!("{}?{}={id}", self.collection(), self.parameter)
    }

    pub(crate) fn update(&self, id: &str, mask: &str) -> String {
        format!("{}?updateMask={mask}", self.path(id))
    }
}

/// A body that is enough.
pub(crate) fn redis() -> Value {
    json!({ "tier": "BASIC", "memorySizeGb": 1 })
}

/// A body that is enough and gets endpoints.
pub(crate) fn valkey() -> Value {
    let connection = json!({ "pscAutoConnection": { "projectId": "sample-project", "network": NETWORK } });
    json!({ "shardCount": 1, "endpoints": [{ "connections": [connection] }] })
}

/// A body that is enough and gets endpoints.
pub(crate) fn cluster() -> Value {
    json!({ "shardCount": 3, "pscConfigs": [{ "network": NETWORK }] })
}

/// A body that is enough.
pub(crate) fn memcache() -> Value {
    json!({ "nodeCount": 2, "nodeConfig": { "cpuCount": 1, "memorySizeMb": 1024 } })
}

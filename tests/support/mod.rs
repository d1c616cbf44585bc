//! The real server on a port of its own, over an imagined cloud, and a client that checks every answer.

pub mod captured;
pub mod client;
pub mod cloud;
pub mod memory;
pub mod shapes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::{Backend, Registry};
use cache_driver::cache::Product;
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use cache_driver::config::{Config, Route};
use cache_driver::driver::{Driver, Key, Keyring, Parts};
use cache_driver::http;
use cache_driver::random::{Random, SeededSource};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::client::Call;
use self::cloud::Cloud;
use self::memory::Memory;

/// Stands wherever a secret could. No answer may show it, but for the outputs' secrets.
pub const CANARY: &str = "CANARYc4n4ry";
/// An id as the orchestrator makes them.
pub const ID: &str = "3c0a194814284345e330544f88798e83992468e2";

/// A server that is still to be started.
pub struct Setup {
    pub config: Config,
    products: Vec<Product>,
}

impl Default for Setup {
    /// One route `redis` on `aws/replication-group`, as small installations have it.
    fn default() -> Self {
        let mut config =
            Config { routes: BTreeMap::from([("redis".to_owned(), Route::new("redis"))]), ..Config::default() };
        config.routes.insert("my-valkey".to_owned(), Route::new("my-org/valkey"));
        Self { config, products: vec![Product::AwsReplicationGroup] }
    }
}

impl Setup {
    /// The same with these products.
    pub fn products(mut self, products: &[Product]) -> Self {
        self.products = products.to_vec();
        self
    }

    /// The same with another config.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts it over an imagined cloud with a clock that stands still.
    pub async fn start(self) -> Server {
        let clock = ManualClock::at(Timestamp::from_second(1_750_000_000).unwrap());
        let cloud = Cloud::new(Arc::new(clock.clone()));
        let backends = self.products.iter().map(|p| Arc::new(Memory::new(*p, cloud.clone())) as Arc<dyn Backend>);
        let registry = Registry::new(backends);
        let random = Arc::new(SeededSource::new(7));
        let running = Running::start(self.config, registry, Arc::new(clock.clone()), random).await;
        Server { running, clock, cloud }
    }
}

/// A server over an imagined cloud.
pub struct Server {
    pub running: Running,
    pub clock: ManualClock,
    pub cloud: Cloud,
}

impl Server {
    pub async fn start() -> Self {
        Setup::default().start().await
    }

    pub fn put(&self, path: &str) -> Call {
        self.running.call("PUT", path)
    }

    pub fn get(&self, path: &str) -> Call {
        self.running.call("GET", path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.running.call("DELETE", path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.running.call("POST", path)
    }

    pub fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }

    /// Keeps the clock going while requests wait: a second of it every millisecond of ours.
    pub fn keep_ticking(&self) -> Ticking {
        let clock = self.clock.clone();
        Ticking(tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(1));
            loop {
                tick.tick().await;
                clock.advance(Duration::from_secs(1));
            }
        }))
    }
}

/// A clock that goes until this is dropped.
pub struct Ticking(JoinHandle<()>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A running server.
pub struct Running {
    pub address: SocketAddr,
    pub driver: Driver,
    pub app: http::App,
    pub client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    pub serving: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts the real server on a free port.
    pub async fn start(config: Config, registry: Registry, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let keyring = Keyring::new(Key::new("k1", vec![7; 32]), Vec::new());
        let parts = Parts { config: Arc::new(config), registry, keyring, clock, random: random.clone(), speed: 1.0 };
        let driver = Driver::new(parts);
        let sizes = serde_json::json!({"aws/replication-group": {"small": {"memory_gb": 1.37}}});
        let version = "0.0.0-test".to_owned();
        let app = http::App::new(http::Parts { driver: driver.clone(), random, sizes, version });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(http::serve(listener, http::app(app.clone()), async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { address, driver, app, client, stop: Some(stop), serving: Some(serving) }
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.client.clone(), method, &format!("http://{}{path}", self.address))
    }

    /// Asks it to stop.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

//! The emulated AWS and drivers in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest;
use cache_driver::backend::{self, Registry};
use cache_driver::cache::{Provider, SizeTable};
use cache_driver::clock::{Clock, ManualClock, SystemClock};
use cache_driver::config::{Config, Emulators, sandbox_overlay};
use cache_driver::driver::{Driver, Key, Keyring, Parts};
use cache_driver::http;
use cache_driver::random::{SeededSource, SystemSource};
use cache_driver::sandbox::aws::AwsSandbox;
use cache_driver::sandbox::data_plane::{RealServers, choose};
use cache_driver::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::Caller;

/// Keys that end in twelve digits belong to the account of that number.
pub(crate) const ACCOUNT_A: &str = "111122223333";
pub(crate) const ACCOUNT_B: &str = "444455556666";

/// Static keys of an account.
pub(crate) fn keys(account: &str) -> Value {
    json!({"aws_access_key_id": format!("AKIASANDBOX{account}"), "aws_secret_access_key": "synthetic"})
}

/// A provider that this binary was built without, if there is one.
pub(crate) fn not_compiled() -> Option<Provider> {
    let missing = Provider::ALL.iter().copied().find(|provider| !backend::compiled().contains(provider));
    if missing.is_none() {
        println!("not tested: every provider is part of this binary");
    }
    missing
}

pub(crate) fn sha256(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// An emulated AWS.
pub(crate) struct World {
    pub(crate) cloud: Running,
    pub(crate) config: Config,
    pub(crate) ca: Option<String>,
    manual: Option<ManualClock>,
    speed: f64,
    ids: AtomicU64,
}

impl World {
    /// On a clock that stands still, with nothing behind the endpoints.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another config.
    pub(crate) async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        // The SDK tells by the machine's clock whether a session is still good, so this one starts there.
        let clock = ManualClock::at(SystemClock.now());
        let world = Self::on(Arc::new(clock.clone()), 1.0, Arc::new(NoDataPlane), adjust).await;
        Self { manual: Some(clock), ..world }
    }

    /// On the machine's clock, much faster than the real cloud, with nothing behind the endpoints.
    pub(crate) async fn fast(speed: f64) -> Self {
        Self::on(Arc::new(SystemClock), speed, Arc::new(NoDataPlane), |_| {}).await
    }

    /// The same, with servers that clients can connect to.
    pub(crate) async fn connectable(speed: f64, adjust: impl FnOnce(&mut Config)) -> Self {
        let found = RealServers::find(std::env::var_os("PATH").as_deref());
        let chosen = choose(found, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
        Self::on(Arc::new(SystemClock), speed, chosen.plane, adjust).await
    }

    async fn on(
        clock: Arc<dyn Clock>,
        speed: f64,
        data_plane: Arc<dyn DataPlane>,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        let ca = data_plane.ca_pem();
        let random = Arc::new(SeededSource::new(7));
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = SandboxOptions { clock, random, speed, data_plane, listen };
        let cloud = AwsSandbox::start(options).await.unwrap();
        let mut config = Config::default();
        config.sandbox.speed = speed;
        let emulators = Emulators { aws: Some(cloud.url()), ..Emulators::default() };
        let mut config = sandbox_overlay(config, emulators, ca.clone(), &[Provider::Aws], [7; 32]);
        config.providers.aws.max_attempts = 1;
        adjust(&mut config);
        Self { cloud, config, ca, manual: None, speed, ids: AtomicU64::new(1) }
    }

    /// One more driver over this cloud. All have the same keyring.
    pub(crate) async fn driver(&self) -> Server {
        self.driver_with(self.config.clone()).await
    }

    pub(crate) async fn driver_with(&self, config: Config) -> Server {
        let registry = backend::enabled(&config.providers, &SizeTable::embedded(), &self.clock());
        self.driver_of(config, registry).await
    }

    pub(crate) async fn driver_of(&self, config: Config, registry: Registry) -> Server {
        let mut keys = config.secrets.keyring.iter().map(|key| Key::new(key.id.clone(), key.bytes.expose().to_vec()));
        let keyring = Keyring::new(keys.next().unwrap(), keys.collect());
        let (clock, random) = (self.clock(), Arc::new(SystemSource));
        let config = Arc::new(config);
        let parts = Parts { config, registry, keyring, clock, random: random.clone(), speed: self.speed };
        let driver = Driver::new(parts);
        let sizes = serde_json::to_value(SizeTable::embedded()).unwrap();
        let app =
            http::App::new(http::Parts { driver: driver.clone(), random, sizes, version: "0.0.0-test".to_owned() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(http::serve(listener, http::app(app), std::future::pending()));
        Server { url, driver, serving }
    }

    /// A fresh id, as the orchestrator makes them.
    pub(crate) fn id(&self) -> String {
        sha256(&self.ids.fetch_add(1, Ordering::Relaxed).to_string())[..40].to_owned()
    }

    /// A new resource at a driver.
    pub(crate) fn resource(&self, at: &Server) -> Caller {
        Caller::new(&at.url, &self.id())
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.manual.clone().map_or_else(|| Arc::new(SystemClock) as Arc<dyn Clock>, |clock| Arc::new(clock))
    }

    /// Moves the clock that stands still.
    pub(crate) fn minutes(&self, minutes: u64) {
        self.manual.as_ref().unwrap().advance(Duration::from_mins(minutes));
    }

    pub(crate) fn seconds(&self, seconds: u64) {
        self.manual.as_ref().unwrap().advance(Duration::from_secs(seconds));
    }

    pub(crate) fn fault(&self, fault: Value) {
        self.cloud.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        self.cloud.control().mutate(change).await.unwrap();
    }

    pub(crate) fn count(&self, action: &str) -> u64 {
        self.cloud.control().calls().count(action)
    }

    /// How many calls came that can change something.
    pub(crate) fn mutating(&self) -> u64 {
        let calls = self.cloud.control().calls().to_json();
        let reads = ["Describe", "List", "Get", "AssumeRole"];
        let counts = calls["counts"].as_object().unwrap().iter();
        counts
            .filter(|(action, _)| !reads.iter().any(|read| action.starts_with(read)))
            .filter_map(|(_, n)| n.as_u64())
            .sum()
    }

    pub(crate) async fn caches(&self) -> Vec<Value> {
        self.cloud.control().state().await["caches"].as_array().unwrap().clone()
    }

    /// The only cache that there is.
    #[track_caller]
    pub(crate) fn only_cache(&self) -> impl Future<Output = Value> + '_ {
        let at = std::panic::Location::caller();
        async move {
            let caches = self.caches().await;
            assert_eq!(caches.len(), 1, "{caches:#?} at {at}");
            caches[0].clone()
        }
    }

    /// Creates a resource and waits until it can be used.
    pub(crate) async fn create(&self, resource: &mut Caller, values: &Value) -> super::Answer {
        resource.put(values.clone()).await.is(202);
        self.minutes(20);
        resource.put(values.clone()).await.is(200)
    }
}

/// A driver in this process. Dropping it closes its port.
pub(crate) struct Server {
    pub(crate) url: String,
    /// What answers there, for what is asked on the command line.
    pub(crate) driver: Driver,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

//! A driver whose telemetry is put together as `serve` does it.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use cache_driver::backend::{self, Observer};
use cache_driver::cache::SizeTable;
use cache_driver::clock::Clock;
use cache_driver::config::{Config, Log, LogFormat};
use cache_driver::driver::{Driver, Key, Keyring, Parts};
use cache_driver::http;
use cache_driver::random::SeededSource;
use cache_driver::telemetry::{self, Exporting, Registry, Telemetry};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::dispatcher::DefaultGuard;

use crate::scrape::Scrape;

/// A driver in this process. Dropping it closes its port.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    pub(crate) exporting: Option<Exporting>,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    pub(crate) async fn start(config: Config, clock: Arc<dyn Clock>) -> Self {
        let random = Arc::new(SeededSource::new(5));
        let telemetry = Telemetry::new(telemetry::Parts {
            registry: Registry::default(),
            clock: clock.clone(),
            random: random.clone(),
            version: "0.0.0-test".to_owned(),
            providers: backend::compiled().to_vec(),
        });
        let exporting = telemetry.trace_to(&config.telemetry.otlp).unwrap();
        let observer: Arc<dyn Observer> = Arc::new(telemetry.clone());
        let sizes = SizeTable::embedded();
        let registry = backend::enabled_and_observed(&config.providers, &sizes, &clock, &observer);
        let mut keys = config.secrets.keyring.iter().map(|key| Key::new(key.id.clone(), key.bytes.expose().to_vec()));
        let keyring = Keyring::new(keys.next().unwrap(), keys.collect());
        let config = Arc::new(config);
        let driver = Driver::new(Parts { config, registry, keyring, clock, random: random.clone(), speed: 1.0 });
        let sizes = serde_json::to_value(&sizes).unwrap();
        let parts = http::Parts { driver, random, sizes, version: "0.0.0-test".to_owned() };
        let app = http::App::observed(parts, telemetry);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(http::serve(listener, http::app(app), std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, client, exporting, serving }
    }

    /// What Prometheus sees.
    pub(crate) async fn scrape(&self) -> Scrape {
        let answer = self.client.get(format!("{}/metrics", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
        Scrape::read(answer.text().await.unwrap())
    }

    /// Sends what spans there are.
    pub(crate) async fn flush(&self) {
        assert!(self.exporting.as_ref().unwrap().finish().await);
    }
}

/// What this thread logs; a test's server runs on it.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    pub(crate) fn begin(level: &str) -> (Self, DefaultGuard) {
        let captured = Self::default();
        let writer = captured.clone();
        let log = Log { format: LogFormat::Json, level: level.to_owned() };
        let dispatch = telemetry::dispatch(&log, move || writer.clone()).unwrap();
        (captured, tracing::dispatcher::set_default(&dispatch))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines with this message.
    pub(crate) fn lines(&self, message: &str) -> Vec<Value> {
        let lines = self.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        lines.into_iter().filter(|line| line["message"] == message).collect()
    }
}

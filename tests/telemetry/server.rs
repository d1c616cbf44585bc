//! A driver whose telemetry is put together as `serve` does it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use cache_driver::backend::{self, Observer};
use cache_driver::cache::SizeTable;
use cache_driver::clock::Clock;
use cache_driver::config::Config;
use cache_driver::driver::{Driver, Key, Keyring, Parts};
use cache_driver::http;
use cache_driver::random::SeededSource;
use cache_driver::telemetry::{self, Exporting, Telemetry};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

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

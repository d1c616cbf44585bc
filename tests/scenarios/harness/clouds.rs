//! An emulated AWS and an emulated Google Cloud behind one driver.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cache_driver::cache::Provider;
use cache_driver::config::Config;
use cache_driver::random::SeededSource;
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::Value;

use super::{Answer, Caller, Server, World};

use Provider::Aws;

/// Both clouds on one clock that stands still.
pub(crate) struct Clouds {
    pub(crate) aws: World,
    pub(crate) gcp: Running,
}

impl Clouds {
    pub(crate) async fn start() -> Self {
        let aws = World::start().await;
        let options = SandboxOptions {
            clock: aws.clock(),
            random: Arc::new(SeededSource::new(9)),
            speed: 1.0,
            data_plane: Arc::new(NoDataPlane),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        Self { aws, gcp: GcpSandbox::start(options).await.unwrap() }
    }

    /// The config with the route on this cloud.
    pub(crate) fn config(&self, provider: Provider) -> Config {
        let mut config = self.aws.config.clone();
        let gcp = &mut config.providers.gcp;
        gcp.enabled = true;
        gcp.project = Some("synthetic-caches".to_owned());
        gcp.region = Some("europe-west3".to_owned());
        gcp.endpoint_url = Some(self.gcp.url());
        gcp.static_token = Some("synthetic".into());
        gcp.max_attempts = 1;
        (gcp.requests_per_minute, gcp.creations_per_minute) = (1_000_000, 1_000_000);
        config.routes.get_mut("redis").unwrap().provider = Some(provider);
        config
    }

    /// A driver that was just started.
    pub(crate) async fn driver(&self, provider: Provider) -> Server {
        self.aws.driver_with(self.config(provider)).await
    }

    /// A cache on `from`, made by a driver that is gone.
    pub(crate) async fn made(&self, from: Provider, values: &Value) -> (Caller, Answer) {
        let driver = self.driver(from).await;
        let mut resource = self.aws.resource(&driver);
        let made = self.ready(&mut resource, values).await;
        assert_eq!(*made.value("provider"), from.as_str());
        (resource, made)
    }

    pub(crate) async fn ready(&self, resource: &mut Caller, values: &Value) -> Answer {
        for _ in 0..20 {
            let answer = resource.put(values.clone()).await;
            if answer.status != 202 {
                return answer.is(200);
            }
            self.aws.minutes(7);
        }
        panic!("it never becomes ready")
    }

    pub(crate) async fn gone(&self, resource: &mut Caller) {
        for _ in 0..20 {
            let answer = resource.delete().await;
            if answer.status != 202 {
                answer.is(204);
                return;
            }
            self.aws.minutes(7);
        }
        panic!("it never goes")
    }

    pub(crate) async fn at(&self, provider: Provider) -> Vec<Value> {
        match provider {
            Aws => self.aws.caches().await,
            _ => self.gcp.control().state().await["caches"].as_array().unwrap().clone(),
        }
    }

    /// How many caches there are on each of the two.
    pub(crate) async fn counts(&self, one: Provider, other: Provider) -> (usize, usize) {
        (self.at(one).await.len(), self.at(other).await.len())
    }

    /// Whether the only cache of this cloud is marked as retired.
    pub(crate) async fn is_retired(&self, provider: Provider) -> bool {
        let caches = self.at(provider).await;
        assert_eq!(caches.len(), 1);
        let text = caches[0].to_string();
        text.contains("st=retired") || text.contains("\"cache-driver-st\":\"retired\"")
    }

    /// Makes trouble on this cloud.
    pub(crate) fn fault(&self, provider: Provider, fault: Value) {
        let cloud = if provider == Aws { &self.aws.cloud } else { &self.gcp };
        cloud.control().faults().add_json(fault).unwrap();
    }

    pub(crate) fn mutating(&self) -> u64 {
        let calls = self.gcp.control().calls().to_json();
        let counts = calls["counts"].as_object().unwrap().iter();
        let changed: u64 = counts
            .filter(|(call, _)| !call.rsplit('.').next().is_some_and(|verb| verb.starts_with("get") || verb == "list"))
            .filter_map(|(_, count)| count.as_u64())
            .sum();
        self.aws.mutating() + changed
    }
}

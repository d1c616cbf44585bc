//! All three emulated clouds behind one driver.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cache_driver::cache::Provider;
use cache_driver::config::Config;
use cache_driver::random::SeededSource;
use cache_driver::sandbox::azure::AzureSandbox;
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::Value;

use super::{Answer, Caller, Server, World};

/// The three clouds on one clock that stands still.
pub(crate) struct Clouds {
    pub(crate) aws: World,
    pub(crate) gcp: Running,
    pub(crate) azure: Running,
}

impl Clouds {
    pub(crate) async fn start() -> Self {
        let aws = World::start().await;
        let options = |seed| SandboxOptions {
            clock: aws.clock(),
            random: Arc::new(SeededSource::new(seed)),
            speed: 1.0,
            data_plane: Arc::new(NoDataPlane),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let gcp = GcpSandbox::start(options(9)).await.unwrap();
        let azure = AzureSandbox::start(options(11)).await.unwrap();
        Self { aws, gcp, azure }
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
        let azure = &mut config.providers.azure;
        azure.enabled = true;
        azure.subscription_id = Some("11111111-2222-3333-4444-555555555555".to_owned());
        azure.resource_group = Some("caches".to_owned());
        azure.location = Some("westeurope".to_owned());
        azure.endpoint_url = Some(self.azure.url());
        azure.static_token = Some("synthetic".into());
        azure.max_attempts = 1;
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
        self.cloud(provider).control().state().await["caches"].as_array().unwrap().clone()
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

    pub(crate) fn cloud(&self, provider: Provider) -> &Running {
        match provider {
            Provider::Aws => &self.aws.cloud,
            Provider::Gcp => &self.gcp,
            Provider::Azure => &self.azure,
        }
    }

    /// Makes trouble on this cloud.
    pub(crate) fn fault(&self, provider: Provider, fault: Value) {
        self.cloud(provider).control().faults().add_json(fault).unwrap();
    }

    /// How many calls came to any of them that can change something.
    pub(crate) fn mutating(&self) -> u64 {
        let reads = |call: &str| {
            let verb = call.rsplit('.').next().unwrap_or_default();
            verb.starts_with("get") || verb.starts_with("list")
        };
        let changed = [&self.gcp, &self.azure].map(|cloud| {
            let calls = cloud.control().calls().to_json();
            let counts = calls["counts"].as_object().unwrap().iter();
            counts.filter(|(call, _)| !reads(call)).filter_map(|(_, count)| count.as_u64()).sum::<u64>()
        });
        self.aws.mutating() + changed.iter().sum::<u64>()
    }
}

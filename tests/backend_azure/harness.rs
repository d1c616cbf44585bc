//! A sandbox on a clock that stands still, and the backends that call it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::azure::backends;
use cache_driver::backend::{
    At, Backend, Change, Class, Credentials, Given, Goal, Observed, Pace, Phase, Resolved, Step,
};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Place, Product, SizeTable, Spec, read};
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use cache_driver::config::{Azure, AzureAccount};
use cache_driver::random::SeededSource;
use cache_driver::sandbox::azure::AzureSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use serde_json::{Value, json};

pub(crate) const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const TENANT: &str = "33333333-2222-3333-4444-555555555555";
pub(crate) const CLIENT: &str = "22222222-2222-3333-4444-555555555555";
pub(crate) const SUBNET: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/\
                                 Microsoft.Network/virtualNetworks/v/subnets/caches";
pub(crate) const ZONE: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/\
                               Microsoft.Network/privateDnsZones/privatelink.redis.azure.net";
pub(crate) const OBJECT: &str = "13476632-c6fe-483b-bf75-729f819e5f1c";

pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
    pub(crate) config: Azure,
    pub(crate) backend: Arc<dyn Backend>,
    product: Product,
    started: Timestamp,
}

impl Cloud {
    /// Managed Redis. The clock stands on a Monday morning.
    pub(crate) async fn start() -> Self {
        Self::of(Product::AzureManagedRedis).await
    }

    pub(crate) async fn classic() -> Self {
        Self::of(Product::AzureClassicRedis).await
    }

    async fn of(product: Product) -> Self {
        let started = "2026-01-05T10:00:00Z".parse().unwrap();
        let clock = ManualClock::at(started);
        let options = SandboxOptions {
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededSource::new(7)),
            speed: 1.0,
            data_plane: Arc::new(NoDataPlane),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let running = AzureSandbox::start(options).await.unwrap();
        let config = config(&running.url());
        let backend = backend(&config, &clock, product);
        Self { running, clock, config, backend, product, started }
    }

    /// Where the cache of this name is, with the driver's own rights.
    pub(crate) fn at(&self, name: &str) -> At {
        let place = Place {
            product: self.product,
            account: Some(SUBSCRIPTION.to_owned()),
            location: "westeurope".to_owned(),
            group: Some("caches".to_owned()),
            name: CacheName::existing(name),
        };
        At { place, credentials: Credentials::Own }
    }

    #[track_caller]
    pub(crate) fn resolve(&self, values: Value) -> Resolved {
        self.backend.resolve(&spec(values)).unwrap()
    }

    pub(crate) async fn observe(&self, name: &str) -> Observed {
        self.backend.observe(&self.at(name)).await.unwrap()
    }

    /// The calls that lead to what the values want.
    pub(crate) fn towards(&self, values: Value, seen: &Observed, mark: &Mark) -> Vec<Step> {
        let resolved = self.resolve(values);
        let ours = |change: &Change| matches!(change.class, Class::InPlace | Class::Disruptive);
        let changes = if seen.phase == Phase::Ready { self.backend.changes(&resolved, seen) } else { Vec::new() };
        assert!(changes.iter().all(ours), "{changes:?}");
        let goal = Goal::Present {
            resolved: &resolved,
            changes: &changes,
            mark,
            password: None,
            tags: &[],
            at_maintenance: false,
        };
        self.backend.steps(&goal, seen)
    }

    /// Makes calls up to and including the first that the cloud works on after it.
    pub(crate) async fn run(&self, name: &str, steps: &[Step]) -> Vec<&'static str> {
        let mut calls = Vec::new();
        for step in steps {
            self.backend.apply(&self.at(name), step).await.unwrap_or_else(|error| panic!("{}: {error}", step.why));
            calls.push(step.call);
            if step.pace == Pace::Long {
                break;
            }
        }
        calls
    }

    pub(crate) async fn create(&self, name: &str, values: Value) {
        let steps = self.towards(values, &Observed::absent(SUBSCRIPTION), &self.mark());
        self.run(name, &steps).await;
    }

    /// Leads a cache to what the values want, as the driver does, and gives what is there then and the calls made.
    pub(crate) async fn led(&self, name: &str, values: Value, mark: &Mark) -> (Observed, Vec<&'static str>) {
        let mut calls = Vec::new();
        for _ in 0..60 {
            let seen = self.observe(name).await;
            match seen.phase {
                Phase::Absent | Phase::Ready => {}
                Phase::Creating if !seen.missing.is_empty() => {}
                Phase::Shell | Phase::Failed => return (seen, calls),
                _ => {
                    self.minutes(3);
                    continue;
                }
            }
            let steps = self.towards(values.clone(), &seen, mark);
            if steps.is_empty() {
                return (seen, calls);
            }
            calls.extend(self.run(name, &steps).await);
        }
        panic!("it never ends: {calls:?}");
    }

    /// A cache that has become ready.
    pub(crate) async fn ready(&self, name: &str, values: Value) -> Observed {
        let (seen, _) = self.led(name, values, &self.mark()).await;
        assert_eq!(seen.phase, Phase::Ready, "{}", seen.status);
        seen
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), self.started)
    }

    pub(crate) fn new_mark(&self) -> Mark {
        Mark { want: "ffffffffffff".to_owned(), since: self.clock.now(), ..self.mark() }
    }

    pub(crate) fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }

    #[track_caller]
    pub(crate) fn fault(&self, fault: Value) {
        self.running.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        self.running.control().mutate(change).await.unwrap();
    }

    /// The same cloud, as another replica of the driver sees it.
    pub(crate) fn another(&self) -> Arc<dyn Backend> {
        backend(&self.config, &self.clock, self.product)
    }

    /// A call by another hand than the driver's. `path` goes on behind the resource group's providers.
    pub(crate) async fn raw(&self, method: &str, path: &str, body: &Value) -> Value {
        let version = match path.split('/').nth(1) {
            Some("redisEnterprise") => "2025-07-01",
            Some("redis") => "2024-11-01",
            _ => "2024-05-01",
        };
        let url = format!("{}{}?api-version={version}", self.running.url(), provided(path));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(method.parse().unwrap(), url).bearer_auth("CANARY-other").body(body.to_string());
        let answer = request.header("content-type", "application/json").send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) fn count(&self, action: &str) -> u64 {
        self.running.control().calls().count(action)
    }

    pub(crate) async fn state(&self) -> Value {
        self.running.control().state().await
    }
}

/// The path of something in the resource group.
pub(crate) fn provided(path: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/caches/providers/{path}")
}

#[track_caller]
pub(crate) fn spec(values: Value) -> Spec {
    let Value::Object(values) = values else { panic!("an object") };
    read(&[Layer { origin: Origin::Request, values: &values }]).unwrap()
}

#[track_caller]
pub(crate) fn given(account: Value) -> Credentials {
    let Value::Object(account) = account else { panic!("an object") };
    Credentials::Given(Arc::new(Given::recognise(&account).unwrap()))
}

pub(crate) fn backend(config: &Azure, clock: &ManualClock, product: Product) -> Arc<dyn Backend> {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let all = backends(config, SizeTable::embedded(), clock, "cache-driver/test");
    all.into_iter().find(|backend| backend.capabilities().product == product).unwrap()
}

fn config(url: &str) -> Azure {
    let account = AzureAccount {
        tenant_id: TENANT.to_owned(),
        client_id: "44444444-2222-3333-4444-555555555555".to_owned(),
        client_secret: Some("CANARY-of-the-config".into()),
        client_secret_file: None,
    };
    Azure {
        enabled: true,
        subscription_id: Some(SUBSCRIPTION.to_owned()),
        resource_group: Some("caches".to_owned()),
        location: Some("westeurope".to_owned()),
        locations: vec!["northeurope".to_owned()],
        endpoint_url: Some(url.to_owned()),
        accounts: [("other".to_owned(), account)].into(),
        // A try again would wait on a clock that stands still.
        max_attempts: 1,
        static_token: Some("CANARY-static-token".into()),
        ..Azure::default()
    }
}

/// `null` is no list.
pub(crate) fn parts(seen: &Observed) -> Vec<&str> {
    seen.parts.iter().map(|(kind, _)| kind.as_str()).collect()
}

pub(crate) fn password_account() -> Value {
    json!({"appId": CLIENT, "password": "CANARY-of-the-request", "tenant": TENANT, "displayName": "caches"})
}

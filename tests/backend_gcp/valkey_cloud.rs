//! An emulated Google Cloud, and the backend of one of the two products that Private Service Connect leads to.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::gcp::backends;
use cache_driver::backend::{At, Backend, Change, Class, Credentials, Goal, Observed, Pace, Phase, Resolved, Step};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Place, Product, SizeTable, Spec, read};
use cache_driver::clock::{Clock, ManualClock, SystemClock, Timestamp};
use cache_driver::config::Gcp;
use cache_driver::random::{SeededSource, SystemSource};
use cache_driver::sandbox::data_plane::{RealServers, choose};
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};
use secrecy::SecretString;
use serde_json::{Value, json};

/// What every call is made with. Wherever it shows, a secret has leaked.
pub(crate) const TOKEN: &str = "CANARY-access-token";

pub(crate) struct Cloud {
    pub(crate) running: Running,
    clock: Option<ManualClock>,
    started: Timestamp,
    pub(crate) config: Gcp,
    pub(crate) backend: Arc<dyn Backend>,
    product: Product,
    base: Value,
}

impl Cloud {
    /// On a clock that stands still. `base` is what every specification begins with.
    pub(crate) async fn start(product: Product, base: Value) -> Self {
        let started: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let clock = ManualClock::at(started);
        let cloud = Self::on(Arc::new(clock.clone()), started, 1.0, Arc::new(NoDataPlane), product, base).await;
        Self { clock: Some(clock), ..cloud }
    }

    /// On the machine's clock, much faster, with servers that clients can connect to.
    pub(crate) async fn connectable(product: Product, base: Value) -> Self {
        let found = RealServers::find(std::env::var_os("PATH").as_deref());
        let chosen = choose(found, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
        Self::on(Arc::new(SystemClock), SystemClock.now(), 5000.0, chosen.plane, product, base).await
    }

    async fn on(
        clock: Arc<dyn Clock>,
        started: Timestamp,
        speed: f64,
        data_plane: Arc<dyn DataPlane>,
        product: Product,
        base: Value,
    ) -> Self {
        let random = Arc::new(SeededSource::new(7));
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = SandboxOptions { clock: clock.clone(), random, speed, data_plane, listen };
        let running = GcpSandbox::start(options).await.unwrap();
        let config = config(&running.url());
        let backend = backend(&config, &clock, product);
        Self { running, clock: None, started, config, backend, product, base }
    }

    /// The same cloud, as another process of the driver sees it.
    pub(crate) fn another(&self) -> Arc<dyn Backend> {
        let clock: Arc<dyn Clock> = self.clock.clone().map_or_else(|| Arc::new(SystemClock) as _, |c| Arc::new(c) as _);
        backend(&self.config, &clock, self.product)
    }

    pub(crate) fn at(&self, name: &str) -> At {
        let location = self.config.region.clone().unwrap();
        let place =
            Place { product: self.product, account: None, location, group: None, name: CacheName::existing(name) };
        At { place, credentials: Credentials::Own }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), self.started)
    }

    #[track_caller]
    pub(crate) fn resolve(&self, values: &Value) -> Resolved {
        let mut all = self.base.clone();
        all.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        self.backend.resolve(&spec(&all)).unwrap()
    }

    pub(crate) async fn observe(&self, name: &str) -> Observed {
        self.backend.observe(&self.at(name)).await.unwrap()
    }

    pub(crate) fn present(&self, resolved: &Resolved, changes: &[Change], mark: &Mark, seen: &Observed) -> Vec<Step> {
        let goal = Goal::Present { resolved, changes, mark, password: None, tags: &tags(), at_maintenance: false };
        self.backend.steps(&goal, seen)
    }

    /// Makes calls up to and including the first long one, as the driver does.
    pub(crate) async fn run(&self, name: &str, steps: Vec<Step>) -> Vec<&'static str> {
        let mut calls = Vec::new();
        for step in steps {
            self.backend.apply(&self.at(name), &step).await.unwrap_or_else(|error| panic!("{}: {error}", step.why));
            calls.push(step.call.rsplit('.').next().unwrap());
            if step.pace == Pace::Long {
                break;
            }
        }
        calls
    }

    pub(crate) async fn create(&self, name: &str, values: &Value) -> Vec<&'static str> {
        let seen = self.observe(name).await;
        self.run(name, self.present(&self.resolve(values), &[], &self.mark(), &seen)).await
    }

    /// Waits until nothing runs; what a new cache still lacks is made. Gives the calls for that.
    pub(crate) async fn settle(&self, name: &str) -> (Observed, Vec<&'static str>) {
        let mut calls = Vec::new();
        for _ in 0..400 {
            let seen = self.observe(name).await;
            match seen.phase {
                Phase::Ready | Phase::Absent => return (seen, calls),
                Phase::Creating if !seen.missing.is_empty() => {
                    let steps = self.present(&self.resolve(&json!({})), &[], &self.mark(), &seen);
                    calls.extend(self.run(name, steps).await);
                }
                _ => {}
            }
            self.pass(Duration::from_mins(1)).await;
        }
        panic!("{name} never comes to rest");
    }

    pub(crate) async fn pass(&self, time: Duration) {
        match &self.clock {
            Some(clock) => clock.advance(time),
            None => SystemClock.sleep(Duration::from_millis(20)).await,
        }
    }

    /// A cache that has become ready.
    pub(crate) async fn ready(&self, name: &str, values: &Value) -> Observed {
        self.create(name, values).await;
        let (seen, _) = self.settle(name).await;
        assert_eq!(seen.phase, Phase::Ready, "{}", seen.status);
        seen
    }

    /// Plans, calls and waits until the plan is empty.
    pub(crate) async fn led(&self, name: &str, plan: impl Fn(&Observed) -> Vec<Step>) -> (Observed, Vec<&'static str>) {
        let mut calls = Vec::new();
        for _ in 0..30 {
            let (seen, _) = self.settle(name).await;
            let steps = plan(&seen);
            if steps.is_empty() {
                return (seen, calls);
            }
            calls.extend(self.run(name, steps).await);
        }
        panic!("it never ends: {calls:?}");
    }

    /// Makes every change, as the driver does. Gives the masks of the changes, too.
    pub(crate) async fn converge(&self, name: &str, values: &Value) -> (Observed, Vec<&'static str>) {
        let (resolved, mark) = (self.resolve(values), Mark { want: "ffffffffffff".to_owned(), ..self.mark() });
        self.led(name, |seen| {
            let changes = self.backend.changes(&resolved, seen);
            let can = |change: &Change| matches!(change.class, Class::InPlace | Class::Disruptive);
            assert!(changes.iter().all(can), "{changes:?}");
            self.present(&resolved, &changes, &mark, seen)
        })
        .await
    }

    pub(crate) async fn removed(&self, name: &str) -> Vec<&'static str> {
        let goal = Goal::Removed { final_snapshot: None };
        let (seen, calls) = self.led(name, |seen| self.backend.steps(&goal, seen)).await;
        assert_eq!(seen.phase, Phase::Absent);
        calls
    }

    #[track_caller]
    pub(crate) fn fault(&self, fault: Value) {
        self.running.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        self.running.control().mutate(change).await.unwrap();
    }

    pub(crate) fn count(&self, call: &str) -> u64 {
        self.running.control().calls().count(call)
    }
}

/// The goals of a rotation take a password, which Google makes itself.
pub(crate) fn unused() -> SecretString {
    SecretString::from("of no use here")
}

pub(crate) fn tags() -> Vec<(String, String)> {
    vec![("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), "res-1".to_owned())]
}

#[track_caller]
pub(crate) fn spec(values: &Value) -> Spec {
    read(&[Layer { origin: Origin::Request, values: values.as_object().unwrap() }]).unwrap()
}

pub(crate) fn backend(config: &Gcp, clock: &Arc<dyn Clock>, product: Product) -> Arc<dyn Backend> {
    let mut all = backends(config, SizeTable::embedded(), clock.clone(), "cache-driver/test").into_iter();
    all.find(|backend| backend.capabilities().product == product).unwrap()
}

pub(crate) fn config(url: &str) -> Gcp {
    Gcp {
        enabled: true,
        project: Some("my-project".to_owned()),
        region: Some("europe-west3".to_owned()),
        endpoint_url: Some(url.to_owned()),
        static_token: Some(TOKEN.into()),
        // Retries would hide single faults, and the budget has tests of its own.
        max_attempts: 1,
        requests_per_minute: 1_000_000,
        creations_per_minute: 1_000_000,
        ..Gcp::default()
    }
}

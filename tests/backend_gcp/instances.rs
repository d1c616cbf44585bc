//! The emulated Google Cloud on a clock that stands still, and a backend that calls it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::gcp::backends;
use cache_driver::backend::{At, Backend, Change, Class, Credentials, Goal, Observed, Pace, Phase, Resolved, Step};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Product, SizeTable, Spec, read};
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use cache_driver::config::Gcp;
use cache_driver::random::SeededSource;
use cache_driver::sandbox::gcp::GcpSandbox;
use cache_driver::sandbox::{DataPlane, NoDataPlane, Running, SandboxOptions};
use secrecy::SecretString;
use serde_json::{Value, json};

pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
    pub(crate) backend: Arc<dyn Backend>,
    started: Timestamp,
}

impl Cloud {
    /// The clock stands on a Monday morning.
    pub(crate) async fn start(product: Product) -> Self {
        Self::start_with(product, Arc::new(NoDataPlane)).await
    }

    pub(crate) async fn start_with(product: Product, data_plane: Arc<dyn DataPlane>) -> Self {
        let started = "2026-01-05T10:00:00Z".parse().unwrap();
        let clock = ManualClock::at(started);
        let options = SandboxOptions {
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededSource::new(7)),
            speed: 1.0,
            data_plane,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let running = GcpSandbox::start(options).await.unwrap();
        let config = Gcp {
            enabled: true,
            project: Some("example-project".to_owned()),
            region: Some("europe-west3".to_owned()),
            regions: vec!["europe-west1".to_owned()],
            network: Some("caches".to_owned()),
            endpoint_url: Some(running.url()),
            static_token: Some(SecretString::from("synthetic-token")),
            ..Gcp::default()
        };
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let all = backends(&config, SizeTable::embedded(), shared, "cache-driver/test");
        let backend = all.into_iter().find(|backend| backend.capabilities().product == product).unwrap();
        Self { running, clock, backend, started }
    }

    /// Where the cache of this name is, with the driver's own rights.
    pub(crate) fn at(&self, name: &str) -> At {
        let place = self.backend.place(&Spec::default(), &CacheName::existing(name)).unwrap();
        At { place, credentials: Credentials::Own }
    }

    #[track_caller]
    pub(crate) fn resolve(&self, values: Value) -> Resolved {
        let Value::Object(mut values) = values else { panic!("an object") };
        let engine = self.backend.capabilities().engines[0];
        values.insert("engine".to_owned(), engine.as_str().into());
        let spec = read(&[Layer { origin: Origin::Request, values: &values }]).unwrap();
        self.backend.resolve(&spec).unwrap()
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), self.started)
    }

    pub(crate) fn new_mark(&self) -> Mark {
        Mark { want: "ffffffffffff".to_owned(), since: self.clock.now(), ..self.mark() }
    }

    pub(crate) async fn observe(&self, name: &str) -> Observed {
        self.backend.observe(&self.at(name)).await.unwrap()
    }

    pub(crate) fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }

    /// The calls that lead to what is wanted.
    pub(crate) fn towards(&self, resolved: &Resolved, changes: &[Change], mark: &Mark, seen: &Observed) -> Vec<Step> {
        let tags =
            [("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), mark.id.to_string())];
        let goal = Goal::Present { resolved, changes, mark, password: None, tags: &tags, at_maintenance: false };
        self.backend.steps(&goal, seen)
    }

    pub(crate) async fn create(&self, name: &str, values: Value) {
        let steps = self.towards(&self.resolve(values), &[], &self.mark(), &Observed::absent("example-project"));
        for step in steps {
            self.backend.apply(&self.at(name), &step).await.unwrap();
        }
    }

    /// A cache that has become ready.
    pub(crate) async fn ready(&self, name: &str, values: Value) -> Observed {
        self.create(name, values).await;
        self.minutes(10);
        let seen = self.observe(name).await;
        assert_eq!(seen.phase, Phase::Ready, "{}", seen.status);
        seen
    }

    /// Makes every change as the driver does: one long call, then a new look. Gives the calls.
    pub(crate) async fn converge(&self, name: &str, values: Value) -> Vec<&'static str> {
        let (resolved, mark) = (self.resolve(values), self.new_mark());
        let mut calls = Vec::new();
        for _ in 0..8 {
            let seen = self.observe(name).await;
            assert_eq!(seen.phase, Phase::Ready, "{}", seen.status);
            let changes = self.backend.changes(&resolved, &seen);
            assert!(changes.iter().all(|change| change.class <= Class::Disruptive), "{changes:?}");
            let steps = self.towards(&resolved, &changes, &mark, &seen);
            let Some(step) = steps.first() else {
                assert_eq!((changes.as_slice(), seen.mark()), (&[] as &[Change], Some(&mark)));
                return calls;
            };
            assert_eq!(step.pace, Pace::Long, "{}", step.call);
            self.backend.apply(&self.at(name), step).await.unwrap();
            calls.push(step.call);
            let changing = self.observe(name).await;
            assert_eq!((changing.phase, changing.mark()), (Phase::Changing, Some(&mark)), "{}", step.call);
            self.minutes(30);
        }
        panic!("it never ends: {calls:?}");
    }

    /// Removes a cache and waits until it is gone.
    pub(crate) async fn remove(&self, name: &str) {
        let goal = Goal::Removed { final_snapshot: None };
        let [step] = self.backend.steps(&goal, &self.observe(name).await).try_into().unwrap();
        self.backend.apply(&self.at(name), &step).await.unwrap();
        let going = self.observe(name).await;
        assert_eq!(going.phase, Phase::Deleting);
        assert!(self.backend.steps(&goal, &going).is_empty());
        self.minutes(10);
        assert_eq!(self.observe(name).await.phase, Phase::Absent);
        // What is gone can be removed again.
        self.backend.apply(&self.at(name), &step).await.unwrap();
    }

    #[track_caller]
    pub(crate) fn fault(&self, fault: Value) {
        self.running.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        assert_eq!(self.running.control().mutate(change).await.unwrap(), json!({ "done": true }));
    }

    pub(crate) fn count(&self, call: &str) -> u64 {
        self.running.control().calls().count(call)
    }

    /// What the cloud holds of a cache, in its own words.
    pub(crate) async fn native(&self, name: &str) -> Value {
        let state = self.running.control().state().await;
        let found = find(&state, &format!("/{name}"));
        found.unwrap_or_else(|| panic!("no {name} in {state}")).clone()
    }
}

fn find<'a>(value: &'a Value, suffix: &str) -> Option<&'a Value> {
    let is_it = value.get("name").and_then(Value::as_str).is_some_and(|name| name.ends_with(suffix));
    if is_it {
        return Some(value);
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| find(item, suffix)),
        Value::Object(fields) => fields.values().find_map(|field| find(field, suffix)),
        _ => None,
    }
}

//! A sandbox on a clock that stands still, and the backend that calls it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::aws::backends;
use cache_driver::backend::{At, Backend, Change, Class, Credentials, Goal, Observed, Pace, Phase, Resolved, Step};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Place, Product, SizeTable, Spec, read};
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use cache_driver::config::{Aws, AwsAccount, StaticCredentials};
use cache_driver::random::SeededSource;
use cache_driver::sandbox::aws::AwsSandbox;
use cache_driver::sandbox::{NoDataPlane, Running, SandboxOptions};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The password of every cache here.
pub(crate) const PASSWORD: &str = "CANARY0123456789abcdef0123456789";

pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: ManualClock,
    started: Timestamp,
    pub(crate) config: Aws,
    pub(crate) backend: Arc<dyn Backend>,
}

impl Cloud {
    /// The clock stands on a Monday morning.
    pub(crate) async fn start() -> Self {
        Self::start_at("2026-01-05T10:00:00Z".parse().unwrap()).await
    }

    pub(crate) async fn start_at(now: Timestamp) -> Self {
        let clock = ManualClock::at(now);
        let options = SandboxOptions {
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededSource::new(7)),
            speed: 1.0,
            data_plane: Arc::new(NoDataPlane),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let running = AwsSandbox::start(options).await.unwrap();
        let config = config(&running.url());
        let backend = backend(&config, &clock);
        Self { running, clock, started: now, config, backend }
    }

    /// Where the cache of this name is, with the driver's own rights.
    pub(crate) fn at(&self, name: &str) -> At {
        let place = Place {
            product: Product::AwsReplicationGroup,
            account: None,
            location: self.config.region.clone().unwrap(),
            group: None,
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

    /// The calls that make a cache.
    pub(crate) fn creation(&self, values: Value) -> Vec<Step> {
        let resolved = self.resolve(values);
        let (mark, password) = (self.mark(), SecretString::from(PASSWORD));
        let goal = Goal::Present {
            resolved: &resolved,
            changes: &[],
            mark: &mark,
            password: Some(&password),
            tags: &tags(),
            at_maintenance: false,
        };
        self.backend.steps(&goal, &Observed::absent("000000000000"))
    }

    pub(crate) async fn create(&self, name: &str, values: Value) {
        for step in self.creation(values) {
            self.backend.apply(&self.at(name), &step).await.unwrap();
        }
    }

    /// A cache that has become ready.
    pub(crate) async fn ready(&self, name: &str, values: Value) -> Observed {
        self.create(name, values).await;
        self.minutes(30);
        let seen = self.observe(name).await;
        assert_eq!(seen.phase, Phase::Ready, "{}", seen.status);
        seen
    }

    /// Makes every change that is not refused, as the driver does: instant calls, then one long one, then a new look.
    pub(crate) async fn converge(&self, name: &str, values: Value) -> Vec<&'static str> {
        let (resolved, mark) = (self.resolve(values), Mark { want: "ffffffffffff".to_owned(), ..self.mark() });
        let password = SecretString::from(PASSWORD);
        let mut calls = Vec::new();
        for _ in 0..12 {
            let seen = self.observe(name).await;
            let changes: Vec<Change> = self.backend.changes(&resolved, &seen);
            assert!(
                changes.iter().all(|change| matches!(change.class, Class::InPlace | Class::Disruptive)),
                "{changes:?}"
            );
            let goal = Goal::Present {
                resolved: &resolved,
                changes: &changes,
                mark: &mark,
                password: Some(&password),
                tags: &tags(),
                at_maintenance: false,
            };
            let steps = self.backend.steps(&goal, &seen);
            if steps.is_empty() {
                assert_eq!((changes.as_slice(), seen.mark()), (&[] as &[Change], Some(&mark)));
                return calls;
            }
            for step in steps {
                self.backend.apply(&self.at(name), &step).await.unwrap();
                calls.push(step.call);
                if step.pace == Pace::Long {
                    break;
                }
            }
            self.minutes(90);
        }
        panic!("it never ends: {calls:?}");
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), self.started)
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    #[track_caller]
    pub(crate) fn fault(&self, fault: Value) {
        self.running.control().faults().add_json(fault).unwrap();
    }

    pub(crate) async fn mutate(&self, change: Value) {
        assert_eq!(self.running.control().mutate(change).await.unwrap(), json!({ "done": true }));
    }

    pub(crate) fn count(&self, action: &str) -> u64 {
        self.running.control().calls().count(action)
    }
}

pub(crate) fn tags() -> Vec<(String, String)> {
    vec![("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), "res-1".to_owned())]
}

#[track_caller]
pub(crate) fn spec(values: Value) -> Spec {
    let Value::Object(values) = values else { panic!("an object") };
    read(&[Layer { origin: Origin::Request, values: &values }]).unwrap()
}

pub(crate) fn backend(config: &Aws, clock: &ManualClock) -> Arc<dyn Backend> {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    backends(config, SizeTable::embedded(), clock, "cache-driver/test").remove(0)
}

fn config(url: &str) -> Aws {
    let account = AwsAccount {
        role_arn: "arn:aws:iam::111122223333:role/caches".to_owned(),
        external_id: Some("of-the-driver".to_owned()),
        session_name: None,
    };
    Aws {
        enabled: true,
        region: Some("eu-central-1".to_owned()),
        regions: vec!["eu-west-1".to_owned()],
        endpoint_url: Some(url.to_owned()),
        accounts: [("other".to_owned(), account)].into(),
        subnet_group: Some("caches".to_owned()),
        security_group_ids: vec!["sg-0123456789abcdef0".to_owned()],
        static_credentials: Some(StaticCredentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: SecretString::from("synthetic"),
            session_token: None,
        }),
        ..Aws::default()
    }
}

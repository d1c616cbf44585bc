//! The imagined cloud keeps the promises that the trait makes, or tests over it would prove nothing.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::{At, Backend, Credentials, Goal, Kind, Phase, Resolved, Scope};
use cache_driver::cache::{CacheName, GuResId, Mark, Product, Spec};
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use support::cloud::{Cloud, Fault};
use support::memory::{Memory, OWN_ACCOUNT};

struct Stage {
    clock: ManualClock,
    cloud: Cloud,
    backend: Memory,
    at: At,
    resolved: Resolved,
    mark: Mark,
}

impl Stage {
    fn new(product: Product) -> Self {
        let clock = ManualClock::at(Timestamp::from_second(1_750_000_000).unwrap());
        let cloud = Cloud::new(Arc::new(clock.clone()));
        let backend = Memory::new(product, cloud.clone());
        let place = backend.place(&Spec::default(), &CacheName::existing("cache-a")).unwrap();
        let resolved = backend.resolve(&Spec::default()).unwrap();
        let mark = Mark::new(GuResId::parse("res-1").unwrap(), "000000000000".to_owned(), clock.now());
        let at = At { place, credentials: Credentials::Own };
        Self { clock, cloud, backend, at, resolved, mark }
    }

    async fn phase(&self) -> Phase {
        self.backend.observe(&self.at).await.unwrap().phase
    }

    async fn run(&self, goal: &Goal<'_>) -> Result<usize, Kind> {
        let seen = self.backend.observe(&self.at).await.unwrap();
        let steps = self.backend.steps(goal, &seen);
        for step in &steps {
            self.backend.apply(&self.at, step).await.map_err(|error| error.kind)?;
        }
        Ok(steps.len())
    }

    async fn create(&self, password: Option<&SecretString>) -> Result<usize, Kind> {
        let (resolved, mark) = (&self.resolved, &self.mark);
        let goal = Goal::Present { resolved, changes: &[], mark, password, tags: &[], at_maintenance: false };
        self.run(&goal).await
    }

    fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }
}

#[tokio::test]
async fn a_cache_goes_from_creating_to_ready_to_deleting_to_gone_by_the_clock() {
    let stage = Stage::new(Product::AwsReplicationGroup);
    assert_eq!(stage.phase().await, Phase::Absent);
    assert_eq!(stage.create(None).await, Ok(1));
    let seen = stage.backend.observe(&stage.at).await.unwrap();
    assert_eq!((seen.phase, seen.mark(), &seen.endpoint), (Phase::Creating, Some(&stage.mark), &None));
    assert_eq!(seen.account, OWN_ACCOUNT);
    assert_eq!(stage.run(&Goal::Removed { final_snapshot: None }).await, Err(Kind::Busy));
    stage.minutes(10);
    let seen = stage.backend.observe(&stage.at).await.unwrap();
    assert!(seen.phase == Phase::Ready && seen.endpoint.is_some());
    assert_eq!(stage.backend.changes(&stage.resolved, &seen), []);
    assert_eq!(stage.create(None).await, Ok(0), "nothing differs, so nothing is called");
    assert_eq!(stage.run(&Goal::Removed { final_snapshot: Some("last".to_owned()) }).await, Ok(1));
    assert_eq!(stage.phase().await, Phase::Deleting);
    stage.minutes(4);
    assert_eq!(stage.phase().await, Phase::Absent);
    assert_eq!(stage.cloud.snapshots(), ["last"]);
    assert_eq!(stage.run(&Goal::Removed { final_snapshot: None }).await, Ok(0));
}

#[tokio::test]
async fn creating_what_exists_and_deleting_what_is_absent_succeed() {
    let stage = Stage::new(Product::AwsReplicationGroup);
    let absent = stage.backend.observe(&stage.at).await.unwrap();
    let (resolved, mark) = (&stage.resolved, &stage.mark);
    let goal = Goal::Present { resolved, changes: &[], mark, password: None, tags: &[], at_maintenance: false };
    let create = stage.backend.steps(&goal, &absent);
    stage.backend.apply(&stage.at, &create[0]).await.unwrap();
    stage.backend.apply(&stage.at, &create[0]).await.unwrap();
    assert_eq!(stage.cloud.caches().len(), 1);
    stage.minutes(10);
    let ready = stage.backend.observe(&stage.at).await.unwrap();
    let delete = stage.backend.steps(&Goal::Removed { final_snapshot: None }, &ready);
    stage.backend.apply(&stage.at, &delete[0]).await.unwrap();
    stage.minutes(4);
    stage.backend.apply(&stage.at, &delete[0]).await.unwrap();
}

#[tokio::test]
async fn a_doomed_cache_becomes_a_shell_with_its_cause_and_older_events_are_left_out() {
    let stage = Stage::new(Product::GcpValkey);
    stage.cloud.doom_next("the network is full");
    stage.create(None).await.unwrap();
    stage.minutes(10);
    assert_eq!(stage.phase().await, Phase::Shell);
    let diagnosis = stage.backend.diagnose(&stage.at, Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(diagnosis.cause.as_deref(), Some("the network is full"));
    assert_eq!(diagnosis.events.len(), 2);
    stage.minutes(1);
    assert_eq!(stage.backend.diagnose(&stage.at, stage.clock.now()).await.unwrap().events, []);
}

#[tokio::test]
async fn a_password_is_the_drivers_or_the_clouds_as_the_product_has_it() {
    let stage = Stage::new(Product::AwsReplicationGroup);
    let first = SecretString::from("first");
    stage.create(Some(&first)).await.unwrap();
    stage.minutes(10);
    let second = SecretString::from("second");
    assert_eq!(stage.run(&Goal::Rotated { mark: &stage.mark, password: &second }).await, Ok(1));
    stage.minutes(15);
    let valid = || stage.cloud.caches().into_values().next().unwrap().passwords.len();
    assert_eq!(valid(), 2);
    assert_eq!(stage.run(&Goal::Settled { mark: &stage.mark, password: &second }).await, Ok(1));
    assert_eq!(valid(), 1);

    let theirs = Stage::new(Product::GcpValkey);
    theirs.create(None).await.unwrap();
    theirs.minutes(10);
    let seen = theirs.backend.observe(&theirs.at).await.unwrap();
    let connection = theirs.backend.connection(&theirs.at, &seen).await.unwrap();
    let cache_driver::backend::ConnectionPassword::Told(told) = connection.password else { panic!("{connection:?}") };
    assert!(told.expose_secret().contains("cache-a"));
}

#[tokio::test]
async fn faults_come_as_often_as_they_were_ordered() {
    let stage = Stage::new(Product::AwsReplicationGroup);
    stage.cloud.fail("CreateCache", 2, Fault::Unavailable);
    assert_eq!(stage.create(None).await, Err(Kind::Unavailable));
    assert_eq!(stage.create(None).await, Err(Kind::Unavailable));
    assert!(stage.cloud.caches().is_empty());
    stage.cloud.fail("CreateCache", 1, Fault::AnswerLost);
    assert_eq!(stage.create(None).await, Err(Kind::Unavailable));
    assert_eq!(stage.cloud.caches().len(), 1, "it was made all the same");
    stage.cloud.fail("DescribeCache", 1, Fault::Denied);
    assert_eq!(stage.backend.observe(&stage.at).await.unwrap_err().kind, Kind::Credentials);
}

#[tokio::test]
async fn a_list_shows_the_caches_of_its_account_and_region_only() {
    let stage = Stage::new(Product::AwsReplicationGroup);
    stage.create(None).await.unwrap();
    let foreign = (OWN_ACCOUNT.to_owned(), "eu-central-1".to_owned(), "somebody-elses".to_owned());
    stage.cloud.plant(foreign, stage.resolved.fields.clone(), None);
    let list = async |location: &str, credentials: Credentials| {
        let scope = Scope { account: None, location: location.to_owned(), credentials };
        let listed = stage.backend.list(&scope).await.unwrap();
        (listed.len(), listed.iter().filter(|cache| cache.mark().is_some()).count())
    };
    assert_eq!(list("eu-central-1", Credentials::Own).await, (2, 1));
    assert_eq!(list("us-east-1", Credentials::Own).await, (0, 0));
    assert_eq!(list("eu-central-1", Credentials::Named("other".to_owned())).await, (0, 0));
}

//! What happens to a cache when its provider changes. The other provider is a second emulated cloud.

use std::sync::Arc;

use async_trait::async_trait;
use cache_driver::backend::{
    self, At, Backend, Capabilities, Change, Connection, Diagnosis, Finding, Goal, Observed, Owned, Registry, Resolved,
    Result, Scope, Step,
};
use cache_driver::cache::{CacheName, FieldError, Place, Product, Provider, SizeTable, Spec};
use cache_driver::clock::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Server, World};

/// Another provider's product: a real backend that goes by another name.
#[derive(Debug)]
struct Elsewhere {
    inner: Arc<dyn Backend>,
    capabilities: Capabilities,
}

impl Elsewhere {
    const PRODUCT: Product = Product::GcpRedis;

    fn over(cloud: &World) -> Self {
        let registry = backend::enabled(&cloud.config.providers, &SizeTable::embedded(), &cloud.clock());
        let inner = registry.get(Product::AwsReplicationGroup).unwrap().clone();
        let capabilities = Capabilities { product: Self::PRODUCT, ..inner.capabilities().clone() };
        Self { inner, capabilities }
    }

    fn here(place: Place) -> Place {
        Place { product: Self::PRODUCT, ..place }
    }
}

#[async_trait]
impl Backend for Elsewhere {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>> {
        self.inner.resolve(spec)
    }

    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>> {
        self.inner.place(spec, name).map(Self::here)
    }

    fn places(&self, name: &CacheName) -> Vec<Place> {
        self.inner.places(name).into_iter().map(Self::here).collect()
    }

    async fn account(&self, at: &At) -> Result<String> {
        self.inner.account(at).await
    }

    async fn observe(&self, at: &At) -> Result<Observed> {
        self.inner.observe(at).await
    }

    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
        self.inner.changes(wanted, seen)
    }

    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
        self.inner.steps(goal, seen)
    }

    async fn apply(&self, at: &At, step: &Step) -> Result<()> {
        self.inner.apply(at, step).await
    }

    async fn connection(&self, at: &At, seen: &Observed) -> Result<Connection> {
        self.inner.connection(at, seen).await
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        self.inner.diagnose(at, since).await
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Owned>> {
        let listed = self.inner.list(scope).await?;
        Ok(listed.into_iter().map(|owned| Owned { place: Self::here(owned.place), ..owned }).collect())
    }

    async fn preflight(&self, at: &At) -> Vec<Finding> {
        self.inner.preflight(at).await
    }
}

/// Two clouds, and drivers whose route goes to the one or the other.
struct Clouds {
    old: World,
    new: World,
}

impl Clouds {
    async fn start() -> Self {
        Self { old: World::start().await, new: World::start().await }
    }

    async fn driver(&self, provider: Provider) -> Server {
        let mut config = self.old.config.clone();
        config.routes.get_mut("redis").unwrap().provider = Some(provider);
        let aws = backend::enabled(&config.providers, &SizeTable::embedded(), &self.old.clock());
        let elsewhere: Arc<dyn Backend> = Arc::new(Elsewhere::over(&self.new));
        let registry = Registry::new(aws.all().cloned().chain([elsewhere]));
        self.old.driver_of(config, registry).await
    }

    /// A resource that was made on the old cloud, at a driver that now goes to the new one.
    async fn moved(&self) -> (Server, Caller, Answer) {
        let before = self.driver(Provider::Aws).await;
        let mut resource = self.old.resource(&before);
        let made = self.old.create(&mut resource, &json!({})).await;
        assert_eq!(*made.value("product"), "aws/replication-group");
        let after = self.driver(Provider::Gcp).await;
        let resource = resource.at(&after.url);
        (after, resource, made)
    }

    fn minutes(&self, minutes: u64) {
        self.old.minutes(minutes);
        self.new.minutes(minutes);
    }

    async fn counts(&self) -> (usize, usize) {
        (self.old.caches().await.len(), self.new.caches().await.len())
    }

    fn mutating(&self) -> u64 {
        self.old.mutating() + self.new.mutating()
    }
}

#[tokio::test]
async fn a_route_that_goes_elsewhere_keeps_what_there_is_and_makes_new_caches_there() {
    let clouds = Clouds::start().await;
    let (driver, mut resource, made) = clouds.moved().await;
    let before = clouds.mutating();
    for mut asking in [resource.clone(), resource.forgetful()] {
        assert_eq!(asking.put(json!({})).await.is(200).body["resource"], made.body["resource"]);
    }
    assert_eq!(clouds.mutating(), before);
    let mut fresh = clouds.old.resource(&driver);
    fresh.put(json!({})).await.is(202);
    assert_eq!(clouds.counts().await, (1, 1));
    clouds.minutes(20);
    assert_eq!(*fresh.put(json!({})).await.is(200).value("product"), "gcp/redis");

    resource.delete().await.is(202);
    clouds.minutes(20);
    resource.delete().await.is(204);
    assert_eq!(clouds.counts().await, (0, 1));
}

#[tokio::test]
async fn a_cache_that_stays_where_it_is_can_still_be_changed() {
    let clouds = Clouds::start().await;
    let (_driver, mut resource, _) = clouds.moved().await;
    resource.put(json!({"replicas": 1})).await.is(202);
    clouds.minutes(20);
    assert_eq!(*resource.put(json!({"replicas": 1})).await.is(200).value("provider"), "aws");
    assert_eq!(clouds.old.only_cache().await["NodeGroups"][0]["ReplicaCount"], 1);
}

#[tokio::test]
async fn a_request_that_names_another_provider_is_refused_and_nothing_is_called() {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Provider::Aws).await;
    let mut resource = clouds.old.resource(&driver);
    clouds.old.create(&mut resource, &json!({})).await;
    let before = clouds.mutating();
    for mut asking in [resource.clone(), resource.forgetful()] {
        let refused = asking.put(json!({"provider": "gcp"})).await.refused("RES-106");
        let change = &refused.body["details"]["changes"][0];
        assert_eq!((&change["from"], &change["to"]), (&json!("aws/replication-group"), &json!("gcp/redis")));
        assert!(refused.hint().contains("on_provider_change"), "{}", refused.text);
    }
    assert_eq!(clouds.mutating(), before);
    resource.put(json!({})).await.is(200);
}

/// Replaces, and gives the answer with the new endpoint.
async fn replaced(clouds: &Clouds, resource: &mut Caller, wanted: &Value) -> Answer {
    resource.put(wanted.clone()).await.is(202);
    assert_eq!(clouds.counts().await, (1, 1));
    assert_eq!(clouds.old.only_cache().await["Status"], "available", "the old one serves until the new one is ready");
    clouds.minutes(20);
    resource.put(wanted.clone()).await.is(200)
}

#[tokio::test]
async fn a_replacement_is_made_before_the_old_cache_goes_and_nothing_is_orphaned() {
    let clouds = Clouds::start().await;
    let (_driver, mut resource, old) = clouds.moved().await;
    let wanted = json!({"on_provider_change": "replace"});
    let new = replaced(&clouds, &mut resource, &wanted).await;
    assert_eq!(*new.value("product"), "gcp/redis");
    assert_ne!(new.password(), old.password());
    let description = clouds.old.only_cache().await["Description"].clone();
    assert!(description.as_str().unwrap().contains("st=retired"), "{description}");
    // With and without the cookie the new one answers.
    for mut asking in [resource.clone(), resource.forgetful()] {
        assert_eq!(asking.get().await.is(200).body["resource"], new.body["resource"]);
        assert_eq!(asking.put(wanted.clone()).await.is(200).body["resource"], new.body["resource"]);
    }
    assert_eq!(clouds.counts().await, (1, 1));

    clouds.minutes(24 * 60 + 1);
    resource.put(wanted.clone()).await.is(200);
    clouds.minutes(20);
    assert_eq!(resource.put(wanted).await.is(200).body["resource"], new.body["resource"]);
    assert_eq!(clouds.counts().await, (0, 1));
}

#[tokio::test]
async fn a_delete_removes_the_new_cache_and_the_retired_one() {
    let clouds = Clouds::start().await;
    let (_driver, mut resource, _) = clouds.moved().await;
    replaced(&clouds, &mut resource, &json!({"on_provider_change": "replace"})).await;
    resource.delete().await.is(202);
    clouds.minutes(20);
    resource.delete().await.is(204);
    assert_eq!(clouds.counts().await, (0, 0));
}

#[tokio::test]
async fn a_delete_in_the_middle_of_a_replacement_leaves_nothing() {
    let clouds = Clouds::start().await;
    let (_driver, mut resource, _) = clouds.moved().await;
    resource.put(json!({"on_provider_change": "replace"})).await.is(202);
    assert_eq!(clouds.counts().await, (1, 1));
    let mut rounds = 0;
    while resource.delete().await.status == 202 {
        clouds.minutes(20);
        rounds += 1;
        assert!(rounds < 10, "it never ends");
    }
    assert_eq!(clouds.counts().await, (0, 0));
}

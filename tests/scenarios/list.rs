//! Every cache that the driver owns, and what is odd about it.

use std::collections::BTreeSet;

use cache_driver::cache::{GuResId, Provider};
use cache_driver::driver::{Entry, FindingKind, Inventory, SweepOptions};
use serde_json::{Value, json};

use crate::harness::{ACCOUNT_A, ACCOUNT_B, Clouds, World};

use Provider::{Aws, Azure, Gcp};

#[track_caller]
fn only(inventory: &Inventory) -> &Entry {
    let [entry] = &inventory.caches[..] else { panic!("{inventory:#?}") };
    entry
}

fn kinds(entry: &Entry) -> Vec<FindingKind> {
    entry.findings.iter().map(|finding| finding.kind).collect()
}

#[tokio::test]
async fn the_caches_of_all_clouds_are_listed_and_nothing_is_odd_about_them() {
    let clouds = Clouds::start().await;
    let mut ids = BTreeSet::new();
    for (provider, values) in [
        (Aws, json!({"size": "medium"})),
        (Aws, json!({"size": "small", "high_availability": true})),
        (Gcp, json!({"size": "medium", "high_availability": true})),
        (Gcp, json!({"engine": "valkey", "size": "medium", "deletion_protection": true})),
        (Azure, json!({"memory_gb": 5})),
        (Azure, json!({"size": "nano", "high_availability": true, "ttl": "90d"})),
    ] {
        let (resource, _) = clouds.made(provider, &values).await;
        ids.insert(resource.id.clone());
    }
    clouds.aws.minutes(30);
    // One route for all clouds: its requests name theirs.
    let mut config = clouds.config(Aws);
    config.routes.get_mut("redis").unwrap().provider = None;
    let driver = clouds.aws.driver_with(config).await;
    let before = clouds.mutating();
    let mut inventory = driver.driver.inventory(None).await;
    assert_eq!(clouds.mutating(), before, "looking changes nothing");
    assert_eq!(inventory.caches.iter().map(|entry| entry.id.to_string()).collect::<BTreeSet<_>>(), ids);
    assert!(inventory.failures.is_empty(), "{inventory:#?}");
    for entry in &inventory.caches {
        assert!(entry.findings.is_empty() && entry.orphan.is_none(), "{entry:#?}");
        assert!(entry.age_seconds.is_some_and(|age| age >= 30 * 60), "{entry:#?}");
        assert_eq!((entry.route.as_deref(), entry.state.as_str()), (Some("redis"), "owned"));
        assert!(entry.account.is_some() && entry.size.is_some(), "{entry:#?}");
    }
    let expiring: Vec<&Entry> = inventory.caches.iter().filter(|entry| !entry.due.is_empty()).collect();
    assert_eq!(expiring.len(), 1);
    assert_eq!((expiring[0].provider, expiring[0].due[0].task.as_str()), (Azure, "expire"));
    assert_eq!(inventory.caches.iter().filter(|entry| entry.protected).count(), 1);
    let only_gcp = driver.driver.inventory(Some(Gcp)).await;
    assert_eq!(only_gcp.caches.len(), 2);

    // Whose resource nobody knows any more, is told.
    let lost = inventory.caches[0].id.clone();
    let known: BTreeSet<GuResId> = inventory.caches[1..].iter().map(|entry| entry.id.clone()).collect();
    inventory.compare(&known);
    let orphans: Vec<&Entry> = inventory.caches.iter().filter(|entry| entry.orphan.is_some()).collect();
    assert_eq!((orphans.len(), &orphans[0].id), (1, &lost));
    assert_eq!(kinds(orphans[0]), [FindingKind::Unknown]);
}

#[tokio::test]
async fn a_cache_that_somebody_changed_by_hand_shows_how() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"size": "medium"})).await;
    let id = world.only_cache().await["ReplicationGroupId"].clone();
    assert_eq!(kinds(only(&driver.driver.inventory(None).await)), []);
    world.mutate(json!({"op": "set", "id": id, "fields": {"node_type": "cache.t4g.micro"}})).await;
    let inventory = driver.driver.inventory(None).await;
    assert_eq!(kinds(only(&inventory)), [FindingKind::Drift], "{inventory:#?}");
    let message = &only(&inventory).findings[0].message;
    assert!(message.contains("cache.t4g.micro") && message.contains("size medium"), "{message}");
}

#[tokio::test]
async fn caches_of_google_are_judged_by_the_list_alone() {
    let clouds = Clouds::start().await;
    for values in [
        json!({"size": "medium", "high_availability": true}),
        json!({"engine": "valkey", "size": "medium"}),
        json!({"engine": "redis", "mode": "cluster", "size": "medium"}),
        json!({"engine": "memcached", "size": "medium"}),
    ] {
        clouds.made(Gcp, &values).await;
    }
    let driver = clouds.driver(Gcp).await;
    let counts = || clouds.gcp.control().calls().to_json()["counts"].as_object().unwrap().clone();
    let before = counts();
    let inventory = driver.driver.inventory(Some(Gcp)).await;
    assert_eq!(inventory.caches.len(), 4, "{inventory:#?}");
    assert!(inventory.caches.iter().all(|entry| entry.findings.is_empty()), "{inventory:#?}");
    let mut made: Vec<String> =
        counts().into_iter().filter(|(call, n)| before.get(call) != Some(n)).map(|c| c.0).collect();
    made.sort_unstable();
    let lists =
        ["memcache.instances.list", "memorystore.instances.list", "redis.clusters.list", "redis.instances.list"];
    assert_eq!(made, lists);

    let valkey = inventory.caches.iter().find(|entry| entry.product.as_str() == "gcp/valkey").unwrap();
    let smaller = json!({"op": "set", "id": valkey.name, "fields": {"nodeType": "SHARED_CORE_NANO"}});
    clouds.gcp.control().mutate(smaller).await.unwrap();
    let inventory = driver.driver.inventory(Some(Gcp)).await;
    let odd: Vec<&Entry> = inventory.caches.iter().filter(|entry| !entry.findings.is_empty()).collect();
    assert_eq!(odd.iter().map(|entry| kinds(entry)).collect::<Vec<_>>(), [[FindingKind::Drift]], "{inventory:#?}");
    assert_eq!(odd[0].name, valkey.name);
}

#[tokio::test]
async fn what_the_config_has_lost_sight_of_is_told() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"name_salt": "b"})).await;
    let mut config = world.config.clone();
    let route = config.routes.remove("redis").unwrap();
    config.routes.insert("other".to_owned(), route);
    let driver = world.driver_with(config).await;
    let inventory = driver.driver.inventory(None).await;
    assert_eq!(kinds(only(&inventory)), [FindingKind::Route, FindingKind::Name], "{inventory:#?}");
    assert!(only(&inventory).orphan.as_ref().is_some_and(|why| why.contains("`redis`")), "{inventory:#?}");
}

#[tokio::test]
async fn what_is_listed_stands_by_cloud_region_and_resource() {
    let world = World::with(|config| config.providers.aws.regions = vec!["eu-west-1".to_owned()]).await;
    let driver = world.driver().await;
    for region in ["eu-west-1", "eu-central-1", "eu-west-1", "eu-central-1", "eu-west-1"] {
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({ "region": region })).await;
    }
    let inventory = driver.driver.inventory(None).await;
    let order: Vec<_> = inventory.caches.iter().map(|entry| (entry.location.as_str(), entry.id.as_str())).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!((order.len(), &order), (5, &sorted));
    let names: Vec<_> = inventory.caches.iter().map(|entry| &entry.name).collect();
    assert!(!names.is_sorted(), "names are hashes of the ids: {names:?}");
}

#[tokio::test]
async fn a_cache_whose_mark_cannot_be_read_is_told_on_every_cloud_and_no_sweep_touches_it() {
    let gone = |keys: &[&str]| keys.iter().map(|key| (format!("cache-driver-{key}"), Value::Null)).collect::<Value>();
    for provider in [Aws, Gcp, Azure] {
        for (garbled, told) in [(true, "`w`"), (false, "no mark of this driver")] {
            let clouds = Clouds::start().await;
            let (resource, _) = clouds.made(provider, &json!({"on_delete": "hold", "delete_hold_hours": 1})).await;
            let driver = clouds.driver(provider).await;
            clouds.gone(&mut resource.at(&driver.url)).await;
            clouds.aws.minutes(120);
            let inventory = driver.driver.inventory(Some(provider)).await;
            let name = only(&inventory).name.clone();
            assert_eq!(inventory.unreadable.len(), 0);
            let labels = gone(if garbled { &["w"] } else { &["id", "w", "t", "d"] });
            let change = match provider {
                Aws => {
                    let description = if garbled { "cache-driver/1 id=res-1" } else { "sessions of the shop" };
                    json!({"op": "set", "id": name, "fields": {"description": description}})
                }
                Gcp => json!({"op": "labels", "id": name, "labels": labels}),
                Azure => json!({"op": "set", "id": name, "fields": {"tags": labels}}),
            };
            clouds.cloud(provider).control().mutate(change).await.unwrap();

            let inventory = driver.driver.inventory(Some(provider)).await;
            let [cache] = &inventory.unreadable[..] else { panic!("{inventory:#?}") };
            assert!(inventory.caches.is_empty(), "{inventory:#?}");
            assert_eq!((&cache.name, cache.finding.kind), (&name, FindingKind::Unreadable));
            let message = &cache.finding.message;
            assert!(message.starts_with("owned by name, mark unreadable") && message.contains(told), "{message}");
            let before = clouds.mutating();
            let swept = driver.driver.sweep(SweepOptions::default()).await;
            assert!(swept.actions.is_empty() && swept.unreadable.len() == 1, "{provider}: {swept:#?}");
            assert_eq!(clouds.mutating(), before, "{provider}: it is left alone");
        }
    }
}

#[tokio::test]
async fn held_and_detached_caches_and_late_creations_show_as_such() {
    let world = World::start().await;
    let driver = world.driver().await;
    for on_delete in ["hold", "detach"] {
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({ "on_delete": on_delete })).await;
        resource.delete_until_settled().await.is(204);
    }
    let inventory = driver.driver.inventory(None).await;
    let of = |state: &str| inventory.caches.iter().find(|entry| entry.state.as_str() == state).unwrap();
    assert_eq!(of("held").due[0].task.as_str(), "remove");
    assert!(of("held").orphan.is_none() && of("detached").orphan.is_some(), "{inventory:#?}");
    // No sweep ever comes.
    world.minutes(80 * 60);
    let inventory = driver.driver.inventory(None).await;
    let held = inventory.caches.iter().find(|entry| entry.state.as_str() == "held").unwrap();
    assert_eq!(kinds(held), [FindingKind::Overdue], "{inventory:#?}");
    assert!(held.orphan.is_some());
}

#[tokio::test]
async fn caches_of_every_account_of_the_config_are_listed_once() {
    let world = World::with(|config| {
        let role_arn = format!("arn:aws:iam::{ACCOUNT_B}:role/caches");
        let account = cache_driver::config::AwsAccount { role_arn, external_id: None, session_name: None };
        config.providers.aws.accounts.insert("production".to_owned(), account);
        config.providers.aws.regions = vec!["eu-west-1".to_owned()];
    })
    .await;
    let driver = world.driver().await;
    for values in [json!({}), json!({"account": "production"}), json!({"region": "eu-west-1"})] {
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &values).await;
    }
    let inventory = driver.driver.inventory(None).await;
    assert!(inventory.failures.is_empty(), "{inventory:#?}");
    assert_eq!((inventory.caches.len(), inventory.places), (3, 4));
    let accounts: BTreeSet<&str> = inventory.caches.iter().filter_map(|entry| entry.account.as_deref()).collect();
    assert!(accounts.contains(ACCOUNT_B) && accounts.len() == 2, "{accounts:?} {ACCOUNT_A}");
}

#[tokio::test]
async fn a_place_that_cannot_be_listed_is_told_beside_the_others() {
    let clouds = Clouds::start().await;
    clouds.made(Gcp, &json!({})).await;
    clouds.made(Azure, &json!({})).await;
    for (kind, code, retryable) in [("access_denied", "RES-103", false), ("throttle", "RES-104", true)] {
        clouds.fault(Azure, json!({"kind": kind, "times": 0}));
        let inventory = clouds.driver(Aws).await.driver.inventory(None).await;
        assert_eq!(only(&inventory).provider, Gcp, "{inventory:#?}");
        assert!(inventory.failures.len() >= 2, "{inventory:#?}");
        for failure in &inventory.failures {
            assert_eq!((failure.provider, failure.error.as_str(), failure.retryable), (Azure, code, retryable));
        }
        clouds.azure.control().faults().clear();
    }
}

//! Who has the last word about how a cache ends, and what a sweep may do to it.

use cache_driver::cache::{Prefix, Provider};
use cache_driver::config::DefaultsApply;
use cache_driver::driver::{FindingKind, Sweep, SweepOptions, SweepOutcome};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Clouds, Server, World, eventually, sha256};

use Provider::{Aws, Gcp};
use SweepOutcome::{Begun, Done, Protected};

async fn sweep(driver: &Server) -> Sweep {
    driver.driver.sweep(SweepOptions::default()).await
}

fn told(sweep: &Sweep) -> Vec<(&'static str, SweepOutcome)> {
    assert!(!sweep.has_failed(), "{sweep:#?}");
    sweep.actions.iter().map(|action| (action.task.as_str(), action.outcome)).collect()
}

async fn settled(world: &World, resource: &mut Caller, values: &Value) -> Answer {
    for _ in 0..10 {
        let answer = resource.put(values.clone()).await;
        if answer.status != 202 {
            return answer.is(200);
        }
        world.minutes(7);
    }
    panic!("it never settles")
}

async fn mark(world: &World) -> String {
    world.only_cache().await["Description"].as_str().unwrap().to_owned()
}

fn prefix(text: &str) -> Prefix {
    Prefix::try_from(text.to_owned()).unwrap()
}

#[tokio::test]
async fn changed_defaults_of_a_route_leave_the_end_of_an_existing_cache_alone_unless_they_are_to() {
    for (apply, reached) in [(DefaultsApply::Create, false), (DefaultsApply::Always, true)] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({})).await;
        let mut config = world.config.clone();
        config.lifecycle.defaults_apply = apply;
        let defaults = &mut config.routes.get_mut("redis").unwrap().defaults;
        defaults.insert("on_delete".to_owned(), "hold".into());
        defaults.insert("delete_hold_hours".to_owned(), 5.into());
        defaults.insert("deletion_protection".to_owned(), true.into());
        let driver = world.driver_with(config).await;
        settled(&world, &mut resource.at(&driver.url), &json!({})).await;
        let text = mark(&world).await;
        assert_eq!((text.contains("d=hold"), text.contains("h=5"), text.contains("p=1")), (reached, reached, reached));
        let mut asked = resource.at(&driver.url);
        settled(&world, &mut asked, &json!({"on_delete": "snapshot"})).await;
        assert!(mark(&world).await.contains("d=snapshot"));
    }
}

#[tokio::test]
async fn a_default_ttl_counts_for_new_caches_alone() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut old = world.resource(&driver);
    world.create(&mut old, &json!({})).await;
    world.minutes(120);
    let mut config = world.config.clone();
    config.routes.get_mut("redis").unwrap().defaults.insert("ttl".to_owned(), "1h".into());
    let driver = world.driver_with(config).await;
    old.at(&driver.url).put(json!({})).await.is(200);
    assert!(!mark(&world).await.contains("e=1h"));
    let mut new = world.resource(&driver);
    world.create(&mut new, &json!({})).await;
    world.minutes(60);
    let swept = sweep(&driver).await;
    assert_eq!(told(&swept), [("expire", Begun)]);
    assert_eq!(swept.actions[0].id.as_ref().unwrap().as_str(), new.id);
}

#[tokio::test]
async fn a_sweep_leaves_the_caches_of_another_installation_alone() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    settled(&world, &mut resource, &json!({"rotate": 1})).await;
    world.minutes(70);
    let mut config = world.config.clone();
    config.prefix = prefix("cach");
    let other = world.driver_with(config.clone()).await;
    let before = world.mutating();
    assert_eq!(told(&sweep(&other).await), []);
    assert_eq!(world.mutating(), before);
    let listed = other.driver.inventory(None).await;
    let findings = &listed.caches[0].findings;
    assert!(
        findings[0].kind == FindingKind::Name && findings[0].message.contains("another installation"),
        "{listed:#?}"
    );
    config.previous_prefixes = vec![prefix("cache")];
    let heir = world.driver_with(config).await;
    assert_eq!(told(&sweep(&heir).await), [("settle", Done)]);
}

#[tokio::test]
async fn what_goes_on_in_the_background_takes_no_cache_back_that_was_held_meanwhile() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    let values = json!({"size": "large"});
    resource.put(values.clone()).await.is(202);
    // As another driver writes it for a DELETE.
    let cache = world.only_cache().await;
    let held = format!("{} st=held i=delete-4000000000", mark(&world).await);
    let fields = json!({"description": held});
    world.mutate(json!({"op": "set", "id": cache["ReplicationGroupId"], "fields": fields})).await;
    world.minutes(30);
    eventually("the end of the work in the background", || async { driver.driver.kept_up().is_empty().then_some(()) })
        .await;
    assert!(mark(&world).await.contains("st=held"), "{}", mark(&world).await);
    // A caller's PUT is the last word again.
    settled(&world, &mut resource, &values).await;
    assert!(!mark(&world).await.contains("st=held"));
}

#[tokio::test]
async fn a_cache_whose_ttl_is_over_is_taken_back_for_good() {
    for held in [true, false] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({"ttl": "1h"})).await;
        if held {
            settled(&world, &mut resource, &json!({"on_delete": "hold"})).await;
            resource.delete_until_settled().await.is(204);
        }
        world.minutes(120);
        let mut back = resource.forgetful();
        if !held {
            let pending = back.put(json!({})).await.is(202);
            assert!(pending.message().contains("taken back"), "{}", pending.text);
        }
        settled(&world, &mut back, &json!({})).await;
        world.minutes(60);
        assert_eq!(told(&sweep(&driver).await), [], "{held}");
        back.get().await.is(200);
    }
}

#[tokio::test]
async fn a_ttl_is_told_as_long_as_it_is_there_and_can_be_lifted() {
    let world = World::start().await;
    let driver = world.driver().await;
    for none in ["none", "never"] {
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({"ttl": "3h"})).await;
        let warned = resource.plan(json!({})).await.is(200).body["warnings"].to_string();
        assert!(warned.contains("still ends at") && warned.contains("ttl: none"), "{warned}");
        assert!(!resource.plan(json!({"ttl": "3h"})).await.is(200).text.contains("still ends at"));
        settled(&world, &mut resource, &json!({"ttl": none})).await;
        assert!(!resource.plan(json!({})).await.is(200).text.contains("still ends at"));
        world.minutes(200);
        assert_eq!(told(&sweep(&driver).await), []);
    }
}

#[tokio::test]
async fn a_put_without_cookie_goes_to_the_cache_in_use_and_two_in_use_are_told() {
    let clouds = Clouds::start().await;
    let (mut resource, _) = clouds.made(Aws, &json!({})).await;
    let driver = clouds.driver(Gcp).await;
    resource = resource.at(&driver.url);
    let new = clouds.ready(&mut resource, &json!({"on_provider_change": "replace"})).await;
    clouds.aws.minutes(20);
    assert!(clouds.is_retired(Aws).await);
    let back = clouds.driver(Aws).await;
    let answer = clouds.ready(&mut resource.at(&back.url).forgetful(), &json!({})).await;
    assert_eq!(answer.body["resource"], new.body["resource"]);
    assert!(clouds.is_retired(Aws).await);

    let retired = &clouds.at(Aws).await[0];
    let description = retired["Description"].as_str().unwrap().replace(" st=retired", "");
    let fields = json!({"description": description});
    clouds.aws.mutate(json!({"op": "set", "id": retired["ReplicationGroupId"], "fields": fields})).await;
    let listed = driver.driver.inventory(None).await;
    assert_eq!(listed.caches.len(), 2);
    for entry in &listed.caches {
        assert!(entry.findings.iter().any(|finding| finding.kind == FindingKind::Double), "{listed:#?}");
    }
}

#[tokio::test]
async fn a_rotation_that_a_hold_came_between_is_ended_after_all() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let values = json!({"on_delete": "hold", "rotate": 1});
    world.create(&mut resource, &json!({"on_delete": "hold"})).await;
    let new = settled(&world, &mut resource, &values).await.password();
    resource.delete_until_settled().await.is(204);
    settled(&world, &mut resource.forgetful(), &values).await;
    world.minutes(70);
    assert_eq!(told(&sweep(&driver).await), [("settle", Done)]);
    world.minutes(10);
    assert_eq!(world.only_cache().await["auth_token_sha256"], json!([sha256(&new)]));
    assert_eq!(told(&sweep(&driver).await), []);
}

#[tokio::test]
async fn protection_keeps_an_expired_cache_and_not_its_old_password() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"ttl": "24h"})).await;
    settled(&world, &mut resource, &json!({"deletion_protection": true})).await;
    settled(&world, &mut resource, &json!({"rotate": 1})).await;
    world.minutes(25 * 60);
    assert_eq!(told(&sweep(&driver).await), [("settle", Done)]);
    world.minutes(10);
    assert_eq!(told(&sweep(&driver).await), [("expire", Protected)]);
}

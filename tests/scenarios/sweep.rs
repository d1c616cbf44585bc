//! What happens when nobody comes back: held, retired and expired caches, rotations, failed creations.

use std::time::Duration;

use cache_driver::cache::{GuResId, Provider};
use cache_driver::driver::{Sweep, SweepOptions, SweepOutcome};
use serde_json::{Value, json};

use crate::harness::{Clouds, Server, World, sha256};

use Provider::{Aws, Azure, Gcp};
use SweepOutcome::{Begun, Done, Later, Overtaken, Protected, Would};

const CLOUDS: [Provider; 3] = [Aws, Gcp, Azure];

async fn sweep(driver: &Server) -> Sweep {
    driver.driver.sweep(SweepOptions::default()).await
}

async fn dry_run(driver: &Server) -> Sweep {
    driver.driver.sweep(SweepOptions { dry_run: true, ..SweepOptions::default() }).await
}

/// What was due, and what came of it.
fn told(sweep: &Sweep) -> Vec<(&'static str, SweepOutcome)> {
    sweep.actions.iter().map(|action| (action.task.as_str(), action.outcome)).collect()
}

/// Nothing is due, and nothing is done.
#[track_caller]
fn is_idle(sweep: &Sweep) {
    assert!(sweep.actions.is_empty() && !sweep.has_failed(), "{sweep:#?}");
}

/// Sweeps until this cloud is empty.
async fn swept(clouds: &Clouds, driver: &Server, provider: Provider) {
    for _ in 0..10 {
        if clouds.at(provider).await.is_empty() {
            return;
        }
        let swept = sweep(driver).await;
        assert!(!swept.has_failed(), "{swept:#?}");
        clouds.aws.minutes(10);
    }
    panic!("nothing was swept on {provider}: {:#?}", clouds.at(provider).await)
}

#[tokio::test]
async fn a_held_cache_is_gone_for_its_caller_and_a_put_takes_it_back_whole() {
    for provider in CLOUDS {
        let clouds = Clouds::start().await;
        let values = json!({"on_delete": "hold", "delete_hold_hours": 24});
        let (resource, made) = clouds.made(provider, &values).await;
        let driver = clouds.driver(provider).await;
        let mut resource = resource.at(&driver.url);
        clouds.gone(&mut resource).await;
        clouds.aws.minutes(10);
        resource.get().await.is(404);
        let before = clouds.mutating();
        for mut asking in [resource.clone(), resource.forgetful()] {
            asking.delete().await.is(204);
            asking.get().await.is(404);
        }
        is_idle(&sweep(&driver).await);
        assert_eq!(clouds.mutating(), before, "{provider}: it is held once");

        let back = clouds.ready(&mut resource.forgetful(), &values).await;
        assert_eq!(back.body["resource"], made.body["resource"], "{provider}: data and password are the same");
        resource.forgetful().get().await;
        // Some clouds take their time for a mark.
        clouds.aws.minutes(30);
        let after = clouds.mutating();
        resource.forgetful().put(values).await.is(200);
        assert_eq!(clouds.mutating(), after, "{provider}: a PUT that changes nothing changes nothing");
        clouds.aws.minutes(25 * 60);
        is_idle(&sweep(&driver).await);
        assert_eq!(clouds.at(provider).await.len(), 1, "{provider}");
    }
}

#[tokio::test]
async fn a_held_cache_is_removed_by_the_sweep_when_its_time_has_come_and_not_before() {
    for provider in CLOUDS {
        let clouds = Clouds::start().await;
        let values = json!({"on_delete": "hold", "delete_hold_hours": 2});
        let (mut resource, _) = clouds.made(provider, &values).await;
        let driver = clouds.driver(provider).await;
        resource = resource.at(&driver.url);
        clouds.gone(&mut resource).await;
        clouds.aws.minutes(110);
        is_idle(&sweep(&driver).await);
        clouds.aws.minutes(20);
        let before = clouds.mutating();
        let planned = dry_run(&driver).await;
        assert_eq!(told(&planned), [("remove", Would)], "{provider}: {planned:#?}");
        assert_eq!(planned.actions[0].id.as_ref().unwrap().as_str(), resource.id);
        assert_eq!(clouds.mutating(), before, "{provider}: a dry run changes nothing");
        assert_eq!(told(&sweep(&driver).await), [("remove", Begun)], "{provider}");
        swept(&clouds, &driver, provider).await;
        is_idle(&sweep(&driver).await);
        // Whoever comes too late gets a new one.
        clouds.ready(&mut resource.forgetful(), &values).await;
    }
}

#[tokio::test]
async fn the_last_look_before_a_removal_is_never_answered_from_a_list() {
    let clouds = Clouds::start().await;
    let values = json!({"engine": "valkey", "on_delete": "hold", "delete_hold_hours": 1});
    let (mut resource, _) = clouds.made(Gcp, &values).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(clouds.made(Gcp, &values).await.0);
    }
    let driver = clouds.driver(Gcp).await;
    resource = resource.at(&driver.url);
    clouds.gone(&mut resource).await;
    clouds.aws.minutes(90);
    clouds.ready(&mut resource, &values).await;
    // Lists still show it held and overdue, to another replica too, which looks at so many that they share one.
    clouds.fault(Gcp, json!({"kind": "stale_reads", "count": 1_000, "action": "memorystore.instances.list"}));
    let driver = clouds.driver(Gcp).await;
    for other in &others {
        other.at(&driver.url).forgetful().get().await;
    }
    assert!(clouds.gcp.control().calls().count("memorystore.instances.list") > 0);
    let swept = sweep(&driver).await;
    assert_eq!(told(&swept), [("remove", Overtaken)], "{swept:#?}");
    assert_eq!(clouds.gcp.control().calls().count("memorystore.instances.delete"), 0);
    assert_eq!(clouds.at(Gcp).await.len(), 6);
}

#[tokio::test]
async fn a_held_cache_that_is_overdue_comes_back_only_once_that_is_certain() {
    let clouds = Clouds::start().await;
    let values = json!({"on_delete": "hold", "delete_hold_hours": 1});
    let (mut resource, made) = clouds.made(Aws, &values).await;
    let driver = clouds.driver(Aws).await;
    resource = resource.at(&driver.url);
    clouds.gone(&mut resource).await;
    clouds.aws.minutes(90);
    let pending = resource.put(values.clone()).await.is(202);
    assert!(pending.message().contains("taken back"), "{}", pending.text);
    clouds.aws.minutes(2);
    assert_eq!(resource.put(values).await.is(200).body["resource"], made.body["resource"]);
    is_idle(&sweep(&driver).await);
}

#[tokio::test]
async fn a_cloud_that_is_busy_is_asked_again_until_it_can_be_told_to_hold() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let values = json!({"on_delete": "hold"});
    world.create(&mut resource, &values).await;
    let id = world.only_cache().await["ReplicationGroupId"].clone();
    world.mutate(json!({"op": "status", "id": id, "status": "snapshotting", "seconds": 600})).await;
    resource.delete().await.is(202);
    assert!(!world.only_cache().await.to_string().contains("st=held"));
    world.minutes(11);
    resource.delete_until_settled().await.is(204);
    assert!(world.only_cache().await.to_string().contains("st=held"));
    assert_eq!(world.count("DeleteReplicationGroup"), 0);
}

#[tokio::test]
async fn protection_and_a_creation_that_never_was_ready_are_as_without_hold() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut kept = world.resource(&driver);
    world.create(&mut kept, &json!({"on_delete": "hold", "deletion_protection": true})).await;
    kept.delete().await.refused("RES-110");
    let mut young = world.resource(&driver);
    young.put(json!({"on_delete": "hold"})).await.is(202);
    young.delete().await.is(202);
    world.minutes(20);
    young.delete_until_settled().await.is(204);
    // The young one is removed, or held if it was ready before it could be; the protected one is neither.
    let caches = world.caches().await;
    let kept = caches.iter().find(|cache| cache.to_string().contains(&kept.id)).unwrap().to_string();
    assert!(kept.contains("p=1") && !kept.contains("st=held"), "{kept}");
    young.get().await.is(404);
}

#[tokio::test]
async fn a_cache_with_a_ttl_lives_that_long_and_no_longer() {
    for provider in CLOUDS {
        let clouds = Clouds::start().await;
        let values = json!({"ttl": "24h"});
        let (mut resource, made) = clouds.made(provider, &values).await;
        let driver = clouds.driver(provider).await;
        resource = resource.at(&driver.url);
        let before = clouds.mutating();
        clouds.aws.minutes(12 * 60);
        for asked in [values.clone(), json!({"ttl": "1440m"}), json!({})] {
            assert_eq!(resource.put(asked).await.is(200).body["resource"], made.body["resource"]);
        }
        is_idle(&sweep(&driver).await);
        assert_eq!(clouds.mutating(), before, "{provider}: the same ttl again changes nothing");
        clouds.aws.minutes(13 * 60);
        assert_eq!(told(&dry_run(&driver).await), [("expire", Would)], "{provider}");
        assert_eq!(clouds.mutating(), before);
        assert_eq!(told(&sweep(&driver).await), [("expire", Begun)], "{provider}");
        swept(&clouds, &driver, provider).await;
    }
}

#[tokio::test]
async fn another_ttl_moves_the_end_and_rewrites_the_mark_alone() {
    for provider in CLOUDS {
        let clouds = Clouds::start().await;
        let (mut resource, made) = clouds.made(provider, &json!({"ttl": "24h"})).await;
        let driver = clouds.driver(provider).await;
        resource = resource.at(&driver.url);
        clouds.aws.minutes(20 * 60);
        let before = clouds.mutating();
        let moved = clouds.ready(&mut resource, &json!({"ttl": "3d"})).await;
        assert_eq!(clouds.mutating(), before + 1, "{provider}");
        assert_eq!(moved.body["resource"], made.body["resource"]);
        clouds.aws.minutes(24 * 60);
        is_idle(&sweep(&driver).await);
        // A ttl that is over already would be a removal: that is said.
        let refused = resource.put(json!({"ttl": "40h"})).await.refused("RES-101");
        assert_eq!(refused.fields(), ["driver.values.ttl"]);
        assert!(refused.hint().contains("DELETE") || refused.text.contains("DELETE"), "{}", refused.text);
        assert_eq!(clouds.mutating(), before + 1, "{provider}");
        clouds.aws.minutes(30 * 60);
        assert_eq!(told(&sweep(&driver).await), [("expire", Begun)], "{provider}");
    }
}

#[tokio::test]
async fn the_end_of_a_ttl_is_a_delete_with_its_protection_its_hold_and_its_detaching() {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Aws).await;
    let mut all = Vec::new();
    for more in [json!({"deletion_protection": true}), json!({"on_delete": "hold"}), json!({"on_delete": "detach"})] {
        let mut resource = clouds.aws.resource(&driver);
        clouds.ready(&mut resource, &json!({"ttl": "24h"})).await;
        clouds.ready(&mut resource, &more).await;
        all.push(resource);
    }
    clouds.aws.minutes(25 * 60);
    let swept = sweep(&driver).await;
    let outcome = |resource: usize| {
        let of = |action: &&cache_driver::driver::SweepAction| action.id.as_ref().unwrap().as_str() == all[resource].id;
        swept.actions.iter().find(of).unwrap()
    };
    assert_eq!((outcome(0).outcome, outcome(0).error.unwrap().as_str()), (Protected, "RES-110"), "{swept:#?}");
    assert!(outcome(0).message.contains(&format!("cache-driver release {}", all[0].id)), "{swept:#?}");
    assert!(!swept.has_failed());
    assert_eq!((outcome(1).outcome, outcome(2).outcome), (Done, Done), "{swept:#?}");
    assert_eq!(clouds.at(Aws).await.len(), 3);
    all[0].get().await.is(200);
    for gone in &mut all[1..] {
        gone.get().await.is(404);
    }

    // Once its protection is lifted it goes, and what is held goes after its time.
    let id = GuResId::parse(&all[0].id).unwrap();
    let planned = driver.driver.release(&id, true, Duration::ZERO).await.unwrap();
    assert!(planned.caches[0].was_protected && planned.caches[0].is_protected, "{planned:?}");
    let released = driver.driver.release(&id, false, Duration::ZERO).await.unwrap();
    assert!(released.caches[0].was_protected && !released.caches[0].is_protected, "{released:?}");
    clouds.aws.minutes(2);
    assert_eq!(told(&sweep(&driver).await), [("expire", Begun)]);
    clouds.aws.minutes(73 * 60);
    assert_eq!(told(&sweep(&driver).await), [("remove", Begun)]);
    clouds.aws.minutes(20);
    is_idle(&sweep(&driver).await);
    assert_eq!(clouds.at(Aws).await.len(), 1, "what was let go stays");
}

#[tokio::test]
async fn a_retired_cache_is_removed_after_its_grace_and_its_successor_stays() {
    for (from, to) in [(Aws, Gcp), (Gcp, Azure), (Azure, Aws)] {
        let clouds = Clouds::start().await;
        let (mut resource, _) = clouds.made(from, &json!({})).await;
        let driver = clouds.driver(to).await;
        resource = resource.at(&driver.url);
        let new = clouds.ready(&mut resource, &json!({"on_provider_change": "replace"})).await;
        assert_eq!(clouds.at(from).await.len(), 1, "{from} to {to}");
        clouds.aws.minutes(20);
        assert!(clouds.is_retired(from).await, "{from} to {to}: {:#?}", clouds.at(from).await);
        is_idle(&sweep(&driver).await);
        clouds.aws.minutes(24 * 60 + 1);
        assert_eq!(told(&sweep(&driver).await), [("remove", Begun)], "{from} to {to}");
        swept(&clouds, &driver, from).await;
        assert_eq!(resource.get().await.is(200).body["resource"], new.body["resource"]);
    }
}

#[tokio::test]
async fn a_rotation_is_ended_though_no_put_comes() {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Aws).await;
    let mut resource = clouds.aws.resource(&driver);
    let old = clouds.ready(&mut resource, &json!({})).await.password();
    let new = clouds.ready(&mut resource, &json!({"rotate": 1})).await.password();
    assert_eq!(clouds.at(Aws).await[0]["auth_token_sha256"], json!([sha256(&new), sha256(&old)]));
    is_idle(&sweep(&driver).await);
    clouds.aws.minutes(70);
    let before = clouds.mutating();
    assert_eq!(told(&dry_run(&driver).await), [("settle", Would)]);
    assert_eq!(clouds.mutating(), before);
    assert_eq!(told(&sweep(&driver).await), [("settle", Done)]);
    clouds.aws.minutes(10);
    assert_eq!(clouds.at(Aws).await[0]["auth_token_sha256"], json!([sha256(&new)]));
    is_idle(&sweep(&driver).await);
    assert_eq!(resource.get().await.is(200).password(), new);
}

#[tokio::test]
async fn a_rotation_is_ended_on_the_other_clouds_too() {
    for (provider, values) in [(Azure, json!({})), (Gcp, json!({"engine": "valkey"}))] {
        let clouds = Clouds::start().await;
        let (mut resource, _) = clouds.made(provider, &values).await;
        let driver = clouds.driver(provider).await;
        resource = resource.at(&driver.url);
        let mut wanted = values.clone();
        wanted["rotate"] = json!(1);
        let new = clouds.ready(&mut resource, &wanted).await;
        clouds.aws.minutes(70);
        assert_eq!(told(&dry_run(&driver).await), [("settle", Would)], "{provider}");
        // Some clouds want a call at a time.
        for _ in 0..5 {
            let swept = sweep(&driver).await;
            assert!(!swept.has_failed(), "{provider}: {swept:#?}");
            clouds.aws.minutes(15);
        }
        is_idle(&sweep(&driver).await);
        assert_eq!(resource.get().await.is(200).body["resource"], new.body["resource"], "{provider}");
    }
}

#[tokio::test]
async fn a_failed_creation_is_left_to_its_caller_and_cleared_away_when_none_comes() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "create_failed", "message": "no synthetic machines are left"}));
    resource.put(json!({})).await.is(202);
    // The driver that made it is gone, and nobody polls.
    drop(driver);
    let driver = world.driver().await;
    world.minutes(30);
    is_idle(&sweep(&driver).await);
    world.minutes(40);
    let swept = sweep(&driver).await;
    assert_eq!(told(&swept), [("clear", Begun)], "{swept:#?}");
    assert!(swept.actions[0].message.contains("no synthetic machines are left"), "{swept:#?}");
    world.minutes(10);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn parameters_that_no_cache_has_any_more_are_removed_and_others_stay() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut kept = world.resource(&driver);
    world.create(&mut kept, &json!({"eviction_policy": "allkeys-lfu"})).await;
    let mut gone = world.resource(&driver);
    world.create(&mut gone, &json!({"eviction_policy": "allkeys-lru"})).await;
    gone.delete().await.is(202);
    world.minutes(90);
    let before = world.mutating();
    assert_eq!(told(&dry_run(&driver).await), [("tidy", Would)]);
    assert_eq!(world.mutating(), before);
    assert_eq!(told(&sweep(&driver).await), [("tidy", Done)]);
    assert_eq!(world.count("DeleteCacheParameterGroup"), 1);
    is_idle(&sweep(&driver).await);
    // Whoever wants the same again gets it made anew.
    world.create(&mut gone, &json!({"eviction_policy": "allkeys-lru"})).await;
}

#[tokio::test]
async fn two_sweeps_at_once_do_everything_once() {
    let world = World::start().await;
    let driver = world.driver().await;
    for _ in 0..3 {
        let mut resource = world.resource(&driver);
        world.create(&mut resource, &json!({"on_delete": "hold", "delete_hold_hours": 1})).await;
        resource.delete_until_settled().await.is(204);
    }
    world.minutes(90);
    let other = world.driver().await;
    let (one, two) = tokio::join!(sweep(&driver), sweep(&other));
    for swept in [&one, &two] {
        assert!(!swept.has_failed(), "{swept:#?}");
    }
    let begun = |swept: &Sweep| swept.actions.iter().filter(|action| action.outcome == Begun).count();
    assert!(begun(&one) + begun(&two) >= 3, "{one:#?} {two:#?}");
    world.minutes(20);
    assert!(world.caches().await.is_empty());
    is_idle(&sweep(&driver).await);
}

#[tokio::test]
async fn what_cannot_be_done_now_is_told_with_its_reason_and_done_by_the_next_sweep() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"on_delete": "hold", "delete_hold_hours": 1})).await;
    resource.delete_until_settled().await.is(204);
    world.minutes(90);
    let id = world.only_cache().await["ReplicationGroupId"].clone();
    world.mutate(json!({"op": "status", "id": id, "status": "snapshotting", "seconds": 600})).await;
    let swept = sweep(&driver).await;
    assert_eq!(told(&swept), [("remove", Later)], "{swept:#?}");
    assert!(!swept.has_failed() && swept.actions[0].message.contains("snapshotting"), "{swept:#?}");
    world.fault(json!({"kind": "throttle", "action": "DeleteReplicationGroup", "times": 1}));
    world.minutes(11);
    let swept = sweep(&driver).await;
    assert_eq!(told(&swept), [("remove", Later)], "{swept:#?}");
    assert!(!swept.has_failed(), "{swept:#?}");
    world.minutes(11);
    assert_eq!(told(&sweep(&driver).await), [("remove", Begun)]);
}

#[tokio::test]
async fn a_place_that_may_not_be_listed_is_told_and_does_not_hinder_the_others() {
    let clouds = Clouds::start().await;
    let values = json!({"on_delete": "hold", "delete_hold_hours": 1});
    let (mut resource, _) = clouds.made(Aws, &values).await;
    let driver = clouds.driver(Aws).await;
    resource = resource.at(&driver.url);
    clouds.gone(&mut resource).await;
    clouds.aws.minutes(90);
    clouds.fault(Azure, json!({"kind": "access_denied", "times": 0}));
    let swept = sweep(&driver).await;
    assert_eq!(told(&swept), [("remove", Begun)], "{swept:#?}");
    assert!(swept.has_failed());
    assert!(!swept.failures.is_empty() && swept.failures.iter().all(|failure| failure.provider == Azure), "{swept:#?}");
    assert!(swept.failures.iter().all(|failure| failure.error.as_str() == "RES-103"), "{swept:#?}");
    let only = SweepOptions { provider: Some(Gcp), ..SweepOptions::default() };
    is_idle(&driver.driver.sweep(only).await);
}

#[tokio::test]
async fn nothing_of_anybody_else_is_touched() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    let cache = world.only_cache().await;
    let strange: [Value; 3] = [
        json!("cache-driver/1 id=res-1 w=000000000000 t=1000000000 d=delete st=frozen i=delete-1000000000"),
        json!("cache-driver/1 id=res-1 st=held i=delete-1000000000"),
        json!("sessions of the shop"),
    ];
    let before = world.mutating();
    for description in strange {
        let id = cache["ReplicationGroupId"].clone();
        world.mutate(json!({"op": "set", "id": id, "fields": {"description": description}})).await;
        world.minutes(60 * 24);
        is_idle(&sweep(&driver).await);
    }
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn release_lifts_the_protection_of_the_cloud_as_well_and_changes_nothing_else() {
    for (provider, values) in
        [(Aws, json!({})), (Gcp, json!({"engine": "valkey"})), (Gcp, json!({})), (Azure, json!({}))]
    {
        let clouds = Clouds::start().await;
        let mut protected = values.clone();
        protected["deletion_protection"] = json!(true);
        let (mut resource, made) = clouds.made(provider, &protected).await;
        let driver = clouds.driver(provider).await;
        resource = resource.at(&driver.url);
        resource.delete().await.refused("RES-110");
        let id = GuResId::parse(&resource.id).unwrap();
        let mut released = false;
        for _ in 0..10 {
            // A cloud that takes its time is told as such, and the command goes on where it was.
            match driver.driver.release(&id, false, Duration::ZERO).await {
                Ok(release) => released = !release.caches[0].is_protected,
                Err(error) => assert!(error.details.retryable, "{provider}: {error}"),
            }
            clouds.aws.minutes(15);
            if released {
                break;
            }
        }
        assert!(released, "{provider}");
        let before = clouds.mutating();
        let again = driver.driver.release(&id, false, Duration::ZERO).await.unwrap();
        assert!(!again.caches[0].was_protected && !again.caches[0].is_protected, "{provider}: {again:?}");
        assert_eq!(clouds.mutating(), before);
        assert_eq!(resource.get().await.is(200).body["resource"], made.body["resource"]);
        let shown = clouds.at(provider).await[0].to_string();
        assert!(!shown.contains("\"deletionProtectionEnabled\":true"), "{provider}: {shown}");
        clouds.gone(&mut resource).await;
    }
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Aws).await;
    let nobody = driver.driver.release(&GuResId::parse("no-such-resource").unwrap(), false, Duration::ZERO).await;
    assert_eq!(nobody.unwrap_err().code.as_str(), "RES-114");
}

#[tokio::test]
async fn a_delete_without_cookie_is_certain_or_refused() {
    let clouds = Clouds::start().await;
    let (resource, _) = clouds.made(Gcp, &json!({})).await;
    let driver = clouds.driver(Aws).await;
    let resource = resource.at(&driver.url);
    clouds.fault(Gcp, json!({"kind": "access_denied", "times": 0}));
    let refused = resource.forgetful().delete().await.refused("RES-103");
    assert!(refused.hint().contains("delete_unverifiable"), "{}", refused.text);
    assert_eq!(clouds.at(Gcp).await.len(), 1);
}

#[tokio::test]
async fn what_a_delete_without_cookie_has_found_in_one_place_may_be_in_another_too() {
    let clouds = Clouds::start().await;
    let (resource, _) = clouds.made(Aws, &json!({})).await;
    let driver = clouds.driver(Aws).await;
    let mut resource = resource.at(&driver.url);
    clouds.fault(Gcp, json!({"kind": "access_denied", "times": 0}));
    resource.forgetful().delete().await.is(202);
    clouds.aws.minutes(20);
    let refused = resource.forgetful().delete().await.refused("RES-103");
    assert!(refused.hint().contains("send the last cookie"), "{}", refused.text);
    assert!(clouds.at(Aws).await.is_empty());
    // With the cookie it is known where it was.
    resource.delete().await.is(204);
}

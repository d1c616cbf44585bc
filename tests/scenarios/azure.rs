//! What only Azure does: a cache of two parts, shells with a host name, failed updates of caches that go on living.

use cache_driver::cache::Provider::Azure;
use serde_json::{Value, json};

use crate::harness::{Caller, Clouds};

async fn here() -> (Clouds, crate::harness::Server, Caller) {
    let clouds = Clouds::start().await;
    let driver = clouds.driver(Azure).await;
    let resource = clouds.aws.resource(&driver);
    (clouds, driver, resource)
}

#[tokio::test]
async fn a_cache_is_made_changed_and_removed_by_the_same_request_as_elsewhere() {
    for values in [json!({"size": "small"}), json!({"size": "small", "mode": "cluster"})] {
        let (clouds, _driver, mut resource) = here().await;
        let made = clouds.ready(&mut resource, &values).await;
        assert_eq!(*made.value("product"), "azure/managed-redis");
        assert_eq!(*made.value("cluster_mode"), values.get("mode").is_some());
        let mut wanted = values.clone();
        (wanted["eviction_policy"], wanted["high_availability"]) = (json!("allkeys-lru"), json!(true));
        resource.put(wanted.clone()).await.is(202);
        let changed = clouds.ready(&mut resource, &wanted).await;
        assert_eq!(changed.value("host"), made.value("host"));
        assert_eq!(changed.body["resource"]["secrets"], made.body["resource"]["secrets"]);
        let before = clouds.mutating();
        resource.put(wanted).await.is(200);
        assert_eq!(clouds.mutating(), before, "nothing is left to do");
        clouds.gone(&mut resource).await;
        assert_eq!(clouds.at(Azure).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn the_database_follows_the_cluster_for_a_caller_that_only_looks() {
    let (clouds, _driver, mut resource) = here().await;
    resource.put(json!({})).await.is(202);
    let ready = crate::harness::eventually("a GET with outputs", || {
        let mut resource = resource.clone();
        let clouds = &clouds;
        async move {
            clouds.aws.minutes(1);
            let answer = resource.get().await;
            (answer.status == 200).then_some(answer)
        }
    })
    .await;
    assert_eq!(*ready.value("port"), 10000);
    assert_eq!(resource.put(json!({})).await.is(200).body["resource"], ready.body["resource"]);
}

#[tokio::test]
async fn a_removal_of_several_calls_ends_though_nobody_comes_back() {
    let (clouds, driver, mut resource) = here().await;
    let group = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/caches";
    let subnet = format!("{group}/providers/Microsoft.Network/virtualNetworks/apps/subnets/caches");
    clouds.ready(&mut resource, &json!({"azure": {"private_endpoint_subnet_id": subnet}})).await;
    resource.delete().await.is(202);
    crate::harness::eventually("the end of the work in the background", || async {
        clouds.aws.seconds(15);
        driver.driver.kept_up().is_empty().then_some(())
    })
    .await;
    assert_eq!(clouds.at(Azure).await, Vec::<Value>::new());
}

#[tokio::test]
async fn another_driver_makes_the_database_of_a_cluster_that_was_left_alone() {
    let clouds = Clouds::start().await;
    let mut config = clouds.config(Azure);
    config.lifecycle.background_tasks = 0;
    let first = clouds.aws.driver_with(config).await;
    let mut resource = clouds.aws.resource(&first);
    resource.put(json!({})).await.is(202);
    drop(first);
    clouds.aws.minutes(30);
    let second = clouds.driver(Azure).await;
    let mut resource = resource.at(&second.url).forgetful();
    clouds.ready(&mut resource, &json!({})).await;
    assert_eq!(clouds.at(Azure).await.len(), 1);
}

#[tokio::test]
async fn a_capacity_failure_is_told_its_shell_goes_and_a_later_put_succeeds() {
    for with_cookie in [true, false] {
        let (clouds, _driver, mut resource) = here().await;
        clouds.fault(Azure, json!({"kind": "capacity"}));
        resource.put(json!({})).await.is(202);
        let mut refused = None;
        for _ in 0..10 {
            clouds.aws.minutes(3);
            let mut asking = if with_cookie { resource.clone() } else { resource.forgetful() };
            let answer = asking.put(json!({})).await;
            if answer.status == 400 {
                refused = Some(answer);
                break;
            }
        }
        let refused = refused.expect("the failure is told").refused("RES-107");
        assert!(refused.text.contains("capacity"), "{}", refused.text);
        assert_eq!(refused.body["details"]["retryable"], true, "{}", refused.text);
        let made = clouds.ready(&mut resource, &json!({})).await;
        assert_eq!(*made.value("provider"), "azure");
        assert_eq!(clouds.at(Azure).await.len(), 1);
    }
}

#[tokio::test]
async fn a_failed_update_deletes_nothing() {
    let (clouds, _driver, mut resource) = here().await;
    let made = clouds.ready(&mut resource, &json!({})).await;
    clouds.fault(Azure, json!({"kind": "update_failed", "message": "no synthetic machine could be changed"}));
    let wanted = json!({"size": "large"});
    let mut told = None;
    for _ in 0..10 {
        let answer = resource.put(wanted.clone()).await;
        if answer.status == 400 {
            told = Some(answer);
            break;
        }
        clouds.aws.minutes(7);
    }
    let told = told.expect("the failure is told");
    assert!(["RES-104", "RES-107"].contains(&told.body["error"].as_str().unwrap()), "{}", told.text);
    let removals = |clouds: &Clouds| clouds.azure.control().calls().count("redisEnterprise.delete");
    assert_eq!((clouds.at(Azure).await.len(), removals(&clouds)), (1, 0));
    // What was marked as failed by Azure stays so until somebody mends it there.
    let name = made.value("name").as_str().unwrap();
    let mended = json!({"op": "status", "id": name, "provisioning_state": "Succeeded", "resource_state": "Running"});
    clouds.azure.control().mutate(mended).await.unwrap();
    // The mark still tells of that update: it is told with its cause, and the next one tries anew.
    resource.put(wanted.clone()).await.is(400);
    let again = clouds.ready(&mut resource, &wanted).await;
    assert_eq!(again.value("host"), made.value("host"));
    assert_eq!(removals(&clouds), 0);
}

#[tokio::test]
async fn a_rotation_hands_out_the_idle_key_and_ends_the_other() {
    let (clouds, _driver, mut resource) = here().await;
    let password = |answer: &crate::harness::Answer| answer.body["resource"]["secrets"]["password"].clone();
    let made = clouds.ready(&mut resource, &json!({})).await;
    let mut known = vec![password(&made)];
    // Generations may skip numbers.
    for generation in [1, 2, 4, 7] {
        let wanted = json!({"rotate": generation});
        let rotated = clouds.ready(&mut resource, &wanted).await;
        assert!(!known.contains(&password(&rotated)), "generation {generation} has a password of its own");
        known.push(password(&rotated));
        // After the grace the one before is no longer good; the one in use stays.
        clouds.aws.minutes(48 * 60);
        let settled = clouds.ready(&mut resource, &wanted).await;
        assert_eq!(password(&settled), password(&rotated));
    }
}

#[tokio::test]
async fn what_azure_lacks_is_named_before_anything_is_called() {
    let (clouds, _driver, mut resource) = here().await;
    let before = clouds.azure.control().calls().to_json()["total"].clone();
    for (values, path) in [
        (json!({"azure": {"sku": "Enterprise_E10"}}), "driver.values.azure.sku"),
        (json!({"azure": {"sku": "Balanced_B2"}}), "driver.values.azure.sku"),
        (json!({"region": "marsnorth"}), "driver.values.region"),
        (json!({"engine": "valkey"}), "driver.values.engine"),
        (json!({"replicas": 3}), "driver.values.replicas"),
    ] {
        let refused = resource.put(values).await.refused("RES-101");
        assert!(refused.fields().contains(&path), "{path}: {}", refused.text);
    }
    assert_eq!(clouds.azure.control().calls().to_json()["total"], before);
}

#[tokio::test]
async fn what_is_missing_in_the_subscription_is_told_with_the_command_that_mends_it() {
    for (missing, command) in [
        (json!({"op": "unregister_provider", "namespace": "Microsoft.Cache"}), "az provider register"),
        (json!({"op": "remove_resource_group", "name": "caches"}), "az group create"),
    ] {
        let (clouds, _driver, mut resource) = here().await;
        clouds.azure.control().mutate(missing).await.unwrap();
        let refused = resource.put(json!({})).await.refused("RES-111");
        assert!(refused.hint().contains(command), "{}", refused.text);
    }
}

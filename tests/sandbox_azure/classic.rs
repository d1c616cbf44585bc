//! Classic caches.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{CLASSIC, Cloud, SUBSCRIPTION, classic, standard};

#[tokio::test]
async fn the_service_rewrites_what_it_is_asked_for() {
    let cloud = Cloud::start().await;
    let made = cloud.put(&classic("Cache-1"), standard()).await;
    assert_eq!((made.status, made.state().0, made.followed()), (201, "Creating", (true, true)));
    assert_eq!(made.body["type"], "Microsoft.Cache/Redis");
    assert!(made.body["id"].as_str().unwrap().ends_with("/providers/Microsoft.Cache/Redis/Cache-1"));
    assert_eq!(made.body["location"], "West US 2");
    let shown = &made.body["properties"];
    assert_eq!(shown["redisVersion"], "6.0");
    assert_eq!(shown["redisConfiguration"]["maxmemory-delta"], "125", "10 is less than the least");
    assert_eq!(shown["redisConfiguration"]["maxmemory-policy"], "allkeys-lru");
    assert_eq!(shown["redisConfiguration"]["maxclients"], "1000");
    assert_eq!(shown["hostName"], "cache-1.redis.cache.windows.net");
    assert_eq!((&shown["port"], &shown["sslPort"]), (&json!(6379), &json!(6380)));
    assert_eq!(shown["instances"][1], json!({ "sslPort": 15001, "isMaster": false, "isPrimary": false }));
    assert!(shown["accessKeys"]["primaryKey"].is_string(), "a PUT answers with the keys");

    cloud.seconds(721);
    let running = cloud.get(&classic("cache-1")).await;
    assert_eq!(running.state().0, "Succeeded");
    assert_eq!(running.body["properties"]["accessKeys"], Value::Null, "a GET does not");
    assert_eq!(running.body["properties"]["instances"][0]["isPrimary"], true);
    let keys = cloud.post(&format!("{}/listKeys", classic("cache-1")), json!({})).await;
    assert_eq!(keys.body, shown["accessKeys"]);
}

#[tokio::test]
async fn tags_change_at_once_and_settings_by_an_operation() {
    let cloud = Cloud::start().await;
    cloud.running_classic("c").await;
    let tagged = cloud.patch(&classic("c"), json!({ "tags": { "a": "b" } })).await;
    assert_eq!((tagged.status, tagged.followed(), &tagged.body["tags"]), (200, (false, false), &json!({ "a": "b" })));

    let policy = json!({ "properties": { "redisConfiguration": { "maxmemory-policy": "noeviction" } } });
    let changed = cloud.patch(&classic("c"), policy).await;
    assert_eq!((changed.status, changed.followed(), changed.state().0), (202, (true, true), "Updating"));
    assert_eq!(changed.header("location"), changed.header("azure-asyncoperation"));
    let busy = cloud.patch(&classic("c"), json!({ "properties": { "enableNonSslPort": true } })).await;
    assert_eq!(busy.refused(), (409, "Conflict"));
    assert!(busy.message().contains("is busy processing a previous update request"), "{}", busy.message());
    assert!(busy.message().contains("\r\nRequestID="));
    assert_eq!(busy.body["error"].get("target"), Some(&Value::Null));
    assert_eq!(busy.header("retry-after"), None);
    cloud.seconds(121);
    let now = cloud.get(&classic("c")).await;
    assert_eq!(now.body["properties"]["redisConfiguration"]["maxmemory-policy"], "noeviction");
    assert_eq!(now.body["properties"]["redisConfiguration"]["maxmemory-delta"], "125", "the rest stays");

    let mut bigger = standard();
    bigger["properties"]["sku"]["capacity"] = json!(2);
    let scaled = cloud.put(&classic("c"), bigger.clone()).await;
    assert_eq!((scaled.status, scaled.followed(), scaled.state().0), (200, (true, false), "Scaling"));
    cloud.seconds(1201);
    let same = cloud.put(&classic("c"), bigger).await;
    assert_eq!((same.status, same.followed(), same.state().0), (200, (false, false), "Succeeded"));
    assert_eq!(same.body["properties"]["redisConfiguration"]["maxmemory-delta"], "299");
}

#[tokio::test]
async fn a_key_is_made_anew_at_once_and_the_other_stays() {
    let cloud = Cloud::start().await;
    cloud.running_classic("c").await;
    let before = cloud.post(&format!("{}/listKeys", classic("c")), json!({})).await.body;
    let path = format!("{}/regenerateKey", classic("c"));
    let after = cloud.post(&path, json!({ "keyType": "Secondary" })).await;
    assert_eq!((after.status, after.followed()), (200, (false, false)));
    assert_eq!(after.body["primaryKey"], before["primaryKey"]);
    assert_ne!(after.body["secondaryKey"], before["secondaryKey"]);
    assert_eq!(cloud.post(&path, json!({ "keyType": "Third" })).await.refused(), (400, "BadRequest"));
}

#[tokio::test]
async fn a_name_is_had_by_one_cache_only() {
    let cloud = Cloud::start().await;
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cache/CheckNameAvailability");
    let ask = |name: &str| json!({ "name": name, "type": "Microsoft.Cache/redis" });
    let check = |name: &str| cloud.call(Method::POST, &path, CLASSIC, Some(ask(name)));
    let free = check("c").await;
    assert_eq!((free.status, free.body), (200, Value::Null));
    cloud.put(&classic("c"), standard()).await;
    assert_eq!(check("C").await.refused(), (409, "NameNotAvailable"));
    let elsewhere = classic("c").replace("Caches", "Others");
    assert_eq!(cloud.put(&elsewhere, standard()).await.refused(), (409, "NameNotAvailable"));
    cloud.mutate(json!({"op": "take_name", "name": "of-others"})).await;
    assert_eq!(cloud.put(&classic("of-others"), standard()).await.refused(), (409, "NameNotAvailable"));
    assert_eq!(cloud.count("redis.checkNameAvailability"), 2);
}

#[tokio::test]
async fn firewall_rules_and_patch_schedules_are_there_at_once() {
    let cloud = Cloud::start().await;
    cloud.running_classic("c").await;
    let rule = format!("{}/firewallRules/office", classic("c"));
    let range = |end: &str| json!({ "properties": { "startIP": "10.0.0.1", "endIP": end } });
    let made = cloud.put(&rule, range("10.0.0.9")).await;
    assert_eq!((made.status, &made.body["name"]), (201, &json!("c/office")));
    assert_eq!(made.body["type"], "Microsoft.Cache/redis/firewallRules", "unlike anywhere else");
    assert_eq!(cloud.put(&rule, range("10.0.0.10")).await.status, 200);
    assert_eq!(cloud.get(&rule).await.body["properties"]["endIP"], "10.0.0.10");
    assert_eq!(cloud.get(&format!("{}/firewallRules", classic("c"))).await.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(cloud.delete(&rule).await.status, 200);
    assert_eq!(cloud.get(&rule).await.refused(), (404, "ResourceNotFound"));

    let schedule = format!("{}/patchSchedules/default", classic("c"));
    let entries = json!({ "properties": { "scheduleEntries": [{ "dayOfWeek": "Monday", "startHourUtc": 6 }] } });
    let made = cloud.put(&schedule, entries).await;
    assert_eq!((made.status, made.followed()), (200, (false, false)), "it is never new");
    assert_eq!(made.body["type"], "Microsoft.Cache/Redis/PatchSchedules");
    assert_eq!(made.body["properties"]["scheduleEntries"][0]["maintenanceWindow"], "PT5H");
}

#[tokio::test]
async fn access_for_somebody_takes_minutes_and_keeps_the_cache_busy() {
    let cloud = Cloud::start().await;
    cloud.running_classic("c").await;
    let path = format!("{}/accessPolicyAssignments/me", classic("c"));
    let body = json!({ "properties": { "accessPolicyName": "Data Contributor", "objectId": SUBSCRIPTION, "objectIdAlias": "me" } });
    let made = cloud.put(&path, body.clone()).await;
    assert_eq!((made.status, made.state().0), (201, "Updating"));
    assert!(made.header("location").unwrap().contains("/asyncOperations/"));
    assert_eq!(cloud.put(&path, body.clone()).await.refused(), (409, "Conflict"));
    cloud.seconds(181);
    assert_eq!(cloud.get(&path).await.state().0, "Succeeded");
    let mut other = body;
    other["properties"]["objectIdAlias"] = json!("you");
    let changed = cloud.put(&path, other).await;
    assert_eq!((changed.status, changed.state().0), (201, "Updating"), "a change, too");
    assert_eq!(changed.body["properties"]["objectIdAlias"], "you", "what it becomes is shown at once");
    cloud.seconds(181);
    let deleted = cloud.delete(&path).await;
    assert_eq!((deleted.status, deleted.body), (202, Value::Null));
}

#[tokio::test]
async fn creation_can_be_refused_to_new_customers() {
    let cloud = Cloud::start().await;
    cloud.running_classic("old").await;
    cloud.mutate(json!({"op": "refuse_classic_creation", "refuse": true})).await;
    let refused = cloud.put(&classic("new"), standard()).await;
    assert_eq!(refused.refused(), (400, "BadRequest"));
    assert!(refused.message().contains("Azure Managed Redis"));
    assert_eq!(cloud.put(&classic("old"), standard()).await.status, 200, "what exists can still be changed");
}

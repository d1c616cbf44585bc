//! A Managed Redis cluster from create to gone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Cloud, MANAGED, cluster, database, small, with_keys};

#[tokio::test]
async fn a_cluster_is_created_running_and_deleted_in_its_time() {
    let cloud = Cloud::start().await;
    let made = cloud.put(&cluster("cache-1"), small()).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.state(), ("Creating", "Creating"));
    assert_eq!(made.followed(), (true, true));
    assert_eq!(made.body["location"], "West Europe", "it was asked for as westeurope");
    assert_eq!(made.body["kind"], "v2");
    assert_eq!(made.body["type"], "Microsoft.Cache/redisEnterprise");
    assert_eq!(made.body["id"], cluster("cache-1"));
    assert_eq!(made.body["identity"], json!({ "type": "None" }));
    assert_eq!(made.body["properties"]["hostName"], "cache-1.westeurope.redis.azure.net", "it is there from the start");
    assert_eq!(made.body["properties"]["redundancyMode"], "ZR");
    assert_eq!(made.body["properties"]["privateEndpointConnections"], json!([]));

    cloud.seconds(300);
    assert_eq!(cloud.get(&cluster("cache-1")).await.state(), ("Creating", "Creating"));
    cloud.seconds(100);
    let running = cloud.get(&cluster("CACHE-1")).await;
    assert_eq!(running.state(), ("Succeeded", "Running"));
    assert_eq!(running.body["tags"], json!({ "team": "shop" }));
    assert_eq!(running.followed(), (false, false));

    let deleted = cloud.delete(&cluster("cache-1")).await;
    assert_eq!((deleted.status, deleted.followed()), (202, (true, true)));
    assert_eq!(deleted.state(), ("Deleting", "Deleting"));
    assert_eq!(cloud.delete(&cluster("cache-1")).await.status, 202, "asked again it is still the same");
    cloud.seconds(304);
    assert_eq!(cloud.get(&cluster("cache-1")).await.state(), ("Deleting", "Deleting"));
    cloud.seconds(2);
    let result = cloud.follow(deleted.header("location").unwrap()).await;
    assert_eq!((result.status, &result.body), (204, &Value::Null));
    let gone = cloud.get(&cluster("cache-1")).await;
    assert_eq!(gone.refused(), (404, "ResourceNotFound"));
    assert_eq!(cloud.delete(&cluster("cache-1")).await.status, 204);
}

#[tokio::test]
async fn the_database_has_a_life_of_its_own_and_goes_with_its_cluster() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let none = cloud.get(&database("c")).await;
    assert_eq!(none.refused(), (404, "ResourceNotFound"));
    let made = cloud.put(&database("c"), with_keys()).await;
    assert_eq!((made.status, made.state(), made.followed()), (201, ("Creating", "Creating"), (true, true)));
    assert_eq!(made.body["properties"]["port"], 10_000);
    assert_eq!(made.body["properties"]["redisVersion"], "7.4");
    assert_eq!(made.body["type"], "Microsoft.Cache/redisEnterprise/databases");
    cloud.seconds(10);
    assert_eq!(cloud.get(&database("c")).await.state(), ("Succeeded", "Running"));

    assert_eq!(cloud.delete(&cluster("c")).await.status, 202);
    cloud.seconds(306);
    let gone = cloud.get(&database("c")).await;
    assert_eq!(gone.refused(), (404, "ParentResourceNotFound"));
    // A new cluster of that name starts without a database.
    cloud.running_cluster("c").await;
    assert_eq!(cloud.get(&database("c")).await.refused(), (404, "ResourceNotFound"));
}

#[tokio::test]
async fn of_racing_creates_exactly_one_makes_it_when_all_ask_for_a_new_one() {
    let cloud = Cloud::start().await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = format!("{}?api-version={MANAGED}", cluster("c"));
        let request = cloud.request(Method::PUT, &path).header("If-None-Match", "*").json(&small());
        racing.spawn(request.send());
    }
    let answers = racing.join_all().await;
    let mut statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn a_put_without_condition_overwrites() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let mut body = small();
    body["tags"] = json!({ "somebody": "else" });
    let answer = cloud.put(&cluster("c"), body).await;
    assert_eq!((answer.status, answer.followed()), (200, (false, false)), "tags alone change at once");
    assert_eq!(cloud.get(&cluster("c")).await.body["tags"], json!({ "somebody": "else" }));

    let mut body = small();
    body["sku"] = json!({ "name": "Balanced_B1" });
    body.as_object_mut().unwrap().remove("tags");
    let answer = cloud.put(&cluster("c"), body).await;
    assert_eq!((answer.status, answer.followed()), (200, (true, true)));
    assert_eq!(answer.state(), ("Updating", "Scaling"));
    cloud.seconds(601);
    let scaled = cloud.get(&cluster("c")).await;
    assert_eq!(scaled.body["sku"], json!({ "name": "Balanced_B1" }));
    assert_eq!(scaled.body["tags"], Value::Null, "what a PUT leaves out is gone");
}

#[tokio::test]
async fn a_put_while_it_is_created_has_no_headers_to_follow() {
    let cloud = Cloud::start().await;
    cloud.put(&cluster("c"), small()).await;
    let again = cloud.put(&cluster("c"), small()).await;
    assert_eq!((again.status, again.state(), again.followed()), (200, ("Creating", "Creating"), (false, false)));
    let mut other = small();
    other["sku"] = json!({ "name": "Balanced_B5" });
    assert_eq!(cloud.put(&cluster("c"), other).await.refused(), (409, "Conflict"));
}

#[tokio::test]
async fn a_patch_changes_only_what_it_names() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let tagged = cloud.patch(&cluster("c"), json!({ "tags": { "a": "b" } })).await;
    assert_eq!((tagged.status, tagged.followed()), (200, (false, false)));
    assert_eq!(tagged.body["tags"], json!({ "a": "b" }));

    let change = json!({ "sku": { "name": "Balanced_B3" }, "tags": { "a": "c" } });
    let changed = cloud.patch(&cluster("c"), change).await;
    assert_eq!((changed.status, changed.followed()), (202, (true, true)));
    assert_eq!(changed.body["tags"], json!({ "a": "c" }), "the mark is there with the change that it describes");
    assert_eq!(changed.body["sku"], json!({ "name": "Balanced_B0" }), "until the change is through");
    cloud.seconds(601);
    let now = cloud.get(&cluster("c")).await;
    assert_eq!(now.body["sku"], json!({ "name": "Balanced_B3" }));
    assert_eq!(now.body["properties"]["publicNetworkAccess"], "Enabled");
    assert_eq!(cloud.patch(&cluster("nobody"), json!({ "tags": {} })).await.refused(), (404, "ResourceNotFound"));
}

#[tokio::test]
async fn the_sizes_to_scale_to_are_listed_without_its_own() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let listed = cloud.post(&format!("{}/listSkusForScaling", cluster("c")), json!({})).await;
    let skus = listed.body["skus"].as_array().unwrap();
    assert!(skus.contains(&json!({ "name": "Balanced_B5", "sizeInGB": 6 })));
    assert!(skus.iter().all(|sku| sku["name"] != "Balanced_B0"));
}

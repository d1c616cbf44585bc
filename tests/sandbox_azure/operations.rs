//! What callers follow while something goes on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Cloud, MANAGED, classic, cluster, database, small, standard, with_keys};

#[tokio::test]
async fn the_address_of_an_operation_is_absolute_signed_and_long() {
    let cloud = Cloud::start().await;
    let made = cloud.put(&cluster("c"), small()).await;
    for header in ["azure-asyncoperation", "location"] {
        let address = made.header(header).unwrap();
        assert!(address.starts_with(&cloud.running.url()), "{address}");
        assert!((3000..4096).contains(&address.len()), "{}", address.len());
        for part in ["?api-version=2025-07-01&t=", "&c=", "&s=", "&h="] {
            assert!(address.contains(part), "{part}");
        }
    }
    let status = made.header("azure-asyncoperation").unwrap();
    assert!(status.contains("/providers/Microsoft.Cache/locations/West%20Europe/operationsStatus/"));
    assert!(made.header("location").unwrap().contains("/redisEnterprise/c/operationresults/"));
    assert_eq!(made.header("retry-after"), None, "the service never says when to come back");

    assert_eq!(cloud.follow(status).await.status, 200);
    let cut = &status[..status.len() - 20];
    assert_eq!(cloud.follow(cut).await.refused(), (400, "InvalidOperationAddress"));
}

#[tokio::test]
async fn addresses_begin_as_the_caller_sees_the_cloud() {
    let cloud = Cloud::start().await;
    let request = cloud.request(Method::PUT, &format!("{}?api-version={MANAGED}", cluster("c")));
    let request = request.header("Host", "management.azure.com").header("X-Forwarded-Proto", "https").json(&small());
    let made = cloud.send(request).await;
    let address = made.header("azure-asyncoperation").unwrap();
    assert!(address.starts_with("https://management.azure.com/subscriptions/"), "{}", &address[..80]);
}

#[tokio::test]
async fn an_operation_of_managed_redis_is_pending_then_in_progress_then_succeeded() {
    let cloud = Cloud::start().await;
    let made = cloud.put(&cluster("c"), small()).await;
    let address = made.header("azure-asyncoperation").unwrap();
    let pending = cloud.follow(address).await;
    assert_eq!((pending.status, &pending.body["status"]), (200, &json!("Pending")));
    assert_eq!(pending.body["startTime"], "2026-01-05T10:00:00.0000000+00:00");
    assert_eq!(pending.body["endTime"], "0001-01-01T00:00:00+00:00");
    assert_eq!(pending.header("azure-asyncoperation"), None);
    cloud.seconds(2);
    let running = cloud.follow(address).await;
    assert_eq!(running.body["status"], "InProgress");
    assert_eq!(running.body["endTime"], "2026-01-05T10:00:02.0000000+00:00", "it moves while there is no end");
    assert!(running.body.get("error").is_none());
    let result = made.header("location").unwrap();
    assert_eq!(cloud.follow(result).await.status, 202);

    cloud.seconds(400);
    let done = cloud.follow(address).await;
    assert_eq!(done.body["status"], "Succeeded");
    assert_eq!(done.body["endTime"], "2026-01-05T10:06:00.0000000+00:00");
    assert!(done.body["id"].as_str().unwrap().contains("/locations/West Europe/operationsStatus/"), "{}", done.body);
    let result = cloud.follow(result).await;
    assert_eq!((result.status, result.state()), (200, ("Succeeded", "Running")));
}

#[tokio::test]
async fn a_put_on_a_database_is_always_an_operation() {
    let cloud = Cloud::start().await;
    cloud.running_database("c").await;
    let again = cloud.put(&database("c"), with_keys()).await;
    assert_eq!((again.status, again.followed()), (200, (true, true)));
    assert_eq!(again.state(), ("Updating", "Updating"));
    cloud.seconds(6);
    let done = cloud.follow(again.header("azure-asyncoperation").unwrap()).await;
    assert_eq!(done.body["status"], "Succeeded");
}

#[tokio::test]
async fn a_classic_operation_says_null_wherever_it_can() {
    let cloud = Cloud::start().await;
    let made = cloud.put(&classic("c"), standard()).await;
    let address = made.header("azure-asyncoperation").unwrap().to_owned();
    assert!(address.contains("/locations/West%20US%202/asyncOperations/"));
    let location = made.header("location").unwrap();
    assert!(location.contains("/Microsoft.Cache/Redis/c?api-version=2024-11-01&t="), "it is the cache itself");
    let running = cloud.follow(&address).await;
    assert_eq!(running.body["status"], "InProgress");
    for name in ["startTime", "endTime", "percentComplete", "properties", "error"] {
        assert_eq!(running.body.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(running.header("azure-asyncoperation"), Some(address.as_str()), "the answer repeats the address");
    cloud.seconds(900);
    assert_eq!(cloud.follow(&address).await.body["status"], "Succeeded");
}

#[tokio::test]
async fn a_classic_delete_has_a_location_and_nothing_else() {
    let cloud = Cloud::start().await;
    cloud.running_classic("c").await;
    let deleted = cloud.delete(&classic("c")).await;
    assert_eq!((deleted.status, deleted.followed(), &deleted.body), (202, (false, true), &Value::Null));
    let address = deleted.header("location").unwrap();
    assert!(address.contains("/locations/West%20US%202/operationresults/"));
    let running = cloud.follow(address).await;
    assert_eq!((running.status, &running.body["status"]), (202, &json!("InProgress")));
    assert_eq!(running.followed(), (true, true));
    cloud.seconds(401);
    let done = cloud.follow(address).await;
    assert_eq!((done.status, &done.body["status"], done.followed()), (200, &json!("Succeeded"), (false, false)));
    let gone = cloud.get(&classic("c")).await;
    assert_eq!(gone.refused(), (404, "ResourceNotFound"));
    assert_eq!(gone.header("x-ms-failure-cause"), Some("gateway"));
    assert_eq!(cloud.delete(&classic("c")).await.status, 204);
}

#[tokio::test]
async fn an_operation_that_nobody_started_is_not_found() {
    let cloud = Cloud::start().await;
    let path = "/subscriptions/s/providers/Microsoft.Cache/locations/westeurope/operationsStatus/1";
    assert_eq!(cloud.get(path).await.refused(), (404, "OperationNotFound"));
}

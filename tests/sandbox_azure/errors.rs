//! What is not there and not allowed, in the shapes of ARM and of its providers.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Cloud, SUBSCRIPTION, classic, cluster, database, group, small};

#[tokio::test]
async fn what_never_was_and_what_went_are_missed_in_different_shapes() {
    let cloud = Cloud::start().await;
    let never = cloud.get(&cluster("c")).await;
    assert_eq!(never.refused(), (404, "ResourceNotFound"));
    assert_eq!(never.header("x-ms-failure-cause"), Some("gateway"));
    assert_eq!(
        never.message(),
        "The Resource 'Microsoft.Cache/redisEnterprise/c' under resource group 'Caches' was not found. For more details please \
         go to https://aka.ms/ARMResourceNotFoundFix"
    );
    cloud.running_cluster("c").await;
    cloud.delete(&cluster("c")).await;
    cloud.seconds(306);
    let went = cloud.get(&cluster("c")).await;
    assert_eq!(went.refused(), (404, "ResourceNotFound"));
    assert_eq!(went.header("x-ms-failure-cause"), None);
    assert!(went.body["error"]["target"].is_null() && went.body["error"].get("target").is_some());
    for word in ["CorrelationID=", "RequestID=", "Timestamp=01/05/2026 10:11:46 (UTC)"] {
        assert!(went.message().contains(word), "{word} in {}", went.message());
    }
    cloud.seconds(3600);
    assert_eq!(cloud.get(&cluster("c")).await.header("x-ms-failure-cause"), Some("gateway"));
    let part = cloud.get(&database("c")).await;
    assert_eq!(part.refused(), (404, "ParentResourceNotFound"));
}

#[tokio::test]
async fn every_call_needs_a_version_that_exists() {
    let cloud = Cloud::start().await;
    let none = cloud.send(cloud.request(Method::GET, &cluster("c"))).await;
    assert_eq!(none.refused(), (400, "MissingApiVersionParameter"));
    for (version, code) in [
        ("2030-01-01", "NoRegisteredProviderFound"),
        ("2024-11-01", "NoRegisteredProviderFound"),
        ("latest", "InvalidApiVersionParameter"),
        ("2025-13-01", "InvalidApiVersionParameter"),
    ] {
        let refused = cloud.call(Method::GET, &cluster("c"), version, None).await;
        assert_eq!(refused.refused(), (400, code), "{version}");
        assert!(refused.message().contains("2025-07-01"), "it lists what there is");
    }
    assert_eq!(cloud.call(Method::GET, &classic("c"), "2024-11-01", None).await.status, 404);
    let old = cloud.call(Method::PUT, &cluster("c"), "2024-10-01", Some(small())).await;
    assert_eq!(old.refused(), (400, "BadRequest"), "older versions do not know these sizes");
}

#[tokio::test]
async fn prerequisites_exist_until_they_are_taken_away() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    cloud.mutate(json!({"op": "remove_resource_group", "name": "caches"})).await;
    let refused = cloud.get(&cluster("c")).await;
    assert_eq!(refused.refused(), (404, "ResourceGroupNotFound"));
    assert_eq!(refused.message(), "Resource group 'Caches' could not be found.");
    assert_eq!(cloud.put(&cluster("c"), small()).await.refused(), (404, "ResourceGroupNotFound"));
    assert_eq!(cloud.get(&group()).await.refused(), (404, "ResourceGroupNotFound"));
    assert_eq!(cloud.put(&group(), json!({ "location": "westeurope" })).await.status, 201);
    assert_eq!(cloud.get(&cluster("c")).await.refused(), (404, "ResourceNotFound"), "it went with its group");

    cloud.mutate(json!({"op": "remove_prerequisite", "name": SUBSCRIPTION})).await;
    assert_eq!(cloud.get(&cluster("c")).await.refused(), (404, "SubscriptionNotFound"));
    cloud.mutate(json!({"op": "restore", "name": SUBSCRIPTION})).await;
    assert_eq!(cloud.get(&group()).await.status, 200);
}

#[tokio::test]
async fn a_namespace_that_is_not_registered_can_be() {
    let cloud = Cloud::start().await;
    let provider = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cache");
    assert_eq!(cloud.get(&provider).await.body["registrationState"], "Registered");
    cloud.mutate(json!({"op": "unregister_provider", "namespace": "Microsoft.Cache"})).await;
    let refused = cloud.put(&cluster("c"), small()).await;
    assert_eq!(refused.refused(), (409, "MissingSubscriptionRegistration"));
    assert_eq!(cloud.get(&provider).await.body["registrationState"], "NotRegistered");
    let registering = cloud.post(&format!("{provider}/register"), json!({})).await;
    assert_eq!((registering.status, &registering.body["registrationState"]), (200, &json!("Registering")));
    assert_eq!(cloud.put(&cluster("c"), small()).await.status, 409);
    cloud.seconds(61);
    assert_eq!(cloud.get(&provider).await.body["registrationState"], "Registered");
    assert_eq!(cloud.put(&cluster("c"), small()).await.status, 201);
    assert_eq!(cloud.count("providers.register"), 1);
}

#[tokio::test]
async fn what_is_denied_says_which_permission_is_missing() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    cloud.mutate(json!({"op": "deny", "permission": "Microsoft.Cache/redisEnterprise/write"})).await;
    let refused = cloud.patch(&cluster("c"), json!({ "tags": {} })).await;
    assert_eq!(refused.refused(), (403, "AuthorizationFailed"));
    assert!(refused.message().contains("'Microsoft.Cache/redisEnterprise/write'"), "{}", refused.message());
    assert!(refused.message().contains(&cluster("c")));
    assert_eq!(cloud.get(&cluster("c")).await.status, 200);
    let permissions = cloud.get(&format!("{}/providers/Microsoft.Authorization/permissions", group())).await;
    assert_eq!(permissions.body["value"][0]["notActions"], json!(["microsoft.cache/redisenterprise/write"]));
    cloud.mutate(json!({"op": "allow", "permission": "Microsoft.Cache/redisEnterprise/write"})).await;
    cloud.mutate(json!({"op": "deny", "permission": "Microsoft.Cache/locations/*"})).await;
    let deleted = cloud.delete(&cluster("c")).await;
    let status = cloud.follow(deleted.header("azure-asyncoperation").unwrap()).await;
    assert_eq!(status.refused(), (403, "AuthorizationFailed"), "what was started can still not be tracked");
}

#[tokio::test]
async fn what_does_not_exist_at_all_is_a_clean_error() {
    let cloud = Cloud::start().await;
    let unknown = format!("{}/providers/Microsoft.Cache/cassandra/c", group());
    assert_eq!(cloud.get(&unknown).await.refused(), (404, "InvalidResourceType"));
    assert_eq!(cloud.get("/nowhere").await.refused(), (404, "NotFound"));
    let provider = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Nothing");
    assert_eq!(cloud.get(&provider).await.refused(), (404, "InvalidResourceNamespace"));
    let answer = cloud.post(&format!("{}/dance", cluster("c")), json!({})).await;
    assert_eq!(answer.refused(), (405, "HttpMethodNotAllowed"));
}

#[tokio::test]
async fn every_answer_has_the_headers_of_arm() {
    let cloud = Cloud::start().await;
    cloud.running_cluster("c").await;
    let read = cloud.get(&cluster("c")).await;
    for name in ["x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id", "cache-control"] {
        assert!(read.header(name).is_some(), "{name}");
    }
    assert_eq!(read.header("x-ms-ratelimit-remaining-subscription-global-reads"), Some("3749"));
    let write = cloud.patch(&cluster("c"), json!({ "tags": {} })).await;
    assert_eq!(write.header("x-ms-ratelimit-remaining-subscription-global-writes"), Some("2999"));
}

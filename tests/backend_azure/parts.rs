//! What a cache may have beside its database: who may connect, and the way there.

use cache_driver::backend::{ConnectionPassword, Goal, Phase};
use cache_driver::cache::Auth;
use serde_json::json;

use crate::harness::{Cloud, OBJECT, SUBNET, ZONE, parts};

#[tokio::test]
async fn a_creation_ends_when_all_its_parts_are_there() {
    let cloud = Cloud::start().await;
    let values = json!({
        "auth": "iam",
        "azure": {"object_ids": OBJECT, "private_endpoint_subnet_id": SUBNET, "private_dns_zone_id": ZONE},
    });
    let (seen, calls) = cloud.led("cache-abc", values.clone(), &cloud.mark()).await;
    assert_eq!(
        calls,
        [
            "redisEnterprise.create",
            "databases.create",
            "accessPolicyAssignments.create",
            "privateEndpoints.create",
            "privateDnsZoneGroups.create",
        ]
    );
    assert_eq!(seen.phase, Phase::Ready);
    assert_eq!(parts(&seen), ["database", "accessPolicyAssignment", "privateEndpoint", "privateDnsZoneGroup"]);
    assert_eq!(cloud.backend.changes(&cloud.resolve(values), &seen), []);
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    assert_eq!((connection.auth, connection.username.as_deref()), (Auth::Iam, Some(OBJECT)));
    assert!(matches!(connection.password, ConnectionPassword::None));
    assert_eq!(cloud.count("databases.listKeys"), 0, "there is no key to be read");

    let goal = Goal::Removed { final_snapshot: None };
    assert_eq!(cloud.run("cache-abc", &cloud.backend.steps(&goal, &seen)).await, ["privateEndpoints.delete"]);
    cloud.minutes(10);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(cloud.run("cache-abc", &cloud.backend.steps(&goal, &seen)).await, ["redisEnterprise.delete"]);
    cloud.minutes(10);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    assert_eq!(cloud.state().await["others"], json!([]), "nothing is left");
}

#[tokio::test]
async fn parts_are_added_to_a_cache_and_taken_away() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({})).await;
    let other = "00000000-0000-0000-0000-00000000000a";
    let (seen, _) = cloud.led("cache-abc", json!({"azure": {"object_ids": [OBJECT, other]}}), &cloud.new_mark()).await;
    assert_eq!(seen.fields["object_ids"].as_array().unwrap().len(), 2);
    let values = json!({"azure": {"object_ids": [other], "private_endpoint_subnet_id": SUBNET}});
    let (seen, calls) = cloud.led("cache-abc", values, &cloud.new_mark()).await;
    assert!(calls.contains(&"accessPolicyAssignments.delete") && calls.contains(&"privateEndpoints.create"));
    assert_eq!(seen.fields["object_ids"], json!([other]));
    assert!(seen.fields["private_endpoint_subnet_id"].as_str().unwrap().eq_ignore_ascii_case(SUBNET));
}

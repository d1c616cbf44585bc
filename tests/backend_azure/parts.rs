//! What a cache may have beside its database: who may connect, and the way there.

use cache_driver::backend::{ConnectionPassword, Goal, Kind, Phase};
use cache_driver::cache::Auth;
use serde_json::{Value, json};

use crate::harness::{Cloud, OBJECT, SUBNET, ZONE, parts, provided};

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

#[tokio::test]
async fn a_part_that_could_not_be_made_is_told_and_made_again() {
    let values = json!({"azure": {"object_ids": OBJECT, "private_endpoint_subnet_id": SUBNET}});
    for action in ["accessPolicyAssignments.create", "privateEndpoints.create"] {
        // At the creation, and by an update.
        for at_first in [true, false] {
            let cloud = Cloud::start().await;
            if !at_first {
                cloud.ready("cache-abc", json!({})).await;
                cloud.minutes(120);
            }
            let mark = if at_first { cloud.mark() } else { cloud.new_mark() };
            cloud.fault(json!({"kind": "create_failed", "message": "so it is", "action": action}));
            let (seen, calls) = cloud.led("cache-abc", values.clone(), &mark).await;
            assert_eq!((seen.phase, seen.status.as_str()), (Phase::Ready, "Running"), "{action} {at_first}");
            assert_eq!(calls.iter().filter(|call| **call == action).count(), 2, "{action} {at_first}: {calls:?}");
            assert_eq!(cloud.backend.changes(&cloud.resolve(values.clone()), &seen), []);
            assert_eq!(parts(&seen), ["database", "accessPolicyAssignment", "privateEndpoint"]);
            // The process that began it knows why; another one sees that it failed.
            let told = cloud.backend.diagnose(&cloud.at("cache-abc"), mark.since).await.unwrap();
            assert!(told.cause.unwrap().contains("so it is"), "{action} {at_first}");
        }
    }
}

#[tokio::test]
async fn a_part_that_failed_is_named_until_it_is_made_again() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "create_failed", "message": "", "action": "accessPolicyAssignments.create"}));
    let values = json!({"azure": {"object_ids": OBJECT}});
    for _ in 0..3 {
        let seen = cloud.observe("cache-abc").await;
        let steps = cloud.towards(values.clone(), &seen, &cloud.mark());
        cloud.run("cache-abc", &steps).await;
        cloud.minutes(12);
    }
    let seen = cloud.another().observe(&cloud.at("cache-abc")).await.unwrap();
    assert_eq!((seen.phase, seen.fields["object_ids"].clone()), (Phase::Creating, json!([])));
    assert!(seen.status.contains(OBJECT) && seen.status.contains("Failed"), "{}", seen.status);
    let told = cloud.another().diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(told.cause.unwrap().contains(OBJECT));
}

#[tokio::test]
async fn an_object_that_is_named_twice_gets_one_assignment() {
    let cloud = Cloud::start().await;
    let values = json!({"auth": "iam", "azure": {"object_ids": [OBJECT, OBJECT.to_uppercase(), OBJECT]}});
    let (seen, _) = cloud.led("cache-abc", values.clone(), &cloud.mark()).await;
    assert_eq!((seen.phase, &seen.fields["object_ids"]), (Phase::Ready, &json!([OBJECT])), "{}", seen.status);
    assert_eq!(cloud.count("accessPolicyAssignments.create"), 1);
    // Somebody else lets the same object in under a second name.
    let path = "Microsoft.Cache/redisEnterprise/cache-abc/databases/default/accessPolicyAssignments/second";
    let body = json!({"properties": {"accessPolicyName": "default", "user": {"objectId": OBJECT}}});
    cloud.raw("PUT", path, &body).await;
    cloud.minutes(5);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(seen.fields["object_ids"], json!([OBJECT]));
    assert_eq!(cloud.backend.changes(&cloud.resolve(values), &seen), []);
}

/// A private endpoint under the name that the driver would take, made by somebody else.
async fn foreign_endpoint(cloud: &Cloud, cluster: &str, tags: Value) {
    let target = provided(&format!("Microsoft.Cache/redisEnterprise/{cluster}"));
    let body = json!({
        "location": "westeurope", "tags": tags,
        "properties": {
            "subnet": {"id": SUBNET},
            "privateLinkServiceConnections": [
                {"name": "theirs", "properties": {"privateLinkServiceId": target, "groupIds": ["redisEnterprise"]}},
            ],
        },
    });
    cloud.raw("PUT", "Microsoft.Network/privateEndpoints/cache-abc-pe", &body).await;
    cloud.minutes(3);
}

#[tokio::test]
async fn somebody_elses_private_endpoint_of_the_name_is_neither_changed_nor_removed() {
    for tags in [json!({}), json!({"managed-by": "cache-driver", "cache-driver-id": "res-2"})] {
        let cloud = Cloud::start().await;
        cloud.ready("other", json!({})).await;
        foreign_endpoint(&cloud, "other", tags.clone()).await;
        let before = cloud.raw("GET", "Microsoft.Network/privateEndpoints/cache-abc-pe", &json!({})).await;

        let seen = cloud.ready("cache-abc", json!({})).await;
        let wanted = json!({"azure": {"private_endpoint_subnet_id": SUBNET, "private_dns_zone_id": ZONE}});
        let steps = cloud.towards(wanted, &seen, &cloud.new_mark());
        let at = cloud.at("cache-abc");
        for step in steps.iter().filter(|step| step.call.starts_with("private")) {
            let refused = cloud.backend.apply(&at, step).await.unwrap_err();
            assert_eq!((refused.kind, refused.operation), (Kind::Taken, step.call), "{refused}");
            assert!(refused.message.contains("cache-abc-pe") && refused.message.contains("caches"), "{refused}");
            assert!(refused.hint.unwrap().contains("name_salt"));
        }
        assert_eq!(steps.iter().filter(|step| step.call.starts_with("private")).count(), 2);

        let removal = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &cloud.observe("cache-abc").await);
        assert_eq!(cloud.run("cache-abc", &removal).await, ["redisEnterprise.delete"]);
        cloud.minutes(10);
        let after = cloud.raw("GET", "Microsoft.Network/privateEndpoints/cache-abc-pe", &json!({})).await;
        assert_eq!((&after["tags"], &after["properties"]), (&before["tags"], &before["properties"]));
    }
}

#[tokio::test]
async fn somebody_elses_private_endpoint_that_leads_to_the_cache_will_do_and_stays_theirs() {
    let cloud = Cloud::start().await;
    cloud.ready("cache-abc", json!({})).await;
    foreign_endpoint(&cloud, "cache-abc", json!({"team": "network"})).await;
    let seen = cloud.observe("cache-abc").await;
    let wanted = cloud.resolve(json!({"azure": {"private_endpoint_subnet_id": SUBNET}}));
    assert_eq!(cloud.backend.changes(&wanted, &seen), []);
    assert_eq!(parts(&seen), ["database"]);
    let removal = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert_eq!(removal.iter().map(|step| step.call).collect::<Vec<_>>(), ["redisEnterprise.delete"]);
}

#[tokio::test]
async fn a_private_endpoint_that_changed_hands_since_the_look_is_not_removed() {
    let cloud = Cloud::start().await;
    let (seen, _) =
        cloud.led("cache-abc", json!({"azure": {"private_endpoint_subnet_id": SUBNET}}), &cloud.mark()).await;
    let removal = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert_eq!(removal[0].call, "privateEndpoints.delete");
    foreign_endpoint(&cloud, "cache-abc", json!({"team": "network"})).await;
    cloud.backend.apply(&cloud.at("cache-abc"), &removal[0]).await.unwrap();
    assert_eq!(cloud.count("privateEndpoints.delete"), 0);
}

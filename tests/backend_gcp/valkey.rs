//! Valkey, from nothing to a cache that answers, and back to nothing.

use std::time::Duration;

use cache_driver::backend::{Class, ConnectionPassword, Credentials, Finding, Goal, Kind, Phase, Scope};
use cache_driver::cache::{Auth, Engine, Mark, Product};
use redis::{AsyncCommands, Client, TlsCertificates};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::valkey_cloud::{Cloud, spec};

const STANDARD: &str = "standard";
const CLUSTER: &str = "cluster";

async fn start(mode: &str) -> Cloud {
    Cloud::start(Product::GcpValkey, json!({ "mode": mode })).await
}

#[tokio::test]
async fn a_cache_is_created_connected_to_and_removed() {
    for mode in [STANDARD, CLUSTER] {
        let cloud = start(mode).await;
        let at = cloud.at("cache-abc");
        let absent = cloud.observe("cache-abc").await;
        assert_eq!((absent.phase, absent.account.as_str()), (Phase::Absent, "my-project"));
        assert_eq!(cloud.create("cache-abc", &json!({"size": "nano"})).await, ["create"]);
        let seen = cloud.observe("cache-abc").await;
        assert_eq!((seen.phase, seen.mark(), seen.endpoint.as_ref()), (Phase::Creating, Some(&cloud.mark()), None));
        assert!(seen.missing.is_empty(), "nothing can be made yet");
        assert_eq!(cloud.backend.connection(&at, &seen).await.unwrap_err().kind, Kind::Busy);

        let (seen, calls) = cloud.settle("cache-abc").await;
        assert_eq!(calls, ["addTokenAuthUser", "addAuthToken"]);
        assert_eq!(seen.mark(), Some(&cloud.mark()));
        assert!(seen.resource_id.as_deref().unwrap().ends_with("/locations/europe-west3/instances/cache-abc"));
        assert_eq!(cloud.backend.changes(&cloud.resolve(&json!({"size": "nano"})), &seen), []);

        let connection = cloud.backend.connection(&at, &seen).await.unwrap();
        assert_eq!((connection.endpoint.port, connection.tls, connection.auth), (6379, true, Auth::Password));
        let ConnectionPassword::Told(password) = &connection.password else { panic!("{connection:?}") };
        assert!(password.expose_secret().len() > 20);
        assert_eq!((connection.engine, connection.engine_version.as_deref()), (Engine::Valkey, Some("8.0")));
        assert_eq!((connection.memory_gb, connection.username.as_deref()), (Some(1.4), None));
        assert_eq!((connection.cluster_mode, connection.reader.is_some()), (mode == CLUSTER, mode == STANDARD));
        assert!(connection.ca_cert.as_deref().unwrap().contains("-----BEGIN CERTIFICATE-----"));
        assert!(!format!("{connection:?} {seen:?}").contains(password.expose_secret()));

        assert_eq!(cloud.removed("cache-abc").await, ["delete"]);
        assert_eq!(cloud.count("memorystore.instances.create"), 1);
    }
}

#[tokio::test]
async fn a_client_gets_in_with_what_the_connection_says() {
    let cloud = Cloud::connectable(Product::GcpValkey, json!({})).await;
    let at = cloud.at("cache-abc");
    let seen = cloud.ready("cache-abc", &json!({})).await;
    let connection = cloud.backend.connection(&at, &seen).await.unwrap();
    let ConnectionPassword::Told(password) = &connection.password else { panic!("{connection:?}") };
    let url = format!(
        "rediss://default:{}@{}:{}",
        password.expose_secret(),
        connection.endpoint.host,
        connection.endpoint.port
    );
    let root_cert = connection.ca_cert.map(String::into_bytes);
    let client = Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert }).unwrap();
    let mut client = client.get_multiplexed_async_connection().await.unwrap();
    let () = client.set("key", "value").await.unwrap();
    let value: String = client.get("key").await.unwrap();
    assert_eq!(value, "value");
}

#[tokio::test]
async fn the_wire_carries_what_was_resolved() {
    let cloud = start(CLUSTER).await;
    let key = "projects/my-project/locations/europe-west3/keyRings/r/cryptoKeys/k";
    let values = json!({
        "version": "7.2", "size": "large", "shards": 3, "high_availability": true, "auth": "none", "tls": true,
        "backup": {"days": 5, "window": "03:00-04:00"}, "maintenance_window": "sun:05:00-sun:06:00",
        "persistence": "aof", "eviction_policy": "noeviction", "encryption_key": key, "deletion_protection": true,
        "tags": {"Team": "A b"}, "context": {"env": "dev"},
        "gcp": {"network": "main", "aof_fsync": "always", "server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"},
    });
    let seen = cloud.ready("cache-abc", &values).await;
    for (field, expected) in [
        ("engine_version", json!("7.2")),
        ("mode", json!("cluster")),
        ("node_type", json!("STANDARD_SMALL")),
        ("shard_count", json!(3)),
        ("replica_count", json!(1)),
        ("zone_distribution", json!("MULTI_ZONE")),
        ("auth", json!("none")),
        ("tls", json!(true)),
        ("server_ca_mode", json!("GOOGLE_MANAGED_SHARED_CA")),
        ("encryption_key", json!(key)),
        ("network", json!("projects/my-project/global/networks/main")),
        ("persistence", json!("aof")),
        ("aof_fsync", json!("always")),
        ("backup_days", json!(5)),
        ("backup_hour", json!(3)),
        ("maintenance_window", json!("sun:05:00-sun:06:00")),
        ("deletion_protection_enabled", json!(true)),
        ("parameters", json!({"maxmemory-policy": "noeviction"})),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
    assert_eq!(seen.fields["labels"]["team"], "a_b");
    assert_eq!(seen.fields["labels"]["env"], "dev");
    assert_eq!(cloud.backend.changes(&cloud.resolve(&values), &seen), [], "what was set shows no changes");
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    assert!(matches!(connection.password, ConnectionPassword::None));
    assert!(connection.ca_cert.is_some(), "that of the region");
    assert_eq!(cloud.count("memorystore.instances.addTokenAuthUser"), 0);
}

#[tokio::test]
async fn a_change_of_several_fields_is_as_many_patches() {
    let cloud = start(CLUSTER).await;
    let before = cloud.ready("cache-abc", &json!({})).await;
    let values = json!({"shards": 3, "replicas": 1, "eviction_policy": "allkeys-lru"});
    let (after, calls) = cloud.converge("cache-abc", &values).await;
    assert_eq!(calls, ["patch"; 4], "the mark, and one for each field");
    assert_eq!((after.endpoint, after.created_at), (before.endpoint, before.created_at));
    for (field, expected) in [
        ("shard_count", json!(3)),
        ("replica_count", json!(1)),
        ("parameters", json!({"maxmemory-policy": "allkeys-lru"})),
    ] {
        assert_eq!(after.fields.get(field), Some(&expected), "{field}");
    }
}

#[tokio::test]
async fn every_change_that_can_be_made_ends_as_wanted() {
    let cloud = start(CLUSTER).await;
    cloud.ready("cache-abc", &json!({})).await;
    for values in [
        json!({"size": "xlarge", "shards": 4, "replicas": 2}),
        json!({"size": "small", "shards": 2, "replicas": 0}),
        json!({"version": "9.0"}),
        json!({"persistence": "rdb", "gcp": {"rdb_period": "ONE_HOUR"}}),
        json!({"persistence": "rdb", "gcp": {"rdb_period": "SIX_HOURS"}}),
        json!({"persistence": "aof"}),
        json!({"persistence": "none"}),
        json!({"backup": {"days": 3, "window": "01:00-02:00"}}),
        json!({"backup": {"days": 0}}),
        json!({"maintenance_window": "tue:00:00-tue:01:00"}),
        json!({"parameters": {"maxclients": "500"}}),
        json!({"deletion_protection": true}),
        json!({"deletion_protection": false}),
    ] {
        let (seen, _) = cloud.converge("cache-abc", &values).await;
        assert_eq!(cloud.backend.changes(&cloud.resolve(&values), &seen), [], "{values}");
    }
}

#[tokio::test]
async fn what_cannot_be_changed_would_replace_the_cache() {
    let cloud = start(STANDARD).await;
    let seen = cloud.ready("cache-abc", &json!({})).await;
    for (values, field) in [
        (json!({"tls": false}), "tls"),
        (json!({"auth": "iam"}), "auth"),
        (json!({"mode": "cluster"}), "mode"),
        (json!({"gcp": {"network": "other"}}), "network"),
        (json!({"gcp": {"zone": "europe-west3-a"}}), "zone_distribution"),
    ] {
        let wanted = cloud.resolve(&values);
        let changes = cloud.backend.changes(&wanted, &seen);
        assert_eq!(changes.iter().map(|c| (c.field.as_str(), c.class)).collect::<Vec<_>>(), [(field, Class::Replace)]);
        assert!(cloud.present(&wanted, &changes, &cloud.mark(), &seen).is_empty(), "it is not sent");
    }
}

#[tokio::test]
async fn done_is_not_ready() {
    let cloud = start(STANDARD).await;
    let seen = cloud.ready("cache-abc", &json!({})).await;
    let wanted = cloud.resolve(&json!({"maintenance_window": "tue:00:00-tue:01:00", "persistence": "rdb"}));
    let changes = cloud.backend.changes(&wanted, &seen);
    let window: Vec<_> = changes.iter().filter(|change| change.field == "maintenance_window").cloned().collect();
    cloud.run("cache-abc", cloud.present(&wanted, &window, &cloud.mark(), &seen)).await;
    // The operation is done by then, the change is not.
    cloud.pass(Duration::from_secs(30)).await;
    let changing = cloud.observe("cache-abc").await;
    assert_eq!((changing.phase, changing.endpoint == seen.endpoint), (Phase::Changing, true));
    let rest: Vec<_> = changes.iter().filter(|change| change.field == "persistence").cloned().collect();
    let [step] = cloud.present(&wanted, &rest, &cloud.mark(), &changing).try_into().unwrap();
    let early = cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap_err();
    assert_eq!(early.kind, Kind::Busy, "{early}");
    assert_eq!(cloud.settle("cache-abc").await.0.phase, Phase::Ready);
}

#[tokio::test]
async fn protection_is_lifted_before_the_removal() {
    let cloud = start(STANDARD).await;
    cloud.ready("cache-abc", &json!({"deletion_protection": true})).await;
    assert_eq!(cloud.removed("cache-abc").await, ["patch", "delete"]);
}

#[tokio::test]
async fn a_creation_that_failed_vanishes_and_its_cause_is_told() {
    let cloud = start(STANDARD).await;
    let message = "FAILED_PRECONDITION: Invalid resource state for \"cache-abc\": No service connection policy is associated \
                   with project: my-project";
    cloud.fault(json!({"kind": "create_failed", "message": message}));
    cloud.create("cache-abc", &json!({})).await;
    let (seen, calls) = cloud.settle("cache-abc").await;
    assert_eq!((seen.phase, calls.len()), (Phase::Absent, 0));
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert_eq!(told.kind, Some(Kind::Prerequisite), "{told:?}");
    let cause = told.cause.unwrap();
    assert!(cause.contains("No service connection policy") && cause.contains("gcp-memorystore"), "{cause}");
    // And once more: the name is free again.
    cloud.pass(Duration::from_mins(1)).await;
    cloud.ready("cache-abc", &json!({})).await;
}

#[tokio::test]
async fn a_missing_policy_shows_in_the_cause_with_its_remedy() {
    let cloud = start(STANDARD).await;
    cloud.mutate(json!({"op": "remove_prerequisite", "kind": "service_connection_policy"})).await;
    cloud.create("cache-abc", &json!({"gcp": {"network": "main"}})).await;
    assert_eq!(cloud.settle("cache-abc").await.0.phase, Phase::Absent);
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert_eq!(told.kind, Some(Kind::Prerequisite), "{told:?}");
    assert!(told.cause.unwrap().contains("--service-class=gcp-memorystore "));
}

#[tokio::test]
async fn creating_what_exists_and_removing_what_is_absent_succeed() {
    let cloud = start(STANDARD).await;
    let steps = cloud.present(&cloud.resolve(&json!({})), &[], &cloud.mark(), &cloud.observe("cache-abc").await);
    cloud.run("cache-abc", steps.clone()).await;
    cloud.run("cache-abc", steps).await;
    let (seen, _) = cloud.settle("cache-abc").await;
    let remove = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &seen);
    cloud.run("cache-other", remove).await;
}

#[tokio::test]
async fn a_lost_answer_loses_nothing() {
    let cloud = start(STANDARD).await;
    for call in ["create", "addTokenAuthUser", "tokenAuthUsers.addAuthToken"] {
        cloud.fault(json!({"kind": "drop_after", "times": 1, "action": format!("memorystore.instances.{call}")}));
    }
    let at = cloud.at("cache-abc");
    let mut lost = 0;
    for _ in 0..60 {
        let seen = cloud.observe("cache-abc").await;
        if seen.phase == Phase::Ready {
            break;
        }
        for step in cloud.present(&cloud.resolve(&json!({})), &[], &cloud.mark(), &seen) {
            if let Err(error) = cloud.backend.apply(&at, &step).await {
                assert_eq!(error.kind, Kind::Unavailable, "{error}");
                lost += 1;
            }
        }
        cloud.pass(Duration::from_mins(1)).await;
    }
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, lost), (Phase::Ready, 3));
    assert_eq!(seen.parts.iter().filter(|(kind, _)| kind == "authToken").count(), 1, "one token, and no second one");
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_busy() {
    let cloud = start(STANDARD).await;
    cloud.ready("cache-abc", &json!({})).await;
    for status in ["ENCHANTED", "MIGRATING"] {
        cloud.mutate(json!({"op": "status", "id": "cache-abc", "status": status, "seconds": 60})).await;
        let seen = cloud.observe("cache-abc").await;
        assert_eq!((seen.phase, seen.status.as_str(), seen.endpoint.is_some()), (Phase::Busy, status, true));
    }
}

#[tokio::test]
async fn every_cache_is_listed_with_whose_it_is() {
    let cloud = start(STANDARD).await;
    for number in 0..5 {
        cloud.create(&format!("cache-{number}"), &json!({})).await;
    }
    cloud.settle("cache-4").await;
    cloud.mutate(json!({"op": "labels", "id": "cache-3", "labels": {"cache-driver-id": null}})).await;
    let scope = |location: &str| Scope { account: None, location: location.to_owned(), credentials: Credentials::Own };
    let listed = cloud.backend.list(&scope("europe-west3")).await.unwrap();
    let (own, others): (Vec<_>, Vec<_>) = listed.iter().partition(|cache| cache.mark() == Some(&cloud.mark()));
    assert_eq!((own.len(), others.len(), others[0].place.name.as_str()), (4, 1, "cache-3"));
    assert!(listed.iter().all(|cache| cache.place.product == Product::GcpValkey));
    // The list shows as much of a cache as a look.
    let seen = cloud.observe("cache-4").await;
    let same = listed.iter().find(|cache| cache.place.name.as_str() == "cache-4").unwrap();
    assert_eq!((same.phase, &same.status, same.created_at), (seen.phase, &seen.status, seen.created_at));
    assert_eq!(same.fields.as_ref(), Some(&seen.fields));
    assert!(cloud.backend.list(&scope("us-east1")).await.unwrap().is_empty());
    assert!(cloud.observe("cache-3").await.mark().is_none());
}

#[tokio::test]
async fn the_mark_alone_is_one_call_and_leaves_other_labels() {
    let cloud = start(STANDARD).await;
    cloud.ready("cache-abc", &json!({"tags": {"team": "shop"}})).await;
    cloud.mutate(json!({"op": "labels", "id": "cache-abc", "labels": {"owner": "somebody"}})).await;
    let retired = Mark { adopted: true, capacity: Some("1.5".to_owned()), ..cloud.mark() };
    let (seen, calls) =
        cloud.led("cache-abc", |seen| cloud.backend.steps(&Goal::Marked { mark: &retired }, seen)).await;
    assert_eq!((seen.mark(), calls), (Some(&retired), vec!["patch"]));
    assert_eq!((&seen.fields["labels"]["owner"], &seen.fields["labels"]["team"]), (&json!("somebody"), &json!("shop")));
}

#[tokio::test]
async fn what_is_missing_in_the_project_is_found() {
    let cloud = start(STANDARD).await;
    let at = cloud.at("cache-abc");
    let findings = cloud.backend.preflight(&at, &[].into()).await;
    assert!(findings.len() > 3 && findings.iter().all(|finding| !finding.is_problem()), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.message.contains("gcp-memorystore in europe-west3")), "{findings:?}");
    let remove = json!({"op": "remove_prerequisite", "kind": "api", "service": "memorystore.googleapis.com"});
    cloud.mutate(remove).await;
    let findings: Vec<_> =
        cloud.backend.preflight(&at, &[].into()).await.into_iter().filter(Finding::is_problem).collect();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].to_string().contains("gcloud services enable"), "{findings:?}");
}

#[tokio::test]
async fn a_cache_goes_to_the_place_that_the_request_names() {
    let cloud = start(STANDARD).await;
    let place = |values: Value| cloud.backend.place(&spec(&values), &cloud.at("cache-abc").place.name);
    let there = place(json!({})).unwrap();
    assert_eq!((there.account.as_deref(), there.location.as_str()), (Some("my-project"), "europe-west3"));
    assert_eq!(place(json!({"region": "us-east1"})).unwrap_err()[0].path, "driver.values.region");
}

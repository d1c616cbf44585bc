//! Memorystore for Redis, from nothing to an instance that answers, and back.

use std::sync::Arc;

use cache_driver::backend::{Class, ConnectionPassword, Goal, Kind, Ownership, Phase, Scope};
use cache_driver::cache::{Auth, Engine, Mark, MarkError, Product};
use cache_driver::clock::SystemClock;
use cache_driver::random::SystemSource;
use cache_driver::sandbox::data_plane::{RealServers, choose};
use redis::{AsyncCommands, Client, TlsCertificates};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::instances::Cloud;

async fn cloud() -> Cloud {
    Cloud::start(Product::GcpRedis).await
}

#[tokio::test]
async fn an_instance_is_created_connected_to_and_removed() {
    let cloud = cloud().await;
    let absent = cloud.observe("cache-abc").await;
    assert_eq!((absent.phase, absent.account.as_str()), (Phase::Absent, "example-project"));

    cloud.create("cache-abc", json!({"size": "medium"})).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark(), seen.endpoint.as_ref()), (Phase::Creating, Some(&cloud.mark()), None));
    let early = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap_err();
    assert_eq!(early.kind, Kind::Busy);

    cloud.minutes(10);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!(seen.phase, Phase::Ready);
    let id = "projects/example-project/locations/europe-west3/instances/cache-abc";
    assert_eq!(seen.resource_id.as_deref(), Some(id));
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    assert_eq!((connection.endpoint.port, connection.tls, connection.auth), (6378, true, Auth::Password));
    assert!(connection.ca_cert.unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let ConnectionPassword::Told(password) = &connection.password else { panic!("google tells it") };
    assert_eq!(password.expose_secret().len(), 36);
    assert_eq!((connection.engine, connection.engine_version.as_deref()), (Engine::Redis, Some("7.2")));
    assert_eq!((connection.memory_gb, connection.cluster_mode, connection.reader), (Some(3.0), false, None));
    assert_eq!(connection.username, None);

    cloud.remove("cache-abc").await;
    assert_eq!(cloud.count("redis.instances.create"), 1);
}

#[tokio::test]
async fn the_wire_carries_what_was_resolved() {
    let cloud = cloud().await;
    let key = "projects/keys/locations/europe-west3/keyRings/ring/cryptoKeys/key";
    let values = json!({
        "version": "7.0", "size": "large", "replicas": 2, "eviction_policy": "allkeys-lru", "persistence": "rdb",
        "maintenance_window": "sun:05:00-sun:06:00", "encryption_key": key, "tags": {"Team": "Shop"},
        "context": {"env": "dev"},
        "gcp": {
            "network": "projects/host/global/networks/shared", "connect_mode": "PRIVATE_SERVICE_ACCESS",
            "zone": "europe-west3-a", "alternative_zone": "europe-west3-b", "rdb_period": "SIX_HOURS",
            "display_name": "Sessions",
        },
    });
    let seen = cloud.ready("cache-abc", values.clone()).await;
    assert_eq!(cloud.backend.changes(&cloud.resolve(values), &seen), []);
    for (field, expected) in [
        ("engine_version", json!("7.0")),
        ("tier", json!("STANDARD_HA")),
        ("memory_size_gb", json!(6)),
        ("replica_count", json!(2)),
        ("read_replicas", json!(true)),
        ("network", json!("projects/host/global/networks/shared")),
        ("connect_mode", json!("PRIVATE_SERVICE_ACCESS")),
        ("zone", json!("europe-west3-a")),
        ("alternative_zone", json!("europe-west3-b")),
        ("encryption_key", json!(key)),
        ("parameters", json!({"maxmemory-policy": "allkeys-lru"})),
        ("persistence", json!("rdb")),
        ("rdb_period", json!("SIX_HOURS")),
        ("maintenance_window", json!("sun:05:00-sun:06:00")),
        ("display_name", json!("Sessions")),
        ("labels", json!({"team": "shop", "env": "dev"})),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
    assert!(seen.reader.is_some(), "replicas are read from");
}

#[tokio::test]
async fn several_fields_change_in_one_patch_with_the_mark() {
    let cloud = cloud().await;
    let before = cloud.ready("cache-abc", json!({"tags": {"team": "a"}})).await;
    let wanted = json!({
        "size": "medium", "eviction_policy": "noeviction", "maintenance_window": "sun:05:00-sun:06:00",
        "persistence": "rdb", "gcp": {"display_name": "Sessions"}, "tags": {"stage": "dev"},
    });
    assert_eq!(cloud.converge("cache-abc", wanted).await, ["redis.instances.patch"]);
    let after = cloud.observe("cache-abc").await;
    assert_eq!(after.fields["labels"], json!({"stage": "dev", "team": "a"}), "what nobody mentions is kept");
    assert_eq!((after.endpoint, after.created_at), (before.endpoint, before.created_at));
    assert_eq!(cloud.converge("cache-abc", json!({})).await, ["redis.instances.patch"], "a new mark and nothing else");
}

#[tokio::test]
async fn a_new_version_is_an_upgrade_after_the_mark() {
    let cloud = cloud().await;
    cloud.ready("cache-abc", json!({"version": "6.x"})).await;
    let calls = cloud.converge("cache-abc", json!({"version": "7.2", "size": "medium"})).await;
    assert_eq!(calls, ["redis.instances.patch", "redis.instances.upgrade", "redis.instances.patch"]);
}

#[tokio::test]
async fn replicas_are_added_and_begin_to_answer_reads() {
    let cloud = cloud().await;
    let before = cloud.ready("cache-abc", json!({"high_availability": true, "size": "small"})).await;
    assert_eq!((&before.fields["replica_count"], &before.reader), (&json!(1), &None));
    let wanted = json!({"high_availability": true, "size": "small", "replicas": 2});
    assert_eq!(cloud.converge("cache-abc", wanted).await, ["redis.instances.patch"]);
    let after = cloud.observe("cache-abc").await;
    assert_eq!((&after.fields["replica_count"], &after.fields["memory_size_gb"]), (&json!(2), &json!(5)));
    assert!(after.reader.is_some());
    assert_eq!(cloud.converge("cache-abc", json!({"replicas": 4, "size": "large"})).await.len(), 1);
}

#[tokio::test]
async fn auth_is_switched_off_and_on_and_the_password_follows() {
    let cloud = cloud().await;
    let at = cloud.at("cache-abc");
    let seen = cloud.ready("cache-abc", json!({})).await;
    let ConnectionPassword::Told(first) = cloud.backend.connection(&at, &seen).await.unwrap().password else {
        panic!()
    };
    cloud.converge("cache-abc", json!({"auth": "none"})).await;
    let open = cloud.backend.connection(&at, &cloud.observe("cache-abc").await).await.unwrap();
    assert!(matches!((open.auth, open.password), (Auth::None, ConnectionPassword::None)));
    cloud.converge("cache-abc", json!({"auth": "password"})).await;
    let closed = cloud.backend.connection(&at, &cloud.observe("cache-abc").await).await.unwrap();
    let ConnectionPassword::Told(second) = closed.password else { panic!() };
    assert_ne!(first.expose_secret(), second.expose_secret());
}

#[tokio::test]
async fn another_tier_network_or_encryption_is_another_instance() {
    let cloud = cloud().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    for (values, field) in [
        (json!({"high_availability": true}), "tier"),
        (json!({"tls": false}), "tls"),
        (json!({"gcp": {"network": "others"}}), "network"),
        (json!({"gcp": {"connect_mode": "PRIVATE_SERVICE_ACCESS"}}), "connect_mode"),
        (json!({"gcp": {"zone": "europe-west3-b"}}), "zone"),
    ] {
        let changes = cloud.backend.changes(&cloud.resolve(values), &seen);
        let found: Vec<_> = changes.iter().map(|change| (change.field.as_str(), change.class)).collect();
        assert_eq!(found, [(field, Class::Replace)]);
    }
}

#[tokio::test]
async fn a_failed_creation_vanishes_and_its_operation_tells_the_cause() {
    let cloud = cloud().await;
    let message =
        "RESOURCE_EXHAUSTED: Unable to create instance. System limit for internal resources has been reached.";
    let fault = json!({"action": "redis.instances.create", "kind": "create_failed", "message": message});
    cloud.fault(fault);
    cloud.create("cache-abc", json!({})).await;
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Creating);
    cloud.minutes(10);
    assert!(cloud.backend.capabilities().failed_creation_vanishes);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    let diagnosis = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(diagnosis.cause.as_deref().unwrap().contains("System limit"), "{diagnosis:?}");
    assert_eq!(diagnosis.kind, Some(Kind::Capacity));
    cloud.ready("cache-abc", json!({})).await;
}

#[tokio::test]
async fn a_failed_update_leaves_the_instance_as_it_was_and_tells_the_cause() {
    let cloud = cloud().await;
    let before = cloud.ready("cache-abc", json!({})).await;
    cloud.fault(json!({"action": "redis.instances.patch", "kind": "update_failed", "message": "no room for it"}));
    let (resolved, mark) = (cloud.resolve(json!({"size": "large"})), cloud.new_mark());
    let changes = cloud.backend.changes(&resolved, &before);
    for step in cloud.towards(&resolved, &changes, &mark, &before) {
        cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    }
    cloud.minutes(30);
    let after = cloud.observe("cache-abc").await;
    assert_eq!((after.phase, &after.fields), (Phase::Ready, &before.fields));
    let diagnosis = cloud.backend.diagnose(&cloud.at("cache-abc"), mark.since).await.unwrap();
    assert!(diagnosis.cause.as_deref().unwrap().contains("no room for it"), "{diagnosis:?}");
}

#[tokio::test]
async fn creating_what_exists_leaves_it_as_it_is() {
    let cloud = cloud().await;
    let before = cloud.ready("cache-abc", json!({})).await;
    cloud.create("cache-abc", json!({"size": "large"})).await;
    assert_eq!(cloud.observe("cache-abc").await, before);
}

#[tokio::test]
async fn a_busy_instance_is_busy() {
    let cloud = cloud().await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    cloud.mutate(json!({"op": "status", "id": "cache-abc", "status": "REPAIRING", "seconds": 600})).await;
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Busy);
    let mark = cloud.new_mark();
    for goal in [Goal::Marked { mark: &mark }, Goal::Removed { final_snapshot: None }] {
        let [step] = cloud.backend.steps(&goal, &seen).try_into().unwrap();
        let error = cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap_err();
        assert_eq!((error.kind, error.operation), (Kind::Busy, step.call));
    }
}

#[tokio::test]
async fn a_missing_prerequisite_comes_with_a_way_out() {
    let cloud = cloud().await;
    let psa = json!({"op": "remove_prerequisite", "kind": "private_service_access"});
    cloud.mutate(psa).await;
    let wanted = cloud.resolve(json!({"gcp": {"connect_mode": "PRIVATE_SERVICE_ACCESS"}}));
    let steps = cloud.towards(&wanted, &[], &cloud.mark(), &cloud.observe("cache-abc").await);
    let error = cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Prerequisite, "{error}");
    assert!(error.hint.unwrap().contains("caches"), "the network is named");
    cloud.mutate(json!({"op": "remove_prerequisite", "kind": "api", "service": "redis.googleapis.com"})).await;
    let findings = cloud.backend.preflight(&cloud.at("cache-abc"), &[].into()).await;
    assert!(findings.iter().any(|finding| finding.is_problem() && finding.message.contains("redis")), "{findings:?}");
}

#[tokio::test]
async fn only_marked_instances_are_listed() {
    let cloud = cloud().await;
    for name in ["cache-a", "cache-b", "cache-c"] {
        cloud.create(name, json!({})).await;
    }
    let mut labels = serde_json::Map::new();
    for key in cloud.native("cache-c").await["labels"].as_object().unwrap().keys() {
        labels.insert(key.clone(), serde_json::Value::Null);
    }
    cloud.mutate(json!({"op": "labels", "id": "cache-c", "labels": labels})).await;
    let foreign = cloud.observe("cache-c").await;
    assert_eq!(foreign.ownership, Some(Ownership::Foreign(MarkError::Foreign)));
    let scope = |location: &str| {
        let at = cloud.at("cache-a");
        Scope { account: at.place.account, location: location.to_owned(), credentials: at.credentials }
    };
    let listed = cloud.backend.list(&scope("europe-west3")).await.unwrap();
    let (own, others): (Vec<_>, Vec<_>) = listed.iter().partition(|cache| cache.mark() == Some(&cloud.mark()));
    let names: Vec<&str> = own.iter().map(|cache| cache.place.name.as_str()).collect();
    assert_eq!((names.as_slice(), others.len()), (&["cache-a", "cache-b"][..], 1));
    assert_eq!((others[0].place.name.as_str(), Some(&others[0].ownership)), ("cache-c", foreign.ownership.as_ref()));
    assert!(listed.iter().all(|cache| cache.phase == Phase::Creating));
    assert_eq!(own[0].place, cloud.at("cache-a").place);
    assert!(cloud.backend.list(&scope("europe-west1")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_foreign_instance_is_taken_over_by_its_mark_alone() {
    let cloud = cloud().await;
    let ours = cloud.ready("cache-abc", json!({"tags": {"team": "a"}})).await;
    let mut labels = serde_json::Map::new();
    for key in cloud.native("cache-abc").await["labels"].as_object().unwrap().keys().filter(|key| *key != "team") {
        labels.insert(key.clone(), serde_json::Value::Null);
    }
    cloud.mutate(json!({"op": "labels", "id": "cache-abc", "labels": labels})).await;
    let foreign = cloud.observe("cache-abc").await;
    let adopted = Mark { adopted: true, ..cloud.new_mark() };
    let [step] = cloud.backend.steps(&Goal::Marked { mark: &adopted }, &foreign).try_into().unwrap();
    cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    cloud.minutes(5);
    let after = cloud.observe("cache-abc").await;
    assert_eq!((after.mark(), &after.fields), (Some(&adopted), &ours.fields));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_connects_with_what_the_connection_says() {
    let Some(binary) = RealServers::find(std::env::var_os("PATH").as_deref()) else { return };
    let chosen = choose(Some(binary), Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    let cloud = Cloud::start_with(Product::GcpRedis, chosen.plane).await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    let ConnectionPassword::Told(password) = &connection.password else { panic!("google tells it") };
    let (host, port) = (&connection.endpoint.host, connection.endpoint.port);
    let root_cert = connection.ca_cert.clone().map(String::into_bytes);
    let url = |password: &str| format!("rediss://default:{password}@{host}:{port}");
    let open = |url: String| {
        let root_cert = root_cert.clone();
        async move {
            let client = Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert }).unwrap();
            client.get_multiplexed_async_connection().await
        }
    };
    let mut client = open(url(password.expose_secret())).await.unwrap();
    client.set::<_, _, ()>("greeting", "hello").await.unwrap();
    assert_eq!(client.get::<_, String>("greeting").await.unwrap(), "hello");
    assert!(open(url("not-the-password")).await.is_err());
    cloud.remove("cache-abc").await;
}

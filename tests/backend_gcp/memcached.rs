//! Memorystore for Memcached, from nothing to an instance that answers, and back.

use std::sync::Arc;

use cache_driver::backend::{Class, ConnectionPassword, Kind, Phase, Scope};
use cache_driver::cache::{Auth, Engine, Product};
use cache_driver::clock::SystemClock;
use cache_driver::random::SystemSource;
use cache_driver::sandbox::data_plane::choose;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::instances::Cloud;

async fn cloud() -> Cloud {
    Cloud::start(Product::GcpMemcached).await
}

#[tokio::test]
async fn an_instance_is_created_connected_to_and_removed() {
    let cloud = cloud().await;
    cloud.create("cache-abc", json!({"shards": 2, "size": "medium"})).await;
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark(), seen.endpoint.as_ref()), (Phase::Creating, Some(&cloud.mark()), None));
    assert_eq!(cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap_err().kind, Kind::Busy);

    cloud.minutes(10);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.parts.len()), (Phase::Ready, 2));
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    assert_eq!((connection.endpoint.port, connection.tls, connection.auth), (11211, false, Auth::None));
    assert!(matches!(connection.password, ConnectionPassword::None));
    assert_eq!((connection.engine, connection.memory_gb), (Engine::Memcached, Some(3.0)));
    assert!(connection.engine_version.unwrap().starts_with("1.6."));
    assert!(connection.ca_cert.is_none() && connection.reader.is_none());
    cloud.remove("cache-abc").await;
}

#[tokio::test]
async fn the_wire_carries_what_was_resolved() {
    let cloud = cloud().await;
    let values = json!({
        "version": "1.5", "size": "xlarge", "shards": 3, "parameters": {"max-item-size": "1048576"},
        "maintenance_window": "sun:05:00-sun:09:00", "tags": {"Team": "Shop"},
        "gcp": {
            "network": "shared", "network_project": "host", "zones": "europe-west3-a,europe-west3-b",
            "display_name": "Sessions",
        },
    });
    let seen = cloud.ready("cache-abc", values.clone()).await;
    assert_eq!(cloud.backend.changes(&cloud.resolve(values), &seen), []);
    for (field, expected) in [
        ("engine_version", json!("1.5")),
        ("node_count", json!(3)),
        ("cpu_count", json!(2)),
        ("memory_size_mb", json!(12288)),
        ("network", json!("projects/host/global/networks/shared")),
        ("zones", json!(["europe-west3-a", "europe-west3-b"])),
        ("parameters", json!({"max-item-size": "1048576"})),
        ("maintenance_window", json!("sun:05:00-sun:09:00")),
        ("display_name", json!("Sessions")),
        ("labels", json!({"team": "shop"})),
    ] {
        assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
    }
}

#[tokio::test]
async fn several_fields_change_in_one_patch_with_the_mark() {
    let cloud = cloud().await;
    cloud.ready("cache-abc", json!({})).await;
    let wanted = json!({
        "shards": 3, "maintenance_window": "sun:05:00-sun:09:00", "gcp": {"display_name": "Sessions"},
        "tags": {"team": "a"},
    });
    assert_eq!(cloud.converge("cache-abc", wanted).await, ["memcache.instances.patch"]);
    assert_eq!(cloud.observe("cache-abc").await.parts.len(), 3);
}

#[tokio::test]
async fn parameters_are_stored_then_given_to_the_nodes() {
    let cloud = cloud().await;
    cloud.ready("cache-abc", json!({"parameters": {"listen-backlog": "9000"}})).await;
    let calls = cloud.converge("cache-abc", json!({"parameters": {"max-item-size": "1048576"}})).await;
    let (store, give) = ("memcache.instances.updateParameters", "memcache.instances.applyParameters");
    assert_eq!(calls, ["memcache.instances.patch", store, give]);
    let expected = json!({"listen-backlog": "9000", "max-item-size": "1048576"});
    assert_eq!(cloud.observe("cache-abc").await.fields["parameters"], expected);
}

#[tokio::test]
async fn a_new_version_is_an_upgrade_after_the_mark() {
    let cloud = cloud().await;
    cloud.ready("cache-abc", json!({"version": "1.5"})).await;
    let calls = cloud.converge("cache-abc", json!({"version": "1.6.15", "shards": 2})).await;
    assert_eq!(calls, ["memcache.instances.patch", "memcache.instances.upgrade"]);
}

#[tokio::test]
async fn another_size_is_another_instance() {
    let cloud = cloud().await;
    let seen = cloud.ready("cache-abc", json!({"size": "small"})).await;
    let changes = cloud.backend.changes(&cloud.resolve(json!({"size": "xlarge"})), &seen);
    let found: Vec<_> = changes.iter().map(|change| (change.field.as_str(), change.class)).collect();
    assert_eq!(found, [("cpu_count", Class::Replace), ("memory_size_mb", Class::Replace)]);
}

#[tokio::test]
async fn a_failed_creation_vanishes_and_its_operation_tells_the_cause() {
    let cloud = cloud().await;
    let message =
        "FAILED_PRECONDITION: Unable to create instance. The allocated private IP address space is exhausted.";
    cloud.fault(json!({"action": "memcache.instances.create", "kind": "create_failed", "message": message}));
    cloud.create("cache-abc", json!({})).await;
    cloud.minutes(10);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    let diagnosis = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(diagnosis.cause.as_deref().unwrap().contains("address space is exhausted"), "{diagnosis:?}");
    assert!(diagnosis.kind.is_some_and(|kind| !kind.is_transient()), "{diagnosis:?}");
}

#[tokio::test]
async fn without_private_service_access_there_is_no_instance_but_a_way_out() {
    let cloud = cloud().await;
    cloud.mutate(json!({"op": "remove_prerequisite", "kind": "private_service_access"})).await;
    let steps = cloud.towards(&cloud.resolve(json!({})), &[], &cloud.mark(), &cloud.observe("cache-abc").await);
    let error = cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Prerequisite, "{error}");
    assert!(error.hint.unwrap().contains("caches"), "the network is named");
}

#[tokio::test]
async fn where_one_cpu_is_refused_the_next_offering_is_tried() {
    let cloud = cloud().await;
    let refused = "Invalid value at 'instance.node_config.cpu_count': 1 is not offered in this region.";
    let fault = json!({
        "action": "memcache.instances.create", "kind": "error", "code": "INVALID_ARGUMENT", "message": refused,
    });
    cloud.fault(fault.clone());
    let seen = cloud.ready("cache-abc", json!({})).await;
    assert_eq!((&seen.fields["cpu_count"], &seen.fields["memory_size_mb"]), (&json!(2), &json!(2048)));
    assert_eq!(cloud.count("memcache.instances.create"), 2);
    // An explicit one has no alternative.
    cloud.fault(fault);
    let steps = cloud.towards(
        &cloud.resolve(json!({"gcp": {"cpu_count": 1}})),
        &[],
        &cloud.mark(),
        &cloud.observe("cache-def").await,
    );
    let error = cloud.backend.apply(&cloud.at("cache-def"), &steps[0]).await.unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
}

#[tokio::test]
async fn marked_instances_are_listed() {
    let cloud = cloud().await;
    cloud.create("cache-a", json!({})).await;
    let at = cloud.at("cache-a");
    let scope = Scope {
        account: at.place.account.clone(),
        location: at.place.location.clone(),
        credentials: at.credentials.clone(),
    };
    let listed = cloud.backend.list(&scope).await.unwrap();
    assert_eq!((listed.len(), &listed[0].place, listed[0].mark()), (1, &at.place, Some(&cloud.mark())));
    assert_eq!((listed[0].phase, listed[0].status.as_str()), (Phase::Creating, "CREATING"));
    assert!(cloud.backend.preflight(&at, &[].into()).await.iter().all(|finding| !finding.is_problem()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_connects_with_what_the_connection_says() {
    let chosen = choose(None, Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    let cloud = Cloud::start_with(Product::GcpMemcached, chosen.plane).await;
    let seen = cloud.ready("cache-abc", json!({})).await;
    let endpoint = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap().endpoint;
    let mut stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await.unwrap();
    stream.write_all(b"set greeting 0 0 5\r\nhello\r\nget greeting\r\nquit\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND\r\n");
}

//! What goes wrong, and what the driver is told of it.

use cache_driver::backend::{Goal, Kind, Observed, Phase};
use cache_driver::cache::Product;
use serde_json::json;

use crate::harness::{Cloud, SUBSCRIPTION, backend};

#[tokio::test]
async fn each_failure_of_a_create_is_of_its_kind() {
    let create = "redisEnterprise.create";
    let error = |code: &str, status: u16| json!({"kind": "error", "code": code, "status": status, "message": "so it is", "action": create});
    for (fault, kind) in [
        (error("InsufficientCapacity", 409), Kind::Capacity),
        (error("AllocationFailed", 409), Kind::Capacity),
        (error("QuotaExceeded", 409), Kind::Capacity),
        (error("MissingSubscriptionRegistration", 409), Kind::Prerequisite),
        (error("ResourceGroupNotFound", 404), Kind::Prerequisite),
        (error("NameNotAvailable", 409), Kind::Taken),
        (error("BadRequest", 400), Kind::Refused),
        (error("Conflict", 409), Kind::Busy),
        (error("SubscriptionNotFound", 404), Kind::Credentials),
        (json!({"kind": "access_denied", "action": create}), Kind::Credentials),
        (json!({"kind": "expired_token", "action": create}), Kind::Credentials),
        (json!({"kind": "throttle", "action": create}), Kind::Unavailable),
        (json!({"kind": "http", "status": 503, "action": create}), Kind::Unavailable),
        (json!({"kind": "drop_before", "action": create}), Kind::Unavailable),
    ] {
        let cloud = Cloud::start().await;
        cloud.fault(fault.clone());
        let steps = cloud.towards(json!({}), &Observed::absent(SUBSCRIPTION), &cloud.mark());
        let failed = cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
        assert_eq!((failed.kind, failed.operation), (kind, create), "{fault}: {failed}");
        assert!(!format!("{failed} {failed:?}").contains("CANARY"), "{fault}");
        if fault["kind"] == "error" {
            let cause = failed.cause.unwrap();
            assert_eq!((cause.code.as_deref(), cause.message.as_str()), (fault["code"].as_str(), "so it is"));
            assert!(cause.request_id.is_some());
        }
    }
}

#[tokio::test]
async fn throttling_says_how_long_to_wait_and_a_denial_what_is_missing() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "throttle"}));
    let failed = cloud.backend.observe(&cloud.at("cache-abc")).await.unwrap_err();
    assert!(failed.message.contains("asks to wait"), "{failed}");
    cloud.fault(json!({"kind": "access_denied"}));
    let failed = cloud.backend.observe(&cloud.at("cache-abc")).await.unwrap_err();
    assert!(failed.hint.unwrap().contains("Microsoft.Cache/redisEnterprise/read"));
}

#[tokio::test]
async fn a_missing_prerequisite_is_named_with_its_remedy() {
    for (op, remedy) in [
        (json!({"op": "unregister_provider", "namespace": "Microsoft.Cache"}), "az provider register --namespace"),
        (json!({"op": "remove_resource_group", "name": "caches", "subscription": SUBSCRIPTION}), "az group create"),
    ] {
        let cloud = Cloud::start().await;
        cloud.mutate(op.clone()).await;
        assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent, "{op}: nothing can be there");
        let steps = cloud.towards(json!({}), &Observed::absent(SUBSCRIPTION), &cloud.mark());
        let failed = cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Prerequisite, "{op}: {failed}");
        assert!(failed.hint.unwrap().contains(remedy), "{op}");
        let findings = cloud.backend.preflight(&cloud.at("cache-abc"), &[].into()).await;
        let bad: Vec<_> = findings.iter().filter(|finding| finding.is_problem()).collect();
        assert!(bad.len() == 1 && bad[0].to_string().contains(remedy), "{findings:?}");
    }
}

#[tokio::test]
async fn too_little_room_leaves_a_shell_that_says_where_else_to_go() {
    let cloud = Cloud::start().await;
    let at = cloud.at("cache-abc");
    cloud.fault(json!({"kind": "capacity"}));
    cloud.create("cache-abc", json!({})).await;
    cloud.minutes(15);
    let seen = cloud.observe("cache-abc").await;
    assert_eq!((seen.phase, seen.mark(), &seen.endpoint), (Phase::Shell, Some(&cloud.mark()), &None));
    let told = cloud.backend.diagnose(&at, cloud.mark().since).await.unwrap();
    let cause = told.cause.unwrap();
    assert!(cause.contains("InsufficientCapacity") && cause.contains("northeurope"), "{cause}");
    assert_eq!(told.kind, Some(Kind::Capacity));

    let steps = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &seen);
    assert_eq!(cloud.run("cache-abc", &steps).await, ["redisEnterprise.delete"]);
    cloud.minutes(10);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Absent);
    cloud.ready("cache-abc", json!({})).await;
}

#[tokio::test]
async fn a_database_that_could_not_be_made_is_a_shell_too() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "create_failed", "message": "so it is", "action": "databases.create"}));
    let (seen, calls) = cloud.led("cache-abc", json!({}), &cloud.mark()).await;
    assert_eq!((seen.phase, calls.len()), (Phase::Shell, 2), "{}", seen.status);
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(told.cause.unwrap().contains("so it is"));
}

#[tokio::test]
async fn an_operation_that_failed_without_a_word_is_a_failure_all_the_same() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "create_failed", "message": "", "action": "redisEnterprise.create"}));
    cloud.create("cache-abc", json!({})).await;
    cloud.minutes(15);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Shell);
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(told.cause.unwrap().contains("does not say why"));
}

#[tokio::test]
async fn azures_refusal_of_classic_caches_is_told_with_the_way_out() {
    let cloud = Cloud::classic().await;
    cloud.mutate(json!({"op": "refuse_classic_creation", "refuse": true})).await;
    let steps = cloud.towards(json!({}), &Observed::absent(SUBSCRIPTION), &cloud.mark());
    let failed = cloud.backend.apply(&cloud.at("cache-abc"), &steps[0]).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Refused, "{failed}");
    assert!(failed.hint.as_deref().unwrap_or_default().contains("azure/managed-redis"), "{failed:?}");
}

#[tokio::test]
async fn a_failed_classic_cache_is_never_a_shell() {
    let cloud = Cloud::classic().await;
    cloud.fault(json!({"kind": "create_failed", "message": "so it is", "action": "redis.create"}));
    cloud.create("cache-abc", json!({})).await;
    cloud.minutes(30);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Failed);
    let told = cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    assert!(told.cause.is_some());
}

#[tokio::test]
async fn a_cloud_that_cannot_be_reached_is_unavailable() {
    let cloud = Cloud::start().await;
    let mut config = cloud.config.clone();
    // A port that nobody listens on: that of a listener that is gone.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    config.endpoint_url = Some(format!("http://127.0.0.1:{port}"));
    let lost = backend(&config, &cloud.clock, Product::AzureManagedRedis);
    let failed = lost.observe(&cloud.at("cache-abc")).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable);
    assert!(failed.message.contains("cannot be reached"), "{failed}");
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    let cloud = Cloud::start().await;
    let config = cache_driver::config::Azure { max_attempts: 3, ..cloud.config.clone() };
    let patient = backend(&config, &cloud.clock, Product::AzureManagedRedis);
    cloud.fault(json!({"kind": "http", "status": 503, "times": 2}));
    let at = cloud.at("cache-abc");
    let looking = tokio::spawn(async move { patient.observe(&at).await });
    // The pauses are on the clock that stands still.
    while !looking.is_finished() {
        cloud.clock.advance(std::time::Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(looking.await.unwrap().unwrap().phase, Phase::Absent);
    assert_eq!(cloud.count("redisEnterprise.get"), 3);
}

/// A gateway of a company's that knows nothing of Azure and says so, its own way.
async fn proxy(body: &'static str) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 8192];
            let _ = stream.read(&mut head).await;
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn a_proxy_that_finds_nothing_makes_no_cache_vanish() {
    let cloud = Cloud::start().await;
    let there = cloud.ready("cache-abc", json!({})).await;
    let removal = cloud.backend.steps(&Goal::Removed { final_snapshot: None }, &there);
    for body in [
        r#"{"message":"Not Found"}"#,
        r#"{"error":{"code":"NotFound","message":"no route"}}"#,
        r#"{"title":"Not Found","status":404}"#,
        "<html>404</html>",
        "",
    ] {
        let mut config = cloud.config.clone();
        config.endpoint_url = Some(format!("http://{}", proxy(body).await));
        for product in [Product::AzureManagedRedis, Product::AzureClassicRedis] {
            let lost = backend(&config, &cloud.clock, product);
            let at = cloud.at("cache-abc");
            assert_eq!(lost.observe(&at).await.unwrap_err().kind, Kind::Unavailable, "{body}");
            assert_eq!(lost.account(&at).await.unwrap_err().kind, Kind::Unavailable, "{body}");
        }
        let lost = backend(&config, &cloud.clock, Product::AzureManagedRedis);
        let failed = lost.apply(&cloud.at("cache-abc"), &removal[0]).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unavailable, "{body}: {failed}");
    }
}

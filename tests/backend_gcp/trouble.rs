//! What happens when Google says no, says nothing, or says something odd.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cache_driver::backend::{BackendError, Credentials, Kind, Phase, Scope};
use cache_driver::cache::Product;
use serde_json::{Value, json};

use crate::harness::{Fake, Hasty, Seen, answer, at, backend, creation, error, mark, ok, valkey};

const PRODUCT: Product = Product::GcpValkey;

/// Makes a cache at a server that answers the creation so.
async fn create(reply: impl Fn() -> Response + Send + Sync + 'static) -> (Fake, Result<(), BackendError>) {
    let fake = Fake::start(move |seen| (seen.method == "POST").then(&reply)).await;
    let backend = backend(&fake.config(), &Hasty::new(), PRODUCT);
    let steps = creation(backend.as_ref(), &json!({"product": "gcp/valkey"}));
    let made = backend.apply(&at(PRODUCT, "cache-abc", Credentials::Own), &steps[0]).await;
    (fake, made)
}

fn info(reason: &str, metadata: &Value) -> Value {
    json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}])
}

#[tokio::test]
async fn each_refusal_is_of_its_kind_and_keeps_googles_words() {
    let bad = json!([{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
        {"field": "instance.node_type", "description": "no such node type"}]}]);
    let none = json!([]);
    for (status, word, message, details, kind, part) in [
        (400, "INVALID_ARGUMENT", "Invalid.\njava", &bad, Kind::Refused, "instance.node_type: no such node type"),
        (
            403,
            "PERMISSION_DENIED",
            "Permission 'memorystore.instances.create' denied on resource 'x'",
            &none,
            Kind::Credentials,
            "memorystore.instances.create",
        ),
        (403, "PERMISSION_DENIED", "off", &info("SERVICE_DISABLED", &json!({})), Kind::Prerequisite, "off"),
        (429, "RESOURCE_EXHAUSTED", "Quota", &info("RATE_LIMIT_EXCEEDED", &json!({})), Kind::Unavailable, "Quota"),
        (503, "UNAVAILABLE", "later", &none, Kind::Unavailable, "later"),
    ] {
        let (message, details) = (message.to_owned(), details.clone());
        let word_ = word.to_owned();
        let (_fake, made) = create(move || error(status, &word_, &message, &details)).await;
        let failed = made.unwrap_err();
        assert_eq!((failed.kind, failed.operation), (kind, "memorystore.instances.create"), "{failed}");
        assert!(failed.message.contains(part) && !failed.message.contains("java"), "{failed}");
        assert!(failed.cause.unwrap().code.unwrap().starts_with(word));
        assert_eq!(failed.hint.is_some(), matches!(kind, Kind::Credentials | Kind::Prerequisite));
    }
}

#[tokio::test]
async fn what_exists_already_is_no_failure_of_a_creation() {
    let (_fake, made) = create(|| error(409, "ALREADY_EXISTS", "already exists", &json!([]))).await;
    made.unwrap();
}

#[tokio::test]
async fn a_creation_is_tried_again_as_the_same_one() {
    let tries = AtomicUsize::new(0);
    let (fake, made) = create(move || match tries.fetch_add(1, Ordering::SeqCst) {
        0 => answer(502, &json!("a proxy")),
        1 => error(500, "INTERNAL", "oops", &json!([])),
        _ => ok(&json!({"name": "projects/p/locations/l/operations/o", "done": false})),
    })
    .await;
    made.unwrap();
    let ids: Vec<String> = fake.calls().iter().map(|call| call.query["requestId"].clone()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| *id == ids[0] && id.len() == 36), "{ids:?}");
}

#[tokio::test]
async fn a_change_that_cannot_be_repeated_safely_is_not() {
    let fake = Fake::start(|seen| (seen.method == "POST").then(|| error(500, "INTERNAL", "oops", &json!([])))).await;
    let backend = backend(&fake.config(), &Hasty::new(), Product::GcpRedis);
    let steps = creation(backend.as_ref(), &json!({"product": "gcp/redis"}));
    let failed = backend.apply(&at(Product::GcpRedis, "cache-abc", Credentials::Own), &steps[0]).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable);
    assert_eq!(fake.calls().iter().filter(|call| call.method == "POST").count(), 1);
}

#[tokio::test]
async fn a_read_is_tried_three_times() {
    let fake = Fake::start(|_| Some(answer(502, &json!("a proxy")))).await;
    let backend = backend(&fake.config(), &Hasty::new(), PRODUCT);
    let failed = backend.observe(&at(PRODUCT, "cache-abc", Credentials::Own)).await.unwrap_err();
    assert_eq!((failed.kind, fake.calls().len()), (Kind::Unavailable, 3));
}

#[tokio::test]
async fn only_googles_own_words_say_that_a_cache_is_not_there() {
    for reply in [
        (|| StatusCode::NOT_FOUND.into_response()) as fn() -> Response,
        || (StatusCode::NOT_FOUND, "<html>404</html>").into_response(),
        || answer(404, &json!({"message": "no route"})),
        || answer(404, &json!({"error": "not_found"})),
        // No redirect is followed: the token would go with it.
        || (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        || (StatusCode::OK, "<html>sign in</html>").into_response(),
    ] {
        let fake = Fake::start(move |_| Some(reply())).await;
        let backend = backend(&fake.config(), &Hasty::new(), PRODUCT);
        backend.observe(&at(PRODUCT, "cache-abc", Credentials::Own)).await.unwrap_err();
        assert!(fake.calls().iter().all(|call| call.path != "/elsewhere"));
    }
    let fake = Fake::start(|_| None).await;
    let seen = backend(&fake.config(), &Hasty::new(), PRODUCT)
        .observe(&at(PRODUCT, "cache-abc", Credentials::Own))
        .await
        .unwrap();
    assert_eq!(seen.phase, Phase::Absent);
}

#[tokio::test]
async fn a_cloud_that_cannot_be_reached_is_unavailable() {
    let fake = Fake::start(|_| None).await;
    let mut config = fake.config();
    // A port that nobody listens on: that of a listener that is gone.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    config.endpoint_url = Some(format!("http://127.0.0.1:{port}"));
    let failed = backend(&config, &Hasty::new(), PRODUCT)
        .observe(&at(PRODUCT, "cache-abc", Credentials::Own))
        .await
        .unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable);
    assert!(failed.message.contains("cannot be reached") && !failed.message.contains("127.0.0.1"), "{failed}");
}

#[tokio::test]
async fn a_cloud_that_does_not_answer_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fake = Fake::start(|_| None).await;
    let mut config = fake.config();
    config.endpoint_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    config.timeouts.attempt = std::time::Duration::from_millis(50);
    let failed = backend(&config, &Hasty::new(), PRODUCT)
        .observe(&at(PRODUCT, "cache-abc", Credentials::Own))
        .await
        .unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable, "{failed}");
    config.max_attempts = 1;
    config.timeouts.attempt = std::time::Duration::from_mins(1);
    config.timeouts.operation = std::time::Duration::from_millis(50);
    let failed = backend(&config, &Hasty::new(), PRODUCT)
        .observe(&at(PRODUCT, "cache-abc", Credentials::Own))
        .await
        .unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable, "{failed}");
}

fn scope() -> Scope {
    Scope { account: None, location: "europe-west3".to_owned(), credentials: Credentials::Own }
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_shows_only_what_is_marked() {
    let mut foreign = valkey("cache-foreign");
    foreign["labels"] = json!({"team": "shop"});
    let fake = Fake::start(move |seen: &Seen| {
        let page = match seen.query.get("pageToken").map(String::as_str) {
            None => json!({"instances": [valkey("cache-a"), foreign], "nextPageToken": "second/+="}),
            Some("second/+=") => json!({"instances": [valkey("cache-b")], "somethingNew": 1}),
            Some(_) => return None,
        };
        Some(ok(&page))
    })
    .await;
    let mut listed = backend(&fake.config(), &Hasty::new(), PRODUCT).list(&scope()).await.unwrap();
    assert_eq!(listed.len(), 3);
    listed.retain(|cache| cache.mark().is_some());
    let names: Vec<&str> = listed.iter().map(|cache| cache.place.name.as_str()).collect();
    assert_eq!(names, ["cache-a", "cache-b"]);
    assert_eq!(listed[0].place.account.as_deref(), Some("main-project"));
    assert_eq!((listed[0].phase, &listed[0].mark().unwrap().id), (Phase::Ready, &mark().id));
}

#[tokio::test]
async fn a_location_that_does_not_answer_is_no_absence() {
    for page in [
        json!({"instances": [], "unreachable": ["europe-west3"]}),
        json!({"instances": [{"name": "projects/main-project/locations/europe-west3/instances/-"}]}),
    ] {
        let fake = Fake::start(move |_| Some(ok(&page))).await;
        let failed = backend(&fake.config(), &Hasty::new(), PRODUCT).list(&scope()).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Unavailable);
        assert!(failed.message.contains("europe-west3"), "{failed}");
    }
}

#[tokio::test]
async fn a_creation_that_failed_and_vanished_is_told_by_its_operation() {
    let operation = |second: u8, name: &str, error: Option<Value>| {
        let mut operation = json!({
            "name": format!("projects/main-project/locations/europe-west3/operations/operation-{second}"),
            "metadata": {
                "createTime": format!("2026-01-05T10:00:{second:02}.5Z"),
                "target": format!("projects/main-project/locations/europe-west3/instances/{name}"),
                "verb": "create",
            },
            "done": true,
        });
        match error {
            Some(error) => operation["error"] = error,
            None => operation["response"] = json!({}),
        }
        operation
    };
    let policy = "Invalid resource state for \"x\": No service connection policy is associated with project: 4711";
    let pages = [
        json!({"operations": [operation(3, "cache-other", None)], "nextPageToken": "2"}),
        json!({"operations": [operation(2, "cache-abc", Some(json!({"code": 9, "message": policy})))]}),
    ];
    let fake = Fake::start(move |seen| {
        let page = usize::from(seen.query.contains_key("pageToken"));
        seen.path.ends_with("/operations").then(|| ok(&pages[page]))
    })
    .await;
    let backend = backend(&fake.config(), &Hasty::new(), PRODUCT);
    let at = at(PRODUCT, "cache-abc", Credentials::Own);
    let diagnosis = backend.diagnose(&at, mark().since).await.unwrap();
    let cause = diagnosis.cause.unwrap();
    assert!(cause.contains("No service connection policy"), "{cause}");
    assert!(cause.contains("service-connection-policies create"), "{cause}");
    assert!(cause.contains("--region=europe-west3 "), "{cause}");
    assert_eq!((diagnosis.kind, diagnosis.events.len()), (Some(Kind::Prerequisite), 1));

    let later = "2026-01-05T11:00:00Z".parse().unwrap();
    let diagnosis = backend.diagnose(&at, later).await.unwrap();
    assert_eq!((diagnosis.cause, diagnosis.events), (None, Vec::new()));
}

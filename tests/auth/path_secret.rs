//! A secret in the path, for callers that cannot send headers.

use serde_json::json;

use crate::harness::{assert_in, assert_out, hashed, raw_get, resource, server};
use crate::support::{ID, Server};

const SECRET: &str = "CANARYc4n4ry-aB3";

async fn guarded() -> Server {
    server(|auth| auth.path_secrets = vec![hashed("one", SECRET), hashed("two", "other-secret")]).await
}

#[tokio::test]
async fn the_whole_interface_is_behind_the_secret() {
    let server = guarded().await;
    let at = |path: &str| format!("/{SECRET}{path}");
    assert_in(server.get(&at(&resource()))).await;
    assert_in(server.get(&format!("/other-secret{}", resource()))).await;
    assert_in(server.get(&at(&format!("/{ID}")))).await;
    server.put(&at(&format!("{}?dry_run=true", resource()))).values(&json!({})).send().await.assert_status(200);
    server.put(&at(&format!("{}/", resource()))).values(&json!({})).send().await.assert_status(202);
    server.get(&at(&resource())).send().await.assert_status(202);
    server.post(&at("/redis/")).json(&json!({"id": 1})).send().await.assert_error(400, "RES-101");
    server.post(&at("/")).json(&json!({"id": 1})).send().await.assert_error(400, "RES-101");
    for path in ["/alive", "/health", "/sizes", "/docs", "/docs/spec.json", "", "/"] {
        server.get(&at(path)).send().await.assert_status(200);
    }
    let unknown = server.get(&at("/reddis/abc")).send().await.assert_error(404, "RES-114");
    assert!(unknown.text.contains("did you mean `/redis/`?"), "who is in, is helped: {}", unknown.text);
    server.running.call("PATCH", &at(&resource())).send().await.assert_error(405, "RES-114");
}

#[tokio::test]
async fn a_path_without_it_or_with_another_is_refused_like_every_unknown_path() {
    let server = guarded().await;
    let mut bodies = Vec::new();
    for path in [
        resource(),
        "/unknown".to_owned(),
        format!("/{}{}", SECRET.to_lowercase(), resource()),
        format!("/{}{}", SECRET.to_uppercase(), resource()),
        format!("/{}{}", &SECRET[..SECRET.len() - 1], resource()),
        format!("/{SECRET}x{}", resource()),
        format!("/redis/{SECRET}"),
        format!("/redis/{SECRET}/{ID}"),
        format!("{}?secret={SECRET}", resource()),
    ] {
        let mut body = assert_out(server.get(&path)).await.body;
        body["details"]["request_id"] = json!("");
        bodies.push(body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn the_secret_counts_as_it_is_written() {
    let server = guarded().await;
    let encoded = SECRET.replace('3', "%33");
    for (target, expected) in [
        (format!("/{SECRET}{}", resource()), 404),
        (format!("http://x/{SECRET}{}", resource()), 404),
        (format!("/{encoded}{}", resource()), 401),
        (format!("/{SECRET}%2fredis%2f{ID}"), 401),
        (format!("/{SECRET}%2Fredis/{ID}"), 401),
        (format!("/x/../{SECRET}{}", resource()), 401),
        (format!("/./{SECRET}{}", resource()), 401),
        (format!("/{SECRET};x{}", resource()), 401),
        // An empty segment is no path, whoever asks.
        (format!("//{SECRET}{}", resource()), 404),
        (format!("/{SECRET}//redis/{ID}"), 404),
    ] {
        assert_eq!(raw_get(&server, &target, "").await, expected, "{target}");
    }
    assert_eq!(server.cloud.mutations(), Vec::<String>::new());
}

#[tokio::test]
async fn dots_after_the_secret_lead_nowhere() {
    let server = guarded().await;
    for target in [format!("/{SECRET}/../redis/{ID}"), format!("/{SECRET}/%2e%2e/redis/{ID}")] {
        assert_eq!(raw_get(&server, &target, "").await, 404, "{target}");
    }
    assert_eq!(raw_get(&server, &format!("/docs/../redis/{ID}"), "").await, 401);
}

#[tokio::test]
async fn without_such_secrets_the_first_segment_is_a_path_like_any_other() {
    let server = server(|auth| auth.tokens = vec![hashed("one", SECRET)]).await;
    assert_out(server.get(&format!("/{SECRET}{}", resource()))).await;
}

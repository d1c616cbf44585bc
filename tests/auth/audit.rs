//! What the log tells of who did what.

use serde_json::{Value, json};

use crate::harness::{TOKEN, assert_out, bearer, hashed, put, resource, server};
use crate::support::captured::Captured;
use crate::support::cloud::Fault;
use crate::support::{CANARY, ID};

/// The lines of the audit log. None of them, nor any other, has a secret.
fn audit(captured: &Captured) -> Vec<Value> {
    let text = captured.text();
    assert!(!text.contains(CANARY), "a secret is logged: {text}");
    captured.lines("target", "audit")
}

#[tokio::test]
async fn each_mutation_leaves_one_line_with_who_what_why_and_the_outcome() {
    let (captured, _guard) = Captured::begin("info");
    let server = server(|auth| auth.tokens = vec![hashed("orchestrator", TOKEN)]).await;
    let call = || bearer(put(&server).header("x-request-id", "r-1"), TOKEN);
    server.cloud.fail("CreateCache", 1, Fault::Refused("no such subnet group"));
    call().send().await.assert_status(400);
    server.cloud.fail("CreateCache", 1, Fault::Unavailable);
    call().send().await.assert_status(202);
    server.cloud.fail("CreateCache", 1, Fault::Busy);
    call().send().await.assert_status(202);
    call().send().await.assert_status(202);
    let lines = audit(&captured);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, outcome) in lines.iter().zip(["refused", "unknown", "accepted"]) {
        let span = &line["spans"][0];
        assert_eq!((&span["who"], &span["method"]), (&json!("token:orchestrator"), &json!("PUT")));
        assert_eq!((&span["request_id"], &span["id"]), (&json!("r-1"), &json!(ID)));
        assert_eq!(span["address"], "127.0.0.1");
        assert_eq!((&line["call"], &line["outcome"]), (&json!("CreateCache"), &json!(outcome)));
        assert!(!line["why"].as_str().unwrap().is_empty() && line["place"].is_string(), "{line}");
    }

    // Looking, planning, and a PUT with nothing to change leave none.
    call().send().await.assert_status(202);
    server.minutes(11);
    call().send().await.assert_status(200);
    bearer(server.get(&resource()), TOKEN).send().await.assert_status(200);
    let plan = server.put(&format!("{}?dry_run=true", resource())).values(&json!({"replicas": 1}));
    bearer(plan, TOKEN).send().await.assert_status(200);
    assert_eq!(audit(&captured).len(), 3);

    bearer(server.delete(&resource()), TOKEN).send().await.assert_status(202);
    let lines = audit(&captured);
    assert_eq!((lines.len(), &lines[3]["call"]), (4, &json!("DeleteCache")), "{lines:#?}");
    assert_eq!(lines[3]["spans"][0]["method"], "DELETE");
}

#[tokio::test]
async fn what_goes_on_in_the_background_is_told_with_who_began_it() {
    let (captured, _guard) = Captured::begin("info");
    let server = server(|auth| auth.tokens = vec![hashed("maker", TOKEN), hashed("remover", "other-token")]).await;
    bearer(put(&server), TOKEN).send().await.assert_status(202);
    // It can be removed only when it has been made.
    let removed = server.delete(&resource()).header("x-request-id", "r-2");
    bearer(removed, "other-token").send().await.assert_status(202);
    let mut lines = audit(&captured);
    for _ in 0..5000 {
        server.minutes(1);
        tokio::task::yield_now().await;
        lines = audit(&captured);
        if lines.len() > 1 {
            break;
        }
    }
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!((&lines[1]["call"], &lines[1]["outcome"]), (&json!("DeleteCache"), &json!("accepted")));
    let span = &lines[1]["spans"][0];
    assert_eq!((&span["name"], &span["who"]), (&json!("background"), &json!("token:remover")));
    assert_eq!((&span["request_id"], &span["id"]), (&json!("r-2"), &json!(ID)));
}

#[tokio::test]
async fn an_attempt_without_a_proof_leaves_a_line_with_the_reason_and_no_secret() {
    let (captured, _guard) = Captured::begin("trace");
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.path_secrets = vec![hashed("two", "CANARYc4n4ry-path")];
    })
    .await;
    assert_out(bearer(put(&server), "CANARYc4n4ry-wrong")).await;
    assert_out(server.delete(&format!("/CANARYc4n4ry-pat{}", resource()))).await;
    assert_out(server.get("/CANARYc4n4ry-pat")).await;
    server.get("/CANARYc4n4ry-path/redis/abc").send().await.assert_status(404);
    let lines = audit(&captured);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!((&lines[0]["outcome"], &lines[0]["method"]), (&json!("denied"), &json!("PUT")));
    assert_eq!(lines[0]["why"], "an unknown bearer token; no known secret in the path");
    assert_eq!((&lines[1]["method"], &lines[1]["address"]), (&json!("DELETE"), &json!("127.0.0.1")));
}

#[tokio::test]
async fn the_log_says_where_a_caller_is_behind_a_proxy() {
    let (captured, _guard) = Captured::begin("info");
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    bearer(put(&server), TOKEN).header("x-forwarded-for", "192.0.2.1, 203.0.113.9").send().await.assert_status(202);
    assert_eq!(audit(&captured)[0]["spans"][0]["address"], "203.0.113.9");
}

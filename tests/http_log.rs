//! What the log has of a request: one line, with ids in fields, and never a secret.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::captured::Captured;
use support::cloud::Fault;
use support::{CANARY, ID, Server};

#[tokio::test]
async fn each_request_leaves_one_line_with_its_ids() {
    let (captured, _guard) = Captured::begin("info");
    let server = Server::start().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = server.put(&format!("/redis/{ID}/")).values(&json!({})).header("x-request-id", "r-1");
    call.header("traceparent", trace).send().await.assert_status(202);
    server.put(&format!("/redis/{ID}")).values(&json!({"sise": 1})).send().await.assert_status(400);
    server.get("/nowhere/at/all").send().await.assert_status(404);
    server.get(&format!("/{ID}")).header("traceparent", "00-zz-b7ad6b7169203331-01").send().await.assert_status(202);
    let lines = captured.lines("message", "answered");
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let span = &lines[0]["spans"][0];
    assert_eq!((&span["request_id"], &span["method"]), (&json!("r-1"), &json!("PUT")));
    assert_eq!(span["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((&lines[0]["route"], &lines[0]["id"]), (&json!("/redis/{GUResID}"), &json!(ID)));
    assert_eq!((&lines[0]["status"], &lines[0]["duration_ms"]), (&json!(202), &json!(0)));
    let outcomes: Vec<&str> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["pending", "refused", "absent", "pending"]);
    let product = json!("aws/replication-group");
    assert_eq!((&lines[0]["product"], &lines[0]["phase"]), (&product, &json!("creating")));
    assert_eq!((&lines[0]["provider"], &lines[2]["provider"]), (&json!("aws"), &Value::Null));
    assert_eq!((&lines[1]["code"], &lines[1]["level"]), (&json!("RES-101"), &json!("WARN")));
    assert_eq!((&lines[2]["route"], &lines[2]["code"]), (&json!("none"), &json!("RES-114")));
    assert_eq!((&lines[3]["route"], &lines[3]["spans"][0]["trace_id"]), (&json!("/{GUResID}"), &Value::Null));
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_a_line_and_a_count() {
    let (captured, _guard) = Captured::begin("info");
    let server = Server::start().await;
    server.cloud.fail("DescribeCache", 1, Fault::Hangs);
    let url = format!("http://{}/redis/{ID}", server.running.address);
    let call = server.running.client.get(url).timeout(Duration::from_millis(300)).send();
    assert!(call.await.unwrap_err().is_timeout());
    let line = loop {
        let text = captured.text();
        if let Some(line) = text.lines().find(|line| line.contains("the caller hung up")) {
            break serde_json::from_str::<Value>(line).unwrap();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&line["status"], &line["route"], &line["id"]), (&json!(499), &json!("/redis/{GUResID}"), &json!(ID)));
    assert!(line["spans"][0]["request_id"].is_string(), "{line}");
    assert_eq!(captured.lines("message", "answered").len(), 0);
    let metrics = server.get("/metrics").send().await.assert_status(200).text;
    let count = r#"cache_driver_http_requests_total{route="/redis/{GUResID}",method="GET",status="499"} 1"#;
    assert!(metrics.contains(count), "{metrics}");
    server.cloud.let_go();
}

#[tokio::test]
async fn the_duration_is_that_of_the_clock() {
    let (captured, _guard) = Captured::begin("info");
    let server = Server::start().await;
    let ticking = server.keep_ticking();
    server.put(&format!("/redis/{ID}")).values(&json!({})).header("prefer", "wait=20").send().await.assert_status(202);
    drop(ticking);
    let took = captured.lines("message", "answered")[0]["duration_ms"].as_u64().unwrap();
    assert!(took >= 20_000, "{took}");
}

#[tokio::test]
async fn no_line_has_a_secret_even_at_trace() {
    let (captured, _guard) = Captured::begin("trace");
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    let account = json!({"AccessKeyId": "one", "SecretAccessKey": CANARY, "SessionToken": CANARY});
    let body = json!({"type": "redis", "driver": {"secrets": {"account": account, "adopt": {"password": CANARY}}}});
    server.cloud.fail("CreateCache", 1, Fault::Refused("no such subnet group"));
    server.put(&path).json(&body).send().await.assert_status(400);
    let made = server.put(&path).json(&body).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.put(&path).json(&body).cookie(made.cookie()).send().await.assert_status(200);
    server.get(&path).cookie(ready.cookie()).send().await.assert_status(200);
    server.get("/redis/another-one").cookie(ready.cookie()).send().await.assert_status(400);
    let broken = format!("{{\"driver\": {CANARY}");
    server.put(&path).raw(broken).header("content-type", "application/json").send().await.assert_status(400);
    let wrong = json!({"type": "redis", "driver": {"secrets": {"account": {"AccessKeyId": CANARY}}}});
    server.put(&path).json(&wrong).send().await.assert_status(400);
    server.delete(&path).header("humanitec-driver-secrets", CANARY).send().await.assert_status(400);
    server.delete(&path).cookie(ready.cookie()).header("authorization", format!("Bearer {CANARY}")).send().await;
    let text = captured.text();
    assert!(captured.lines("message", "answered").len() == 9, "{text}");
    for secret in [CANARY, ready.secret("password"), made.cookie(), ready.cookie()] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

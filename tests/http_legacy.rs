//! The interface of 2020: POST and DELETE that wait, with base64 headers.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use support::cloud::Durations;
use support::{CANARY, ID, Server};

/// A server whose clouds are fast enough for a caller that waits 55 seconds.
async fn fast() -> Server {
    let server = Server::start().await;
    let quick = Duration::from_secs(20);
    server.cloud.set_durations(Durations { create: quick, update: quick, delete: quick });
    server
}

fn encoded(value: &Value) -> String {
    BASE64_STANDARD.encode(value.to_string())
}

fn body() -> Value {
    json!({
        "id": ID, "type": "redis", "resource_params": {}, "driver_params": {"size": "small"},
        "driver_secrets": {"account": {"AccessKeyId": "one", "SecretAccessKey": CANARY}}
    })
}

#[tokio::test]
async fn a_post_waits_for_the_cache_and_a_delete_for_its_end() {
    let server = fast().await;
    let _ticking = server.keep_ticking();
    for path in ["/redis/", "/"] {
        let made = server.post(path).json(&body()).send().await.assert_status(200);
        assert_eq!(made.body["type"], "redis");
        assert_eq!(made.body["driver_type"], "aws/replication-group");
        assert_eq!(made.body["data"]["values"]["port"], 6379);
        assert_eq!(made.body["data"]["secrets"]["username"], "default");
        assert_eq!(made.body["driver_data"]["secrets"], json!({}));
        assert!(made.body["driver_data"]["values"]["resource_id"].is_string());
    }
    assert_eq!(server.cloud.mutations(), ["CreateCache"]);
    let secrets = encoded(&json!({"account": {"AccessKeyId": "one", "SecretAccessKey": CANARY}}));
    let delete = || server.delete(&format!("/redis/{ID}")).header("humanitec-driver-secrets", &secrets);
    delete().send().await.assert_status(204);
    assert!(server.cloud.caches().is_empty());
    delete().send().await.assert_error(404, "RES-114");
}

#[tokio::test]
async fn what_takes_longer_is_503_and_the_next_call_continues() {
    let server = Server::start().await;
    let _ticking = server.keep_ticking();
    let first = server.post("/redis/").json(&body()).send().await.assert_error(503, "RES-113");
    assert_eq!(first.body["details"]["retryable"], true);
    for _ in 0..20 {
        let answer = server.post("/redis/").json(&body()).send().await;
        if answer.status == 200 {
            assert_eq!(server.cloud.mutations(), ["CreateCache"]);
            return;
        }
        answer.assert_error(503, "RES-113");
    }
    panic!("twenty times 55 seconds were not enough for a cache that takes ten minutes");
}

#[tokio::test]
async fn either_header_selects_the_interface_and_an_unknown_id_is_404() {
    let server = fast().await;
    let path = format!("/redis/{ID}");
    for header in ["humanitec-driver-params", "humanitec-driver-secrets"] {
        let call = server.delete(&path).header(header, encoded(&json!({})));
        call.send().await.assert_error(404, "RES-114");
    }
    server.delete(&path).send().await.assert_status(204);
}

#[tokio::test]
async fn a_bad_header_is_told_by_name_and_reason() {
    let server = fast().await;
    let path = format!("/{ID}");
    for (header, value, says) in [
        ("humanitec-driver-params", "***".to_owned(), "not base64"),
        (
            "humanitec-driver-params",
            BASE64_STANDARD.encode(format!("{{\"a\": {CANARY}")),
            "not JSON, at line 1 column 7",
        ),
        ("humanitec-driver-secrets", encoded(&json!([CANARY])), "base64 of a list"),
    ] {
        let answer = server.delete(&path).header(header, value).send().await.assert_error(400, "RES-101");
        assert_eq!(answer.fields(), [header]);
        assert!(answer.body["message"].as_str().unwrap().contains(says), "{says}: {}", answer.text);
    }
    let two = server.delete(&path).header("humanitec-driver-params", "*").header("humanitec-driver-secrets", "*");
    assert_eq!(two.send().await.assert_error(400, "RES-101").fields().len(), 2);
    let wrong = encoded(&json!({"account": {"AccessKeyId": CANARY}}));
    let answer = server.delete(&path).header("humanitec-driver-secrets", wrong).send().await;
    assert_eq!(answer.assert_error(400, "RES-103").fields(), ["humanitec-driver-secrets.account.SecretAccessKey"]);
    let kind = encoded(&json!({"account": CANARY}));
    let answer = server.delete(&path).header("humanitec-driver-secrets", kind).send().await;
    assert_eq!(answer.assert_error(400, "RES-101").fields(), ["humanitec-driver-secrets.account"]);
}

#[tokio::test]
async fn wrong_fields_have_the_names_that_the_caller_wrote() {
    let server = fast().await;
    let bad =
        json!({"id": ID, "type": "redis", "driver_params": {"size": "vast"}, "resource_params": {"size": "small"}});
    let answer = server.post("/").json(&bad).send().await.assert_error(400, "RES-101");
    let mut fields = answer.fields();
    fields.sort();
    assert_eq!(fields, ["driver_params.size", "resource_params.size"]);
    for (body, field) in [
        (json!({"type": "redis"}), "id"),
        (json!({"id": "UP", "type": "redis"}), "id"),
        (json!({"id": 5, "type": "redis"}), "id"),
        (json!({"id": "redis", "type": "redis"}), "id"),
        (json!({"id": ID, "type": "redis", "driver_secrets": 1}), "driver_secrets"),
        (json!({"id": ID, "type": "redis", "driver_params": {"region": "mars"}}), "driver_params.region"),
    ] {
        let answer = server.post("/").json(&body).send().await.assert_error(400, "RES-101");
        assert_eq!(answer.fields(), [field], "{body}");
    }
    let account = json!({"id": ID, "type": "redis", "driver_secrets": {"account": {"AccessKeyId": CANARY}}});
    let answer = server.post("/").json(&account).send().await.assert_error(400, "RES-103");
    assert_eq!(answer.fields(), ["driver_secrets.account.SecretAccessKey"]);
    assert_eq!(server.cloud.mutations(), Vec::<String>::new());
}

//! Whatever comes: every answer passes the client's checks, and none is a fault of the driver.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use support::client::Call;
use support::{ID, Server};

fn path() -> impl Strategy<Value = String> {
    let words = [
        "",
        "redis",
        "my-valkey",
        "alive",
        "docs",
        "spec.json",
        "health",
        "sizes",
        ID,
        "a%2fb",
        "%",
        "%00",
        "..",
        "{id}",
        "*",
    ];
    let segment = prop_oneof![4 => select(words.to_vec()).prop_map(str::to_owned), 1 => "[ -~]{0,70}"];
    let query = select(&["", "?dry_run=true", "?dry_run", "?%ff=%", "?dry_run=true&dry_run=false"][..]);
    let segments = prop_oneof![
        Just(vec!["redis".to_owned(), ID.to_owned()]),
        Just(vec![ID.to_owned()]),
        prop::collection::vec(segment, 0..4),
    ];
    (segments, query).prop_map(|(segments, query)| {
        let path = segments.join("/").replace(['?', '#', '\\', ' ', '"', '<', '>', '`'], "-");
        format!("/{path}{query}")
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(&["small", "valkey", "2", "true", "", "sun:03:00-sun:04:00", "\u{0}", "é"][..]).prop_map(Value::from),
    ];
    let keys =
        ["size", "engine", "replicas", "shards", "tls", "aws", "node_type", "backup", "tags", "allow", "account", "x"];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(select(keys.to_vec()), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let shaped = (value(), value(), value()).prop_map(|(resource, values, secrets)| {
        let driver = json!({"values": values, "secrets": secrets});
        json!({"id": ID, "type": "redis", "resource": resource, "driver": driver, "driver_params": values}).to_string()
    });
    prop_oneof![
        2 => Just(json!({"id": ID, "type": "redis"}).to_string().into_bytes()),
        6 => shaped.prop_map(String::into_bytes),
        1 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let names = [
        "humanitec-driver-cookie",
        "humanitec-driver-params",
        "humanitec-driver-secrets",
        "prefer",
        "traceparent",
        "X-Request-Id",
    ];
    let visible = prop::collection::vec(select((0x21..=0xfe_u8).filter(|c| *c != 0x7f).collect::<Vec<_>>()), 0..40);
    let texts = select(
        &["cd1.k1.AAAA", "e30=", "bnVsbA", "wait=5", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"][..],
    );
    let value = prop_oneof![visible, texts.prop_map(|text| text.as_bytes().to_vec())];
    prop::collection::vec((select(names.to_vec()), value), 0..3)
}

#[test]
fn no_request_gets_an_answer_of_another_shape_or_finds_a_fault() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start());
    let _ticking = runtime.block_on(async { server.keep_ticking() });
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    let methods = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
    let requests = (select(methods.to_vec()), path(), headers(), body());
    let seen = RefCell::new(BTreeSet::new());
    // The same requests each time, or the last assertion would sometimes miss a status by chance.
    let same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, same).run(&requests, |(method, path, headers, body)| {
        let mut call: Call = server.running.call(method, &path).header("content-type", "application/json").raw(body);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let answer = runtime.block_on(call.send());
        seen.borrow_mut().insert(answer.status);
        prop_assert!(answer.status != 500, "{} {}: {}", method, path, answer.text);
        Ok(())
    });
    outcome.unwrap();
    let seen = seen.into_inner();
    for status in [200, 202, 400, 404, 405] {
        assert!(seen.contains(&status), "only {seen:?} came, so that little was tried");
    }
}

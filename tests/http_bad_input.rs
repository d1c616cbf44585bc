//! Bad input: each answers with its code, the path of the field and a hint; nothing is created, nothing is lost.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use cache_driver::cache::Product;
use serde_json::{Value, json};
use support::{CANARY, ID, Server, Setup};

fn path() -> String {
    format!("/redis/{ID}")
}

#[tokio::test]
async fn every_wrong_value_is_named_by_its_path_and_nothing_is_made() {
    let server = Server::start().await;
    for (values, code, fields) in [
        (json!({"sise": "small"}), "RES-101", vec!["driver.values.sise"]),
        (json!({"replicas": {"a": 1}}), "RES-101", vec!["driver.values.replicas"]),
        (json!({"replicas": "many"}), "RES-101", vec!["driver.values.replicas"]),
        (json!({"size": "enormous"}), "RES-101", vec!["driver.values.size"]),
        (json!({"engine": "dragonfly"}), "RES-101", vec!["driver.values.engine"]),
        (json!({"provider": "oracle"}), "RES-101", vec!["driver.values.provider"]),
        (json!({"product": "aws/elasticache"}), "RES-101", vec!["driver.values.product"]),
        (json!({"profile": "production"}), "RES-101", vec!["driver.values.profile"]),
        (json!({"region": "mars-north-1"}), "RES-101", vec!["driver.values.region"]),
        (json!({"mode": "standard", "shards": 3}), "RES-101", vec!["driver.values.shards"]),
        (json!({"provider": "azure"}), "RES-109", vec![]),
        (json!({"product": "aws/serverless"}), "RES-109", vec![]),
        (
            json!({"size": 5, "replicas": 9, "enginee": "redis", "tls": "perhaps"}),
            "RES-101",
            vec!["driver.values.enginee", "driver.values.replicas", "driver.values.size", "driver.values.tls"],
        ),
    ] {
        let answer = server.put(&path()).values(&values).send().await.assert_error(400, code);
        let mut got = answer.fields();
        got.sort();
        assert_eq!(got, fields, "{values}");
        let hints =
            answer.body["details"]["fields"].as_array().into_iter().flatten().any(|field| !field["hint"].is_null());
        let has_hint = hints || !answer.body["details"]["hint"].is_null() || code == "RES-101";
        assert!(has_hint, "{values}: {}", answer.text);
    }
    let both = server.put(&path()).values(&json!({"size": "small", "memory_gb": 3})).send().await;
    assert!(!both.assert_error(400, "RES-101").fields().is_empty());
    assert!(server.cloud.caches().is_empty());
    assert_eq!(server.cloud.mutations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unknown_key_is_answered_with_the_nearest_known_one() {
    let server = Server::start().await;
    let answer = server.put(&path()).values(&json!({"sise": "small"})).send().await.assert_error(400, "RES-101");
    assert_eq!(answer.body["details"]["fields"][0]["hint"], "did you mean `size`?");
}

#[tokio::test]
async fn members_of_the_wrong_kind_are_all_named() {
    let server = Server::start().await;
    for (body, fields) in [
        (json!({"type": 5}), vec!["type"]),
        (json!({"type": "redis", "resource": [], "driver": {"values": "x"}}), vec!["resource", "driver.values"]),
        (json!({"type": "redis", "driver": 3}), vec!["driver"]),
        (json!({"type": "redis", "driver": {"secrets": 1}}), vec!["driver.secrets"]),
        (
            json!({"type": "redis", "driver": {"secrets": {"account": [CANARY], "adopt": {"password": {"x": CANARY}}}}}),
            vec!["driver.secrets.account", "driver.secrets.adopt.password"],
        ),
        (json!({"type": "mongodb"}), vec!["type"]),
    ] {
        let answer = server.put(&path()).json(&body).send().await.assert_error(400, "RES-101");
        assert_eq!(answer.fields(), fields, "{body}");
    }
    let generic = server.put(&format!("/{ID}")).json(&json!({})).send().await;
    assert_eq!(generic.assert_error(400, "RES-101").fields(), ["type"]);
    assert!(server.cloud.log().is_empty(), "the cloud was not even asked");
}

#[tokio::test]
async fn members_that_nobody_knows_and_members_that_are_null_are_passed_over() {
    let server = Server::start().await;
    let body = json!({
        "type": "redis", "resource": null, "new_in_1_0": {"x": [1]},
        "driver": {"values": null, "secrets": {"account": null, "other": {"password": CANARY}}, "more": 1}
    });
    server.put(&path()).json(&body).send().await.assert_status(202);
}

#[tokio::test]
async fn malformed_json_is_told_with_line_and_column_and_never_quoted() {
    let server = Server::start().await;
    for (body, says) in [
        (format!("{{\"driver\": {{\"secrets\":\n {{\"a\": {CANARY}}}}}}}"), "line 2 column 8"),
        (format!("{{\"a\": \"{CANARY}"), "ends inside the JSON"),
        (String::new(), "empty"),
        (format!("[\"{CANARY}\"]"), "a list, not an object"),
        (format!("\"{CANARY}\""), "text, not an object"),
        ("{} trailing".to_owned(), "line 1 column 4"),
    ] {
        let call = server.put(&path()).raw(body.clone()).header("content-type", "application/json");
        let answer = call.send().await.assert_error(400, "RES-101");
        assert!(answer.body["message"].as_str().unwrap().contains(says), "{body}: {}", answer.text);
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let call = server.put(&path()).raw(format!("{{\"type\":{deep}}}")).header("content-type", "application/json");
    call.send().await.assert_error(400, "RES-101");
    let not_utf8 = server.put(&path()).raw(vec![b'{', b'"', 0xff, b'"']).header("content-type", "application/json");
    not_utf8.send().await.assert_error(400, "RES-101");
}

#[tokio::test]
async fn only_json_is_taken_whatever_its_charset() {
    let server = Server::start().await;
    let body = json!({"type": "redis"}).to_string();
    for kind in ["text/plain", "application/xml", "application/jsonp", "multipart/form-data; boundary=x", "json"] {
        let answer = server.put(&path()).raw(body.clone()).header("content-type", kind).send().await;
        assert!(answer.assert_error(415, "RES-114").body["details"]["hint"].is_string());
    }
    server.put(&path()).raw(body.clone()).send().await.assert_error(415, "RES-114");
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        server.put(&path()).raw(body.clone()).header("content-type", kind).send().await.assert_status(202);
    }
}

#[tokio::test]
async fn a_huge_body_is_413() {
    let server = Setup::default().config(|config| config.server.body_limit = 2000).start().await;
    let body = json!({"type": "redis", "driver": {"values": {"tags": {"x": "y".repeat(3000)}}}});
    server.put(&path()).json(&body).send().await.assert_error(413, "RES-114");
    server.post("/redis/").json(&body).send().await.assert_error(413, "RES-114");
    for _ in 0..10 {
        let huge = json!({"type": "redis", "x": "y".repeat(8_000_000)});
        server.put(&path()).json(&huge).send().await.assert_error(413, "RES-114");
    }
    server.put(&path()).json(&json!({"type": "redis"})).send().await.assert_status(202);
}

#[tokio::test]
async fn a_bad_id_is_told_and_never_becomes_a_cache() {
    let server = Server::start().await;
    for id in ["ab", "UPPER", "with_underscore", "%C3%A9t%C3%A9", "a%2Fb", "a%20b", &"x".repeat(64), "a%FF"] {
        for path in [format!("/redis/{id}"), format!("/{id}")] {
            for call in [server.put(&path).values(&json!({})), server.get(&path), server.delete(&path)] {
                let answer = call.send().await.assert_error(400, "RES-101");
                assert_eq!(answer.fields(), ["GUResID"], "{path}");
            }
        }
    }
    for reserved in ["alive", "metrics", "redis", "my-valkey", "docs"] {
        let answer = server.put(&format!("/redis/{reserved}")).values(&json!({})).send().await;
        let answer = answer.assert_error(400, "RES-101");
        assert!(answer.text.contains("reserved"), "{}", answer.text);
    }
    assert!(server.cloud.log().is_empty());
}

#[tokio::test]
async fn a_forgotten_id_is_404_and_says_so() {
    let server = Server::start().await;
    for path in ["/redis", "/redis/", "/my-valkey/"] {
        for call in [server.put(path).values(&json!({})), server.get(path), server.delete(path)] {
            let answer = call.send().await.assert_error(404, "RES-114");
            assert!(
                answer.body["message"].as_str().unwrap().contains("id of the resource is missing"),
                "{}",
                answer.text
            );
        }
    }
    for path in ["//", "/redis//", &format!("//{ID}"), &format!("/redis//{ID}"), &format!("/redis/{ID}//")] {
        let answer = server.put(path).values(&json!({})).send().await.assert_error(404, "RES-114");
        assert!(answer.text.contains("empty segment"), "{path}: {}", answer.text);
    }
    assert!(server.cloud.log().is_empty());
}

#[tokio::test]
async fn a_bad_cookie_is_res_102_and_somebody_elses_is_passed_over() {
    let server = Server::start().await;
    let made = server.put(&path()).values(&json!({})).send().await.assert_status(202);
    let cookie = made.cookie().to_owned();
    let other = "/redis/another-resource";
    server.get(other).cookie(&cookie).send().await.assert_error(400, "RES-102");
    server.delete(other).cookie(&cookie).send().await.assert_error(400, "RES-102");
    server.put(other).values(&json!({})).cookie(&cookie).send().await.assert_error(400, "RES-102");
    let cut = &cookie[..cookie.len() - 5];
    for bad in [cut, "cd1.k1.AAAA", "cd1.k1.***"] {
        server.get(&path()).cookie(bad).send().await.assert_error(400, "RES-102");
    }
    server.get(&path()).header("humanitec-driver-cookie", b"cd1.k1.\xfe\xff").send().await.assert_error(400, "RES-102");
    for foreign in [&b"eyJyZWdpb24iOiJ4In0="[..], b"", b"cd1.k9.AAAA", &[0xfe, 0xff]] {
        server.get(&path()).header("humanitec-driver-cookie", foreign).send().await.assert_status(202);
    }
    assert_eq!(server.cloud.caches().len(), 1);
}

fn with_account(account: &Value) -> Value {
    json!({"type": "redis", "driver": {"values": {}, "secrets": {"account": account}}})
}

#[tokio::test]
async fn bad_credentials_are_res_103() {
    let server = Server::start().await;
    for (account, fields) in [
        (json!({}), vec!["driver.secrets.account"]),
        (json!({"user": CANARY}), vec!["driver.secrets.account"]),
        (json!({"AccessKeyId": CANARY}), vec!["driver.secrets.account.SecretAccessKey"]),
        (json!({"appId": CANARY}), vec!["driver.secrets.account.password", "driver.secrets.account.tenant"]),
    ] {
        let answer = server.put(&path()).json(&with_account(&account)).send().await.assert_error(400, "RES-103");
        assert_eq!(answer.fields(), fields, "{account}");
    }
    let azure = json!({"appId": "app", "password": CANARY, "tenant": "t"});
    let answer = server.put(&path()).json(&with_account(&azure)).send().await.assert_error(400, "RES-103");
    assert!(answer.text.contains("azure") && answer.body["details"]["hint"].is_string(), "{}", answer.text);
    assert!(server.cloud.log().is_empty());
}

#[tokio::test]
async fn a_cache_of_one_account_is_not_deleted_with_anothers_credentials() {
    let server = Server::start().await;
    let keys = |id: &str| json!({"AccessKeyId": id, "SecretAccessKey": CANARY});
    let made = server.put(&path()).json(&with_account(&keys("one"))).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.put(&path()).json(&with_account(&keys("one"))).cookie(made.cookie()).send().await;
    let ready = ready.assert_status(200);
    let other = server.put(&path()).json(&with_account(&keys("two"))).cookie(ready.cookie()).send().await;
    let other = other.assert_error(400, "RES-103");
    assert!(other.text.contains("account-of-one") && other.text.contains("account-of-two"), "{}", other.text);
    // The cookie of the first account finds the way without credentials in the request.
    server.delete(&path()).cookie(ready.cookie()).send().await.assert_status(202);
    assert_eq!(server.cloud.caches().len(), 1);
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_res_105_and_stays_untouched() {
    let server = Server::start().await;
    server.put(&path()).values(&json!({})).send().await.assert_status(202);
    server.minutes(11);
    let (key, _) = server.cloud.caches().into_iter().next().unwrap();
    server.cloud.meddle(&key, |cache| cache.mark = None);
    server.put(&path()).values(&json!({})).send().await.assert_error(400, "RES-105");
    server.delete(&path()).send().await.assert_error(400, "RES-105");
    assert_eq!(server.cloud.mutations(), ["CreateCache"]);
}

#[tokio::test]
async fn developers_can_set_only_what_the_route_lets_them() {
    let limited = Setup::default().config(|config| {
        let route = config.routes.get_mut("redis").unwrap();
        route.developer_inputs = vec!["size".to_owned()];
        route.limits = json!({"size": ["nano", "small"]}).as_object().unwrap().clone();
    });
    let server = limited.start().await;
    for (resource, field) in
        [(json!({"replicas": 1}), "resource.replicas"), (json!({"size": "large"}), "resource.size")]
    {
        let body = json!({"type": "redis", "resource": resource});
        let answer = server.put(&path()).json(&body).send().await.assert_error(400, "RES-101");
        assert_eq!(answer.fields(), [field]);
    }
    server.put(&path()).json(&json!({"type": "redis", "resource": {"size": "nano"}})).send().await.assert_status(202);
}

#[tokio::test]
async fn a_cloud_that_is_not_enabled_lists_those_that_are() {
    let server = Setup::default().products(&[Product::GcpRedis, Product::AzureManagedRedis]).start().await;
    let answer = server.put(&path()).values(&json!({"provider": "aws"})).send().await.assert_error(400, "RES-109");
    assert!(answer.text.contains("gcp, azure"), "{}", answer.text);
    let unnamed = server.put(&path()).values(&json!({})).send().await.assert_error(400, "RES-101");
    assert_eq!(unnamed.fields(), ["driver.values.provider"]);
}

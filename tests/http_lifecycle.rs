//! The life of a resource over the Driver API, from the first PUT to the last DELETE.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use cache_driver::cache::Product;
use serde_json::json;
use support::cloud::Fault;
use support::{ID, Server, Setup};

#[tokio::test]
async fn a_resource_is_made_polled_read_and_removed() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    let made = server.put(&path).values(&json!({"size": "small"})).send().await.assert_status(202);
    assert_eq!(made.body["status"], "creating");
    server.minutes(5);
    server.put(&path).values(&json!({"size": "small"})).cookie(made.cookie()).send().await.assert_status(202);
    server.minutes(6);
    let ready =
        server.put(&path).values(&json!({"size": "small"})).cookie(made.cookie()).send().await.assert_status(200);
    assert_eq!(ready.body["id"], ID);
    assert_eq!(ready.body["type"], "redis");
    assert_eq!(ready.body["resource"]["values"]["port"], 6379);
    assert_eq!(ready.secret("username"), "default");

    let seen = server.get(&path).cookie(ready.cookie()).send().await.assert_status(200);
    assert_eq!(seen.body, ready.body);
    let gone = server.delete(&path).cookie(ready.cookie()).send().await.assert_status(202);
    assert_eq!(gone.body["status"], "deleting");
    server.get(&path).cookie(gone.cookie()).send().await.assert_status(202);
    server.minutes(5);
    server.delete(&path).cookie(gone.cookie()).send().await.assert_status(204);
    server.delete(&path).send().await.assert_status(204);
    server.get(&path).send().await.assert_error(404, "RES-114");
    assert_eq!(server.cloud.mutations(), ["CreateCache", "DeleteCache"]);
}

#[tokio::test]
async fn polling_with_get_alone_gets_there_too() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    let made = server.put(&path).values(&json!({})).send().await.assert_status(202);
    server.get(&path).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.get(&path).send().await.assert_status(200);
    let by_cookie = server.get(&path).cookie(made.cookie()).send().await.assert_status(200);
    assert_eq!(ready.body, by_cookie.body);
}

#[tokio::test]
async fn the_generic_path_takes_the_type_from_the_body() {
    let server = Server::start().await;
    let body = json!({"type": "my-org/valkey", "driver": {"values": {}}});
    let made = server.put(&format!("/{ID}")).json(&body).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.put(&format!("/{ID}")).json(&body).cookie(made.cookie()).send().await.assert_status(200);
    assert_eq!(ready.body["type"], "my-org/valkey");
    let seen = server.get(&format!("/{ID}")).cookie(ready.cookie()).send().await.assert_status(200);
    assert_eq!(seen.body["type"], "my-org/valkey");
    server.delete(&format!("/{ID}")).send().await.assert_status(202);
}

#[tokio::test]
async fn two_providers_have_the_same_outputs() {
    for (product, values) in [
        (Product::AwsReplicationGroup, json!({"provider": "aws"})),
        (Product::GcpValkey, json!({"provider": "gcp", "engine": "valkey"})),
        (Product::AzureManagedRedis, json!({"provider": "azure"})),
    ] {
        let server = Setup::default().products(&[product]).start().await;
        let path = format!("/redis/{ID}");
        server.put(&path).values(&values).send().await.assert_status(202);
        server.minutes(11);
        let ready = server.put(&path).values(&values).send().await.assert_status(200);
        let outputs = &ready.body["resource"]["values"];
        assert_eq!(outputs["product"], product.as_str());
        for key in ["host", "port", "tls", "auth", "cluster_mode", "engine", "engine_version", "region", "name"] {
            assert!(!outputs[key].is_null(), "{product}: {key}");
        }
        assert_eq!(ready.body["resource"]["secrets"].as_object().unwrap().len(), 3, "{product}");
    }
}

#[tokio::test]
async fn trailing_slashes_mean_nothing() {
    let server = Server::start().await;
    server.put(&format!("/redis/{ID}/")).values(&json!({})).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.get(&format!("/redis/{ID}")).send().await.assert_status(200);
    assert_eq!(server.get(&format!("/redis/{ID}/?x=1")).send().await.assert_status(200).body, ready.body);
    server.get("/alive/").send().await.assert_status(200);
}

#[tokio::test]
async fn a_dry_run_tells_the_plan_and_calls_nothing_that_changes() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}?dry_run=true");
    let plan = server.put(&path).values(&json!({"size": "large"})).send().await.assert_status(200);
    assert_eq!(plan.body["action"], "create");
    assert_eq!(plan.body["product"], "aws/replication-group");
    assert_eq!(server.cloud.mutations(), Vec::<String>::new());
    assert!(server.cloud.caches().is_empty());
    server.put(&path).values(&json!({"size": "enormous"})).send().await.assert_error(400, "RES-101");
    let odd = server.put(&format!("/redis/{ID}?dry_run=perhaps")).values(&json!({})).send().await;
    assert_eq!(odd.assert_error(400, "RES-101").fields(), ["?dry_run"]);
    assert_eq!(server.cloud.mutations(), Vec::<String>::new());
}

#[tokio::test]
async fn prefer_wait_holds_the_answer_until_the_cache_is_ready() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    let _ticking = server.keep_ticking();
    let waited = server.put(&path).values(&json!({})).header("prefer", "wait=20").send().await.assert_status(202);
    assert_eq!(waited.header("preference-applied"), "wait=20");
    let config = &server.running.driver.config().server;
    assert!(config.max_wait.as_secs() < 10_000);
    let bounded =
        server.delete(&format!("/redis/{ID}x")).header("prefer", "wait=10000").send().await.assert_status(204);
    assert_eq!(bounded.header("preference-applied"), format!("wait={}", config.max_wait.as_secs()));
    for _ in 0..5 {
        let answer = server.put(&path).values(&json!({})).header("prefer", "wait=300").send().await;
        if answer.status == 200 {
            return;
        }
        answer.assert_status(202);
    }
    panic!("twenty-five minutes of waiting were not enough for a cache that takes ten");
}

#[tokio::test]
async fn without_prefer_no_request_waits_for_the_cloud() {
    let server = Server::start().await;
    let made = server.put(&format!("/redis/{ID}")).values(&json!({})).send().await.assert_status(202);
    assert_eq!(made.header("preference-applied"), "");
}

#[tokio::test]
async fn a_lost_answer_loses_nothing() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    server.cloud.fail("CreateCache", 1, Fault::AnswerLost);
    let made = server.put(&path).values(&json!({})).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.put(&path).values(&json!({})).cookie(made.cookie()).send().await.assert_status(200);
    let again = server.put(&path).values(&json!({})).send().await.assert_status(200);
    assert_eq!(ready.body, again.body);
    assert_eq!(server.cloud.caches().len(), 1);
    assert_eq!(server.cloud.mutations(), ["CreateCache"]);
}

#[tokio::test]
async fn an_update_is_202_then_200_and_a_second_one_meanwhile_is_told_what_runs() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    server.put(&path).values(&json!({"replicas": 0})).send().await.assert_status(202);
    server.minutes(11);
    server.put(&path).values(&json!({"replicas": 0})).send().await.assert_status(200);
    let changed = server.put(&path).values(&json!({"replicas": 2})).send().await.assert_status(202);
    assert_eq!(changed.body["status"], "updating");
    server.minutes(16);
    server.put(&path).values(&json!({"replicas": 2})).send().await.assert_status(200);
    assert_eq!(server.cloud.mutations(), ["CreateCache", "UpdateCache"]);
}

#[tokio::test]
async fn a_change_that_would_replace_the_cache_is_refused_with_its_id() {
    let server = Setup::default().products(&[Product::AwsReplicationGroup]).start().await;
    let path = format!("/redis/{ID}");
    server.put(&path).values(&json!({"engine": "valkey"})).send().await.assert_status(202);
    server.minutes(11);
    let ready = server.put(&path).values(&json!({"engine": "valkey"})).send().await.assert_status(200);
    let refused = server.put(&path).values(&json!({"engine": "redis"})).cookie(ready.cookie()).send().await;
    let refused = refused.assert_error(400, "RES-106");
    let change = &refused.body["details"]["changes"][0];
    assert_eq!(
        (&change["field"], &change["from"], &change["to"]),
        (&json!("engine"), &json!("valkey"), &json!("redis"))
    );
    assert!(!refused.cookie().is_empty(), "something exists, so the cookie stays");
    assert_eq!(server.cloud.mutations(), ["CreateCache"]);
}

#[tokio::test]
async fn a_cache_that_failed_to_be_made_is_told_once_with_its_cause_and_cleared_away() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    server.cloud.doom_next("the subnet has no addresses left");
    server.put(&path).values(&json!({})).send().await.assert_status(202);
    server.minutes(11);
    let failed = server.put(&path).values(&json!({})).send().await.assert_error(400, "RES-104");
    assert!(failed.body["message"].as_str().unwrap().contains("no addresses left"), "{}", failed.text);
    assert!(!failed.body["details"]["events"].as_array().unwrap().is_empty());
    server.minutes(5);
    server.put(&path).values(&json!({})).send().await.assert_status(202);
    server.minutes(11);
    server.put(&path).values(&json!({})).send().await.assert_status(200);
}

#[tokio::test]
async fn deletion_protection_is_res_110_until_it_is_lifted() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    server.put(&path).values(&json!({"deletion_protection": true})).send().await.assert_status(202);
    server.minutes(11);
    server.put(&path).values(&json!({"deletion_protection": true})).send().await.assert_status(200);
    server.delete(&path).send().await.assert_error(400, "RES-110");
    server.put(&path).values(&json!({"deletion_protection": false})).send().await.assert_status(200);
    server.delete(&path).send().await.assert_status(202);
}

#[tokio::test]
async fn what_leads_elsewhere_while_a_creation_runs_is_409_with_the_hint_of_the_creation() {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    server.put(&path).values(&json!({})).send().await.assert_status(202);
    let (key, _) = server.cloud.caches().into_iter().next().unwrap();
    server.cloud.meddle(&key, |cache| cache.mark.as_mut().unwrap().want = "another-wish".to_owned());
    let conflict = server.put(&path).values(&json!({})).send().await.assert_status(409);
    assert_eq!(conflict.body["status"], "creating");
    assert_eq!(server.cloud.mutations(), ["CreateCache"]);
}

#[tokio::test]
async fn who_speaks_nothing_but_http_2_is_refused_at_once_and_nobody_else_is() {
    let server = Server::start().await;
    let url = format!("http://{}/alive", server.running.address);
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    assert!(client.get(&url).send().await.is_err());
    let response = server.running.client.get(url).send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (reqwest::Version::HTTP_11, 200));
}

#[tokio::test]
async fn a_head_request_has_no_body_also_when_it_fails() {
    let server = Server::start().await;
    for (path, status) in [("/alive", 200), ("/nowhere/at/all", 404)] {
        let url = format!("http://{}{path}", server.running.address);
        let response = server.running.client.head(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(response.bytes().await.unwrap().is_empty());
    }
}

//! What Prometheus sees.

use cache_driver::cache::Provider;
use cache_driver::config::{Auth, Deadlines, HashedSecret, Unreadable};
use serde_json::json;

use crate::captured::Captured;
use crate::harness::{Caller, Clouds, World, eventually, keys};
use crate::server::Server;

const CALLS: &str = "cache_driver_cloud_calls_total";

#[tokio::test]
async fn every_call_that_a_cloud_got_is_counted_under_the_clouds_own_name() {
    let clouds = Clouds::start().await;
    for provider in [Provider::Aws, Provider::Gcp, Provider::Azure] {
        let server = Server::start(clouds.config(provider), clouds.aws.clock()).await;
        for cloud in [Provider::Aws, Provider::Gcp, Provider::Azure] {
            clouds.cloud(cloud).control().calls().clear();
        }
        let mut resource = Caller::new(&server.url, &clouds.aws.id());
        clouds.ready(&mut resource, &json!({})).await;
        clouds.gone(&mut resource).await;
        // What goes on in the background has ended with the resource.
        let scrape = eventually("all background work to end", || async {
            clouds.aws.minutes(1);
            let scrape = server.scrape().await;
            (scrape.count("cache_driver_background_tasks", &[]) == 0).then_some(scrape)
        })
        .await;
        for cloud in [Provider::Aws, Provider::Gcp, Provider::Azure] {
            let got = clouds.cloud(cloud).control().calls().to_json();
            let counted = scrape.count(CALLS, &[("provider", cloud.as_str())]);
            assert_eq!(got["total"].as_u64().unwrap(), counted, "{cloud} for a cache on {provider}: {}", got["counts"]);
            let times = scrape.count("cache_driver_cloud_call_duration_seconds_count", &[("provider", cloud.as_str())]);
            assert_eq!(times, counted);
            if cloud != Provider::Azure {
                // The sandbox calls them as the cloud does.
                for (action, count) in got["counts"].as_object().unwrap() {
                    assert_eq!(scrape.count(CALLS, &[("operation", action)]), count.as_u64().unwrap(), "{action}");
                }
            }
        }
        assert!(scrape.count(CALLS, &[("provider", provider.as_str()), ("outcome", "ok")]) > 3);
        let labels = [("product", resource_product(provider)), ("operation", "creating")];
        assert_eq!(scrape.count("cache_driver_time_to_ready_seconds_count", &labels), 1, "{}", scrape.text);
        assert!(scrape.sum("cache_driver_time_to_ready_seconds_sum", &labels) >= 60.0, "{}", scrape.text);
    }
}

fn resource_product(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "aws/replication-group",
        Provider::Gcp => "gcp/redis",
        Provider::Azure => "azure/managed-redis",
    }
}

#[tokio::test]
async fn each_try_of_a_throttled_call_is_counted() {
    let world = World::with(|config| config.providers.aws.max_attempts = 3).await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id());
    world.fault(json!({"kind": "throttle", "action": "DescribeReplicationGroups", "times": 2}));
    resource.put(json!({})).await.is(202);
    let scrape = server.scrape().await;
    let looks = [("provider", "aws"), ("operation", "DescribeReplicationGroups")];
    assert_eq!(scrape.count("cache_driver_cloud_throttles_total", &looks), 2, "{}", scrape.text);
    let throttled = [&looks[..], &[("outcome", "throttled")]].concat();
    assert_eq!(scrape.count(CALLS, &throttled), 2);
    assert!(scrape.count(CALLS, &[&looks[..], &[("outcome", "absent")]].concat()) >= 1, "{}", scrape.text);
}

#[tokio::test]
async fn calls_for_tokens_are_counted() {
    let mut clouds = Clouds::start().await;
    clouds.aws.config.providers.aws.accounts.insert(
        "other".to_owned(),
        cache_driver::config::AwsAccount {
            role_arn: "arn:aws:iam::444455556666:role/driver".to_owned(),
            external_id: None,
            session_name: None,
        },
    );
    let server = Server::start(clouds.config(Provider::Aws), clouds.aws.clock()).await;
    let mut resource = Caller::new(&server.url, &clouds.aws.id());
    resource.put(json!({"account": "other"})).await.is(202);
    let scrape = server.scrape().await;
    assert!(scrape.count(CALLS, &[("operation", "AssumeRole"), ("outcome", "ok")]) >= 1, "{}", scrape.text);

    let server = Server::start(clouds.config(Provider::Azure), clouds.aws.clock()).await;
    let account =
        json!({"appId": "00000000-0000-4000-8000-000000000001", "password": "p", "tenant": "contoso.example"});
    Caller::new(&server.url, &clouds.aws.id()).with_account(account).put(json!({})).await.is(202);
    let scrape = server.scrape().await;
    let token = [("provider", "azure"), ("operation", "entra.token"), ("outcome", "ok")];
    assert_eq!(scrape.count(CALLS, &token), 1, "{}", scrape.text);
}

#[tokio::test]
async fn requests_are_counted_by_pattern_and_nothing_has_an_id_in_its_labels() {
    let world = World::start().await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id()).with_account(keys("111122223333"));
    resource.put(json!({})).await.is(202);
    resource.put(json!({"sise": 1})).await.is(400);
    Caller::new(&server.url, "no-such-resource").get().await.is(404);
    for path in ["/nowhere/secret-path", "/redis/Not-An-Id", "//"] {
        server.client.get(format!("{}{path}", server.url)).send().await.unwrap();
    }
    let odd = reqwest::Method::from_bytes(b"BREW").unwrap();
    server.client.request(odd, format!("{}/alive", server.url)).send().await.unwrap();
    let scrape = server.scrape().await;
    let requests = |labels: &[(&str, &str)]| scrape.count("cache_driver_http_requests_total", labels);
    let route = ("route", "/redis/{GUResID}");
    assert_eq!(requests(&[route, ("method", "PUT"), ("status", "202")]), 1);
    assert_eq!(requests(&[route, ("method", "PUT"), ("status", "400")]), 1);
    assert_eq!(requests(&[route, ("method", "GET"), ("status", "404")]), 1);
    assert_eq!(requests(&[("route", "none"), ("method", "GET")]), 2, "{}", scrape.text);
    assert_eq!(requests(&[("method", "other"), ("status", "405")]), 1, "{}", scrape.text);
    assert_eq!(scrape.count("cache_driver_http_request_duration_seconds_count", &[route]), 4);
    assert_eq!(scrape.count("cache_driver_errors_total", &[("code", "RES-101")]), 2);
    for hidden in [resource.id.as_str(), "no-such-resource", "secret-path", "Not-An-Id", "BREW", "111122223333"] {
        assert!(!scrape.text.contains(hidden), "{hidden}");
    }
    let routes = scrape.labels("cache_driver_http_requests_total", "route");
    assert_eq!(routes, ["/alive", "/redis/{GUResID}", "none"]);
}

#[tokio::test]
async fn what_this_process_keeps_up_is_counted_until_it_is_done() {
    let world = World::start().await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id());
    resource.put(json!({})).await.is(202);
    let pending = "cache_driver_caches_pending";
    let scrape = server.scrape().await;
    assert_eq!(scrape.count(pending, &[("operation", "creating"), ("phase", "creating")]), 1, "{}", scrape.text);
    assert_eq!(scrape.count("cache_driver_background_tasks", &[]), 1);
    assert_eq!(scrape.count("cache_driver_background_tasks_limit", &[]), 1024);
    let scrape = eventually("the end of the background work", || async {
        world.minutes(5);
        let scrape = server.scrape().await;
        (scrape.count("cache_driver_background_tasks", &[]) == 0).then_some(scrape)
    })
    .await;
    assert_eq!(scrape.count(pending, &[]), 0);
    assert_eq!(scrape.count("cache_driver_background_ended_total", &[("outcome", "done")]), 1, "{}", scrape.text);
    assert_eq!(scrape.count("cache_driver_time_to_ready_seconds_count", &[]), 1, "{}", scrape.text);
    // A cache that is as wanted is no more than that.
    resource.put(json!({})).await.is(200);
    assert_eq!(server.scrape().await.count("cache_driver_time_to_ready_seconds_count", &[]), 1);
}

#[tokio::test]
async fn a_cache_past_its_deadline_counts_until_it_is_well() {
    let world = World::with(|config| {
        let deadlines = Deadlines {
            create: std::time::Duration::from_mins(1),
            ..config.lifecycle.deadlines_of(cache_driver::cache::Product::AwsReplicationGroup)
        };
        config.lifecycle.deadlines.insert(cache_driver::cache::Product::AwsReplicationGroup, deadlines);
    })
    .await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id());
    resource.put(json!({})).await.is(202);
    world.minutes(2);
    resource.put(json!({})).await.refused("RES-108");
    resource.get().await.refused("RES-108");
    assert_eq!(server.scrape().await.count("cache_driver_caches_past_deadline", &[]), 1);
    world.minutes(30);
    resource.get().await.is(200);
    assert_eq!(server.scrape().await.count("cache_driver_caches_past_deadline", &[]), 0);
}

#[tokio::test]
async fn foreign_cookies_and_moved_defaults_are_counted() {
    let clouds = Clouds::start().await;
    let mut config = clouds.config(Provider::Aws);
    config.cookie.unreadable = Unreadable::Ignore;
    let server = Server::start(config, clouds.aws.clock()).await;
    let mut resource = Caller::new(&server.url, &clouds.aws.id());
    clouds.ready(&mut resource, &json!({})).await;
    resource.cookie = Some("another-drivers".to_owned());
    resource.get().await.is(200);
    assert_eq!(server.scrape().await.count("cache_driver_cookies_ignored_total", &[]), 1);

    let server = Server::start(clouds.config(Provider::Gcp), clouds.aws.clock()).await;
    resource.at(&server.url).put(json!({})).await.is(200);
    let scrape = server.scrape().await;
    assert_eq!(scrape.count("cache_driver_provider_kept_total", &[]), 1, "{}", scrape.text);
}

#[tokio::test]
async fn a_delete_that_could_not_look_everywhere_is_counted_and_audited() {
    let (captured, _guard) = Captured::begin("info");
    let clouds = Clouds::start().await;
    let server = Server::start(clouds.config(Provider::Aws), clouds.aws.clock()).await;
    let mut resource = Caller::new(&server.url, &clouds.aws.id());
    clouds.ready(&mut resource, &json!({})).await;
    clouds.fault(Provider::Gcp, json!({"kind": "access_denied", "times": 0}));
    clouds.gone(&mut resource).await;
    // What goes on in the background may have told it too.
    let told = captured.lines("message", "answered that it is gone, though this place may not be looked at");
    let line = told.first().expect("a line");
    assert!(line["target"] == "audit" && line["level"] == "WARN" && line["outcome"] == "unverified", "{line}");
    assert!(line["place"].as_str().unwrap().starts_with("gcp/"), "{line}");
    assert_eq!(server.scrape().await.count("cache_driver_deletes_unverified_total", &[]), 1);
}

#[tokio::test]
async fn a_request_that_is_held_back_counts_and_warns_once_however_often_it_looks() {
    let (captured, _guard) = Captured::begin("info");
    let mut world = World::start().await;
    world.config.cookie.unreadable = Unreadable::Ignore;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let put = server.client.put(format!("{}/redis/{}", server.url, world.id()));
    let put = put.header("prefer", "wait=60").header("humanitec-driver-cookie", "another-drivers");
    let put = put.json(&json!({"type": "redis", "driver": {"values": {}}}));
    let sent = tokio::spawn(put.send());
    eventually("the answer", || async {
        world.seconds(1);
        sent.is_finished().then_some(())
    })
    .await;
    assert_eq!(sent.await.unwrap().unwrap().status(), 202);
    let looks = captured.lines("message", "answered")[0]["cloud_calls"].as_u64().unwrap();
    assert!(looks > 4, "it has looked several times: {looks}");
    assert_eq!(captured.lines("message", "passed over a cookie").len(), 1, "{}", captured.text());
    assert_eq!(server.scrape().await.count("cache_driver_cookies_ignored_total", &[]), 1);
}

#[tokio::test]
async fn metrics_are_for_operators_and_those_who_are_not_let_in_are_counted() {
    let mut world = World::start().await;
    let mut auth = Auth { tokens: vec![HashedSecret::of("caller", "a-callers-token")], ..Auth::default() };
    auth.operators.tokens = vec![HashedSecret::of("prometheus", "a-collectors-token")];
    world.config.server.auth = auth;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let get = async |path: &str, token: &str| {
        let call = server.client.get(format!("{}{path}", server.url)).bearer_auth(token);
        let answer = call.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("/metrics", "wrong").await.0, 401);
    assert_eq!(get("/redis/some-id", "a-collectors-token").await.0, 403);
    assert_eq!(get("/metrics", "a-callers-token").await.0, 200);
    let (status, text) = get("/metrics", "a-collectors-token").await;
    assert_eq!(status, 200);
    let scrape = crate::scrape::Scrape::read(text);
    let denied = |reason: &str| scrape.count("cache_driver_auth_denied_total", &[("reason", reason)]);
    assert_eq!((denied("unproved"), denied("operators_only"), denied("address")), (1, 1, 0));
}

#[tokio::test]
async fn the_binary_tells_what_it_is_and_since_when() {
    let world = World::start().await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let began = world.clock().now().as_duration().as_secs_f64();
    world.minutes(1);
    let scrape = server.scrape().await;
    let build = [("version", "0.0.0-test"), ("providers", "aws,gcp,azure")];
    assert_eq!(scrape.count("cache_driver_build_info", &build), 1, "{}", scrape.text);
    assert!((scrape.sum("process_start_time_seconds", &[]) - began).abs() < 0.01);
    // The first scrape is a request like others.
    let again = server.scrape().await.text;
    assert!(again.contains("# UNIT cache_driver_http_request_duration_seconds seconds"), "{again}");
}

//! `GET /resources`, and what happens when a sweep and a request meet.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::{Backend, Registry};
use cache_driver::cache::Product;
use cache_driver::clock::{Clock, SystemClock};
use cache_driver::driver::{SweepOptions, SweepOutcome};
use cache_driver::random::SeededSource;
use serde_json::json;
use support::cloud::Fault;
use support::memory::Memory;
use support::{ID, Running, Server};

/// A server with one cache that can be used.
async fn with_cache(values: &serde_json::Value) -> Server {
    let server = Server::start().await;
    let path = format!("/redis/{ID}");
    server.put(&path).values(values).send().await.assert_status(202);
    server.minutes(11);
    server.put(&path).values(values).send().await.assert_status(200);
    server
}

/// Another driver over the same cloud.
async fn another(server: &Server) -> Running {
    let memory = Memory::new(Product::AwsReplicationGroup, server.cloud.clone());
    let registry = Registry::new([Arc::new(memory) as Arc<dyn Backend>]);
    let config = server.running.driver.config().clone();
    Running::start(config, registry, Arc::new(server.clock.clone()), Arc::new(SeededSource::new(8))).await
}

fn lists(server: &Server) -> usize {
    server.cloud.log().iter().filter(|logged| logged.call == "ListCaches").count()
}

#[tokio::test]
async fn the_resources_are_told_and_the_clouds_are_asked_once_a_minute() {
    let server = with_cache(&json!({"size": "small", "ttl": "7d"})).await;
    let before = lists(&server);
    let told = server.get("/resources").send().await.assert_status(200);
    let entry = &told.body["caches"][0];
    assert_eq!((&entry["id"], &entry["state"], &entry["phase"]), (&json!(ID), &json!("owned"), &json!("ready")));
    assert_eq!((&entry["size"], &entry["route"]), (&json!("small"), &json!("redis")));
    assert_eq!((&entry["due"][0]["task"], &entry["findings"]), (&json!("expire"), &json!([])));
    assert_eq!(told.body["failures"], json!([]));
    let asked = lists(&server) - before;
    let many = (0..20).map(|_| server.get("/resources").send());
    for answer in futures(many).await {
        assert_eq!(answer.assert_status(200).body, told.body);
    }
    assert_eq!(lists(&server) - before, asked);
    server.minutes(2);
    let later = server.get("/resources").send().await.assert_status(200);
    assert_eq!(lists(&server) - before, 2 * asked);
    assert!(later.body["caches"][0]["age_seconds"].as_i64() > entry["age_seconds"].as_i64());
}

async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T>
where
    T: Send + 'static,
{
    let tasks: Vec<_> = all.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

#[tokio::test]
async fn a_place_that_cannot_be_listed_stands_beside_the_caches() {
    let server = with_cache(&json!({})).await;
    server.cloud.fail("ListCaches", 1, Fault::Denied);
    let told = server.get("/resources").send().await.assert_status(200);
    assert_eq!(told.body["failures"].as_array().unwrap().len(), 1);
    assert_eq!((&told.body["failures"][0]["error"], &told.body["places"]), (&json!("RES-103"), &json!(1)));
}

#[tokio::test]
async fn the_list_of_resources_is_no_resource_and_takes_no_put() {
    let server = Server::start().await;
    server.put("/resources").values(&json!({})).send().await.assert_error(405, "RES-114");
}

#[tokio::test]
async fn a_put_that_comes_between_the_list_and_the_removal_keeps_the_cache() {
    let values = json!({"on_delete": "hold", "delete_hold_hours": 1});
    let server = with_cache(&values).await;
    let path = format!("/redis/{ID}");
    server.delete(&path).send().await.assert_status(204);
    server.get(&path).send().await.assert_error(404, "RES-114");
    server.minutes(61);

    let other = another(&server).await;
    // The sweep has its list, and hangs at the last look before it acts.
    server.cloud.fail("DescribeCache", 1, Fault::Hangs);
    let seen = server.cloud.log().len();
    let driver = other.driver.clone();
    let sweeping = tokio::spawn(async move { driver.sweep(SweepOptions::default()).await });
    let hangs = || server.cloud.log()[seen..].iter().any(|logged| logged.call == "DescribeCache");
    let until = SystemClock.now().checked_add(Duration::from_secs(20)).unwrap();
    while !hangs() {
        assert!(SystemClock.now() < until, "the sweep never looks");
        tokio::task::yield_now().await;
    }
    // Overdue as it is, the PUT makes sure first.
    server.put(&path).values(&values).send().await.assert_status(202);
    server.cloud.let_go();
    let swept = sweeping.await.unwrap();
    assert_eq!(swept.actions.iter().map(|action| action.outcome).collect::<Vec<_>>(), [SweepOutcome::Overtaken]);
    assert!(!swept.has_failed());
    server.minutes(1);
    server.put(&path).values(&values).send().await.assert_status(200);
    assert!(!server.cloud.mutations().contains(&"DeleteCache".to_owned()));
}

#[tokio::test]
async fn a_sweep_that_waits_stays_until_what_it_began_is_done() {
    let values = json!({"on_delete": "hold", "delete_hold_hours": 1});
    let server = with_cache(&values).await;
    server.delete(&format!("/redis/{ID}")).send().await.assert_status(204);
    server.minutes(61);
    let other = another(&server).await;
    server.cloud.fail("DeleteCache", 2, Fault::Busy);
    let _ticking = server.keep_ticking();
    let options = SweepOptions { wait: Duration::from_mins(30), ..SweepOptions::default() };
    let swept = other.driver.sweep(options).await;
    assert_eq!(
        swept.actions.iter().map(|action| action.outcome).collect::<Vec<_>>(),
        [SweepOutcome::Done],
        "{swept:#?}"
    );
    assert!(server.cloud.caches().is_empty());
}

#[tokio::test]
async fn a_difference_that_never_goes_away_is_told_after_the_updates_time() {
    let server = with_cache(&json!({})).await;
    let path = format!("/redis/{ID}");
    let wanted = json!({"replicas": 2});
    let mut answer = server.put(&path).values(&wanted).send().await.assert_status(202);
    for _ in 0..10 {
        // Whatever the cloud accepts, somebody takes it back at once.
        for key in server.cloud.caches().keys() {
            server.cloud.meddle(key, |cache| cache.coming.clear());
        }
        server.minutes(16);
        answer = server.put(&path).values(&wanted).cookie(answer.cookie()).send().await;
        if answer.status != 202 {
            break;
        }
    }
    let told = answer.assert_error(400, "RES-108");
    // It is told once; then it is tried anew.
    server.put(&path).values(&wanted).cookie(told.cookie()).send().await.assert_status(202);
}

//! The whole driver under load, over the sandbox, as processes of their own: `make bench` runs it.
//!
//! Prints a table; asserts nothing. The goals stand beside the figures in `docs/performance.md`.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the machine's clock")]

mod process;
mod report;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::routing::put;
use process::{Child, config_file};
use report::{Latencies, row, title};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

#[tokio::main]
async fn main() {
    // `cargo test` runs every bench target once to see that it works; the load takes minutes.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    title("cache-driver under load");
    start_up().await;
    latency().await;
    memory().await;
    throughput().await;
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

/// exec to the first 200 on `/alive`.
async fn start_up() {
    let sandbox = Child::sandbox(60.0);
    let client = client();
    let mut times = Vec::new();
    for _ in 0..20 {
        let config = config_file(&sandbox.url, "info");
        let began = Instant::now();
        let driver = Child::driver(config.path());
        let alive = client.get(format!("{}/alive", driver.url)).send().await.expect("an answer");
        assert!(alive.status().is_success());
        times.push(began.elapsed());
    }
    row("exec to first 200 on /alive", &Latencies::of(times).text(), "under 50 ms");
}

/// PUTs that create, against a cloud that takes 10 ms for each call.
async fn latency() {
    let sandbox = Child::sandbox(60.0);
    let client = client();
    let slow = json!([{"kind": "slow", "millis": 10, "times": 0}]);
    let faults = client.post(format!("{}/_sandbox/faults", sandbox.url)).json(&slow).send().await.expect("an answer");
    assert!(faults.status().is_success(), "{}", faults.status());
    let config = config_file(&sandbox.url, "warn");
    let driver = Child::driver(config.path());
    let created = puts(&driver, 500, 8, "latency", &[202]).await;
    row("PUT that creates, 8 at a time, cloud of 10 ms", &created.text(), "p99 under 100 ms");
    let repeated = puts(&driver, 500, 8, "latency", &[202, 200]).await;
    row("PUT again while it is made, same", &repeated.text(), "p99 under 100 ms");
}

/// What a thousand caches in the making cost.
async fn memory() {
    let sandbox = Child::sandbox(1.0);
    let config = config_file(&sandbox.url, "warn");
    let driver = Child::driver(config.path());
    let before = driver.resident_mib();
    puts(&driver, 1000, 16, "memory", &[202]).await;
    let after = driver.resident_mib();
    row("RSS idle", &format!("{before:.1} MiB"), "");
    row("RSS with 1,000 pending caches", &format!("{after:.1} MiB"), "under 60 MiB");
}

/// PUTs that change nothing, as a ratio to a handler of axum's that reads the same JSON and answers as much.
async fn throughput() {
    let sandbox = Child::sandbox(100_000.0);
    let config = config_file(&sandbox.url, "warn");
    let driver = Child::driver(config.path());
    let client = client();
    let url = format!("{}/redis/throughput-0", driver.url);
    let answer = loop {
        let response = client.put(&url).json(&body()).send().await.expect("an answer");
        if response.status() == 200 {
            break response.text().await.expect("a body");
        }
    };
    let bare = bare(answer).await;
    let alive = rate(&client, &format!("{}/alive", driver.url), reqwest::Method::GET).await;
    let bare = rate(&client, &format!("{bare}/redis/throughput-0"), reqwest::Method::PUT).await;
    let driver_rate = rate(&client, &url, reqwest::Method::PUT).await;
    row("bare axum handler, same body", &format!("{bare:.0}/s"), "");
    row("GET /alive of the driver", &format!("{alive:.0}/s, {:.2} of bare", alive / bare), "");
    row(
        "PUT that changes nothing, sandbox on the same cores",
        &format!("{driver_rate:.0}/s, {:.3} of bare", driver_rate / bare),
        "",
    );
}

fn body() -> Value {
    json!({"type": "redis", "resource": {}, "driver": {"values": {"size": "small"}, "secrets": {}}})
}

/// A server that does nothing but speak HTTP and JSON.
async fn bare(answer: String) -> String {
    let answer: Arc<str> = answer.into();
    let handler = move |axum::Json(body): axum::Json<Value>| {
        let answer = answer.clone();
        async move {
            assert!(body.is_object());
            ([("content-type", "application/json")], answer.to_string())
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/redis/{id}", put(handler))).await });
    format!("http://{address}")
}

/// `count` PUTs of different resources, `wide` at a time.
async fn puts(driver: &Child, count: usize, wide: usize, name: &str, expected: &[u16]) -> Latencies {
    let client = client();
    let room = Arc::new(Semaphore::new(wide));
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..count {
        let permit = room.clone().acquire_owned().await.expect("never closed");
        let request = client.put(format!("{}/redis/{name}-{number}", driver.url)).json(&body());
        calls.spawn(async move {
            let _permit = permit;
            let began = Instant::now();
            let response = request.send().await.expect("an answer");
            let took = began.elapsed();
            let status = response.status().as_u16();
            (status, took, response.text().await.expect("a body"))
        });
    }
    let answers = calls.join_all().await;
    for (status, _, body) in &answers {
        assert!(expected.contains(status), "{status} is none of {expected:?}: {body}");
    }
    Latencies::of(answers.into_iter().map(|(_, took, _)| took).collect())
}

/// Requests per second, 8 at a time, for three seconds.
async fn rate(client: &reqwest::Client, url: &str, method: reqwest::Method) -> f64 {
    const SECONDS: u64 = 3;
    let mut callers = tokio::task::JoinSet::new();
    let until = Instant::now() + std::time::Duration::from_secs(SECONDS);
    for _ in 0..8 {
        let (client, url, method) = (client.clone(), url.to_owned(), method.clone());
        callers.spawn(async move {
            let mut done = 0_u32;
            while Instant::now() < until {
                let mut request = client.request(method.clone(), &url);
                if method == reqwest::Method::PUT {
                    request = request.json(&body());
                }
                let response = request.send().await.expect("an answer");
                assert_eq!(response.status(), 200);
                response.bytes().await.expect("a body");
                done += 1;
            }
            done
        });
    }
    let done: u32 = callers.join_all().await.into_iter().sum();
    f64::from(done) / f64::from(u32::try_from(SECONDS).expect("a few"))
}

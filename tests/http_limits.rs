//! What every request goes through: paths, methods, ids, limits, panics, time-outs, shutdown.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::time::Duration;

use serde_json::json;
use support::cloud::Fault;
use support::{ID, Server, Setup};

fn path() -> String {
    format!("/redis/{ID}")
}

/// Waits until so many calls have reached the cloud.
async fn arrived(server: &Server, calls: usize) {
    for _ in 0..2000 {
        if server.cloud.log().len() >= calls {
            return;
        }
        tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await.unwrap_err();
    }
    panic!("only {} calls reached the cloud", server.cloud.log().len());
}

#[tokio::test]
async fn an_unknown_path_is_404_with_the_nearest_route() {
    let server = Server::start().await;
    let answer = server.put(&format!("/reddis/{ID}")).values(&json!({})).send().await.assert_error(404, "RES-114");
    assert!(answer.text.contains("did you mean `/redis/`?"), "{}", answer.text);
    for path in ["/redis/a/b", &format!("/redis/{ID}/more"), "/docs/other", "/redis%2Fabc/def", "/*/x"] {
        for call in [server.put(path).values(&json!({})), server.get(path), server.post(path), server.delete(path)] {
            call.send().await.assert_error(404, "RES-114");
        }
    }
}

#[tokio::test]
async fn an_unknown_method_is_405_and_tells_the_known_ones() {
    let server = Server::start().await;
    for (method, path, allow) in [
        ("PATCH", path().as_str(), &["DELETE", "GET", "PUT"][..]),
        ("POST", &path(), &["DELETE", "GET", "PUT"]),
        ("OPTIONS", &format!("/{ID}"), &["DELETE", "GET", "PUT"]),
        ("PUT", "/alive", &["GET"]),
        ("DELETE", "/docs/spec.json", &["GET"]),
        ("PUT", "/", &["GET", "POST"]),
        ("TRACE", "/health", &["GET"]),
        ("BREW", "/health", &["GET"]),
        ("PATCH", "/redis/", &["POST"]),
    ] {
        let answer = server.running.call(method, path).send().await.assert_error(405, "RES-114");
        let mut told: Vec<&str> = answer.header("allow").split(',').map(str::trim).filter(|m| *m != "HEAD").collect();
        told.sort_unstable();
        assert_eq!(told, allow, "{method} {path}");
    }
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_harmless_and_made_otherwise() {
    let server = Server::start().await;
    for id in ["abc-123_x.y:z", &"a".repeat(128)] {
        server.get("/alive").header("x-request-id", id).send().await.assert_status(200);
        server.get("/nowhere/at/all").header("x-request-id", id).send().await.assert_status(404);
    }
    let mut made = Vec::new();
    for bad in ["", "with space", "{\"json\":1}", &"a".repeat(129)] {
        // The harness would insist on an echo under the name that it knows.
        let answer = server.get("/alive").header("X-Request-Id", bad).send().await;
        assert_ne!(answer.header("x-request-id"), bad);
        assert_eq!(answer.header("x-request-id").len(), 36);
        made.push(answer.header("x-request-id").to_owned());
    }
    made.dedup();
    assert_eq!(made.len(), 4);
}

#[tokio::test]
async fn a_panic_is_a_500_in_the_shape_of_every_error_and_the_server_lives_on() {
    let server = Server::start().await;
    server.cloud.fail("DescribeCache", 1, Fault::Panics);
    let answer = server.put(&path()).values(&json!({})).send().await.assert_error(500, "RES-113");
    assert!(!answer.text.contains("imagined bug"), "{}", answer.text);
    server.cloud.fail("CreateCache", 1, Fault::Panics);
    server.put(&path()).values(&json!({})).send().await.assert_error(500, "RES-113");
    server.put(&path()).values(&json!({})).send().await.assert_status(202);
    server.get("/alive").send().await.assert_status(200);
}

#[tokio::test]
async fn a_panic_in_the_background_leaves_nothing_that_seems_to_run() {
    let server = Server::start().await;
    server.put(&path()).values(&json!({})).send().await.assert_status(202);
    assert_eq!(server.running.driver.kept_up().len(), 1);
    let before = server.cloud.log().len();
    server.cloud.fail("DescribeCache", 1, Fault::Panics);
    let _ticking = server.keep_ticking();
    let ended = async {
        while !server.running.driver.kept_up().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    assert_eq!(server.cloud.log().len(), before + 1, "the panic has ended it: {:?}", server.cloud.log());
}

#[tokio::test]
async fn a_panic_while_an_answer_is_held_back_leaves_nothing_that_seems_to_run() {
    let server = Server::start().await;
    let held = server.put(&path()).header("prefer", "wait=60").values(&json!({})).send();
    let held = tokio::spawn(held);
    arrived(&server, 3).await;
    server.cloud.fail("DescribeCache", 1, Fault::Panics);
    let _ticking = server.keep_ticking();
    held.await.unwrap().assert_error(500, "RES-113");
    assert_eq!(server.running.driver.kept_up(), []);
    server.put(&path()).values(&json!({})).send().await.assert_status(202);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_503_and_what_it_began_goes_on() {
    let server = Server::start().await;
    server.cloud.fail("CreateCache", 1, Fault::Hangs);
    let sent = tokio::spawn(server.put(&path()).values(&json!({})).send());
    arrived(&server, 3).await;
    while !sent.is_finished() {
        server.clock.advance(Duration::from_secs(10));
        tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await.unwrap_err();
    }
    let answer = sent.await.unwrap().assert_error(503, "RES-113");
    assert_eq!(answer.body["details"]["retryable"], true);
    server.cloud.let_go();
    server.put(&path()).values(&json!({})).send().await.assert_status(202);
    assert_eq!(server.cloud.caches().len(), 1);
}

#[tokio::test]
async fn too_many_requests_are_503_and_probes_still_answer() {
    let server = Setup::default().config(|config| config.server.concurrency_limit = 1).start().await;
    server.cloud.fail("CreateCache", 1, Fault::Hangs);
    let sent = tokio::spawn(server.put(&path()).values(&json!({})).send());
    arrived(&server, 3).await;
    let refused = server.get("/redis/another-one").send().await.assert_error(503, "RES-113");
    assert_eq!(refused.body["details"]["retryable"], true);
    server.get("/alive").send().await.assert_status(200);
    server.get("/health").send().await.assert_status(200);
    server.cloud.let_go();
    sent.await.unwrap().assert_status(202);
    server.get("/redis/another-one").send().await.assert_status(404);
}

#[tokio::test]
async fn a_shutdown_answers_what_is_in_work_and_takes_nothing_new() {
    let mut server = Server::start().await;
    server.cloud.fail("CreateCache", 1, Fault::Hangs);
    let sent = tokio::spawn(server.put(&path()).values(&json!({})).send());
    arrived(&server, 3).await;
    let serving = server.running.serving.take().unwrap();
    server.running.stop();
    for _ in 0..2000 {
        if server.running.app.is_stopping() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(server.running.app.is_stopping());
    assert!(tokio::net::TcpStream::connect(server.running.address).await.is_err());
    assert!(!serving.is_finished());
    server.cloud.let_go();
    sent.await.unwrap().assert_status(202);
    tokio::time::timeout(Duration::from_secs(10), serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_answers_what_is_held_back_at_once() {
    let mut server = Server::start().await;
    let held = server.put(&path()).values(&json!({})).header("prefer", "wait=60");
    let sent = tokio::spawn(held.send());
    let of_2020 = json!({"id": "another-one", "type": "redis", "driver_params": {}});
    let old = tokio::spawn(server.post("/redis/").json(&of_2020).send());
    // The clock stands still: nothing else ends the wait.
    while server.running.driver.kept_up().len() < 2 {
        tokio::task::yield_now().await;
    }
    let serving = server.running.serving.take().unwrap();
    server.running.stop();
    let answer = tokio::time::timeout(Duration::from_secs(10), sent).await.unwrap().unwrap();
    assert_eq!(answer.assert_status(202).body["status"], "creating");
    let answer = tokio::time::timeout(Duration::from_secs(10), old).await.unwrap().unwrap();
    assert_eq!(answer.assert_error(503, "RES-113").body["details"]["retryable"], true);
    tokio::time::timeout(Duration::from_secs(10), serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let mut server = Server::start().await;
    server.cloud.fail("CreateCache", 1, Fault::Hangs);
    let waiting = server.put(&path()).values(&json!({})).header("prefer", "wait=300");
    let sent = tokio::spawn(waiting.send());
    arrived(&server, 3).await;
    let serving = server.running.serving.take().unwrap();
    server.running.stop();
    while !serving.is_finished() {
        server.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    sent.abort();
}

#[tokio::test]
async fn trouble_at_the_cloud_is_202_and_a_refusal_is_400_with_its_words() {
    let server = Server::start().await;
    for fault in [Fault::Unavailable, Fault::Busy] {
        server.cloud.fail("CreateCache", 1, fault);
        server.put(&path()).values(&json!({})).send().await.assert_status(202);
    }
    for (fault, code) in [
        (Fault::Refused("the subnet group does not exist"), "RES-104"),
        (Fault::Denied, "RES-103"),
        (Fault::NoCapacity, "RES-107"),
    ] {
        server.cloud.fail("CreateCache", 1, fault);
        let answer = server.put("/redis/another-one").values(&json!({})).send().await.assert_error(400, code);
        assert_eq!(answer.body["details"]["operation"], "CreateCache");
        assert_eq!(answer.body["details"]["product"], "aws/replication-group");
    }
}

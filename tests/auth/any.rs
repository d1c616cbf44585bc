//! Whatever comes without a proof: it is not let in, and it reaches nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::harness::{TOKEN, hashed, raw, server};
use crate::support::ID;

const SECRET: &str = "CANARYc4n4ry-path";

fn target() -> impl Strategy<Value = String> {
    let words = [
        "",
        ".",
        "..",
        "%2e%2e",
        "%2f",
        "redis",
        "my-valkey",
        "alive",
        "ALIVE",
        "health",
        "docs",
        "metrics",
        "%61live",
        ID,
        "CANARYc4n4ry-pat",
        "canaryC4N4RY-path",
        "CANARYc4n4ry-path%00",
    ];
    let segment = prop_oneof![6 => select(words.to_vec()).prop_map(str::to_owned), 1 => "[!-~]{0,20}"];
    let query = select(&["", "?dry_run=true", "?/alive", "?token=CANARYc4n4ry"][..]);
    let head = select(&["/", "//", "http://x/", "http://alive/", "/./", "*", ""][..]);
    let built = (head, prop::collection::vec(segment, 0..5), query)
        .prop_map(|(head, segments, query)| format!("{head}{}{query}", segments.join("/").replace(['?', '#'], "-")));
    let plain = select(vec![format!("/redis/{ID}"), "/alive".to_owned(), "/health/".to_owned(), "/sizes".to_owned()]);
    prop_oneof![4 => built, 1 => plain]
}

fn header() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "",
            "authorization: Bearer\r\n",
            "authorization: Bearer CANARYc4n4ry-7f3a9d\r\n",
            "authorization: Basic Q0FOQVJZ\r\n",
            "authorization: Bearer eyJhbGciOiJub25lIn0.eyJvcmdJRCI6Im15LW9yZyJ9.\r\n",
            "x-original-url: /alive\r\n",
            "x-rewrite-url: /alive\r\n",
            "x-forwarded-for: 127.0.0.1\r\n",
            "x-http-method-override: GET\r\n",
            "x-forwarded-prefix: /CANARYc4n4ry-path\r\n",
        ][..],
    )
}

/// Whether a path is one that is open, exactly as it is written.
fn is_open(method: &str, target: &str) -> bool {
    let path = target.strip_prefix("http://x").or_else(|| target.strip_prefix("http://alive")).unwrap_or(target);
    let first = path.split(['/', '?']).nth(1).unwrap_or_default();
    matches!(method, "GET" | "HEAD") && matches!(first, "alive" | "health")
}

#[test]
fn no_request_without_a_proof_is_let_in() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.path_secrets = vec![hashed("two", SECRET)];
    }));
    let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
    let methods = select(vec!["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "CONNECT", "get"]);
    let same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let seen = RefCell::new(BTreeMap::<u16, u32>::new());
    let outcome =
        TestRunner::new_with_rng(config, same).run(&(methods, target(), header()), |(method, target, header)| {
            let request = format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n");
            let status = runtime.block_on(raw(server.running.address, &request));
            *seen.borrow_mut().entry(status).or_default() += 1;
            // 400: no HTTP at all. 404: an empty segment, which is no path for anybody.
            let expected = status == 401 || status == 400 || (status == 404 && !is_plain(&target));
            prop_assert!(expected || is_open(method, &target), "{method} {target}: {status}");
            Ok(())
        });
    outcome.unwrap();
    let seen = seen.into_inner();
    let count = |status: u16| seen.get(&status).copied().unwrap_or_default();
    assert!(count(401) > 100 && count(200) > 0 && count(404) > 0, "only {seen:?} came, so that little was tried");
    let reached: Vec<_> = server.cloud.log().into_iter().filter(|logged| logged.call != "WhoAmI").collect();
    assert!(reached.is_empty(), "{reached:?}");
}

/// Whether a path has no empty segment but perhaps one at its end.
fn is_plain(target: &str) -> bool {
    let path = target.strip_prefix("http://x").or_else(|| target.strip_prefix("http://alive")).unwrap_or(target);
    let path = path.split('?').next().unwrap_or_default();
    path.starts_with('/') && !path.contains("//")
}

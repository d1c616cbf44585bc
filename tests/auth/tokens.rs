//! Bearer tokens.

use serde_json::json;

use crate::harness::{TOKEN, assert_in, assert_out, bearer, hashed, put, raw_get, resource, server};

#[tokio::test]
async fn who_has_the_token_is_let_in_and_who_has_not_is_not() {
    let server = server(|auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    assert_in(bearer(server.get(&resource()), TOKEN)).await;
    bearer(put(&server), TOKEN).send().await.assert_status(202);
    for call in [
        server.get(&resource()),
        bearer(server.get(&resource()), "CANARYc4n4ry-other"),
        bearer(server.get(&resource()), &TOKEN[..TOKEN.len() - 1]),
        bearer(server.get(&resource()), &format!("{TOKEN}0")),
        bearer(server.get(&resource()), &TOKEN.to_uppercase()),
        bearer(server.get(&resource()), ""),
        server.get(&resource()).header("authorization", TOKEN),
        server.get(&resource()).header("authorization", format!("Basic {TOKEN}")),
        server.get(&resource()).header("authorization", b"Bearer \xff\xfe"),
        server.get(&resource()).header("x-authorization", format!("Bearer {TOKEN}")),
        server.get(&format!("{}?access_token={TOKEN}", resource())),
    ] {
        assert_out(call).await;
    }
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case_and_the_hash_is_no_token() {
    let server = server(|auth| auth.tokens = vec![hashed("one", "tok")]).await;
    for scheme in ["bearer", "BEARER", "Bearer "] {
        assert_in(server.get(&resource()).header("authorization", format!("{scheme} tok"))).await;
    }
    // The SHA-256 of `tok`, which is what stands in the configuration.
    let hash = "1a7674eb4ee78df7e1ac439a93c3fa8e3c945784d4dec9fd8e3011738b2f1d62";
    assert_out(bearer(server.get(&resource()), hash)).await;
}

#[tokio::test]
async fn several_tokens_are_good_at_once_so_that_one_can_be_changed() {
    let server = server(|auth| auth.tokens = vec![hashed("old", "old-token"), hashed("new", "new-token")]).await;
    assert_in(bearer(server.get(&resource()), "old-token")).await;
    assert_in(bearer(server.get(&resource()), "new-token")).await;
    assert_out(bearer(server.get(&resource()), "old-tokennew-token")).await;
}

#[tokio::test]
async fn two_headers_are_refused_since_a_proxy_might_have_looked_at_the_other() {
    let server = server(|auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    for headers in [
        format!("authorization: Bearer {TOKEN}\r\nauthorization: Bearer x\r\n"),
        format!("authorization: Bearer x\r\nauthorization: Bearer {TOKEN}\r\n"),
    ] {
        assert_eq!(raw_get(&server, &resource(), &headers).await, 401);
    }
    assert_eq!(raw_get(&server, &resource(), &format!("authorization: Bearer {TOKEN}\r\n")).await, 404);
}

#[tokio::test]
async fn a_request_that_is_not_let_in_reaches_no_cloud_and_its_body_is_not_read() {
    let server = server(|auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    let before = server.cloud.log().len();
    assert_out(put(&server)).await;
    assert_out(server.delete(&resource())).await;
    let legacy = json!({"id": "abc", "type": "redis"});
    assert_out(server.post("/redis/").json(&legacy)).await;
    assert_out(server.post("/").json(&legacy)).await;
    assert_out(server.delete(&resource()).header("humanitec-driver-params", "no base64")).await;
    // What is wrong with these is not looked at: the body, the size, the content type, the id, the cookie.
    assert_out(server.put(&resource()).raw("{").header("content-type", "application/json")).await;
    assert_out(server.put(&resource()).raw(vec![b'x'; 100]).header("content-type", "text/plain")).await;
    assert_out(server.put("/redis/NOT-AN-ID").raw("{}")).await;
    assert_out(server.get(&resource()).cookie("cd1.k1.AAAA")).await;
    assert_eq!(server.cloud.log().len(), before);

    // A body that is announced and never sent is not waited for.
    let head = format!("PUT {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 200000\r\n\r\n", resource());
    assert_eq!(crate::harness::raw(server.running.address, &head).await, 401);
}

#[tokio::test]
async fn nobody_learns_which_paths_there_are() {
    let server = server(|auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    let mut answers = Vec::new();
    for path in [resource(), "/redis".to_owned(), "/nowhere/at/all".to_owned(), "/plan".to_owned()] {
        let mut body = assert_out(server.get(&path)).await.body;
        body["details"]["request_id"] = json!("");
        answers.push(body);
        assert_out(server.running.call("PATCH", &path)).await;
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn requests_that_are_not_let_in_take_no_room_from_others() {
    let server = crate::support::Setup::default()
        .config(|config| {
            config.server.concurrency_limit = 1;
            config.server.auth.tokens = vec![hashed("one", TOKEN)];
        })
        .start()
        .await;
    let permits = server.running.app.config().server.concurrency_limit;
    assert_eq!(permits, 1);
    server.cloud.fail("DescribeCache", 1, crate::support::cloud::Fault::Hangs);
    let busy = tokio::spawn(bearer(server.get(&resource()), TOKEN).send());
    while server.cloud.log().is_empty() {
        tokio::task::yield_now().await;
    }
    bearer(server.get(&resource()), TOKEN).send().await.assert_error(503, "RES-113");
    assert_out(server.get(&resource())).await;
    server.cloud.let_go();
    busy.await.unwrap();
}

//! The operators' paths have a rule of their own.

use cache_driver::config::Access;

use crate::harness::{TOKEN, assert_in, assert_out, bearer, hashed, put, resource, server};

const PAGES: [&str; 6] = ["/docs", "/docs/spec.json", "/sizes", "/metrics", "/resources", "/"];
const OPS: &str = "CANARYc4n4ry-ops";

#[tokio::test]
async fn probes_are_open_and_tell_no_details() {
    let server = server(|auth| auth.tokens = vec![hashed("one", TOKEN)]).await;
    server.get("/alive").send().await.assert_status(200);
    bearer(server.get("/alive"), "wrong").send().await.assert_status(200);
    let anybody = server.get("/health").send().await.assert_status(200);
    assert_eq!((&anybody.body["status"], anybody.body.get("providers")), (&"ready".into(), None));
    let caller = bearer(server.get("/health"), TOKEN).send().await.assert_status(200);
    assert!(caller.body["providers"]["aws"].is_object(), "{}", caller.text);
    server.running.app.stop();
    server.get("/health").send().await.assert_error(503, "RES-113");
    // Only looking is open.
    assert_out(server.put("/alive")).await;
    assert_out(server.post("/health")).await;
}

#[tokio::test]
async fn the_pages_are_for_callers_and_for_operators_tokens() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.operators.tokens = vec![hashed("prometheus", OPS)];
    })
    .await;
    for page in PAGES {
        bearer(server.get(page), TOKEN).send().await.assert_status(200);
        bearer(server.get(page), OPS).send().await.assert_status(200);
        assert_out(server.get(page)).await;
        assert_out(bearer(server.get(page), "wrong")).await;
    }
}

#[tokio::test]
async fn an_operators_token_opens_nothing_else() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.operators.tokens = vec![hashed("prometheus", OPS)];
    })
    .await;
    for call in
        [server.get(&resource()), put(&server), server.delete(&resource()), server.post("/"), server.put("/docs")]
    {
        bearer(call, OPS).send().await.assert_error(403, "RES-112");
    }
    assert_eq!(server.cloud.log().len(), 0);
}

#[tokio::test]
async fn an_operators_token_is_taken_from_its_addresses_only() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.allow_ips = vec!["humanitec".parse().unwrap()];
        auth.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        auth.operators.tokens = vec![hashed("prometheus", OPS)];
        auth.operators.allow_ips = vec!["192.0.2.0/24".parse().unwrap()];
    })
    .await;
    let from = |address: &str, token: &str| bearer(server.get("/sizes").header("x-forwarded-for", address), token);
    from("192.0.2.7", OPS).send().await.assert_status(200);
    from("203.0.113.9", OPS).send().await.assert_error(403, "RES-112");
    from("34.159.97.57", OPS).send().await.assert_error(403, "RES-112");
    from("34.159.97.57", TOKEN).send().await.assert_status(200);
    from("192.0.2.7", TOKEN).send().await.assert_error(403, "RES-112");
}

#[tokio::test]
async fn the_pages_can_be_open_while_the_driver_api_is_not() {
    let server = server(|auth| {
        auth.tokens = vec![hashed("one", TOKEN)];
        auth.operators.access = Access::Open;
    })
    .await;
    for page in PAGES {
        server.get(page).send().await.assert_status(200);
    }
    assert!(server.get("/health").send().await.body["providers"].is_object());
    assert_out(server.get(&resource())).await;
    assert_out(server.post("/")).await;
    assert_out(server.put("/docs")).await;
}

#[test]
fn the_openapi_document_says_that_a_token_is_wanted() {
    let mut config = cache_driver::config::Config::default();
    let document = |config: &_| serde_json::to_value(cache_driver::http::openapi(config)).unwrap();
    assert!(document(&config).get("security").is_none());
    config.server.auth.tokens = vec![hashed("one", TOKEN)];
    let only = document(&config);
    assert_eq!(only["security"], serde_json::json!([{"bearer": []}]));
    assert_eq!(only["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert_eq!(only["paths"]["/alive"]["get"]["security"], serde_json::json!([]));
    assert!(only["paths"]["/sizes"]["get"]["responses"]["401"].is_object());
    config.server.auth.path_secrets = vec![hashed("two", TOKEN)];
    assert_eq!(document(&config)["security"], serde_json::json!([{"bearer": []}, {}]));
}

#[tokio::test]
async fn with_no_rule_everything_is_open_as_before() {
    let server = server(|_| {}).await;
    assert_in(server.get(&resource())).await;
    assert_in(bearer(server.get(&resource()), "whatever")).await;
    assert!(server.get("/health").send().await.body["providers"].is_object());
}

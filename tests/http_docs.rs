//! What operators read: probes, the OpenAPI document, the page, and the written documents.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

#[expect(dead_code, unreachable_pub, reason = "each test uses a part of the harness")]
mod support;

use std::collections::BTreeSet;

use cache_driver::cache::{Code, Product};
use cache_driver::http;
use serde_json::{Value, json};
use support::cloud::Fault;
use support::{ID, Server, Setup, shapes};

#[tokio::test]
async fn alive_tells_version_and_compiled_providers() {
    let server = Server::start().await;
    let alive = server.get("/alive").send().await.assert_status(200);
    assert_eq!((&alive.body["status"], &alive.body["version"]), (&json!("alive"), &json!("0.0.0-test")));
    assert!(alive.body["providers"].is_array());
}

#[tokio::test]
async fn health_shows_each_cloud_as_last_seen_and_never_waits_for_one() {
    let server = Setup::default().products(&[Product::AwsReplicationGroup, Product::GcpRedis]).start().await;
    server.cloud.fail("WhoAmI", 1, Fault::Denied);
    let first = server.get("/health").send().await.assert_status(200);
    assert_eq!(first.body["providers"]["aws"]["status"], "unknown");
    let second = loop {
        let again = server.get("/health").send().await.assert_status(200);
        let known = ["aws", "gcp"].iter().all(|p| again.body["providers"][p]["status"] != "unknown");
        if known {
            break again;
        }
    };
    let statuses: BTreeSet<&str> =
        ["aws", "gcp"].iter().map(|p| second.body["providers"][p]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, BTreeSet::from(["ok", "trouble"]), "trouble with one cloud does not fail the probe");
    let asked = server.cloud.log().len();
    server.get("/health").send().await.assert_status(200);
    assert_eq!(server.cloud.log().len(), asked, "a fresh identity is not asked for again");

    server.minutes(2);
    server.cloud.fail("WhoAmI", 9, Fault::Hangs);
    server.get("/health").send().await.assert_status(200);
    server.running.app.stop();
    server.get("/health").send().await.assert_error(503, "RES-113");
    server.get("/alive").send().await.assert_status(200);
}

#[tokio::test]
async fn sizes_are_the_table_that_the_driver_was_given() {
    let server = Server::start().await;
    let sizes = server.get("/sizes").send().await.assert_status(200);
    assert_eq!(sizes.body["aws/replication-group"]["small"]["memory_gb"], 1.37);
}

#[tokio::test]
async fn the_root_points_to_the_documents() {
    let server = Server::start().await;
    let root = server.get("/").send().await.assert_status(200);
    for key in ["docs", "spec"] {
        server.get(root.body[key].as_str().unwrap()).send().await.assert_status(200);
    }
}

async fn spec(server: &Server) -> Value {
    server.get("/docs/spec.json").send().await.assert_status(200).body
}

#[tokio::test]
async fn the_openapi_document_has_every_path_and_no_dangling_reference() {
    let server = Server::start().await;
    let spec = spec(&server).await;
    assert!(spec["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(spec["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (path, methods) in [
        ("/{GUResID}", &["delete", "get", "put"][..]),
        ("/redis/{GUResID}", &["delete", "get", "put"]),
        ("/my-valkey/{GUResID}", &["delete", "get", "put"]),
        ("/redis/", &["post"]),
        ("/", &["get", "post"]),
        ("/alive", &["get"]),
        ("/health", &["get"]),
        ("/sizes", &["get"]),
        ("/docs", &["get"]),
        ("/docs/spec.json", &["get"]),
    ] {
        let item = spec["paths"][path].as_object().unwrap_or_else(|| panic!("{path} is missing"));
        for method in methods {
            assert!(item.contains_key(*method), "{method} {path}");
        }
    }
    let mut ids = BTreeSet::new();
    for (path, item) in spec["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
            assert!(operation["responses"]["500"].is_object(), "{method} {path} can fail");
        }
    }
    check_words(&spec);
    let text = spec.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(spec.pointer(pointer).is_some(), "{pointer}");
    }
}

/// Enums are written as they stand in JSON, not as the code calls them.
fn check_words(schema: &Value) {
    for word in schema["enum"].as_array().into_iter().flatten() {
        let word = word.as_str().unwrap();
        assert!(word.starts_with("RES-1") || word.to_lowercase() == word, "{word} in {schema}");
    }
    match schema {
        Value::Object(members) => members.values().for_each(check_words),
        Value::Array(items) => items.iter().for_each(check_words),
        _ => {}
    }
}

#[tokio::test]
async fn what_the_document_says_of_errors_and_outputs_is_what_comes() {
    let server = Server::start().await;
    let spec = spec(&server).await;
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}"), "components": spec["components"]});
    let path = format!("/redis/{ID}");
    let refused = server.put(&path).values(&json!({"sise": 1})).send().await.assert_status(400);
    shapes::assert_matches(&schema("ErrorBody"), &refused.body);
    let made = server.put(&path).values(&json!({})).send().await.assert_status(202);
    shapes::assert_matches(&schema("Hint"), &made.body);
    server.minutes(11);
    let ready = server.put(&path).values(&json!({})).send().await.assert_status(200);
    shapes::assert_matches(&schema("OutputData"), &ready.body);
    let plan = server.put(&format!("{path}?dry_run=true")).values(&json!({})).send().await.assert_status(200);
    shapes::assert_matches(&schema("Plan"), &plan.body);
    let put = &spec["paths"]["/redis/{GUResID}"]["put"]["responses"]["200"]["content"]["application/json"]["schema"];
    let either = json!({"allOf": [put], "components": spec["components"]});
    shapes::assert_matches(&either, &plan.body);
    shapes::assert_matches(&either, &ready.body);
    let health = server.get("/health").send().await.assert_status(200);
    shapes::assert_matches(&schema("Ready"), &health.body);
}

#[tokio::test]
async fn the_page_describes_every_call_and_input_and_loads_nothing() {
    let server = Server::start().await;
    let page = server.get("/docs").send().await.assert_status(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for text in ["PUT /redis/{GUResID}", "POST /redis/", "RES-101", "high_availability", "aws.node_type", "Retry-After"]
    {
        assert!(page.text.contains(text), "{text}");
    }
    for loaded in ["<script", "<img", "<link", "src=", "@import", "url("] {
        assert!(!page.text.contains(loaded), "{loaded}");
    }
}

#[test]
fn the_document_is_the_same_without_a_server() {
    let config = Setup::default().config;
    let document = serde_json::to_value(http::openapi(&config)).unwrap();
    assert!(document["paths"]["/my-valkey/{GUResID}"]["put"].is_object());
}

const CODES: [Code; 14] = [
    Code::InvalidInput,
    Code::BadCookie,
    Code::Credentials,
    Code::CloudFailed,
    Code::NameTaken,
    Code::ChangeRefused,
    Code::Capacity,
    Code::DeadlinePassed,
    Code::ProviderUnavailable,
    Code::Protected,
    Code::Prerequisite,
    Code::Forbidden,
    Code::Internal,
    Code::NoSuchThing,
];

/// Fails to compile when a code is added that the list above does not have.
const fn is_listed(code: Code) -> usize {
    match code {
        Code::InvalidInput
        | Code::BadCookie
        | Code::Credentials
        | Code::CloudFailed
        | Code::NameTaken
        | Code::ChangeRefused
        | Code::Capacity
        | Code::DeadlinePassed
        | Code::ProviderUnavailable
        | Code::Protected
        | Code::Prerequisite
        | Code::Forbidden
        | Code::Internal
        | Code::NoSuchThing => CODES.len(),
    }
}

#[test]
fn every_code_has_a_section_with_an_example_of_the_right_shape() {
    let text = include_str!("../docs/errors.md");
    for code in CODES {
        assert_eq!(is_listed(code), 14);
        let heading = format!("\n## {code}: ");
        assert_eq!(text.matches(&heading).count(), 1, "{code}");
        let section = text.split(&heading).nth(1).unwrap().split("\n## ").next().unwrap();
        for part in ["**When.**", "**What to do.**"] {
            assert!(section.contains(part), "{code}: {part}");
        }
        let example = section.split("```json\n").nth(1).unwrap_or_else(|| panic!("{code} has no example"));
        let example: Value = serde_json::from_str(example.split("```").next().unwrap()).unwrap();
        shapes::assert_matches(&shapes::error(), &example);
        assert_eq!(example["error"], code.as_str());
    }
}

#[test]
fn the_written_description_has_every_call() {
    let text = include_str!("../docs/api.md");
    for call in [
        "PUT {base}/{GUResID}",
        "GET {base}/{GUResID}",
        "DELETE {base}/{GUResID}",
        "POST {base}/",
        "GET /alive",
        "GET /health",
        "GET /sizes",
        "GET /docs/spec.json",
        "GET /docs",
    ] {
        assert!(text.contains(&format!("`{call}`")), "{call}");
    }
}

//! Every error code, provoked at the real server over an emulated AWS.

use std::time::Duration;

use cache_driver::cache::Product;
use cache_driver::clock::Timestamp;
use cache_driver::config::HashedSecret;
use serde_json::{Value, json};

use crate::harness::{Answer, World};

/// When everything on the page begins.
const BEGIN: &str = "2026-11-23T10:00:00Z";

/// An answer of one code.
pub(crate) struct Example {
    pub(crate) code: &'static str,
    pub(crate) answer: Answer,
}

/// Every example, in the order of the page.
pub(crate) async fn provoked() -> Vec<Example> {
    let mut all = Vec::new();
    let mut add = |code: &'static str, answer: Answer| all.push(Example { code, answer });
    let world = World::start().await;
    let driver = world.driver().await;

    add("RES-101", world.resource(&driver).put(json!({"replicas": 9, "sise": "small"})).await);

    let mut resource = world.resource(&driver);
    resource.cookie = Some("cd1.sandbox.AAAA".to_owned());
    add("RES-102", resource.put(json!({})).await);

    let azure = json!({"appId": "synthetic", "password": "synthetic", "tenant": "synthetic"});
    add("RES-103", world.resource(&driver).with_account(azure).put(json!({})).await);
    world.fault(json!({"kind": "access_denied", "action": "CreateReplicationGroup"}));
    add("RES-103", world.resource(&driver).put(json!({})).await);

    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "create_failed", "message": "the node did not start"}));
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    add("RES-104", resource.put(json!({})).await);

    let mut resource = world.resource(&driver);
    let made = world.create(&mut resource, &json!({})).await;
    let fields = json!({"description": "made by hand"});
    world.mutate(json!({"op": "set", "id": made.value("name"), "fields": fields})).await;
    add("RES-105", resource.put(json!({})).await);

    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    add("RES-106", resource.put(json!({"engine": "redis"})).await);

    world.fault(json!({"kind": "quota", "action": "CreateReplicationGroup"}));
    add("RES-107", world.resource(&driver).put(json!({})).await);

    add("RES-108", late().await);

    add("RES-109", world.resource(&driver).put(json!({"provider": "azure"})).await);
    add("RES-109", world.resource(&driver).put(json!({"product": "aws/serverless"})).await);

    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"deletion_protection": true})).await;
    add("RES-110", resource.delete().await);

    world.mutate(json!({"op": "remove_subnet_group", "name": "sandbox"})).await;
    add("RES-111", world.resource(&driver).put(json!({})).await);
    world.mutate(json!({"op": "restore", "name": "sandbox"})).await;

    let mut config = world.config.clone();
    config.server.auth.tokens = vec![HashedSecret::of("orchestrator-2026", "synthetic")];
    let asking = world.driver_with(config.clone()).await;
    add("RES-112", world.resource(&asking).get().await);
    config.server.auth.allow_ips = serde_json::from_value(json!(["203.0.113.0/24"])).unwrap();
    let bounded = world.driver_with(config).await;
    add("RES-112", world.resource(&bounded).get().await);

    let (waiting, lost) = ours().await;
    add("RES-113", waiting);
    add("RES-113", lost);

    add("RES-114", world.resource(&driver).get().await);
    all
}

/// A creation that takes longer than it may.
async fn late() -> Answer {
    let world = World::with(|config| {
        let deadlines = config.lifecycle.deadlines.get_mut(&Product::AwsReplicationGroup).unwrap();
        deadlines.create = Duration::from_mins(2);
    })
    .await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put(json!({})).await.is(202);
    let name = world.only_cache().await["ReplicationGroupId"].clone();
    world.mutate(json!({"op": "event", "id": name, "message": "waiting for a node"})).await;
    world.minutes(3);
    resource.put(json!({})).await
}

/// What is the driver's own: an interface that waits has waited long enough, and a key is gone.
async fn ours() -> (Answer, Answer) {
    let world = World::with(|config| config.server.legacy.wait = Duration::ZERO).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let waiting = resource.legacy_post(&json!({})).await;
    world.minutes(20);
    resource.put(json!({})).await.is(200);
    let mut config = world.config.clone();
    "k2".clone_into(&mut config.secrets.keyring[0].id);
    let driver = world.driver_with(config).await;
    (waiting, resource.at(&driver.url).forgetful().get().await)
}

/// The body as the page shows it: with ids and moments that are the same each time.
pub(crate) fn shown(body: &str, began: Timestamp) -> String {
    let value: Value = serde_json::from_str(body).unwrap();
    let mut text = body.to_owned();
    for (pointer, id) in [
        ("/details/request_id", "76108f84-396d-42d7-ace2-75fdb0e0ef37"),
        ("/details/cause/request_id", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    ] {
        if let Some(real) = value.pointer(pointer).and_then(Value::as_str) {
            text = text.replace(real, id);
        }
    }
    indented(&moved(&text, began))
}

/// The text with every moment moved, as if all had begun at [`BEGIN`].
fn moved(text: &str, start: Timestamp) -> String {
    let begin: Timestamp = BEGIN.parse().unwrap();
    let is_of_moment = |c: char| c.is_ascii_digit() || "-:.TZ".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_of_moment) {
        let (before, from) = rest.split_at(at);
        let (word, after) = from.split_at(from.find(|c| !is_of_moment(c)).unwrap_or(from.len()));
        out.push_str(before);
        match word.parse::<Timestamp>() {
            // Whole minutes: how long the test itself took does not matter.
            Ok(moment) => {
                let minutes = moment.duration_since(start).as_secs() / 60;
                let minutes = Duration::from_mins(minutes.try_into().unwrap_or_default());
                out.push_str(&begin.checked_add(minutes).unwrap().to_string());
            }
            Err(_) => out.push_str(word),
        }
        rest = after;
    }
    out + rest
}

/// JSON with a member to a line, in the order in which it came.
fn indented(text: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    for c in text.chars() {
        let plain = !quoted;
        if plain && matches!(c, '}' | ']') {
            depth -= 1;
            line(&mut out, depth);
        }
        out.push(c);
        match c {
            '{' | '[' if plain => {
                depth += 1;
                line(&mut out, depth);
            }
            ',' if plain => line(&mut out, depth),
            ':' if plain => out.push(' '),
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

#[test]
fn json_is_indented_in_its_own_order() {
    let text = r#"{"b":"x: {\"y\", z}","a":[1,2]}"#;
    assert_eq!(indented(text), "{\n  \"b\": \"x: {\\\"y\\\", z}\",\n  \"a\": [\n    1,\n    2\n  ]\n}");
}

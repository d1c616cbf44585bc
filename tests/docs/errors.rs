//! Every error code, provoked at the real server over an emulated AWS. `docs/errors.md` shows what came.
//! `UPDATE_DOCS=1` writes it there.

use std::collections::BTreeMap;
use std::time::Duration;

use cache_driver::cache::Product;
use cache_driver::clock::{Clock, SystemClock, Timestamp};
use cache_driver::config::HashedSecret;
use serde_json::{Value, json};

use crate::harness::{Answer, World};
use crate::pages::{Page, root};

const PAGE: &str = "docs/errors.md";
/// When everything on the page begins.
const BEGIN: &str = "2026-11-23T10:00:00Z";

/// An answer of one code.
struct Example {
    code: &'static str,
    answer: Answer,
}

/// Every example, in the order of the page.
async fn provoked() -> Vec<Example> {
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
fn shown(body: &str, began: Timestamp) -> String {
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

/// Where the n-th block of JSON of a code's section begins and ends.
fn example(page: &str, code: &str, nth: usize) -> Option<(usize, usize)> {
    let section = page.find(&format!("\n## {code}"))? + 1;
    let end = page[section..].find("\n## ").map_or(page.len(), |at| section + at);
    let (open, fence) = page[section..end].match_indices("```json\n").nth(nth)?;
    let open = section + open + fence.len();
    Some((open, open + page[open..end].find("\n```")?))
}

/// The sections of the page, by their code.
fn sections(text: &str) -> BTreeMap<&str, &str> {
    let parts = text.split("\n## RES-").skip(1);
    parts.map(|part| (&part[..3], part)).collect()
}

#[tokio::test]
async fn the_page_has_a_section_for_every_code_and_every_example_is_what_came() {
    let began = SystemClock.now();
    let mut page = Page::read(PAGE).text;
    let examples = Box::pin(provoked()).await;
    let mut wrong = Vec::new();
    // How many examples of a code have been compared.
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for Example { code, answer } in &examples {
        assert_eq!(answer.body["error"], *code, "{}", answer.text);
        let wanted = shown(&answer.text, began);
        let nth = compared.entry(code).or_default();
        let Some((open, close)) = example(&page, code, *nth) else {
            wrong.push(format!("{code} has no example number {}:\n{wanted}", *nth + 1));
            continue;
        };
        *nth += 1;
        if page[open..close] != wanted {
            wrong.push(format!("{code}\n--- shown\n{}\n--- came\n{wanted}", &page[open..close]));
            page.replace_range(open..close, &wanted);
        }
    }
    for (code, section) in sections(&page) {
        let statuses = section.lines().find(|line| line.starts_with("**Status.**")).unwrap_or_default();
        let of_code: Vec<&Example> = examples.iter().filter(|example| example.code.ends_with(code)).collect();
        if of_code.is_empty() || section.matches("```json").count() != of_code.len() {
            wrong.push(format!("RES-{code}: {} examples are provoked, the page has another number", of_code.len()));
        }
        for example in of_code {
            if !statuses.contains(&example.answer.status.to_string()) {
                wrong.push(format!("RES-{code}: its status line does not say {}", example.answer.status));
            }
        }
        for part in ["**When.**", "**Who mends it.**", "**What to do.**"] {
            if !section.contains(part) {
                wrong.push(format!("RES-{code} does not say {part}"));
            }
        }
    }
    for code in 101..=114 {
        if !sections(&page).contains_key(code.to_string().as_str()) {
            wrong.push(format!("RES-{code} has no section"));
        }
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(PAGE), &page).unwrap();
    }
    assert!(wrong.is_empty(), "`UPDATE_DOCS=1` writes the examples anew\n{}", wrong.join("\n\n"));
}

#[test]
fn json_is_indented_in_its_own_order() {
    let text = r#"{"b":"x: {\"y\", z}","a":[1,2]}"#;
    assert_eq!(indented(text), "{\n  \"b\": \"x: {\\\"y\\\", z}\",\n  \"a\": [\n    1,\n    2\n  ]\n}");
}

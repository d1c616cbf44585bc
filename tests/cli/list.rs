//! `list`.

use serde_json::{Value, json};

use crate::clouds::Clouds;

fn listed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn caches_are_shown_as_a_table_and_as_json_and_can_be_narrowed_down() {
    let clouds = Clouds::start().await;
    let empty = clouds.run(&["list"], "").await;
    assert_eq!((empty.code, empty.err.as_str()), (0, ""), "{}", empty.out);
    assert!(empty.out.starts_with("RESOURCE") && empty.out.contains("0 caches in 1 place"), "{}", empty.out);

    clouds.make("shop-sessions", &json!({"size": "small", "ttl": "7d"})).await;
    clouds.make("shop-carts", &json!({"size": "medium", "on_delete": "hold", "delete_hold_hours": 5})).await;
    clouds.delete("shop-carts").await;
    let before = clouds.count("ModifyReplicationGroup").await;
    let table = clouds.run(&["list"], "").await;
    assert_eq!((table.code, table.err.as_str()), (0, ""), "{}", table.out);
    let line = |id: &str| table.out.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    let owned = line("shop-sessions");
    for word in ["aws/replication-group", "eu-central-1", "owned", "ready", "small", "delete", "expire in 6d23h"] {
        assert!(owned.contains(word), "{word}: {owned}");
    }
    let held = line("shop-carts");
    assert!(held.contains("held") && held.contains("remove in 4h59m"), "{held}");
    assert!(!table.out.contains('\x1b'), "no colours for a pipe");

    let all = clouds.run(&["list", "--output", "json"], "").await;
    assert_eq!(listed(&all.out)["caches"].as_array().unwrap().len(), 2);
    for (args, expected) in [
        (vec!["--state", "held"], vec!["shop-carts"]),
        (vec!["--state", "retired"], vec![]),
        (vec!["--provider", "aws", "--state", "owned"], vec!["shop-sessions"]),
        (vec!["--orphans"], vec![]),
        (vec!["--orphans", "--known", "-"], vec!["shop-sessions"]),
    ] {
        let mut full = vec!["list", "--output", "json"];
        full.extend(&args);
        let some = clouds.run(&full, "# in use\nanother-one\n\n").await;
        assert_eq!(some.code, 0, "{args:?}: {}", some.err);
        let found = listed(&some.out);
        let ids: Vec<&str> = found["caches"].as_array().unwrap().iter().filter_map(|c| c["id"].as_str()).collect();
        assert_eq!(ids, expected, "{args:?}");
    }
    assert_eq!(clouds.count("ModifyReplicationGroup").await, before, "looking changes nothing");
}

#[tokio::test]
async fn what_makes_a_cache_an_orphan_is_said_once() {
    let clouds = Clouds::start().await;
    clouds.make("shop-sessions", &json!({})).await;
    let told = clouds.run(&["list", "--known", "-"], "another-one\n").await.out;
    let sentence = "its resource is not in the list of those in use";
    assert_eq!(told.matches(sentence).count(), 1, "{told}");
    assert!(told.contains(&format!("unknown, orphan: {sentence}")) && told.contains("1 finding, 1 orphan"), "{told}");
}

#[tokio::test]
async fn a_cache_whose_mark_cannot_be_read_is_shown_and_left_alone() {
    let clouds = Clouds::start().await;
    for id in ["shop-sessions", "shop-carts"] {
        clouds.make(id, &json!({"ttl": "1s"})).await;
    }
    let names: Vec<Value> = clouds.caches().await.iter().map(|cache| cache["ReplicationGroupId"].clone()).collect();
    for (name, description) in names.iter().zip(["sessions of the shop", "cache-driver/2 id=shop-carts"]) {
        clouds.mutate(json!({"op": "set", "id": name, "fields": {"description": description}})).await;
    }
    let before = clouds.count("DeleteReplicationGroup").await;
    let listed = clouds.run(&["list", "--orphans"], "").await;
    let swept = clouds.run(&["sweep"], "").await;
    for ended in [&listed, &swept] {
        assert_eq!(ended.code, 0, "{}", ended.err);
        for (name, told) in names.iter().zip(["it bears no mark of this driver", "the newer driver that wrote it"]) {
            let name = name.as_str().unwrap();
            let line = ended.out.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{}", ended.out));
            let rest = &ended.out[ended.out.find(line).unwrap()..];
            assert!(rest.contains("owned by name, mark unreadable") && rest.contains(told), "{name}: {}", ended.out);
        }
    }
    assert!(listed.out.contains("0 caches in 1 place, 0 findings, 0 orphans, 2 unreadable"), "{}", listed.out);
    assert!(swept.out.contains("left alone aws/replication-group") && swept.out.contains("nothing was due"));
    assert_eq!(clouds.count("DeleteReplicationGroup").await, before);
    let narrowed = clouds.run(&["list", "--state", "owned", "--output", "json"], "").await;
    assert_eq!(listed_count(&narrowed.out), (0, 0));
    let all = clouds.run(&["list", "--output", "json"], "").await;
    assert_eq!(listed_count(&all.out), (0, 2));
}

/// How many caches were shown whose mark can be read, and cannot.
fn listed_count(text: &str) -> (usize, usize) {
    let all = listed(text);
    let count = |member: &str| all[member].as_array().unwrap().len();
    (count("caches"), count("unreadable"))
}

#[tokio::test]
async fn a_place_that_cannot_be_listed_fails_with_its_reason_after_what_could_be() {
    let clouds = Clouds::start().await;
    clouds.fault(json!({"kind": "access_denied", "action": "DescribeReplicationGroups", "times": 0})).await;
    for args in [vec!["list"], vec!["list", "--output", "json"], vec!["sweep"]] {
        let ended = clouds.run(&args, "").await;
        assert_eq!(ended.code, 1, "{args:?}: {}", ended.out);
        let told = ["aws/replication-group in eu-central-1", "[RES-103]", "1 of 1 places could not be listed"];
        assert!(told.iter().all(|told| ended.err.contains(told)), "{args:?}: {}", ended.err);
        assert_eq!(ended.err.matches("RES-").count(), 1, "{args:?}: words tell it: {}", ended.err);
        assert!(!ended.out.is_empty(), "{args:?}");
    }
}

#[tokio::test]
async fn what_is_typed_wrong_ends_with_two() {
    let clouds = Clouds::start().await;
    let known = clouds.file("known");
    std::fs::write(&known, "shop-sessions\nNot an id\n").unwrap();
    for (args, told) in [
        (vec!["list", "--state", "frozen"], "frozen"),
        (vec!["list", "--provider", "ibm"], "ibm"),
        (vec!["list", "--provider", "gcp"], "enabled: aws"),
        (vec!["list", "--known", "/no/such/file"], "/no/such/file"),
        (vec!["list", "--known", &known], "line 2"),
        (vec!["sweep", "--wait", "soon"], "--wait"),
        (vec!["release"], "GURESID"),
        (vec!["release", "Not an id"], "GUResID"),
    ] {
        let ended = clouds.run(&args, "").await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains(told), "{args:?}: {}", ended.err);
    }
}

//! What a client does with a driver that answers.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::harness::{FAST, World, command, eventually, scripted, signal, wire};
use crate::{Ended, run};

fn parsed(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[tokio::test]
async fn a_cache_is_made_read_and_removed_and_its_secrets_stay_hidden() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let (id, body) = (world.id(), world.body(&json!({"size": "small"})));

    let made = run(&driver.args(&["apply", &body, "--id", &id]), &[], "").await;
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.out.starts_with(&format!("{id} is ready\n")) && made.out.contains("\n  host "), "{}", made.out);
    assert!(made.out.contains("\n  password        ******** (32 characters)"), "{}", made.out);
    assert!(made.err.contains(" 202 in ") && made.err.contains(" left)"), "progress in lines: {}", made.err);

    let open = run(&driver.args(&["get", &id, "--output", "json", "--show-secrets"]), &[], "").await;
    let password = parsed(&open)["resource"]["secrets"]["password"].as_str().unwrap().to_owned();
    assert_eq!(password.len(), 32);
    let hidden = run(&driver.args(&["get", &id, "--output", "json"]), &[], "").await;
    let secrets = &parsed(&hidden)["resource"]["secrets"];
    assert_eq!(secrets, &json!({"username": "***", "password": "***", "url": "***"}));
    let again = run(&driver.args(&["apply", "-", "--id", &id]), &[], &std::fs::read_to_string(&body).unwrap()).await;
    assert_eq!((again.code, world.count("CreateReplicationGroup")), (0, 1), "{again:?}");
    for ended in [&made, &hidden, &again] {
        assert!(!format!("{ended:?}").contains(&password), "{ended:?}");
    }

    let gone = run(&driver.args(&["delete", &id]), &[], "").await;
    assert_eq!((gone.code, gone.out.as_str()), (0, format!("{id} is gone\n").as_str()), "{}", gone.err);
    assert_eq!(world.caches().await, 0);
    let twice = run(&driver.args(&["delete", &id, "--output", "json"]), &[], "").await;
    assert_eq!((twice.code, parsed(&twice)), (0, json!({"id": id, "status": "gone"})));
    let missing = run(&driver.args(&["get", &id]), &[], "").await;
    assert_eq!((missing.code, missing.out.as_str()), (1, ""));
    assert!(missing.err.starts_with("error: RES-114: there is no resource"), "{}", missing.err);
    assert!(missing.err.contains("request id cli-") && missing.err.contains("trace id "), "{}", missing.err);
}

#[tokio::test]
async fn what_a_delete_leaves_is_told_as_what_it_is() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    for (on_delete, word) in [("hold", "held"), ("detach", "detached")] {
        let (id, body) = (world.id(), world.body(&json!({"size": "small", "on_delete": on_delete})));
        assert_eq!(run(&driver.args(&["apply", &body, "--id", &id]), &[], "").await.code, 0);
        let left = run(&driver.args(&["delete", &id]), &[], "").await;
        assert!(left.code == 0 && !left.out.contains("gone") && left.out.contains("`apply` takes it back"), "{left:?}");
        // Told again, as the cache's mark has it.
        let told = parsed(&run(&driver.args(&["delete", &id, "--output", "json"]), &[], "").await);
        assert_eq!((&told["id"], &told["status"]), (&json!(id), &json!(word)), "{told}");
        let until = told["until"].as_str().unwrap_or_default();
        assert_eq!(until.ends_with('Z') && left.out.contains(until), on_delete == "hold", "{told} {left:?}");
    }
    assert_eq!(world.caches().await, 2);
}

#[tokio::test]
async fn without_waiting_the_driver_s_word_is_passed_on_and_get_can_wait_for_it() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let (id, body) = (world.id(), world.body(&json!({"size": "small"})));
    let asked = run(&driver.args(&["apply", &body, "--id", &id, "--no-wait", "--output", "json"]), &[], "").await;
    assert_eq!((asked.code, &parsed(&asked)["status"]), (0, &json!("creating")), "{asked:?}");
    assert_eq!(asked.err, "");
    let ready = run(&driver.args(&["get", &id, "--wait", "--timeout", "1m"]), &[], "").await;
    assert!(ready.code == 0 && ready.out.contains("is ready"), "{ready:?}");
    let removing = run(&driver.args(&["delete", &id, "--no-wait"]), &[], "").await;
    assert!(removing.code == 0 && removing.out.starts_with(&format!("{id}: deleting")), "{removing:?}");
}

#[tokio::test]
async fn whoever_sends_an_account_is_told_to_keep_the_cookie() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let account =
        json!({"AccessKeyId": "ASIASANDBOX444455556666", "SecretAccessKey": "CANARY", "SessionToken": "CANARY"});
    let body = json!({"type": "redis", "driver": {"values": {"size": "small"}, "secrets": {"account": account}}});
    let (body, id, jar) = (world.write("with-account.json", &body.to_string()), world.id(), world.path("jar.json"));
    let args = ["apply", &body, "--id", &id, "--no-wait"];
    let told = run(&driver.args(&args), &[], "").await;
    assert!(told.code == 0 && told.err.starts_with("warning: ") && told.err.contains("--cookie-file"), "{told:?}");
    let kept = run(&driver.args(&[&args[..], &["--cookie-file", &jar]].concat()), &[], "").await;
    assert!(kept.code == 0 && kept.err.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn a_dry_run_prints_the_plan_and_makes_nothing() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let (id, body) = (world.id(), world.body(&json!({"size": "small"})));
    let planned = run(&driver.args(&["apply", &body, "--id", &id, "--dry-run"]), &[], "").await;
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(
        planned.out.starts_with("create cache-") && planned.out.contains("on aws/replication-group"),
        "{}",
        planned.out
    );
    assert!(planned.out.contains("1. CreateReplicationGroup: "), "{}", planned.out);
    let json = run(&driver.args(&["apply", &body, "--id", &id, "--dry-run", "--output", "json"]), &[], "").await;
    assert_eq!((json.code, &parsed(&json)["action"]), (0, &json!("create")));
    // The same plan as the command that asks the cloud itself.
    let own = run(
        &["plan", &body, "--id", &id, "--config", &world.config()],
        &[("AWS_ACCESS_KEY_ID", "AKIASANDBOX000000000000"), ("AWS_SECRET_ACCESS_KEY", "synthetic")],
        "",
    )
    .await;
    assert_eq!((own.code, own.out), (0, planned.out), "{}", own.err);
    assert_eq!(world.caches().await, 0);
}

#[tokio::test]
async fn a_change_that_would_lose_data_is_refused_with_the_id_that_allows_it() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let (id, body) = (world.id(), world.body(&json!({"size": "small"})));
    assert_eq!(run(&driver.args(&["apply", &body, "--id", &id]), &[], "").await.code, 0);
    let other = world.body(&json!({"size": "small", "engine": "redis"}));
    let refused = run(&driver.args(&["apply", &other, "--id", &id, "--output", "json"]), &[], "").await;
    assert_eq!(refused.code, 1);
    let error = parsed(&refused);
    assert_eq!(error["error"], "RES-106");
    let change = error["details"]["changes"][0]["id"].as_str().unwrap();
    assert!(change.starts_with("engine-"));
    assert!(
        refused.err.contains(&format!("change {change}: engine \"valkey\" -> \"redis\" (replace)")),
        "{}",
        refused.err
    );
    assert!(refused.err.contains(&format!("`allow: [\"{change}\"]`")), "{}", refused.err);
    let planned = run(&driver.args(&["apply", &other, "--id", &id, "--dry-run"]), &[], "").await;
    assert!(planned.code == 1 && planned.out.starts_with("refuse cache-"), "{planned:?}");
    assert!(planned.out.contains(change) && planned.err.starts_with("error: it would be refused: "), "{planned:?}");
    let allowed = world.body(&json!({"size": "small", "engine": "redis", "allow": [change]}));
    let planned = run(&driver.args(&["apply", &allowed, "--id", &id, "--dry-run"]), &[], "").await;
    assert!(planned.code == 0 && planned.out.starts_with("replace cache-"), "{planned:?}");
}

#[tokio::test]
async fn every_wrong_input_is_listed_and_so_is_the_cloud_s_own_refusal() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let body = world.body(&json!({"sise": "small", "replicas": 9}));
    let refused = run(&driver.args(&["apply", &body, "--id", &world.id()]), &[], "").await;
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    for line in [
        "  driver.values.replicas: expected a whole number from 0 to 5, got 9",
        "  driver.values.sise: expected a known key, got an unknown key (did you mean `size`?)",
    ] {
        assert!(refused.err.lines().any(|told| told == line), "{line} in {}", refused.err);
    }
    world.fault(json!({"action": "CreateReplicationGroup", "kind": "access_denied"}));
    let denied = run(&driver.args(&["apply", &world.body(&json!({})), "--id", &world.id()]), &[], "").await;
    assert_eq!(denied.code, 1, "{denied:?}");
    assert!(
        denied.err.contains("RES-103") && denied.err.contains("\n  cause: ") && denied.err.contains("\n  hint: "),
        "{}",
        denied.err
    );
    assert!(denied.err.contains("(the cloud's request id "), "{}", denied.err);
}

#[tokio::test]
async fn the_cookie_of_a_file_lets_a_later_run_delete_with_the_credentials_of_the_first() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let id = world.id();
    let account = json!({"aws_access_key_id": "AKIASANDBOX444455556666", "aws_secret_access_key": "synthetic"});
    let body = world.write(
        "other.json",
        &json!({"id": id, "type": "redis", "driver": {"values": {"size": "small"}, "secrets": {"account": account}}})
            .to_string(),
    );
    let cookies = world.path("cookies.json");
    let made = run(&driver.args(&["apply", &body, "--cookie-file", &cookies]), &[], "").await;
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(std::fs::metadata(&cookies).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&cookies).unwrap().contains("cd1."));
    // The driver's own account has none of this name.
    let without = run(&driver.args(&["get", &id]), &[], "").await;
    assert_eq!((without.code, world.caches().await), (1, 1), "{without:?}");
    let gone = run(&driver.args(&["delete", &id, "--cookie-file", &cookies]), &[], "").await;
    assert_eq!((gone.code, world.caches().await), (0, 0), "{gone:?}");
    assert!(!std::fs::read_to_string(&cookies).unwrap().contains("cd1."));
}

#[tokio::test]
async fn a_wait_ends_with_its_time_or_with_an_interrupt_and_says_that_the_driver_goes_on() {
    let world = World::start(1.0).await;
    let driver = world.driver().await;
    let (id, body) = (world.id(), world.body(&json!({"size": "small"})));
    let late = run(&driver.args(&["apply", &body, "--id", &id, "--timeout", "1500ms"]), &[], "").await;
    assert_eq!(late.code, 1, "{late:?}");
    assert!(
        late.err.contains("--timeout has passed") && late.err.contains("the driver goes on by itself"),
        "{}",
        late.err
    );
    let args = driver.args(&["apply", &body, "--id", &id]);
    let mut child = command(&args, &[]).spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stderr.take().unwrap()));
    assert!(lines.next_line().await.unwrap().unwrap().contains(" 202 in "));
    signal(&child, "-INT");
    let told = lines.next_line().await.unwrap().unwrap();
    assert_eq!((child.wait().await.unwrap().code(), told.as_str()), (Some(1), "error: interrupted"));
    eventually("the cache is there", async || world.caches().await == 1).await;
}

#[tokio::test]
async fn a_terminal_gets_a_bar_and_one_without_colours_gets_lines() {
    let world = World::start(FAST).await;
    let driver = world.driver().await;
    let body = world.body(&json!({"size": "small"}));
    for (id, variable, is_drawn) in [("abc", "OTHER", true), ("def", "NO_COLOR", false)] {
        let asked = driver.args(&["apply", &body, "--id", id]).join(" ");
        let line = format!("{} {asked}", env!("CARGO_BIN_EXE_cache-driver"));
        // It runs the line on a terminal of its own.
        let mut command = tokio::process::Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env_clear().env("TERM", "xterm").env(variable, "1");
        let ended = command.kill_on_drop(true).output().await.expect("util-linux has `script`");
        let told = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success() && told.contains(&format!("{id} is ready")), "{told}");
        assert_eq!((told.contains('\u{1b}'), told.contains("100%")), (is_drawn, is_drawn), "{told}");
        assert_eq!(told.contains(" 202 in "), !is_drawn, "{told}");
    }
}

#[tokio::test]
async fn a_driver_that_is_away_for_a_moment_is_waited_for() {
    let json = "content-type: application/json\r\n";
    let hint = json!({"status": "creating", "message": "creating: step 1", "current_time": "2025-06-15T15:00:00Z",
        "estimated_completion_time": "2025-06-15T15:10:00Z", "timeout_deadline": "2025-06-15T16:00:00Z"})
    .to_string();
    let busy = json!({"error": "RES-113", "message": "shutting down", "details": {}}).to_string();
    let outputs =
        json!({"id": "abc", "type": "redis", "resource": {"values": {"host": "h"}, "secrets": {}}}).to_string();
    let soon = format!("{json}retry-after: 1\r\n");
    let url = scripted(vec![
        wire("202 Accepted", &soon, &hint),
        String::new(),
        wire("502 Bad Gateway", "content-type: text/html\r\n", "<html>"),
        wire("503 Service Unavailable", &soon, &busy),
        wire("200 OK", json, &outputs),
    ])
    .await;
    let ended = run(&["apply", "-", "--id", "abc", "--url", &url], &[], "{}").await;
    assert_eq!((ended.code, ended.out.starts_with("abc is ready\n")), (0, true), "{ended:?}");
    for told in
        ["creating: step 1 (about 10 min left)", "cannot be reached", "502 (text/html)", "RES-113: shutting down"]
    {
        assert!(ended.err.contains(told), "{told} in {}", ended.err);
    }
}

//! Users and tokens of clients: made, rotated, remembered.

use std::sync::Arc;
use std::time::Duration;

use cache_driver::backend::{Backend, ConnectionPassword, Goal, Kind, Observed, Pace, Phase, Step};
use cache_driver::cache::{Intent, Mark, Password, Product};
use cache_driver::clock::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::valkey_cloud::{Cloud, unused};

const NAME: &str = "cache-abc";

async fn start() -> Cloud {
    Cloud::start(Product::GcpValkey, json!({})).await
}

fn rotated(cloud: &Cloud, generation: u32) -> Mark {
    Mark {
        password: Some(Password { key: "k1".to_owned(), generation, salt: "abcdefghijklmnop".to_owned() }),
        intent: Some(Intent::Settle(Timestamp::from_second(1_900_000_000).unwrap())),
        ..cloud.mark()
    }
}

async fn password(cloud: &Cloud, backend: &Arc<dyn Backend>, seen: &Observed) -> String {
    let connection = backend.connection(&cloud.at(NAME), seen).await.unwrap();
    let ConnectionPassword::Told(password) = connection.password else { panic!("a password") };
    password.expose_secret().to_owned()
}

fn tokens(seen: &Observed) -> Vec<&str> {
    seen.parts.iter().filter(|(kind, _)| kind == "authToken").map(|(_, name)| name.as_str()).collect()
}

#[tokio::test]
async fn a_rotation_leaves_both_tokens_and_settling_only_the_newest() {
    let cloud = start().await;
    let seen = cloud.ready(NAME, &json!({})).await;
    let first = password(&cloud, &cloud.backend, &seen).await;
    let mark = rotated(&cloud, 1);
    let goal = Goal::Rotated { mark: &mark, password: &unused() };
    let (seen, calls) = cloud.led(NAME, |seen| cloud.backend.steps(&goal, seen)).await;
    assert_eq!(calls, ["addAuthToken", "patch"]);
    let written = seen.mark().unwrap().clone();
    assert_eq!((&written.intent, seen.phase, tokens(&seen).len()), (&mark.intent, Phase::Ready, 2));
    assert_eq!(written.password.as_ref().unwrap().generation, 1);
    let second = password(&cloud, &cloud.backend, &seen).await;
    assert_ne!(first, second, "the new one is handed out");

    let end = Mark { intent: None, ..written };
    let goal = Goal::Settled { mark: &end, password: &unused() };
    let (seen, calls) = cloud.led(NAME, |seen| cloud.backend.steps(&goal, seen)).await;
    assert_eq!(calls, ["delete", "patch"]);
    assert_eq!((seen.mark(), tokens(&seen).len()), (Some(&end), 1));
    assert_eq!(password(&cloud, &cloud.backend, &seen).await, second, "and it stays");
}

#[tokio::test]
async fn a_rotation_that_comes_too_early_ends_the_one_before() {
    let cloud = start().await;
    cloud.ready(NAME, &json!({})).await;
    for generation in 1..=3 {
        let mark = rotated(&cloud, generation);
        let goal = Goal::Rotated { mark: &mark, password: &unused() };
        let (seen, _) = cloud.led(NAME, |seen| cloud.backend.steps(&goal, seen)).await;
        assert_eq!(seen.mark().unwrap().password.as_ref().unwrap().generation, generation);
        assert_eq!(tokens(&seen).len(), 2, "google allows two");
    }
    assert_eq!(cloud.count("memorystore.instances.tokenAuthUsers.addAuthToken"), 4);
    assert_eq!(cloud.count("memorystore.instances.tokenAuthUsers.authTokens.delete"), 2);
}

#[tokio::test]
async fn two_processes_that_rotate_at_once_make_one_token() {
    let cloud = start().await;
    let seen = cloud.ready(NAME, &json!({})).await;
    let other = cloud.another();
    let there = other.observe(&cloud.at(NAME)).await.unwrap();
    assert_eq!(there, seen);
    let mark = rotated(&cloud, 1);
    let goal = Goal::Rotated { mark: &mark, password: &unused() };
    for backend in [&cloud.backend, &other] {
        let steps = backend.steps(&goal, &there);
        backend.apply(&cloud.at(NAME), &steps[0]).await.unwrap();
    }
    cloud.settle(NAME).await;
    for backend in [&other, &cloud.backend] {
        let seen = backend.observe(&cloud.at(NAME)).await.unwrap();
        assert_eq!(tokens(&seen).len(), 2);
    }
    assert_eq!(cloud.count("memorystore.instances.tokenAuthUsers.addAuthToken"), 2, "one at first, one more");
}

/// A call by another hand than the plan's.
async fn call(cloud: &Cloud, call: &'static str, fields: Value) {
    let fields = fields.as_object().unwrap().clone().into_iter().collect();
    let step = Step { call, why: String::new(), pace: Pace::Long, fields, mark: None, secret: None };
    cloud.another().apply(&cloud.at(NAME), &step).await.unwrap();
    cloud.pass(Duration::from_mins(3)).await;
}

const ADD: &str = "memorystore.instances.tokenAuthUsers.addAuthToken";
const DELETE: &str = "memorystore.instances.tokenAuthUsers.authTokens.delete";

#[tokio::test]
async fn a_second_token_that_two_processes_made_at_first_is_not_taken_for_a_rotation() {
    let cloud = start().await;
    let first = password(&cloud, &cloud.backend, &cloud.ready(NAME, &json!({})).await).await;
    let known = tokens(&cloud.observe(NAME).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
    // What the loser of the race does, whose look was made before: to it no token is a new one.
    call(&cloud, ADD, json!({"user": "default", "known": known})).await;
    let (other, at) = (cloud.another(), cloud.at(NAME));
    let seen = other.observe(&at).await.unwrap();
    assert_eq!(tokens(&seen).len(), 2);
    assert_eq!(password(&cloud, &other, &seen).await, first, "the second is handed to nobody");

    let mark = rotated(&cloud, 1);
    let goal = Goal::Rotated { mark: &mark, password: &unused() };
    let (seen, _) = cloud.led(NAME, |seen| other.steps(&goal, seen)).await;
    let rotated = password(&cloud, &other, &other.observe(&at).await.unwrap()).await;
    assert_ne!(rotated, first, "a rotation has to change the password");
    assert_eq!(password(&cloud, &cloud.another(), &seen).await, rotated, "all tell the same");
}

#[tokio::test]
async fn two_processes_that_rotate_at_the_same_moment_tell_the_same_token_which_outlives_the_grace() {
    let cloud = start().await;
    let first = password(&cloud, &cloud.backend, &cloud.ready(NAME, &json!({})).await).await;
    let known = tokens(&cloud.observe(NAME).await).into_iter().map(str::to_owned).collect::<Vec<_>>();
    // Both have looked, and neither finds the other's token.
    call(&cloud, ADD, json!({"user": "default", "known": known})).await;
    let between = cloud.another().observe(&cloud.at(NAME)).await.unwrap();
    let all = tokens(&between).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mark = rotated(&cloud, 1);
    let goal = Goal::Rotated { mark: &mark, password: &unused() };
    let early = cloud.backend.steps(&goal, &between);
    call(&cloud, ADD, json!({"user": "default", "known": all})).await;
    let late = cloud.another().observe(&cloud.at(NAME)).await.unwrap();
    assert_eq!(tokens(&late).len(), 3);
    for steps in [early, cloud.another().steps(&goal, &late)] {
        cloud.run(NAME, steps).await;
        cloud.settle(NAME).await;
    }
    let seen = cloud.another().observe(&cloud.at(NAME)).await.unwrap();
    let new = password(&cloud, &cloud.another(), &seen).await;
    assert_ne!(new, first);
    let end = Mark { intent: None, ..seen.mark().unwrap().clone() };
    let settled = Goal::Settled { mark: &end, password: &unused() };
    let (seen, _) = cloud.led(NAME, |seen| cloud.backend.steps(&settled, seen)).await;
    assert_eq!(tokens(&seen).len(), 1);
    assert_eq!(password(&cloud, &cloud.another(), &seen).await, new);
}

#[tokio::test]
async fn a_token_that_somebody_took_away_is_made_again_however_old_the_cache_is() {
    let cloud = start().await;
    let seen = cloud.ready(NAME, &json!({})).await;
    cloud.pass(Duration::from_hours(30 * 24)).await;
    for token in tokens(&seen) {
        call(&cloud, DELETE, json!({"user": "default", "token": token})).await;
    }
    let bare = cloud.another().observe(&cloud.at(NAME)).await.unwrap();
    assert_eq!((bare.phase, tokens(&bare).len()), (Phase::Ready, 0), "it is no creation that passed its deadline");
    let nobody = cloud.another().connection(&cloud.at(NAME), &bare).await.unwrap_err();
    assert_eq!(nobody.kind, Kind::Busy, "{nobody}");

    let changes = cloud.backend.changes(&cloud.resolve(&json!({})), &bare);
    let found: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(found, ["token"]);
    let steps = cloud.present(&cloud.resolve(&json!({})), &changes, &cloud.mark(), &bare);
    assert_eq!(cloud.run(NAME, steps).await, ["addAuthToken"]);
    let (seen, _) = cloud.settle(NAME).await;
    assert_eq!((tokens(&seen).len(), seen.fields.get("token")), (1, None));
    assert!(!password(&cloud, &cloud.another(), &seen).await.is_empty());
}

#[tokio::test]
async fn another_process_goes_on_wherever_the_first_one_stopped() {
    let cloud = start().await;
    cloud.create(NAME, &json!({})).await;
    let mut calls = Vec::new();
    for _ in 0..60 {
        // Each step is another process's, which remembers nothing.
        let backend = cloud.another();
        let seen = backend.observe(&cloud.at(NAME)).await.unwrap();
        if seen.phase == Phase::Ready {
            break;
        }
        let steps = cloud.present(&cloud.resolve(&json!({})), &[], &cloud.mark(), &seen);
        for step in steps.into_iter().take(1) {
            backend.apply(&cloud.at(NAME), &step).await.unwrap();
            calls.push(step.call.rsplit('.').next().unwrap());
        }
        cloud.pass(Duration::from_mins(1)).await;
    }
    assert_eq!(calls, ["addTokenAuthUser", "addAuthToken"]);
    assert_eq!(cloud.another().observe(&cloud.at(NAME)).await.unwrap().phase, Phase::Ready);
}

#[tokio::test]
async fn looking_at_a_cache_that_is_complete_costs_one_call() {
    let cloud = start().await;
    cloud.ready(NAME, &json!({})).await;
    let other = cloud.another();
    let at = cloud.at(NAME);
    other.observe(&at).await.unwrap();
    let counted = || {
        let calls = cloud.running.control().calls().to_json();
        calls["calls"].as_array().unwrap().len()
    };
    let before = counted();
    let mut seen = None;
    for _ in 0..20 {
        seen = Some(other.observe(&at).await.unwrap());
    }
    assert_eq!(counted() - before, 20, "the cache alone");
    let seen = seen.unwrap();
    let before = counted();
    for _ in 0..20 {
        other.connection(&at, &seen).await.unwrap();
    }
    assert_eq!(counted() - before, 2, "the token and the certificates, once");
}

#[tokio::test]
async fn another_life_of_the_name_has_another_password() {
    let cloud = start().await;
    let seen = cloud.ready(NAME, &json!({})).await;
    let first = password(&cloud, &cloud.backend, &seen).await;
    cloud.removed(NAME).await;
    let anew = cloud.ready(NAME, &json!({})).await;
    assert_ne!(anew.created_at, seen.created_at);
    assert_ne!(password(&cloud, &cloud.backend, &anew).await, first);
}

#[tokio::test]
async fn with_iam_and_without_auth_there_is_no_token() {
    for auth in ["iam", "none"] {
        let cloud = start().await;
        cloud.create(NAME, &json!({ "auth": auth })).await;
        let (seen, calls) = cloud.settle(NAME).await;
        assert_eq!((seen.phase, calls.len()), (Phase::Ready, 0), "{auth}");
        let connection = cloud.backend.connection(&cloud.at(NAME), &seen).await.unwrap();
        assert!(matches!(connection.password, ConnectionPassword::None));
        assert_eq!(connection.auth.as_str(), auth);
    }
}

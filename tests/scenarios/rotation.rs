//! A new password beside the old one, then the new one alone.

use std::time::Duration;

use redis::{Client, TlsCertificates};
use serde_json::{Value, json};

use crate::harness::{Answer, World, eventually, sha256};

/// Whether a client gets in with this password.
async fn gets_in(ready: &Answer, password: &str) -> bool {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let url = format!("rediss://default:{password}@{}:{}", text(ready.value("host")), ready.value("port"));
    let root_cert = Some(text(ready.value("ca_cert")).into_bytes());
    let client = Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert }).unwrap();
    match client.get_multiplexed_async_connection().await {
        Ok(mut connection) => redis::AsyncCommands::ping::<String>(&mut connection).await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn both_passwords_work_in_the_grace_and_later_only_the_new_one() {
    let grace = Duration::from_secs(8);
    let world = World::connectable(600.0, |config| config.lifecycle.rotate_grace = grace).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let before = resource.put_until_settled(json!({})).await.is(200);
    let old = before.password();
    let wanted = json!({"rotate": 1});
    let after = resource.put_until_settled(wanted.clone()).await.is(200);
    let new = after.password();
    assert_ne!(new, old);
    assert!(gets_in(&after, &new).await);
    assert!(gets_in(&after, &old).await, "the old password ended before its grace");
    assert!(!gets_in(&after, "neither-of-the-two-0123456789").await);

    // Nobody rotates twice for the same number, and the grace ends with the next PUT after it.
    let resource = tokio::sync::Mutex::new(resource);
    eventually("the end of the old password", || async {
        assert_eq!(resource.lock().await.put_until_settled(wanted.clone()).await.is(200).password(), new);
        (!gets_in(&after, &old).await).then_some(())
    })
    .await;
    assert!(gets_in(&after, &new).await);
}

#[tokio::test]
async fn the_cloud_holds_exactly_the_passwords_that_are_to_work() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let old = world.create(&mut resource, &json!({})).await.password();
    let wanted = json!({"rotate": 1});
    resource.put(wanted.clone()).await.is(202);
    world.minutes(5);
    let new = resource.put(wanted.clone()).await.is(200).password();
    assert_eq!(world.only_cache().await["auth_token_sha256"], json!([sha256(&new), sha256(&old)]));
    world.minutes(61);
    resource.put(wanted.clone()).await.is(200);
    world.minutes(5);
    assert_eq!(resource.put(wanted.clone()).await.is(200).password(), new);
    assert_eq!(world.only_cache().await["auth_token_sha256"], json!([sha256(&new)]));
    let before = world.mutating();
    // A number that was reached already, or none, changes nothing.
    for values in [wanted, json!({"rotate": 0}), json!({})] {
        assert_eq!(resource.put(values).await.is(200).password(), new);
    }
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_lost_answer_to_a_rotation_loses_no_password() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let old = world.create(&mut resource, &json!({})).await.password();
    world.fault(json!({"kind": "drop_after", "action": "ModifyReplicationGroup"}));
    resource.put(json!({"rotate": 1})).await.is(202);
    world.minutes(5);
    let new = resource.forgetful().put(json!({"rotate": 1})).await.is(200).password();
    assert_eq!(world.only_cache().await["auth_token_sha256"], json!([sha256(&new), sha256(&old)]));
}

#[tokio::test]
async fn a_key_that_is_added_and_promoted_changes_no_password() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let made = world.create(&mut resource, &json!({})).await;
    let mut config = world.config.clone();
    let fresh = cache_driver::config::Key { id: "fresh".to_owned(), bytes: [9; 32].into() };
    config.secrets.keyring.insert(0, fresh.clone());
    let driver = world.driver_with(config.clone()).await;
    // Its cookie was sealed with the old key.
    let mut at_new = resource.at(&driver.url);
    assert_eq!(at_new.put(json!({})).await.is(200).password(), made.password());
    assert_eq!(at_new.get().await.is(200).password(), made.password());

    // Without the old key nobody can tell the password, and nothing is broken by trying.
    config.secrets.keyring = vec![fresh];
    let driver = world.driver_with(config).await;
    let before = world.mutating();
    let lost = resource.at(&driver.url).get().await.is(500);
    assert_eq!(lost.body["error"], "RES-113");
    assert!(lost.hint().contains("secrets.keyring"), "{}", lost.text);
    assert_eq!(world.mutating(), before);
}

#[tokio::test]
async fn a_cache_without_tls_and_password_is_made_only_when_asked_for_and_is_reached_so() {
    let world = World::connectable(600.0, |_| {}).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let open = resource.put_until_settled(json!({"tls": false, "auth": "none"})).await.is(200);
    assert_eq!((open.value("tls"), open.value("auth")), (&json!(false), &json!("none")));
    assert_eq!((open.secret("username"), open.secret("password")), ("", ""));
    let client = Client::open(open.secret("url")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let answer: String = redis::AsyncCommands::ping(&mut connection).await.unwrap();
    assert_eq!(answer, "PONG");
}

#[tokio::test]
async fn a_password_is_put_on_a_cache_that_had_none() {
    let world = World::connectable(600.0, |_| {}).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.put_until_settled(json!({"auth": "none"})).await.is(200);
    let wanted = json!({"auth": "password"});
    let ready = resource.put_until_settled(wanted.clone()).await.is(200);
    assert!(gets_in(&ready, &ready.password()).await);
    assert!(!gets_in(&ready, "another-password-0123456789").await);
    assert_eq!(world.only_cache().await["passwordless_access"], false);
    assert_eq!(resource.put(wanted).await.is(200).password(), ready.password());
}

#[tokio::test]
async fn a_password_is_not_taken_off_without_consent() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({})).await;
    let before = world.mutating();
    let refused = resource.put(json!({"auth": "none"})).await.refused("RES-106");
    assert_eq!(refused.body["details"]["changes"][0]["field"], "auth");
    assert_eq!(world.mutating(), before);
}

//! Whose credentials: of the request, of the cookie, of a named account, or none that are good for it.

use std::collections::BTreeMap;

use cache_driver::config::{AwsAccount, Config, DeleteUnverifiable};
use serde_json::{Value, json};

use crate::harness::{ACCOUNT_A, ACCOUNT_B, World, keys};

/// A config whose own identity belongs to nobody that has caches.
fn with_account(name: &str, role_arn: String, external_id: Option<&str>) -> impl FnOnce(&mut Config) {
    let external_id = external_id.map(str::to_owned);
    let account = AwsAccount { role_arn, external_id, session_name: None };
    let accounts = BTreeMap::from([(name.to_owned(), account)]);
    move |config| config.providers.aws.accounts = accounts
}

#[tokio::test]
async fn a_cache_of_one_account_is_not_gone_for_the_keys_of_another() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver).with_account(keys(ACCOUNT_A));
    let made = world.create(&mut resource, &json!({})).await;
    assert!(made.value("resource_id").as_str().unwrap().contains(ACCOUNT_A));

    let before = world.mutating();
    let mut other = resource.clone().with_account(keys(ACCOUNT_B));
    let refused = other.put(json!({})).await.refused("RES-103");
    assert!(refused.message().contains(ACCOUNT_A) && refused.message().contains(ACCOUNT_B), "{}", refused.text);
    let mut other = resource.clone().with_account(keys(ACCOUNT_B));
    let refused = other.legacy_delete().await.refused("RES-103");
    assert!(refused.message().contains(ACCOUNT_A) && refused.message().contains(ACCOUNT_B), "{}", refused.text);
    assert_eq!(world.mutating(), before);
    world.only_cache().await;
}

#[tokio::test]
async fn a_delete_without_credentials_uses_those_of_the_cookie() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver).with_account(keys(ACCOUNT_A));
    world.create(&mut resource, &json!({})).await;
    // A DELETE of the Driver API has no body, so that there is nothing but the cookie.
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn credentials_that_the_config_keeps_out_of_the_cookie_are_not_in_it() {
    let world = World::with(|config| config.cookie.credentials = false).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver).with_account(keys(ACCOUNT_A));
    world.create(&mut resource, &json!({})).await;
    // The driver's own identity looks in its own account, where the cache is not.
    let refused = resource.delete().await.refused("RES-103");
    assert!(refused.message().contains(ACCOUNT_A), "{}", refused.text);
    world.only_cache().await;
}

#[tokio::test]
async fn credentials_that_the_cloud_does_not_take_are_told_as_such() {
    for kind in ["expired_token", "access_denied"] {
        let world = World::start().await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver).with_account(keys(ACCOUNT_A));
        world.create(&mut resource, &json!({})).await;
        world.fault(json!({"kind": kind, "times": 0}));
        for refused in [resource.put(json!({})).await, resource.get().await, resource.delete().await] {
            let refused = refused.refused("RES-103");
            assert!(!refused.hint().is_empty(), "{}", refused.text);
            assert!(!refused.text.contains("synthetic"));
        }
        world.cloud.control().faults().clear();
        assert_eq!(world.only_cache().await["Status"], "available");
    }
}

#[tokio::test]
async fn a_role_may_be_denied_the_one_call_that_is_needed() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.fault(json!({"kind": "access_denied", "action": "CreateReplicationGroup"}));
    let refused = resource.put(json!({})).await.refused("RES-103");
    assert_eq!(refused.body["details"]["operation"], "CreateReplicationGroup");
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn every_missing_or_malformed_field_of_an_account_is_named() {
    let world = World::start().await;
    let driver = world.driver().await;
    for (account, paths) in [
        (json!({"aws_access_key_id": "AKIASANDBOX111122223333"}), vec!["driver.secrets.account.SecretAccessKey"]),
        (json!({"aws_secret_access_key": "CANARY"}), vec!["driver.secrets.account.AccessKeyId"]),
        (
            json!({"AccessKeyId": 5, "SecretAccessKey": ["CANARY"]}),
            vec!["driver.secrets.account.AccessKeyId", "driver.secrets.account.SecretAccessKey"],
        ),
        (json!({"user": "CANARY"}), vec!["driver.secrets.account"]),
        (json!({}), vec!["driver.secrets.account"]),
    ] {
        let mut resource = world.resource(&driver).with_account(account.clone());
        let refused = resource.put(json!({})).await.refused("RES-103");
        assert_eq!(refused.fields(), paths, "{account}");
        assert!(!refused.text.contains("CANARY"), "{}", refused.text);
    }
    assert_eq!(world.cloud.control().calls().to_json()["total"], 0);
}

#[tokio::test]
async fn credentials_of_another_cloud_are_refused_before_anything_is_called() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver).with_account(json!({"access_token": "CANARY"}));
    let refused = resource.put(json!({})).await.refused("RES-103");
    assert!(refused.message().contains("gcp") && refused.message().contains("aws"), "{}", refused.text);
    assert_eq!(world.cloud.control().calls().to_json()["total"], 0);
}

#[tokio::test]
async fn a_named_account_is_reached_by_its_role_with_the_external_id() {
    let role = format!("arn:aws:iam::{ACCOUNT_B}:role/caches-external");
    let world = World::with(with_account("production", role, Some("an-external-id"))).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let wanted = json!({"account": "production"});
    world.create(&mut resource, &wanted).await;
    assert_eq!(world.only_cache().await["account"], ACCOUNT_B);
    assert_eq!(world.count("AssumeRole"), 1);
}

#[tokio::test]
async fn a_role_without_its_external_id_cannot_be_assumed() {
    let role = format!("arn:aws:iam::{ACCOUNT_B}:role/caches-external");
    let world = World::with(with_account("production", role, None)).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let refused = resource.put(json!({"account": "production"})).await.refused("RES-103");
    assert!(refused.hint().contains("external id"), "{}", refused.text);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn an_account_that_the_config_does_not_have_is_refused_with_those_that_it_has() {
    let role = format!("arn:aws:iam::{ACCOUNT_B}:role/caches");
    let world = World::with(with_account("production", role, None)).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let refused = resource.put(json!({"account": "productoin"})).await.is(400);
    assert!(refused.text.contains("production"), "{}", refused.text);
    assert_eq!(world.mutating(), 0);
}

#[tokio::test]
async fn a_delete_that_nobody_may_verify_fails_or_succeeds_as_configured() {
    for (setting, status) in [(DeleteUnverifiable::Fail, 400), (DeleteUnverifiable::Succeed, 204)] {
        let world = World::with(|config| config.lifecycle.delete_unverifiable = setting).await;
        let driver = world.driver().await;
        let mut resource = world.resource(&driver);
        world.fault(json!({"kind": "access_denied", "times": 0}));
        let answer = resource.delete().await.is(status);
        if status == 400 {
            assert_eq!(answer.body["error"], "RES-103");
            assert!(answer.hint().contains("delete_unverifiable"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn both_spellings_of_keys_are_the_same_account() {
    let world = World::start().await;
    let driver = world.driver().await;
    let temporary: Value = json!({
        "AccessKeyId": format!("ASIASANDBOX{ACCOUNT_A}"), "SecretAccessKey": "synthetic", "SessionToken": "synthetic",
    });
    let mut resource = world.resource(&driver).with_account(temporary);
    resource.put(json!({})).await.is(202);
    world.minutes(20);
    resource.clone().with_account(keys(ACCOUNT_A)).put(json!({})).await.is(200);
    assert_eq!(world.caches().await.len(), 1);
}

#[tokio::test]
async fn an_account_id_that_the_credentials_do_not_belong_to_is_refused() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver).with_account(keys(ACCOUNT_A));
    let refused = resource.put(json!({"aws": {"account_id": ACCOUNT_B}})).await.refused("RES-103");
    assert!(refused.message().contains(ACCOUNT_A) && refused.message().contains(ACCOUNT_B), "{}", refused.text);
    assert_eq!(world.mutating(), 0);
}

#[tokio::test]
async fn a_cache_of_a_named_account_is_seen_and_removed_with_the_cookie_alone() {
    let role = format!("arn:aws:iam::{ACCOUNT_B}:role/caches");
    let world = World::with(with_account("production", role, None)).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"account": "production"})).await;
    resource.get().await.is(200);
    resource.delete().await.is(202);
    world.minutes(20);
    resource.delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

#[tokio::test]
async fn a_cache_of_a_named_account_is_not_gone_because_the_cookie_is() {
    let role = format!("arn:aws:iam::{ACCOUNT_B}:role/caches");
    let world = World::with(with_account("production", role, None)).await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    world.create(&mut resource, &json!({"account": "production"})).await;
    resource.forgetful().get().await.is(200);
    resource.forgetful().delete().await.is(202);
    world.minutes(20);
    resource.forgetful().delete().await.is(204);
    assert!(world.caches().await.is_empty());
}

//! With whose rights the cloud is called.

use std::sync::Arc;

use cache_driver::backend::{At, Credentials, Given, Kind, Phase};
use cache_driver::clock::{Clock as _, SystemClock};
use cache_driver::config::Aws;
use serde_json::{Value, json};

use crate::harness::{Cloud, backend};

#[track_caller]
fn given(account: Value) -> Credentials {
    let Value::Object(account) = account else { panic!("an object") };
    Credentials::Given(Arc::new(Given::recognise(&account).unwrap()))
}

fn with(cloud: &Cloud, credentials: Credentials) -> At {
    At { credentials, ..cloud.at("cache-abc") }
}

#[tokio::test]
async fn the_requests_keys_the_named_role_and_the_own_identity_are_different_accounts() {
    let cloud = Cloud::start().await;
    cloud.mutate(json!({"op": "account", "access_key": "AKIAGIVEN", "account": "222233334444"})).await;
    let keys = given(json!({"AccessKeyId": "AKIAGIVEN", "SecretAccessKey": "synthetic", "SessionToken": "token"}));
    let account = |credentials| {
        let at = with(&cloud, credentials);
        let backend = cloud.backend.clone();
        async move { backend.account(&at).await.unwrap() }
    };
    assert_eq!(account(keys.clone()).await, "222233334444");
    assert_eq!(account(Credentials::Named("other".to_owned())).await, "111122223333");
    let own = account(Credentials::Own).await;
    assert!(own != "222233334444" && own != "111122223333");
    let asked = cloud.count("GetCallerIdentity");
    assert_eq!(account(Credentials::Own).await, own);
    assert_eq!(cloud.count("GetCallerIdentity"), asked, "it is remembered");

    cloud.create("cache-abc", json!({})).await;
    assert_eq!(cloud.backend.observe(&with(&cloud, keys)).await.unwrap().phase, Phase::Absent);
    assert_eq!(cloud.observe("cache-abc").await.phase, Phase::Creating);
}

#[tokio::test]
async fn a_role_is_assumed_once_for_all_regions() {
    // The SDK judges by the machine's clock whether the role's keys are still good.
    let cloud = Cloud::start_at(SystemClock.now()).await;
    let named = Credentials::Named("other".to_owned());
    for region in ["eu-central-1", "eu-west-1", "eu-central-1"] {
        let mut at = with(&cloud, named.clone());
        region.clone_into(&mut at.place.location);
        let seen = cloud.backend.observe(&at).await.unwrap();
        assert_eq!((seen.phase, seen.account.as_str()), (Phase::Absent, "111122223333"));
    }
    assert_eq!(cloud.count("AssumeRole"), 1);
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_a_matter_of_credentials() {
    let cloud = Cloud::start().await;
    cloud.fault(json!({"kind": "access_denied", "action": "AssumeRole", "times": 0}));
    let at = with(&cloud, Credentials::Named("other".to_owned()));
    let failed = cloud.backend.observe(&at).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials, "{failed}");
    assert!(failed.hint.unwrap().contains("trust policy"));
}

#[tokio::test]
async fn unknown_accounts_and_keys_of_other_clouds_are_refused_without_a_call() {
    let cloud = Cloud::start().await;
    let failed = cloud.backend.account(&with(&cloud, Credentials::Named("nobody".to_owned()))).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert!(failed.message.contains("`nobody`") && failed.message.contains("other"), "{failed}");
    let google = given(json!({"access_token": "CANARY"}));
    let failed = cloud.backend.observe(&with(&cloud, google)).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert!(failed.message.contains("gcp") && !format!("{failed:?}").contains("CANARY"), "{failed}");
    assert_eq!(cloud.running.control().calls().count("DescribeReplicationGroups"), 0);
}

#[tokio::test]
async fn a_look_at_the_account_finds_what_is_there_and_what_is_missing() {
    let cloud = Cloud::start().await;
    let findings = cloud.backend.preflight(&cloud.at("cache-abc"), &[].into()).await;
    assert!(findings.len() >= 4 && findings.iter().all(|finding| !finding.is_problem()), "{findings:?}");

    cloud.mutate(json!({"op": "remove_subnet_group", "name": "caches"})).await;
    let findings = cloud.backend.preflight(&cloud.at("cache-abc"), &[].into()).await;
    let wrong: Vec<_> =
        findings.iter().filter(|finding| finding.is_problem()).map(|finding| finding.subject.as_str()).collect();
    assert_eq!(wrong, ["subnet group caches"]);

    cloud.fault(json!({"kind": "access_denied", "action": "DescribeReplicationGroups", "times": 0}));
    let findings = cloud.backend.preflight(&cloud.at("cache-abc"), &[].into()).await;
    assert!(findings.iter().any(|finding| finding.subject == "DescribeReplicationGroups" && finding.is_problem()));
}

#[tokio::test]
async fn a_ca_file_without_a_certificate_fails_the_call_and_not_the_start() {
    let cloud = Cloud::start().await;
    let config = Aws { ca_pem: Some("no certificate".to_owned()), ..cloud.config.clone() };
    let failed = backend(&config, &cloud.clock).observe(&cloud.at("cache-abc")).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Prerequisite);
    assert!(failed.hint.unwrap().contains("ca_file"));
}

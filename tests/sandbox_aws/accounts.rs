//! Accounts, regions and assumed roles.

use aws_credential_types::Credentials;
use serde_json::json;

use crate::harness::{Cloud, KEY, client_with, refused};

#[tokio::test]
async fn an_assumed_role_acts_in_its_own_account() {
    let cloud = Cloud::start().await;
    cloud.create("c").send().await.unwrap();
    let role = "arn:aws:iam::111122223333:role/team/caches";
    let assumed = cloud.sts(KEY).assume_role().role_arn(role).role_session_name("test").send().await.unwrap();
    let keys = assumed.credentials().unwrap();
    assert_eq!(keys.expiration().secs(), 1_767_607_200 + 3600, "an hour from the sandbox's time");
    assert_eq!(assumed.assumed_role_user().unwrap().arn(), "arn:aws:sts::111122223333:assumed-role/caches/test");

    let credentials = Credentials::new(
        keys.access_key_id(),
        keys.secret_access_key(),
        Some(keys.session_token().into()),
        None,
        "test",
    );
    let other = client_with(&cloud.running, credentials, "eu-central-1");
    assert!(other.describe_replication_groups().send().await.unwrap().replication_groups().is_empty());
    let made = other.create_replication_group().replication_group_id("c").replication_group_description("theirs");
    let made = made.cache_node_type("cache.t4g.micro").send().await.unwrap();
    assert_eq!(
        made.replication_group().unwrap().arn(),
        Some("arn:aws:elasticache:eu-central-1:111122223333:replicationgroup:c")
    );
    let who = cloud.sts(keys.access_key_id()).get_caller_identity().send().await.unwrap();
    assert_eq!(who.account(), Some("111122223333"));
    assert_eq!(who.arn(), Some("arn:aws:sts::111122223333:assumed-role/caches/test"));
}

#[tokio::test]
async fn a_role_that_wants_an_external_id_gets_one() {
    let cloud = Cloud::start().await;
    let assume = || {
        let call = cloud.sts(KEY).assume_role().role_session_name("test");
        call.role_arn("arn:aws:iam::111122223333:role/caches-external")
    };
    assert_eq!(refused(assume().send().await), ("AccessDenied".into(), 403));
    assume().external_id("ours").send().await.unwrap();
    let malformed = cloud.sts(KEY).assume_role().role_arn("caches").role_session_name("test").send().await;
    assert_eq!(refused(malformed), ("ValidationError".into(), 400));
}

#[tokio::test]
async fn a_key_can_name_or_be_given_its_account() {
    let cloud = Cloud::start().await;
    let account = async |key: &str| {
        let who = cloud.sts(key).get_caller_identity().send().await.unwrap();
        who.account().unwrap().to_owned()
    };
    assert_eq!(account(KEY).await, "000000000000");
    assert_eq!(account("AKIASANDBOX444455556666").await, "444455556666");
    cloud.mutate(json!({"op": "account", "access_key": KEY, "account": "777788889999"})).await;
    assert_eq!(account(KEY).await, "777788889999");
}

#[tokio::test]
async fn regions_have_nothing_in_common() {
    let cloud = Cloud::start().await;
    cloud.create("c").send().await.unwrap();
    let elsewhere = cloud.client(KEY, "us-east-1");
    let missing = elsewhere.describe_replication_groups().replication_group_id("c").send().await;
    assert_eq!(refused(missing), ("ReplicationGroupNotFoundFault".into(), 404));
}

//! With whose rights the cloud is called.

use std::time::{Duration, Instant};

use cache_driver::backend::{At, Credentials, Kind, Phase};
use cache_driver::cache::Product;
use cache_driver::config::{Azure, AzureFederated, AzureWorkload};
use serde_json::json;

use crate::harness::{CLIENT, Cloud, SUBSCRIPTION, TENANT, backend, given, password_account};

fn with(cloud: &Cloud, credentials: Credentials) -> At {
    At { credentials, ..cloud.at("cache-abc") }
}

#[tokio::test]
async fn every_kind_of_credentials_gets_a_token_once() {
    let cloud = Cloud::start().await;
    let token = json!({"oidc_token": "CANARY-signed", "tenant_id": TENANT, "client_id": CLIENT});
    for credentials in [given(password_account()), given(token), Credentials::Named("other".to_owned())] {
        let before = cloud.count("entra.token");
        let at = with(&cloud, credentials);
        for _ in 0..3 {
            assert_eq!(cloud.backend.observe(&at).await.unwrap().phase, Phase::Absent);
        }
        assert_eq!(cloud.backend.account(&at).await.unwrap(), SUBSCRIPTION);
        assert_eq!(cloud.count("entra.token"), before + 1, "{:?}", at.credentials);
    }
}

#[tokio::test]
async fn a_signed_token_without_an_application_uses_the_configs() {
    let cloud = Cloud::start().await;
    let at = with(&cloud, given(json!({"oidc_token": "CANARY-signed"})));
    let refused = cloud.backend.observe(&at).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Credentials);
    assert!(refused.hint.unwrap().contains("providers.azure.federated"));
    let federated = AzureFederated { tenant_id: Some(TENANT.to_owned()), client_id: Some(CLIENT.to_owned()) };
    let config = Azure { federated, ..cloud.config.clone() };
    let other = backend(&config, &cloud.clock, Product::AzureManagedRedis);
    assert_eq!(other.observe(&at).await.unwrap().phase, Phase::Absent);
}

#[tokio::test]
async fn a_wrong_secret_is_told_in_entras_own_words() {
    let cloud = Cloud::start().await;
    cloud.mutate(json!({"op": "wrong_secret", "client_id": CLIENT})).await;
    let refused = cloud.backend.observe(&with(&cloud, given(password_account()))).await.unwrap_err();
    assert_eq!((refused.kind, refused.operation), (Kind::Credentials, "entra.token"), "{refused}");
    assert!(refused.message.contains("AADSTS7000215"), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("CANARY"));
}

#[tokio::test]
async fn credentials_of_nobody_and_of_another_cloud_are_refused_without_a_call() {
    let cloud = Cloud::start().await;
    let foreign = given(json!({"AccessKeyId": "AKIASYNTHETIC", "SecretAccessKey": "CANARY"}));
    for credentials in [foreign, Credentials::Named("nobody".to_owned())] {
        let refused = cloud.backend.observe(&with(&cloud, credentials)).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Credentials, "{refused}");
    }
    assert_eq!(cloud.count("entra.token"), 0);
}

#[tokio::test]
async fn a_tenant_cannot_choose_another_host() {
    let cloud = Cloud::start().await;
    for tenant in ["evil.example/x", "../common", "a@evil.example", "x?y", ".evil", "a b"] {
        let account = json!({"appId": CLIENT, "password": "CANARY", "tenant": tenant});
        let refused = cloud.backend.observe(&with(&cloud, given(account))).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Credentials, "{tenant}: {refused}");
    }
    assert_eq!(cloud.count("entra.token"), 0);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let cloud = Cloud::start().await;
    let at = with(&cloud, given(password_account()));
    cloud.backend.observe(&at).await.unwrap();
    cloud.fault(json!({"kind": "expired_token", "action": "redisEnterprise.get"}));
    assert_eq!(cloud.backend.observe(&at).await.unwrap().phase, Phase::Absent);
    assert_eq!(cloud.count("entra.token"), 2);
    cloud.fault(json!({"kind": "expired_token", "action": "redisEnterprise.get", "times": 2}));
    assert_eq!(cloud.backend.observe(&at).await.unwrap_err().kind, Kind::Credentials);
}

#[tokio::test]
async fn the_machines_own_identity_is_used_where_there_is_one() {
    let cloud = Cloud::start().await;
    let config = Azure { static_token: None, ..cloud.config.clone() };
    let own = backend(&config, &cloud.clock, Product::AzureManagedRedis);
    assert_eq!(own.observe(&cloud.at("cache-abc")).await.unwrap().phase, Phase::Absent);
    assert_eq!(cloud.count("entra.machineToken"), 1);
}

#[tokio::test]
async fn without_any_identity_it_says_so_in_time() {
    let cloud = Cloud::start().await;
    // Accepts and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Azure { static_token: None, ..cloud.config.clone() };
    config.endpoint_url = Some(format!("http://{}", silent.local_addr().unwrap()));
    config.timeouts.token = Duration::from_millis(200);
    let own = backend(&config, &cloud.clock, Product::AzureManagedRedis);
    #[expect(clippy::disallowed_methods, reason = "how long it really takes is what is tested")]
    let began = Instant::now();
    let refused = own.observe(&cloud.at("cache-abc")).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(refused.kind, Kind::Credentials, "{refused}");
    assert!(refused.hint.unwrap().contains("managed identity"));
}

/// A backend without any credentials but those that its surroundings give it.
fn with_surroundings(
    cloud: &Cloud,
    change: impl FnOnce(&mut Azure),
) -> std::sync::Arc<dyn cache_driver::backend::Backend> {
    let mut config = Azure { static_token: None, ..cloud.config.clone() };
    change(&mut config);
    backend(&config, &cloud.clock, Product::AzureManagedRedis)
}

#[tokio::test]
async fn a_machines_identity_that_was_there_is_only_late_when_it_keeps_silent() {
    let cloud = Cloud::start().await;
    let own = with_surroundings(&cloud, |config| config.timeouts.token = Duration::from_millis(300));
    let at = cloud.at("cache-abc");
    own.observe(&at).await.unwrap();
    // The token is forgotten, as it is after an hour of rest, and nobody tells another one.
    cloud.fault(json!({"kind": "expired_token", "action": "redisEnterprise.get"}));
    cloud.fault(json!({"kind": "drop_before", "action": "entra.machineToken", "times": 0}));
    for _ in 0..2 {
        let late = own.observe(&at).await.unwrap_err();
        assert_eq!((late.kind, late.operation), (Kind::Unavailable, "entra.token"), "{late}");
    }
    cloud.running.control().faults().clear();
    // Nobody waits twice for what has just not come: it is asked for again when as long has passed.
    while let Err(late) = own.observe(&at).await {
        assert_eq!(late.kind, Kind::Unavailable, "{late}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_service_that_takes_a_connection_and_has_no_time_is_there_and_a_closed_port_is_not() {
    let cloud = Cloud::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, kind) in [(silent.local_addr().unwrap(), Kind::Unavailable), (closed, Kind::Credentials)] {
        let own = with_surroundings(&cloud, |config| {
            config.endpoint_url = Some(format!("http://{address}"));
            config.timeouts.connect = Duration::from_millis(20);
            config.timeouts.token = Duration::from_millis(1200);
        });
        let refused = own.observe(&cloud.at("cache-abc")).await.unwrap_err();
        assert_eq!(refused.kind, kind, "{refused}");
    }
}

#[tokio::test]
async fn a_workload_identity_that_fails_is_named_and_no_other_takes_its_place() {
    let cloud = Cloud::start().await;
    let dir = tempfile::TempDir::new().unwrap();
    let token_file = dir.path().join("Token");
    let whole = AzureWorkload {
        token_file: token_file.clone(),
        tenant_id: Some(TENANT.to_owned()),
        client_id: Some(CLIENT.to_owned()),
    };
    let at = cloud.at("cache-abc");
    let with = |workload: AzureWorkload| with_surroundings(&cloud, |config| config.workload_identity = Some(workload));
    let own = with(whole.clone());
    let refused = own.observe(&at).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Credentials);
    for part in ["workload identity", token_file.to_str().unwrap(), "No such file"] {
        assert!(refused.message.contains(part), "{part}: {refused}");
    }
    assert!(refused.hint.unwrap().contains("AZURE_FEDERATED_TOKEN_FILE"));

    std::fs::write(&token_file, "CANARY-signed").unwrap();
    for (workload, missing) in [
        (AzureWorkload { client_id: None, ..whole.clone() }, "AZURE_CLIENT_ID"),
        (AzureWorkload { tenant_id: None, ..whole.clone() }, "AZURE_TENANT_ID"),
    ] {
        let refused = with(workload).observe(&at).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Credentials);
        assert!(refused.message.contains(&format!("{missing} is not")), "{refused}");
    }

    cloud.mutate(json!({"op": "wrong_secret", "client_id": CLIENT})).await;
    let refused = own.observe(&at).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Credentials);
    assert!(refused.message.contains("workload identity: AADSTS7000215"), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("CANARY"));
    cloud.mutate(json!({"op": "restore", "name": CLIENT})).await;
    assert_eq!(own.observe(&at).await.unwrap().phase, Phase::Absent, "once it is mended it works");
    assert_eq!(cloud.count("entra.machineToken"), 0);
}

//! With whose rights Google is called.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cache_driver::backend::{BackendError, Credentials, Kind, Phase};
use cache_driver::cache::Product;
use cache_driver::config::{Gcp, GcpAccount};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Fake, Hasty, answer, at, backend, error, given, key, ok, static_token};

const PRODUCT: Product = Product::GcpRedis;

/// Looks at a cache that is not there.
async fn look(config: &Gcp, clock: &Hasty, credentials: Credentials) -> Result<Phase, BackendError> {
    let seen = backend(config, clock, PRODUCT).observe(&at(PRODUCT, "cache-abc", credentials)).await?;
    Ok(seen.phase)
}

#[tokio::test]
async fn a_key_is_exchanged_once_and_anew_before_its_token_ends() {
    let (fake, clock) = (Fake::start(|_| None).await, Hasty::new());
    let backend = backend(&fake.config(), &clock, PRODUCT);
    let at = at(PRODUCT, "cache-abc", given(&key()));
    for minutes in [0, 30, 28] {
        clock.advance(Duration::from_secs(minutes * 60));
        backend.observe(&at).await.unwrap();
    }
    assert_eq!(fake.exchanges().len(), 1);
    assert!(fake.calls().iter().all(|call| call.bearer() == Some("token-1")));
    clock.advance(Duration::from_mins(1));
    backend.observe(&at).await.unwrap();
    assert_eq!(fake.calls().last().unwrap().bearer(), Some("token-2"));

    let exchange = &fake.exchanges()[0];
    let assertion = exchange.body.split_once("&assertion=").unwrap().1;
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], "driver@key-project.iam.gserviceaccount.com");
    assert_eq!(claims["aud"], "https://oauth2.googleapis.com/token");
    assert!(exchange.body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&"));
}

#[tokio::test]
async fn many_at_once_wait_for_one_exchange() {
    let (fake, clock) = (Fake::start(|_| None).await, Hasty::new());
    let backend = backend(&fake.config(), &clock, PRODUCT);
    let mut looks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (backend, at) = (backend.clone(), at(PRODUCT, &format!("cache-{number}"), given(&key())));
        looks.spawn(async move { backend.observe(&at).await.unwrap() });
    }
    looks.join_all().await;
    assert_eq!((fake.exchanges().len(), fake.calls().len()), (1, 20));
}

#[tokio::test]
async fn what_google_says_about_a_bad_key_is_told_and_it_is_asked_once() {
    let denial = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    let fake = Fake::start(move |seen| seen.is_token().then(|| answer(400, &denial))).await;
    let failed = look(&fake.config(), &Hasty::new(), given(&key())).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert!(failed.message.contains("invalid_grant: Invalid JWT Signature"), "{failed}");
    assert!(failed.message.contains("driver@key-project.iam.gserviceaccount.com"), "{failed}");
    assert_eq!((fake.exchanges().len(), fake.calls().len()), (1, 0));
}

#[tokio::test]
async fn a_token_endpoint_that_stumbles_is_asked_again() {
    let stumbles = AtomicUsize::new(2);
    let fake = Fake::start(move |seen| {
        let left = stumbles.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        (seen.is_token() && left.is_ok()).then(|| answer(503, &json!({"error": "internal_failure"})))
    })
    .await;
    assert_eq!(look(&fake.config(), &Hasty::new(), given(&key())).await.unwrap(), Phase::Absent);
    assert_eq!(fake.exchanges().len(), 3);
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_replaced_once() {
    let is_bad = || error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", &json!([]));
    let fake = Fake::start(move |seen| (seen.bearer() == Some("token-1")).then(is_bad)).await;
    assert_eq!(look(&fake.config(), &Hasty::new(), given(&key())).await.unwrap(), Phase::Absent);
    assert_eq!((fake.exchanges().len(), fake.calls().len()), (2, 2));

    let fake = Fake::start(move |seen| (!seen.is_token()).then(is_bad)).await;
    let failed = look(&fake.config(), &Hasty::new(), given(&key())).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert_eq!((fake.exchanges().len(), fake.calls().len()), (2, 2));
}

#[tokio::test]
async fn an_access_token_is_used_as_it_is() {
    let is_refused = std::sync::Arc::new(AtomicBool::new(false));
    let refused = is_refused.clone();
    let fake = Fake::start(move |_| {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_EXPIRED"}]);
        refused.load(Ordering::SeqCst).then(|| error(401, "UNAUTHENTICATED", "expired", &details))
    })
    .await;
    let credentials = given(&json!({"access_token": "ya29.of-the-request"}));
    look(&fake.config(), &Hasty::new(), credentials.clone()).await.unwrap();
    assert_eq!(fake.calls()[0].bearer(), Some("ya29.of-the-request"));
    is_refused.store(true, Ordering::SeqCst);
    let failed = look(&fake.config(), &Hasty::new(), credentials).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert_eq!((fake.exchanges().len(), fake.calls().len()), (0, 2));
}

#[tokio::test]
async fn an_account_of_the_config_is_known_by_its_name() {
    let fake = Fake::start(|_| None).await;
    let mut config = fake.config();
    let account =
        GcpAccount { credentials_file: "/nowhere".into(), credentials: Some(SecretString::from(key().to_string())) };
    config.accounts.insert("production".to_owned(), account);
    look(&config, &Hasty::new(), Credentials::Named("production".to_owned())).await.unwrap();
    assert_eq!(fake.calls()[0].bearer(), Some("token-1"));
    let failed = look(&config, &Hasty::new(), Credentials::Named("staging".to_owned())).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert!(failed.message.contains("production"), "{failed}");
}

#[tokio::test]
async fn the_machines_own_identity_never_goes_to_an_emulator() {
    let fake = Fake::start(|_| None).await;
    look(&fake.config(), &Hasty::new(), Credentials::Own).await.unwrap();
    assert_eq!(fake.calls()[0].bearer(), None);
    let config = Gcp { static_token: Some(static_token()), ..fake.config() };
    look(&config, &Hasty::new(), Credentials::Own).await.unwrap();
    assert_eq!(fake.calls()[1].bearer(), Some("CANARY-static-token"));
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_refused_before_anybody_is_called() {
    // Without an emulator: whatever were called would be the real thing.
    let config = Gcp { region: Some("europe-west3".to_owned()), ..Gcp::default() };
    for (field, value, part) in [
        ("token_uri", "http://169.254.169.254/token", "driver.secrets.account.token_uri"),
        ("token_uri", "not a url\n", "https://oauth2.googleapis.com/token"),
        ("private_key", "CANARY", "driver.secrets.account.private_key"),
        ("private_key", "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n", "private_key"),
        ("universe_domain", "example.com", "universe_domain"),
    ] {
        let mut account = key();
        account[field] = json!(value);
        let failed = look(&config, &Hasty::new(), given(&account)).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Credentials, "{failed}");
        assert!(failed.message.contains(part), "{failed}");
        assert!(!format!("{failed:?}").contains("CANARY"), "{failed:?}");
    }
}

#[tokio::test]
async fn credentials_of_another_cloud_are_refused() {
    let fake = Fake::start(|_| None).await;
    let azure = given(&json!({"appId": "a", "password": "CANARY", "tenant": "t"}));
    let failed = look(&fake.config(), &Hasty::new(), azure).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Credentials);
    assert!(failed.message.contains("azure") && !format!("{failed:?}").contains("CANARY"), "{failed}");
}

#[tokio::test]
async fn the_project_is_the_places_else_the_credentials_else_the_configs() {
    let fake = Fake::start(|_| None).await;
    let token = || given(&json!({"access_token": "t"}));
    let none = Gcp { project: None, ..fake.config() };
    for (config, named, credentials, expected) in [
        (fake.config(), Some("named-project"), given(&key()), Ok("named-project")),
        (fake.config(), None, given(&key()), Ok("key-project")),
        (fake.config(), None, token(), Ok("main-project")),
        (none.clone(), None, given(&key()), Ok("key-project")),
        (none, None, token(), Err(Kind::Credentials)),
    ] {
        let mut at = at(PRODUCT, "cache-abc", credentials);
        at.place.account = named.map(str::to_owned);
        let backend = backend(&config, &Hasty::new(), PRODUCT);
        let told = backend.account(&at).await;
        assert_eq!(told.as_deref().map_err(|error| error.kind), expected);
        if let Err(error) = told {
            assert!(error.hint.unwrap().contains("providers.gcp.project"));
        }
    }
}

#[tokio::test]
async fn calls_are_counted_against_the_configs_quota_project() {
    let fake = Fake::start(|_| None).await;
    let config = Gcp { quota_project: Some("bill-project".to_owned()), ..fake.config() };
    look(&config, &Hasty::new(), Credentials::Own).await.unwrap();
    let call = &fake.calls()[0];
    assert_eq!(call.headers["x-goog-user-project"], "bill-project");
    assert_eq!(call.headers["user-agent"], "cache-driver/test");
    assert_eq!(call.path, "/redis/v1/projects/main-project/locations/europe-west3/instances/cache-abc");
}

#[tokio::test]
async fn preflight_says_who_it_is_and_what_is_off() {
    let fake = Fake::start(|seen| seen.path.ends_with("/instances").then(|| ok(&json!({})))).await;
    let at = at(PRODUCT, "cache-abc", given(&key()));
    let findings = backend(&fake.config(), &Hasty::new(), PRODUCT).preflight(&at, &[].into()).await;
    assert!(findings.iter().any(|finding| !finding.is_problem() && finding.message.contains("driver@key-project")));
    assert!(
        findings.iter().any(|finding| !finding.is_problem() && finding.subject == "redis.googleapis.com"),
        "{findings:?}"
    );

    let fake = Fake::start(|seen| {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
            "metadata": {"service": "redis.googleapis.com", "consumer": "projects/4711"}}]);
        (!seen.is_token()).then(|| error(403, "PERMISSION_DENIED", "it is off", &details))
    })
    .await;
    let findings = backend(&fake.config(), &Hasty::new(), PRODUCT).preflight(&at, &[].into()).await;
    let off = findings.iter().find(|finding| finding.is_problem()).unwrap();
    assert!(off.to_string().contains("gcloud services enable redis.googleapis.com --project=4711"), "{off:?}");
}

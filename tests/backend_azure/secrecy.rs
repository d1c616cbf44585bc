//! What the log never holds, not even at its most talkative.

use std::io::Write;
use std::sync::{Arc, Mutex};

use cache_driver::backend::{At, ConnectionPassword, Goal};
use cache_driver::cache::{Mark, Password};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::harness::{Cloud, given, password_account};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that is called, with everything that is logged meanwhile.
async fn told(cloud: Cloud) -> (String, Vec<String>) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let mut keys = Vec::new();
    let mut seen = cloud.ready("cache-abc", json!({})).await;
    let token = json!({"oidc_token": "CANARY-signed", "tenant_id": "t.example", "client_id": "c"});
    for account in [password_account(), token] {
        let at = At { credentials: given(account), ..cloud.at("cache-abc") };
        seen = cloud.backend.observe(&at).await.unwrap();
        let connection = cloud.backend.connection(&at, &seen).await.unwrap();
        let ConnectionPassword::Told(key) = connection.password else { panic!("no key") };
        keys.push(key.expose_secret().to_owned());
    }
    let password = Password { key: "k1".to_owned(), generation: 1, salt: "abcdefghijklmnop".to_owned() };
    let mark = Mark { password: Some(password), ..cloud.mark() };
    let secret = SecretString::from("CANARY-unused");
    for step in cloud.backend.steps(&Goal::Rotated { mark: &mark, password: &secret }, &seen) {
        cloud.backend.apply(&cloud.at("cache-abc"), &step).await.unwrap();
    }
    cloud.minutes(1);
    let seen = cloud.observe("cache-abc").await;
    let connection = cloud.backend.connection(&cloud.at("cache-abc"), &seen).await.unwrap();
    let ConnectionPassword::Told(key) = connection.password else { panic!("no key") };
    keys.push(key.expose_secret().to_owned());
    cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap();
    // A broken connection shows what errors tell of addresses.
    cloud.fault(json!({"kind": "drop_before", "action": "operations.get"}));
    cloud.backend.diagnose(&cloud.at("cache-abc"), cloud.mark().since).await.unwrap_err();
    drop(guard);
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    (log, keys)
}

#[track_caller]
fn assert_silent(log: &str, keys: &[String]) {
    assert!(log.contains("DEBUG") && log.contains("api-version"), "it was listened to");
    let signed = ["&s=", "?s=", "&c=", "&h="];
    for line in log.lines() {
        assert!(!line.contains("CANARY"), "{line}");
        assert!(!keys.iter().any(|key| line.contains(key.as_str())), "a key of the cache: {line}");
        let shows = signed.iter().any(|part| line.split(part).skip(1).any(|rest| !rest.starts_with("REDACTED")));
        assert!(!shows, "a signed address: {line}");
    }
}

#[tokio::test]
async fn no_secret_of_a_managed_cache_is_logged_at_trace_level() {
    let (log, keys) = told(Cloud::start().await).await;
    assert_silent(&log, &keys);
}

#[tokio::test]
async fn no_secret_of_a_classic_cache_is_logged_at_trace_level() {
    let (log, keys) = told(Cloud::classic().await).await;
    assert_silent(&log, &keys);
}

//! What the log never holds, not even at its most talkative.

use std::io::Write;
use std::sync::{Arc, Mutex};

use cache_driver::backend::{At, Credentials, Given, Goal};
use cache_driver::cache::Mark;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::Cloud;

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

#[tokio::test]
async fn no_secret_is_logged_at_trace_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let cloud = Cloud::start().await;
    let account = json!({
        "AccessKeyId": "AKIAGIVEN", "SecretAccessKey": "CANARY-secret-key", "SessionToken": "CANARY-session-token",
    });
    let Value::Object(account) = account else { unreachable!() };
    let at =
        At { credentials: Credentials::Given(Arc::new(Given::recognise(&account).unwrap())), ..cloud.at("cache-abc") };
    for step in cloud.creation(json!({})) {
        cloud.backend.apply(&at, &step).await.unwrap();
        cloud.fault(json!({"kind": "error", "code": "InvalidParameterValue", "message": "no"}));
        cloud.backend.apply(&at, &step).await.unwrap_err();
    }
    cloud.minutes(30);
    let seen = cloud.backend.observe(&at).await.unwrap();
    let (mark, password) = (Mark { protected: true, ..cloud.mark() }, SecretString::from("CANARY0123456789second"));
    for step in cloud.backend.steps(&Goal::Rotated { mark: &mark, password: &password }, &seen) {
        cloud.backend.apply(&at, &step).await.unwrap();
    }
    cloud.backend.account(&with_role(&at)).await.unwrap();
    drop(guard);

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE") && log.contains("CreateReplicationGroup"), "it was listened to");
    // The role's own keys are random: they would show by their names.
    let tells =
        |line: &&str| ["CANARY", "<SecretAccessKey>", "<SessionToken>", "AuthToken="].iter().any(|t| line.contains(t));
    let lines: Vec<&str> = log.lines().filter(tells).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

fn with_role(at: &At) -> At {
    At { credentials: Credentials::Named("other".to_owned()), ..at.clone() }
}

//! What the log and the errors never hold, not even at their most talkative.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cache_driver::backend::Credentials;
use cache_driver::cache::Product;
use cache_driver::config::Gcp;
use serde_json::json;

use crate::harness::{Fake, Hasty, PEM, Seen, answer, at, backend, given, key, ok, static_token};

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
async fn no_key_no_assertion_and_no_token_is_logged_at_trace_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let denial = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    let fake = Fake::start(move |seen: &Seen| {
        if seen.is_token() {
            let granted = json!({"access_token": "CANARY-granted", "expires_in": 3599});
            let claims = URL_SAFE_NO_PAD.decode(seen.body.split('.').nth(1).unwrap()).unwrap();
            let is_other = String::from_utf8(claims).unwrap().contains("other@");
            return Some(if is_other { answer(400, &denial) } else { ok(&granted) });
        }
        seen.path.ends_with("authString").then(|| ok(&json!({"authString": "CANARY-auth-string"})))
    })
    .await;
    let clock = Hasty::new();
    let mut told = String::new();
    let config = Gcp { static_token: Some(static_token()), ..fake.config() };
    for product in [Product::GcpRedis, Product::GcpValkey] {
        let backend = backend(&config, &clock, product);
        write!(told, "{backend:?}").unwrap();
        let mut denied = key();
        denied["client_email"] = json!("other@key-project.iam.gserviceaccount.com");
        let mut broken = key();
        broken["private_key"] = json!("-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n");
        for credentials in [
            given(&key()),
            given(&denied),
            given(&broken),
            given(&json!({"access_token": "CANARY-of-the-request"})),
            given(&json!({"access_token": "CANARY\nno header"})),
            Credentials::Own,
        ] {
            let at = at(product, "cache-abc", credentials);
            write!(told, "{at:?} {:?}", backend.observe(&at).await).unwrap();
            write!(told, "{:?}", backend.preflight(&at, &[].into()).await).unwrap();
        }
    }
    drop(guard);

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE") && log.contains("google answered"), "it was listened to");
    assert!(told.contains("invalid_grant: Invalid JWT Signature"), "{told}");
    assert!(fake.calls().iter().any(|call| call.bearer() == Some("CANARY-granted")));
    let secret_line = PEM.lines().nth(3).unwrap();
    let assertions: Vec<String> = fake.exchanges().iter().map(|call| call.body[90..130].to_owned()).collect();
    assert!(!assertions.is_empty());
    for text in [&log, &told] {
        let tells = |line: &&str| {
            line.contains("CANARY")
                || line.contains(secret_line)
                || assertions.iter().any(|a| line.contains(a.as_str()))
        };
        let lines: Vec<&str> = text.lines().filter(tells).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}

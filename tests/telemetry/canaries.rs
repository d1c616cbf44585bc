//! Canaries in every input that can hold a secret, looked for wherever the driver tells something: its log at trace level, its
//! metrics, its spans, its answers.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cache_driver::cache::Provider;
use cache_driver::config::{Auth, HashedSecret, Otlp};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::captured::Captured;
use crate::collector::Collector;
use crate::harness::Clouds;
use crate::server::Server;

const TOKEN: &str = "c4n4ry-bearer-token";
const PATH_SECRET: &str = "c4n4ry-path-secret";
const OTLP: &str = "c4n4ry-otlp-header";

/// A key that is made for the occasion. Every line of it is a canary.
fn pem() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    let text = BASE64_STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// Accounts of each shape, with the product that they are for.
fn accounts(pem: &str) -> Vec<(Provider, Value)> {
    let (secret, token) = ("c4n4ry-account-secret", "c4n4ry-account-token");
    let azure = "00000000-0000-4000-8000-000000000001";
    vec![
        (Provider::Aws, json!({"aws_access_key_id": "AKIASANDBOX111122223333", "aws_secret_access_key": secret})),
        (
            Provider::Aws,
            json!({"AccessKeyId": "ASIASANDBOX111122223333", "SecretAccessKey": secret, "SessionToken": token}),
        ),
        (
            Provider::Gcp,
            json!({"type": "service_account", "project_id": "synthetic-caches", "private_key_id": "0123",
                   "private_key": pem, "client_email": "caches@synthetic-caches.iam.gserviceaccount.com",
                   "token_uri": "https://oauth2.googleapis.com/token"}),
        ),
        (Provider::Gcp, json!({"access_token": token, "project_id": "synthetic-caches"})),
        (Provider::Azure, json!({"appId": azure, "password": secret, "tenant": "contoso.example"})),
        (Provider::Azure, json!({"oidc_token": token, "tenant_id": "contoso.example", "client_id": azure})),
    ]
}

/// Makes calls with canaries, and keeps what may be seen by others than the caller.
struct Caller<'a> {
    server: &'a Server,
    id: String,
    account: Value,
    cookie: Option<String>,
    seen: String,
    hidden: Vec<String>,
}

impl Caller<'_> {
    async fn call(&mut self, method: &str, values: &Value) -> u16 {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        // The secret in the path where the token is not sent: both are proofs of who calls.
        let by_path = method != reqwest::Method::PUT;
        let prefix = if by_path { format!("/{PATH_SECRET}") } else { String::new() };
        let mut call =
            self.server.client.request(method.clone(), format!("{}{prefix}/redis/{}", self.server.url, self.id));
        if !by_path {
            let secrets = json!({"account": self.account, "adopt": {"password": "c4n4ry-adopted-password"}});
            call = call
                .bearer_auth(TOKEN)
                .json(&json!({"type": "redis", "driver": {"values": values, "secrets": secrets}}));
        }
        if let Some(cookie) = &self.cookie {
            call = call.header("humanitec-driver-cookie", cookie);
        }
        let answer = call.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        if let Some(cookie) =
            headers.get("set-humanitec-driver-cookie").map(|cookie| cookie.to_str().unwrap().to_owned())
        {
            self.hidden.extend(Some(cookie.clone()).filter(|cookie| !cookie.is_empty()));
            self.cookie = Some(cookie).filter(|cookie| !cookie.is_empty());
        }
        let mut body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
        if let Some(secrets) = body.pointer_mut("/resource/secrets").map(Value::take) {
            let told = ["password", "url"].iter().filter_map(|key| secrets[key].as_str());
            self.hidden.extend(told.filter(|text| !text.is_empty()).map(str::to_owned));
        }
        writeln!(self.seen, "{status} {body}").unwrap();
        status
    }

    /// Repeats a call until it is answered so.
    async fn until(&mut self, clouds: &Clouds, method: &str, status: u16) {
        for _ in 0..30 {
            if self.call(method, &json!({})).await == status {
                return;
            }
            clouds.aws.minutes(3);
        }
        panic!("{method} is never answered {status}: {}", self.seen)
    }
}

#[tokio::test]
async fn no_canary_is_in_a_log_a_metric_a_span_or_an_answer() {
    let (captured, _guard) = Captured::begin("trace");
    let (clouds, collector, pem) = (Clouds::start().await, Collector::start().await, pem());
    // Not the last line, which may be a few letters.
    let mut hidden: Vec<String> = pem.lines().filter(|line| line.len() == 64).map(str::to_owned).collect();
    let mut shown: Vec<(&str, String)> = Vec::new();
    for (provider, account) in accounts(&pem) {
        let mut config = clouds.config(provider);
        // A throttled token is asked for again, on a clock that stands still.
        config.providers.gcp.timeouts.operation = Duration::from_secs(3);
        let headers = [("authorization".to_owned(), SecretString::from(OTLP))].into();
        config.telemetry.otlp = Otlp { headers, ..collector.otlp() };
        config.server.auth = Auth {
            tokens: vec![HashedSecret::of("one", TOKEN)],
            path_secrets: vec![HashedSecret::of("two", PATH_SECRET)],
            ..Auth::default()
        };
        let server = Server::start(config, clouds.aws.clock()).await;
        let mut caller = Caller {
            server: &server,
            id: clouds.aws.id(),
            account,
            cookie: None,
            seen: String::new(),
            hidden: Vec::new(),
        };
        // Through failure, success, refusal and removal.
        for trouble in ["throttle", "access_denied"] {
            clouds.fault(provider, json!({"kind": trouble, "times": 0}));
            caller.call("PUT", &json!({})).await;
            caller.call("GET", &json!({})).await;
            clouds.cloud(provider).control().faults().clear();
        }
        caller.until(&clouds, "PUT", 200).await;
        caller.call("GET", &json!({})).await;
        assert_eq!(caller.call("PUT", &json!({"mode": "nonsense"})).await, 400);
        let cookie = caller.cookie.replace("cd1.sandbox.c4n4ry-broken-cookie".to_owned());
        caller.call("GET", &json!({})).await;
        caller.cookie = cookie;
        let account = std::mem::replace(&mut caller.account, json!({"user": "c4n4ry-unknown-account"}));
        assert_eq!(caller.call("PUT", &json!({})).await, 400);
        caller.account = account;
        caller.until(&clouds, "DELETE", 204).await;
        let wrong = server.client.get(format!("{}/c4n4ry-wrong-path-secret/metrics", server.url)).send().await.unwrap();
        assert_eq!(wrong.status(), 401);
        let metrics = server.client.get(format!("{}/metrics", server.url)).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(metrics.status(), 200);
        server.flush().await;
        hidden.append(&mut caller.hidden);
        shown.push(("answers", std::mem::take(&mut caller.seen)));
        shown.push(("metrics", metrics.text().await.unwrap()));
    }
    let (log, spans) = (captured.text(), collector.text());
    assert!(log.contains("\"DEBUG\"") && log.lines().count() > 200, "it logs too little to mean anything");
    assert!(collector.spans().len() > 100, "it traces too little to mean anything");
    shown.extend([("the log", log), ("spans", spans)]);
    hidden.push("c4n4ry".to_owned());
    assert!(hidden.len() > 40, "too little was hidden to mean anything: {}", hidden.len());
    for (what, text) in &shown {
        let leaked = hidden.iter().find(|secret| text.contains(secret.as_str()));
        let line = leaked.and_then(|secret| text.lines().find(|line| line.contains(secret.as_str())));
        assert_eq!((leaked, line), (None, None), "in {what}");
    }
}

//! Calls the driver as the orchestrator does: over HTTP, keeping the cookie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Failed;
use crate::clock::Clock;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) retry_after: Option<Duration>,
    /// How long the driver took to answer.
    pub(super) took: Duration,
}

impl Answer {
    /// A text of the body, or nothing.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

pub(super) struct Caller {
    base: String,
    http: reqwest::Client,
    cookies: Mutex<HashMap<String, String>>,
    clock: Arc<dyn Clock>,
}

const COOKIE: &str = "Humanitec-Driver-Cookie";
const SET_COOKIE: &str = "Set-Humanitec-Driver-Cookie";

impl Caller {
    pub(super) fn new(base: String, clock: Arc<dyn Clock>) -> Result<Self, Failed> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let http = http.map_err(|error| Failed::run("no HTTP client", &error))?;
        Ok(Self { base, http, cookies: Mutex::default(), clock })
    }

    pub(super) async fn put(&self, id: &str, values: &Value) -> Result<Answer, Failed> {
        let body = json!({"type": "redis", "resource": {}, "driver": {"values": values, "secrets": {}}});
        self.send(id, self.http.put(self.url(id)).json(&body)).await
    }

    pub(super) async fn get(&self, id: &str) -> Result<Answer, Failed> {
        self.send(id, self.http.get(self.url(id))).await
    }

    pub(super) async fn delete(&self, id: &str) -> Result<Answer, Failed> {
        self.send(id, self.http.delete(self.url(id))).await
    }

    fn url(&self, id: &str) -> String {
        format!("{}/redis/{id}", self.base)
    }

    async fn send(&self, id: &str, mut request: reqwest::RequestBuilder) -> Result<Answer, Failed> {
        let known = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(cookie) = known {
            request = request.header(COOKIE, cookie);
        }
        let failed = |error: reqwest::Error| Failed::run("the driver did not answer", &error);
        let asked = self.clock.now();
        let response = request.send().await.map_err(failed)?;
        let took = Duration::try_from(self.clock.now().duration_since(asked)).unwrap_or_default();
        if let Some(cookie) = response.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok()) {
            let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
            if cookie.is_empty() {
                cookies.remove(id);
            } else {
                cookies.insert(id.to_owned(), cookie.to_owned());
            }
        }
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let text = response.text().await.map_err(failed)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, body, retry_after: retry_after.map(Duration::from_secs), took })
    }
}

//! Calls a driver as the orchestrator does, and takes only a driver's answers.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::trace::Trace;
use super::trouble::Trouble;
use crate::clock::Clock;

const COOKIE: &str = "humanitec-driver-cookie";
const SET_COOKIE: &str = "set-humanitec-driver-cookie";
const REQUEST_ID: &str = "x-request-id";
const LEFT: &str = "cache-driver-left";

/// One request.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Ask<'a> {
    pub(in crate::cli) method: Method,
    pub(in crate::cli) id: &'a str,
    pub(in crate::cli) body: Option<&'a Value>,
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) cookie: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// A request without a body.
    pub(in crate::cli) fn new(method: Method, id: &'a str) -> Self {
        Self { method, id, body: None, dry_run: false, cookie: None }
    }
}

/// What a driver answered.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Answer {
    pub(in crate::cli) status: u16,
    /// `null` for a 204.
    pub(in crate::cli) body: Value,
    /// What stays though the resource is gone: `held; until=TIME` or `detached`.
    pub(in crate::cli) left: Option<String>,
    pub(in crate::cli) retry_after: Option<Duration>,
    /// The cookie to keep; an empty one is to be forgotten.
    pub(in crate::cli) cookie: Option<String>,
    pub(in crate::cli) request_id: String,
    pub(in crate::cli) trace_id: String,
    /// How long the driver took to answer.
    pub(in crate::cli) took: Duration,
}

impl Answer {
    /// A text of the body, or nothing.
    pub(in crate::cli) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Where a driver is, and how it is called.
#[derive(Debug)]
pub(in crate::cli) struct Caller {
    pub(in crate::cli) http: reqwest::Client,
    /// The base of all paths: a secret segment and all.
    pub(in crate::cli) base: Url,
    pub(in crate::cli) route: Option<String>,
    pub(in crate::cli) token: Option<SecretString>,
    pub(in crate::cli) trace: Trace,
    pub(in crate::cli) clock: Arc<dyn Clock>,
}

impl Caller {
    /// Where the driver is, without the path, which can hold a secret.
    pub(in crate::cli) fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn url(&self, ask: &Ask<'_>) -> Url {
        let mut url = self.base.clone();
        let route = self.route.as_ref().map_or_else(String::new, |route| format!("/{route}"));
        url.set_path(&format!("{}{route}/{}", self.base.path().trim_end_matches('/'), ask.id));
        if ask.dry_run {
            url.set_query(Some("dry_run=true"));
        }
        url
    }

    /// Makes one request.
    pub(in crate::cli) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, Trouble> {
        let request_id = self.trace.request_id();
        let mut request = self
            .http
            .request(ask.method.clone(), self.url(ask))
            .header(ACCEPT, "application/json")
            .header(REQUEST_ID, &request_id)
            .header("traceparent", self.trace.parent());
        if let Some(body) = ask.body {
            request = request.json(body);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(cookie) = ask.cookie {
            request = request.header(COOKIE, cookie);
        }
        let failed = |error: &reqwest::Error| Trouble::of(error, &self.base, &request_id);
        let began = self.clock.now();
        let response = request.send().await.map_err(|error| failed(&error))?;
        let took = Duration::try_from(self.clock.now().duration_since(began)).unwrap_or_default();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.map_err(|error| failed(&error))?;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let body = self.body(status, &headers, &bytes)?;
        Ok(Answer {
            status,
            body,
            left: text(LEFT).map(str::to_owned),
            retry_after: text(RETRY_AFTER.as_str()).and_then(|text| text.parse().ok()).map(Duration::from_secs),
            cookie: text(SET_COOKIE).map(str::to_owned),
            request_id: text(REQUEST_ID).map_or(request_id, str::to_owned),
            trace_id: self.trace.id().to_owned(),
            took,
        })
    }

    /// The body, if it is one that a driver gives with this status.
    fn body(&self, status: u16, headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Trouble> {
        if (300..400).contains(&status) {
            let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
            return Err(Trouble::redirect(&self.base, status, location));
        }
        if status == 204 && bytes.is_empty() {
            return Ok(Value::Null);
        }
        let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let is_error = body["error"].as_str().is_some_and(|code| code.starts_with("RES-"));
        let is_driver = match status {
            200 => body["resource"].is_object() || body["action"].is_string(),
            202 => body["status"].is_string(),
            409 => body["status"].is_string() || is_error,
            400.. => is_error,
            _ => false,
        };
        if is_driver {
            return Ok(body);
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Err(Trouble::foreign(&self.base, status, kind))
    }
}

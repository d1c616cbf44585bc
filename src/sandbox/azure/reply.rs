//! Answers on the wire.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::error::{ArmError, Shape};
use super::random::RequestIds;
use super::time;
use crate::clock::Timestamp;
use crate::sandbox::running::HangUp;

const JSON: &str = "application/json; charset=utf-8";

/// An answer that is no error of ARM.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new() }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    /// Nothing but a status.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What every answer is made with.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    pub(super) method: &'a Method,
    pub(super) ids: &'a RequestIds,
    pub(super) now: Timestamp,
    /// The tokens of Entra and of the machine have other headers than ARM.
    pub(super) arm: bool,
    /// Asked for with `x-ms-return-client-request-id`.
    pub(super) client_request_id: Option<String>,
}

impl Envelope<'_> {
    pub(super) fn success(&self, reply: Reply) -> Response<Body> {
        let body = reply.body.map(|body| (JSON, body));
        let mut response = self.respond(reply.status, body, true);
        for (name, value) in reply.headers {
            insert(&mut response, name, &value);
        }
        response
    }

    pub(super) fn failure(&self, error: &ArmError) -> Response<Body> {
        let (request, correlation) = (&self.ids.request, &self.ids.correlation);
        let described =
            |message: String| json!({ "error": { "code": error.code, "message": message, "target": null } });
        let (kind, body) = match error.shape {
            Shape::Gateway => (JSON, json!({ "error": { "code": error.code, "message": error.message } })),
            Shape::Provider => (JSON, described(format!("{}\r\nRequestID={request}", error.message))),
            Shape::Missing => {
                let at = self.now.strftime("%m/%d/%Y %H:%M:%S");
                let ids = format!("CorrelationID={correlation} RequestID={request} Timestamp={at} (UTC)");
                (JSON, described(format!("{} {ids}", error.message)))
            }
            Shape::Problem => {
                let trace = request.replace('-', "");
                let body = json!({
                    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
                    "title": error.code,
                    "status": error.status,
                    "traceId": format!("00-{trace}-{}-00", &trace[..16]),
                });
                ("application/problem+json; charset=utf-8", body)
            }
        };
        let mut response = self.respond(error.status, Some((kind, body)), error.status != 429);
        if error.shape == Shape::Gateway {
            insert(&mut response, "x-ms-failure-cause", "gateway");
        }
        if let Some(seconds) = error.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if error.status == 401 {
            let challenge = format!(
                "Bearer authorization_uri=\"https://login.windows.net/{}\", error=\"invalid_token\", error_description=\"{}\"",
                self.ids.correlation, error.message
            );
            insert(&mut response, "www-authenticate", &challenge);
        }
        response
    }

    fn respond(&self, status: u16, body: Option<(&'static str, Value)>, calls_left: bool) -> Response<Body> {
        let (kind, body) = match body {
            // A HEAD is answered like a GET, without the body.
            Some((kind, body)) if self.method != Method::HEAD => (Some(kind), Body::from(body.to_string())),
            _ => (None, Body::empty()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(kind) = kind {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in [
            ("cache-control", "no-cache"),
            ("pragma", "no-cache"),
            ("expires", "-1"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-ms-request-id", &self.ids.request),
        ] {
            insert(&mut response, name, value);
        }
        if !self.arm {
            return response;
        }
        insert(&mut response, "x-ms-correlation-request-id", &self.ids.correlation);
        let routing = format!("SANDBOX:{}:{}", time::compact(self.now), self.ids.request);
        insert(&mut response, "x-ms-routing-request-id", &routing);
        if let Some(id) = &self.client_request_id {
            insert(&mut response, "x-ms-client-request-id", id);
        }
        let (bucket, left) = match *self.method {
            Method::GET | Method::HEAD => ("x-ms-ratelimit-remaining-subscription-global-reads", "3749"),
            Method::DELETE => ("x-ms-ratelimit-remaining-subscription-global-deletes", "2999"),
            _ => ("x-ms-ratelimit-remaining-subscription-global-writes", "2999"),
        };
        insert(&mut response, bucket, if calls_left { left } else { "0" });
        response
    }
}

/// No answer at all: the listener closes the connection.
pub(super) fn hang_up() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

fn insert(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

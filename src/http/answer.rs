//! What every request goes through, whatever its path.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::auth::{self, Caller};
use super::error::ApiError;
use super::extract::{FullPath, RequestId};
use super::wire::{ErrorBody, ErrorDetails, REQUEST_ID, header_value};
use super::{App, legacy, prefer};
use crate::cache::GuResId;
use crate::random::Random;

/// The whole server, without its sockets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    app: App,
    router: Router,
}

/// What the router knew of a request, for the log.
#[derive(Debug, Clone)]
struct Noted {
    pattern: String,
    id: Option<String>,
}

impl Service {
    pub(super) fn new(app: App, router: Router) -> Self {
        Self { app, router }
    }

    /// What the handlers share.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Answers one request. Whatever happens, there is an answer, and every error has the same shape.
    pub async fn answer(&self, mut request: Request<Body>) -> Response {
        let clock = self.app.driver().clock();
        let began = clock.now();
        let request_id = request_id(request.headers(), self.app.random());
        let method = request.method().clone();
        let span = tracing::info_span!("request", request_id, %method, trace_id = Empty, who = Empty, address = Empty, id = Empty);
        if let Some(trace_id) = trace_id(request.headers()) {
            span.record("trace_id", trace_id);
        }
        request.extensions_mut().insert(RequestId(request_id.clone()));
        async {
            let mut response = self.bounded(request).await;
            let error = shape(&mut response, &request_id);
            response.headers_mut().insert(REQUEST_ID, header_value(&request_id));
            let took = Duration::try_from(clock.now().duration_since(began)).unwrap_or_default();
            log(&response, error.as_deref(), took);
            response
        }
        .instrument(span)
        .await
    }

    /// Within the limits of this server.
    async fn bounded(&self, mut request: Request<Body>) -> Response {
        if let Err(error) = tidy(request.uri_mut()) {
            return error.into_response();
        }
        if let Err(refusal) = self.admit(&mut request) {
            return refusal.into_response();
        }
        let is_probe = matches!(request.uri().path(), "/alive" | "/health");
        let _permit = match self.app.permits().try_acquire() {
            Ok(permit) => Some(permit),
            // An overloaded replica that fails its probes is killed, and its load falls on the others.
            Err(_) if is_probe => None,
            Err(_) => {
                let hint =
                    "come back a little later; server.concurrency_limit in the config says how many requests are taken";
                return ApiError::not_now("the driver has too many requests in work", hint).into_response();
            }
        };
        let path = FullPath(request.uri().path().to_owned());
        request.extensions_mut().insert(path);
        let limit = self.limit(request.method(), request.headers());
        tokio::select! {
            biased;
            answered = self.router.clone().oneshot(request) => answered.unwrap_or_else(|never| match never {}),
            () = self.app.driver().clock().sleep(limit) => {
                let message = format!("the request was not done within {} s", limit.as_secs());
                let hint = "what it began goes on; repeat the request, or raise server.request_timeout in the config";
                ApiError::not_now(message, hint).into_response()
            }
        }
    }

    /// Lets the caller in, or does not. What knows it later finds it among the request's extensions.
    fn admit(&self, request: &mut Request<Body>) -> Result<(), ApiError> {
        let now = self.app.driver().clock().now();
        let admitted = auth::admit(&self.app.config().server.auth, request, now);
        let caller = admitted.map_err(|denied| {
            auth::denied(&denied, request.method());
            ApiError::from(&denied)
        })?;
        note_caller(&caller);
        request.extensions_mut().insert(caller);
        Ok(())
    }

    /// The longest that a request may take: the configured time, on top of the waiting that it asked for.
    fn limit(&self, method: &Method, headers: &HeaderMap) -> Duration {
        let server = &self.app.config().server;
        let is_legacy = *method == Method::POST || (*method == Method::DELETE && legacy::selects(headers));
        let wait =
            if is_legacy { server.legacy.wait } else { prefer::wait(headers, server.max_wait).unwrap_or_default() };
        server.request_timeout + wait
    }
}

fn note_caller(caller: &Caller) {
    let span = Span::current();
    span.record("who", caller.who.as_str());
    if let Some(address) = caller.address {
        span.record("address", tracing::field::display(address));
    }
}

/// The one rule about slashes: one at the end means nothing, an empty segment is no path.
fn tidy(uri: &mut Uri) -> Result<(), ApiError> {
    let path = uri.path();
    let stripped = path.strip_suffix('/').unwrap_or(path);
    if !path.starts_with('/') || stripped.contains("//") || stripped.ends_with('/') {
        let hint = "write one slash between segments; was the id of the resource empty?";
        return Err(ApiError::not_found("the path has an empty segment", hint));
    }
    if stripped.len() == path.len() || stripped.is_empty() {
        return Ok(());
    }
    let text = uri.query().map_or_else(|| stripped.to_owned(), |query| format!("{stripped}?{query}"));
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).expect("a part of a legal path is one"));
    *uri = Uri::from_parts(parts).expect("the other parts were legal before");
    Ok(())
}

/// The caller's id if it is a harmless word, else a new one.
fn request_id(headers: &HeaderMap, random: &dyn Random) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let legal = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
    if let Some(given) = given.filter(|text| (1..=128).contains(&text.len()) && text.bytes().all(legal)) {
        return given.to_owned();
    }
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The trace id of a W3C `traceparent` (Trace Context level 1, section 3.2).
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
    };
    let zero = |part: &str| part.bytes().all(|c| c == b'0');
    let whole = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    (whole && !zero(trace) && !zero(parent)).then_some(trace)
}

/// Remembers what the router made of the path.
pub(super) async fn note(request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let last = request.uri().path().rsplit('/').next().and_then(|text| GuResId::parse(text).ok());
    let of_resource = pattern.as_ref().is_some_and(|pattern| pattern.ends_with("/{GUResID}"));
    let id = last.filter(|_| of_resource).map(String::from);
    if let Some(id) = &id {
        Span::current().record("id", id);
    }
    let mut response = next.run(request).await;
    if let Some(pattern) = pattern {
        response.extensions_mut().insert(Noted { pattern, id });
    }
    response
}

/// The answer to a request whose handler panicked.
#[expect(clippy::needless_pass_by_value, reason = "the signature that tower-http asks for")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = words, "a handler panicked");
    ApiError::internal().into_response()
}

/// Gives an error its body. Answers that some layer made without our shape get it too.
fn shape(response: &mut Response, request_id: &str) -> Option<Arc<ApiError>> {
    let error = match response.extensions_mut().remove::<Arc<ApiError>>() {
        Some(error) => error,
        None if is_error(response) && !is_json(response) => Arc::new(ApiError::of_status(response.status())),
        None => return None,
    };
    let inner = error.error();
    let body = ErrorBody {
        error: inner.code,
        message: inner.message.clone(),
        details: ErrorDetails { request_id: request_id.to_owned(), details: (*inner.details).clone() },
    };
    let bytes = serde_json::to_vec(&body).expect("an error is plain data");
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    if error.status() != StatusCode::METHOD_NOT_ALLOWED {
        // The router adds it to whatever our 405 fallback answers.
        headers.remove(ALLOW);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(bytes);
    Some(error)
}

fn is_error(response: &Response) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

fn is_json(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// The one line that each request leaves in the log.
fn log(response: &Response, error: Option<&ApiError>, took: Duration) {
    let noted = response.extensions().get::<Noted>();
    let route = noted.map_or("none", |noted| noted.pattern.as_str());
    let id = noted.and_then(|noted| noted.id.as_deref());
    let status = response.status();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let Some(error) = error else {
        tracing::info!(route, id, status = status.as_u16(), duration_ms, "answered");
        return;
    };
    let inner = error.error();
    let (code, message, cause) = (inner.code.as_str(), inner.message.as_str(), causes(inner));
    if status.is_server_error() {
        tracing::error!(route, id, status = status.as_u16(), code, error = message, cause, duration_ms, "answered");
    } else if status == StatusCode::NOT_FOUND {
        tracing::info!(route, id, status = status.as_u16(), code, error = message, duration_ms, "answered");
    } else {
        tracing::warn!(route, id, status = status.as_u16(), code, error = message, cause, duration_ms, "answered");
    }
}

/// The chain of sources, for the log alone.
fn causes(error: &dyn std::error::Error) -> Option<String> {
    let mut chain = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        chain.push(error.to_string());
        source = error.source();
    }
    (!chain.is_empty()).then(|| chain.join(": "))
}

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
use super::{App, legacy, line, prefer};
use crate::cache::GuResId;
use crate::random::Random;
use crate::telemetry::{Answered, Ledger, TraceContext, Work};

/// The whole server, without its sockets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    app: App,
    router: Router,
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
        let telemetry = self.app.telemetry();
        let ledger = telemetry.begin(Work::Request, traceparent(request.headers()));
        let span = tracing::info_span!("request", request_id, %method, trace_id = Empty, who = Empty, address = Empty, id = Empty);
        if let Some(trace_id) = ledger.trace_id() {
            span.record("trace_id", trace_id);
        }
        request.extensions_mut().insert(RequestId(request_id.clone()));
        request.extensions_mut().insert(ledger.clone());
        let answering = async {
            let mut response = self.bounded(request).await;
            let error = shape(&mut response, &request_id);
            response.headers_mut().insert(REQUEST_ID, header_value(&request_id));
            let took = Duration::try_from(clock.now().duration_since(began)).unwrap_or_default();
            line::log(&response, error.as_deref(), &ledger.entries(), took);
            let code = error.map(|error| error.error().code);
            let status = response.status().as_u16();
            telemetry.answered(&ledger, &Answered { method: method.as_str(), status, code, request_id: &request_id });
            response
        };
        let mut unanswered =
            Unanswered { ledger: &ledger, method: method.as_str(), request_id: &request_id, span: Some(&span) };
        let response = ledger.clone().scope(answering).instrument(span.clone()).await;
        unanswered.span = None;
        response
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
            self.app.telemetry().denied(denied.word());
            ApiError::from(&denied)
        })?;
        note_caller(&caller);
        if caller.may_read
            && let Some(ledger) = request.extensions().get::<Arc<Ledger>>()
        {
            ledger.admitted();
        }
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

/// A request that is dropped before it is answered, because its caller has gone away, leaves its line too.
struct Unanswered<'a> {
    ledger: &'a Ledger,
    method: &'a str,
    request_id: &'a str,
    /// `None` once it is answered.
    span: Option<&'a Span>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Some(span) = self.span else { return };
        let entries = self.ledger.entries();
        let (route, id, cloud_request_ids) = (entries.route.as_deref(), entries.id.as_deref(), entries.request_ids());
        let (status, cloud_calls) = (line::HUNG_UP, entries.calls);
        span.in_scope(|| {
            tracing::info!(
                route,
                id,
                outcome = "hung_up",
                status,
                cloud_calls,
                cloud_request_ids,
                "the caller hung up"
            );
        });
        let answered = Answered { method: self.method, status, code: None, request_id: self.request_id };
        self.ledger.telemetry().answered(self.ledger, &answered);
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

/// What the caller says that the request is part of.
fn traceparent(headers: &HeaderMap) -> Option<TraceContext> {
    TraceContext::parse(headers.get("traceparent")?.to_str().ok()?)
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
    if let Some(ledger) = request.extensions().get::<Arc<Ledger>>() {
        ledger.routed(pattern.as_deref(), id.as_deref());
    }
    next.run(request).await
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

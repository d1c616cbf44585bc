//! The one line that each request leaves in the log.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::error::ApiError;
use super::wire::LEFT;
use crate::backend::Phase;
use crate::cache::{Product, Provider};
use crate::telemetry::Entries;

/// What counts as the status of a request whose caller did not wait: no real one, and known from proxies.
pub(super) const HUNG_UP: u16 = 499;

/// Writes the line at a level, with the fields that every line has and those that are given.
macro_rules! answered {
    ($level:ident, $line:expr $(, $field:ident)*) => {
        tracing::$level!(
            route = $line.route,
            id = $line.id,
            outcome = $line.outcome,
            status = $line.status,
            provider = $line.provider,
            product = $line.product,
            phase = $line.phase,
            $($field,)*
            cloud_calls = $line.entries.calls,
            cloud_request_ids = $line.cloud_request_ids,
            duration_ms = $line.duration_ms,
            "answered"
        )
    };
}

/// What every line has.
struct Line<'a> {
    route: &'a str,
    id: Option<&'a str>,
    outcome: &'static str,
    status: u16,
    provider: Option<&'static str>,
    product: Option<&'static str>,
    phase: Option<&'static str>,
    cloud_request_ids: Option<String>,
    duration_ms: u64,
    entries: &'a Entries,
}

/// The one line that each request leaves in the log.
pub(super) fn log(response: &Response, error: Option<&ApiError>, entries: &Entries, took: Duration) {
    let status = response.status();
    let details = error.map(|error| &error.error().details);
    let product = entries.product.or_else(|| details.and_then(|details| details.product));
    let provider = product.map(Product::provider).or_else(|| details.and_then(|details| details.provider));
    let line = Line {
        route: entries.route.as_deref().unwrap_or("none"),
        id: entries.id.as_deref(),
        outcome: outcome(response),
        status: status.as_u16(),
        provider: provider.map(Provider::as_str),
        product: product.map(Product::as_str),
        phase: entries.phase.map(Phase::as_str),
        cloud_request_ids: entries.request_ids(),
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        entries,
    };
    let Some(error) = error else {
        answered!(info, line);
        return;
    };
    let inner = error.error();
    let (code, cause) = (inner.code.as_str(), causes(inner));
    let error = inner.message.as_str();
    if status.is_server_error() {
        answered!(error, line, code, error, cause);
    } else if status == StatusCode::NOT_FOUND {
        answered!(info, line, code, error);
    } else {
        answered!(warn, line, code, error, cause);
    }
}

/// What the status means, in a word to search for.
fn outcome(response: &Response) -> &'static str {
    match response.status().as_u16() {
        202 => "pending",
        204 => match response.headers().get(LEFT).map(HeaderValue::as_bytes) {
            None => "gone",
            Some(b"detached") => "detached",
            Some(_) => "held",
        },
        404 => "absent",
        409 => "conflict",
        401 | 403 => "denied",
        200..400 => "ok",
        400..500 => "refused",
        _ => "failed",
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

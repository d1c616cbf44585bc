//! What Prometheus scrapes.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::App;

/// Every Prometheus since 2.5 asks for it first; it reads as the older text format too.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics
///
/// In the text format of `OpenMetrics`. Tokens for operators open it.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "Operators",
    responses((status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, OPEN_METRICS)], app.telemetry().exposition(&app.load())).into_response()
}

//! The `/_sandbox` endpoints, the same on the port of every cloud.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::calls::Calls;
use super::faults::Faults;

/// What can be seen and done behind the back of a cloud's callers.
#[async_trait]
pub trait Control: Debug + Send + Sync {
    /// The faults still to happen.
    fn faults(&self) -> &Faults;

    /// The calls that arrived.
    fn calls(&self) -> &Calls;

    /// Every cache with its native fields and no secret in the clear.
    async fn state(&self) -> Value;

    /// Changes an object as if by another hand. The error says what was not understood or not found.
    async fn mutate(&self, change: Value) -> Result<Value, String>;

    /// Back to an empty cloud without faults and calls.
    async fn reset(&self);
}

type Shared = Arc<dyn Control>;

/// The routes below `/_sandbox`.
pub(super) fn router(control: Shared) -> Router {
    Router::new()
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/calls", get(calls))
        .route("/_sandbox/faults", get(list_faults).post(add_faults).delete(clear_faults))
        .route("/_sandbox/mutate", post(mutate))
        .route("/_sandbox/reset", post(reset))
        .with_state(control)
}

async fn state(State(control): State<Shared>) -> Json<Value> {
    Json(control.state().await)
}

async fn calls(State(control): State<Shared>) -> Json<Value> {
    Json(control.calls().to_json())
}

async fn list_faults(State(control): State<Shared>) -> Json<Value> {
    Json(json!(control.faults().list()))
}

async fn add_faults(State(control): State<Shared>, body: String) -> Response {
    let Ok(list) = serde_json::from_str(&body) else { return refuse("the body is not JSON") };
    match control.faults().add_json(list) {
        Ok(added) => Json(json!({ "added": added })).into_response(),
        Err(error) => refuse(&error.to_string()),
    }
}

async fn clear_faults(State(control): State<Shared>) -> StatusCode {
    control.faults().clear();
    StatusCode::NO_CONTENT
}

async fn mutate(State(control): State<Shared>, body: String) -> Response {
    let Ok(change) = serde_json::from_str(&body) else { return refuse("the body is not JSON") };
    match control.mutate(change).await {
        Ok(done) => Json(done).into_response(),
        Err(reason) => refuse(&reason),
    }
}

async fn reset(State(control): State<Shared>) -> StatusCode {
    control.reset().await;
    StatusCode::NO_CONTENT
}

fn refuse(reason: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": reason }))).into_response()
}

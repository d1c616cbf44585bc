//! What operators and their probes ask.

use std::collections::BTreeMap;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::App;
use super::auth::Caller;
use super::error::ApiError;
use super::health::ProviderHealth;
use crate::backend::compiled;
use crate::cache::Provider;

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    /// `alive`.
    status: &'static str,
    /// The version of the binary.
    version: String,
    /// The providers that it was built with.
    providers: Vec<Provider>,
}

/// Liveness
///
/// 200 for as long as the process can answer.
#[utoipa::path(get, path = "/alive", operation_id = "alive", tag = "Operators",
    responses((status = 200, description = "It lives", body = Alive)))]
pub(super) async fn alive(State(app): State<App>) -> Json<Alive> {
    Json(Alive { status: "alive", version: app.version().to_owned(), providers: compiled().to_vec() })
}

/// Whether requests may be sent here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`.
    status: &'static str,
    /// The version of the binary.
    version: String,
    /// The enabled providers, as last seen. Only for those who may read what is for operators.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, ProviderHealth>, required = false)]
    providers: BTreeMap<Provider, ProviderHealth>,
}

/// Readiness
///
/// 200 unless it is shutting down. Trouble with a cloud is shown and does not change the status: it would take all
/// replicas out at once, and with them the answers that say what is wrong.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "Operators",
    responses((status = 200, description = "Requests are welcome", body = Ready)))]
pub(super) async fn health(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Ready>, ApiError> {
    if app.is_stopping() {
        return Err(ApiError::not_now("the driver is shutting down", "another replica takes over"));
    }
    // Asked for in any case: a probe is what keeps it fresh.
    let mut providers = app.health().report(&app);
    if !caller.may_read {
        providers.clear();
    }
    Ok(Json(Ready { status: "ready", version: app.version().to_owned(), providers }))
}

/// Sizes
///
/// What each product offers for each size.
#[utoipa::path(get, path = "/sizes", operation_id = "sizes", tag = "Operators",
    responses((status = 200, description = "The table", body = Object)))]
pub(super) async fn sizes(State(app): State<App>) -> Json<Value> {
    Json(app.sizes().clone())
}

/// Where to read on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Welcome {
    /// `cache-driver`.
    name: &'static str,
    /// The version of the binary.
    version: String,
    /// The description of this interface, for people.
    docs: &'static str,
    /// The description of this interface, for programs.
    spec: &'static str,
}

/// Where to read on
#[utoipa::path(get, path = "/", operation_id = "welcome", tag = "Operators",
    responses((status = 200, description = "Links", body = Welcome)))]
pub(super) async fn welcome(State(app): State<App>) -> Json<Welcome> {
    Json(Welcome { name: "cache-driver", version: app.version().to_owned(), docs: "/docs", spec: "/docs/spec.json" })
}

//! The Driver API 0.9.3: PUT, GET and DELETE of a resource.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::body::JsonObject;
use super::error::ApiError;
use super::extract::{DryRun, Entry, Id, call};
use super::wire::{ErrorBody, InputData, OutputData, gone, pending, ready};
use super::{App, legacy, prefer};
use crate::cache::GuResId;
use crate::driver::{Hint, Outcome, Plan};
use crate::routing::input::{Input, Members};

/// Create or update a resource
///
/// Repeat it until it is 200: a cloud takes minutes, and each call answers at once. The same call with nothing to change
/// is 200 and changes nothing.
#[utoipa::path(
    put, path = "/{GUResID}", operation_id = "put_resource", tag = "Driver API",
    params(
        ("GUResID" = String, Path, pattern = "^[a-z0-9-]{3,63}$", description = "The orchestrator's id of the resource: 3 to 63 of a-z, 0-9 and '-'"),
        ("dry_run" = Option<bool>, Query, description = "Tell what would be done, and do nothing"),
        ("Humanitec-Driver-Cookie" = Option<String>, Header, description = "The last Set-Humanitec-Driver-Cookie"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: hold the answer back up to N seconds (RFC 7240)"),
    ),
    request_body = InputData,
    responses(
        (status = 200, description = "It is as wanted. With `dry_run`: the plan.", content_type = "application/json",
            body = inline(PutAnswer),
            headers(("Set-Humanitec-Driver-Cookie" = String, description = "To be sent with the next call"))),
        (status = 202, description = "It is being made or changed: ask again after `Retry-After` seconds", body = Hint,
            headers(("Set-Humanitec-Driver-Cookie" = String), ("Retry-After" = u64))),
        (status = 409, description = "Something else runs that cannot be cancelled", body = Hint,
            headers(("Set-Humanitec-Driver-Cookie" = String), ("Retry-After" = u64))),
    )
)]
pub(super) async fn put(
    State(app): State<App>,
    entry: Entry,
    Id(id): Id,
    DryRun(dry_run): DryRun,
    headers: HeaderMap,
    JsonObject(body): JsonObject,
) -> Result<Response, ApiError> {
    let mut members = Members::default();
    let input = Input::of_driver_api(body, &mut members);
    let put = input.put(app.driver(), call(&app, &entry, id.clone(), &headers), members)?;
    if dry_run {
        return Ok(Json(app.driver().plan(&put).await?).into_response());
    }
    let wait = prefer::wait(&headers, app.config().server.max_wait);
    let outcome = app.driver().put(put, wait.unwrap_or_default()).await?;
    Ok(preferred(answer(&id, outcome), wait))
}

/// What a PUT answers with 200.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
pub(super) enum PutAnswer {
    /// The resource.
    #[schema(title = "outputs")]
    Outputs(OutputData),
    /// What would be done.
    #[schema(title = "plan")]
    Plan(Plan),
}

/// State of a resource
///
/// Changes nothing.
#[utoipa::path(
    get, path = "/{GUResID}", operation_id = "get_resource", tag = "Driver API",
    params(
        ("GUResID" = String, Path, pattern = "^[a-z0-9-]{3,63}$", description = "The orchestrator's id of the resource"),
        ("Humanitec-Driver-Cookie" = Option<String>, Header, description = "The last Set-Humanitec-Driver-Cookie"),
    ),
    responses(
        (status = 200, description = "It can be used", body = OutputData,
            headers(("Set-Humanitec-Driver-Cookie" = String))),
        (status = 202, description = "It is being made, changed or removed", body = Hint,
            headers(("Set-Humanitec-Driver-Cookie" = String), ("Retry-After" = u64))),
        (status = 404, description = "There is none", body = ErrorBody),
    )
)]
pub(super) async fn get(
    State(app): State<App>,
    entry: Entry,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let call = call(&app, &entry, id.clone(), &headers);
    match app.driver().get(&call).await? {
        Outcome::NotFound | Outcome::Gone(_) => Err(no_such_resource(&id)),
        outcome => Ok(answer(&id, outcome)),
    }
}

/// Remove a resource
///
/// Repeat it until it is 204. Removing what is not there is 204 too. With a header of the interface of 2020
/// (`humanitec-driver-params` or `humanitec-driver-secrets`, base64 of a JSON object) it waits and answers as that one did:
/// 204, 404 for an unknown resource, or 503.
#[utoipa::path(
    delete, path = "/{GUResID}", operation_id = "delete_resource", tag = "Driver API",
    params(
        ("GUResID" = String, Path, pattern = "^[a-z0-9-]{3,63}$", description = "The orchestrator's id of the resource"),
        ("Humanitec-Driver-Cookie" = Option<String>, Header, description = "The last Set-Humanitec-Driver-Cookie"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: hold the answer back up to N seconds (RFC 7240)"),
        ("humanitec-driver-params" = Option<String>, Header, description = "Interface of 2020: base64 of the JSON inputs"),
        ("humanitec-driver-secrets" = Option<String>, Header,
            description = "Interface of 2020: base64 of a JSON object with `account`"),
    ),
    responses(
        (status = 204, description = "It is gone, never was, is held, or was let go",
            headers(("Set-Humanitec-Driver-Cookie" = String, description = "Empty: the cookie is forgotten"),
                ("Cache-Driver-Left" = String, description = "`held; until=TIME` or `detached` if the cache is still there"))),
        (status = 202, description = "It is being removed", body = Hint,
            headers(("Set-Humanitec-Driver-Cookie" = String), ("Retry-After" = u64))),
        (status = 404, description = "Interface of 2020 only: there is no such resource", body = ErrorBody),
        (status = 409, description = "Something else runs that cannot be cancelled", body = Hint,
            headers(("Set-Humanitec-Driver-Cookie" = String), ("Retry-After" = u64))),
    )
)]
pub(super) async fn delete(
    State(app): State<App>,
    entry: Entry,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if legacy::selects(&headers) {
        return legacy::delete(&app, &entry, id, &headers).await;
    }
    let call = call(&app, &entry, id.clone(), &headers);
    let wait = prefer::wait(&headers, app.config().server.max_wait);
    let outcome = app.driver().delete(call, wait.unwrap_or_default()).await?;
    let response = match outcome {
        Outcome::Gone(left) => gone(left),
        outcome => answer(&id, outcome),
    };
    Ok(preferred(response, wait))
}

pub(super) fn no_such_resource(id: &GuResId) -> ApiError {
    ApiError::not_found(
        format!("there is no resource {id}"),
        "make it with PUT, or look whether the id is the right one",
    )
}

/// An outcome as an answer.
fn answer(id: &GuResId, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Ready(it) => {
            for warning in &it.warnings {
                tracing::warn!(%id, warning, "the caller should know");
            }
            ready(id, *it)
        }
        Outcome::Pending(it) => pending(StatusCode::ACCEPTED, &it),
        Outcome::Conflict(it) => pending(StatusCode::CONFLICT, &it),
        Outcome::Gone(_) | Outcome::NotFound => no_such_resource(id).into_response(),
    }
}

fn preferred(mut response: Response, wait: Option<std::time::Duration>) -> Response {
    if let Some(wait) = wait {
        response.headers_mut().insert(prefer::APPLIED, prefer::applied(wait));
    }
    response
}

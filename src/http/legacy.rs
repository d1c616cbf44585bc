//! The interface of 2020: POST and DELETE that wait. A thin adapter over the same driver.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::App;
use super::body::JsonObject;
use super::error::ApiError;
use super::extract::{Entry, call, read_id};
use super::resource::no_such_resource;
use super::wire::{OutputResource, gone};
use crate::backend::Given;
use crate::cache::{Code, FieldError, GuResId};
use crate::driver::{DriverError, Left, Outcome, Pending, Ready};
use crate::routing::input::{Input, Members, kind};

const PARAMS: HeaderName = HeaderName::from_static("humanitec-driver-params");
const SECRETS: HeaderName = HeaderName::from_static("humanitec-driver-secrets");

/// What a POST of 2020 brings.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
pub(super) struct LegacyInput {
    /// The id of the resource.
    #[schema(pattern = "^[a-z0-9-]{3,63}$")]
    id: String,
    /// The resource type. Optional on a route.
    #[schema(required = false)]
    r#type: Option<String>,
    /// What `resource` is in the Driver API.
    #[schema(required = false)]
    resource_params: Option<Map<String, Value>>,
    /// What `driver.values` is in the Driver API.
    #[schema(required = false)]
    driver_params: Option<Map<String, Value>>,
    /// What `driver.secrets` is in the Driver API.
    #[schema(required = false)]
    driver_secrets: Option<Map<String, Value>>,
}

/// What a POST of 2020 answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LegacyOutput {
    /// The resource type, as it was asked for.
    r#type: String,
    /// The outputs.
    data: OutputResource,
    /// The product that serves it.
    driver_type: String,
    /// Where it is. No secrets.
    driver_data: OutputResource,
}

/// Create or update a resource (interface of 2020)
///
/// Waits until the resource can be used; if that takes too long, it answers 503, and the same call again goes on waiting.
#[utoipa::path(
    post, path = "/", operation_id = "legacy_create", tag = "Interface of 2020",
    request_body = LegacyInput,
    responses((status = 200, description = "It can be used", body = LegacyOutput))
)]
pub(super) async fn post(
    State(app): State<App>,
    entry: Entry,
    headers: HeaderMap,
    JsonObject(mut body): JsonObject,
) -> Result<Response, ApiError> {
    let mut members = Members::default();
    let id = members.text(&mut body, "id", "id");
    let id = match id.as_deref().map(|text| read_id(&app, text)) {
        Some(Ok(id)) => Some(id.0),
        Some(Err(why)) => {
            let got: String = id.unwrap_or_default().chars().take(80).collect();
            let expected = "3 to 63 of the characters a-z, 0-9 and '-'";
            members.errors.push(FieldError::new("id", expected, format!("`{got}`")).hint(why));
            None
        }
        None if members.errors.is_empty() => {
            members.errors.push(FieldError::new("id", "the id of the resource", "nothing"));
            None
        }
        None => None,
    };
    let input = Input::of_legacy(body, &mut members);
    // Without an id there is an error already, so that this one is never used.
    let known = id.clone().unwrap_or_else(|| GuResId::parse("unknown").expect("it is a legal id"));
    let call = call(&app, &entry, known.clone(), &headers);
    let put = input.put(app.driver(), call, members).map_err(|error| in_words_of_2020(error.into()))?;
    let wait = app.config().server.legacy.wait;
    match app.driver().put(put, wait).await.map_err(|failure| in_words_of_2020(failure.into()))? {
        Outcome::Ready(ready) => Ok(Json(created(*ready)).into_response()),
        Outcome::Pending(pending) | Outcome::Conflict(pending) => Err(not_yet(&pending)),
        Outcome::Gone(_) | Outcome::NotFound => Err(no_such_resource(&known)),
    }
}

fn created(ready: Ready) -> LegacyOutput {
    let secrets = ready.outputs.expose_secrets();
    let values = ready.outputs.values;
    let told = ["provider", "product", "region", "name", "resource_id"];
    let mut place = values.clone();
    place.retain(|key, _| told.contains(&key.as_str()));
    let driver_type = values.get("product").and_then(Value::as_str).unwrap_or("cache-driver").to_owned();
    LegacyOutput {
        r#type: ready.resource_type,
        data: OutputResource { values, secrets },
        driver_type,
        driver_data: OutputResource { values: place, secrets: Map::new() },
    }
}

fn not_yet(pending: &Pending) -> ApiError {
    let message = format!("not done yet: {}", pending.hint.message);
    let hint = "repeat the call: it continues where this one stopped waiting, and makes nothing twice";
    ApiError::not_now(message, hint).retry_after(pending.retry_after)
}

/// Whether a DELETE is one of 2020.
pub(super) fn selects(headers: &HeaderMap) -> bool {
    headers.contains_key(PARAMS) || headers.contains_key(SECRETS)
}

/// DELETE as it was in 2020: waits, and tells an unknown resource by 404.
pub(super) async fn delete(app: &App, entry: &Entry, id: GuResId, headers: &HeaderMap) -> Result<Response, ApiError> {
    let mut members = Members::default();
    let params = header(headers, &PARAMS, &mut members);
    let secrets = header(headers, &SECRETS, &mut members);
    // The place follows from cookie, name and config; the inputs are checked for their form only.
    drop(params);
    let (account, _) = members.secrets(secrets.unwrap_or_default(), SECRETS.as_str());
    if !members.errors.is_empty() {
        return Err(DriverError::fields(members.errors).into());
    }
    let mut call = call(app, entry, id.clone(), headers);
    if let Some(account) = account {
        let given = Given::recognise(&account).map_err(|fields| {
            let mut error = DriverError::fields(fields);
            error.code = Code::Credentials;
            header_paths(error.into())
        })?;
        call.credentials = Some(Arc::new(given));
    }
    if matches!(app.driver().get(&call).await, Ok(Outcome::NotFound | Outcome::Gone(_))) {
        return Err(no_such_resource(&id));
    }
    match app.driver().delete(call, app.config().server.legacy.wait).await? {
        Outcome::Pending(pending) | Outcome::Conflict(pending) => Err(not_yet(&pending)),
        Outcome::Gone(left) => Ok(gone(left)),
        Outcome::NotFound | Outcome::Ready(_) => Ok(gone(Left::Nothing)),
    }
}

/// A header that holds base64 of a JSON object.
fn header(headers: &HeaderMap, name: &HeaderName, members: &mut Members) -> Option<Map<String, Value>> {
    let value = headers.get(name)?;
    let expected = "base64 of a JSON object";
    let mut wrong = |got: String, hint: &str| {
        members.errors.push(FieldError::new(name.as_str(), expected, got).hint(hint));
        None
    };
    let Ok(text) = value.to_str() else { return wrong("bytes that are not ASCII".to_owned(), "encode it as base64") };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let alphabets = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    let Some(bytes) = alphabets.iter().find_map(|alphabet| alphabet.decode(text).ok()) else {
        return wrong("text that is not base64".to_owned(), "encode the JSON as base64, on one line");
    };
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(object)) => Some(object),
        Ok(Value::Null) => None,
        Ok(other) => wrong(format!("base64 of {}", kind(&other)), "send a JSON object"),
        Err(error) => {
            let at = format!("base64 of what is not JSON, at line {} column {}", error.line(), error.column());
            wrong(at, "send a JSON object")
        }
    }
}

/// The fields of an error under the names that the caller knows them by.
fn in_words_of_2020(error: ApiError) -> ApiError {
    const NAMES: [(&str, &str); 3] =
        [("driver.values", "driver_params"), ("driver.secrets", "driver_secrets"), ("resource", "resource_params")];
    renamed(error, &NAMES)
}

fn header_paths(error: ApiError) -> ApiError {
    renamed(error, &[("driver.secrets", "humanitec-driver-secrets")])
}

fn renamed(mut error: ApiError, names: &[(&str, &str)]) -> ApiError {
    let inner = error.error_mut();
    if inner.details.fields.is_empty() {
        return error;
    }
    for field in &mut inner.details.fields {
        for (theirs, legacy) in names {
            if let Some(rest) = field.path.strip_prefix(theirs)
                && (rest.is_empty() || rest.starts_with(['.', '[']))
            {
                field.path = format!("{legacy}{rest}");
                break;
            }
        }
    }
    inner.message = DriverError::fields(inner.details.fields.clone()).message;
    error
}

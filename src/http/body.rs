//! Reads a JSON body: the one wrapper around axum's extractors, so that whatever is wrong with it is an error of ours.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::App;
use super::error::ApiError;
use crate::cache::Code;
use crate::driver::DriverError;
use crate::routing::input::kind;

/// A body that is one JSON object.
#[derive(Debug)]
pub(super) struct JsonObject(pub(super) Map<String, Value>);

impl FromRequest<App> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        content_type(request.headers())?;
        let bytes = match Bytes::from_request(request, app).await {
            Ok(bytes) => bytes,
            Err(BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_))) => {
                return Err(ApiError::too_large(app.config().server.body_limit));
            }
            Err(_) => {
                return Err(DriverError::new(Code::InvalidInput, "the body could not be read to its end").into());
            }
        };
        parse(&bytes).map(Self)
    }
}

fn content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Err(ApiError::not_json("none")) };
    let essence = value.to_str().ok().and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let shown: String = essence.chars().filter(char::is_ascii_graphic).take(60).collect();
    Err(ApiError::not_json(&format!("`{shown}`")))
}

/// Reads one JSON object. Errors tell the line and column, and nothing of the content, which can hold secrets.
fn parse(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let wrong = |message: String| {
        let hint = "the body must be one JSON object, as the Driver API describes it: GET /docs";
        ApiError::from(DriverError::new(Code::InvalidInput, message).hint(hint))
    };
    if bytes.is_empty() {
        return Err(wrong("the body is empty".to_owned()));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(wrong(format!("the body is {}, not an object", kind(&other)))),
        Err(error) => {
            let what = if error.classify() == Category::Eof {
                "the body ends inside the JSON"
            } else {
                "the body is not JSON"
            };
            Err(wrong(format!("{what}, at line {} column {}", error.line(), error.column())))
        }
    }
}

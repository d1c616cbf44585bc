//! The bodies that go over the wire, as the Driver API 0.9.3 has them.

use axum::Json;
use axum::body::Body;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::seconds;
use crate::cache::{Code, GuResId};
use crate::driver::{Details, Left, Pending, Ready};

/// The header in which the orchestrator brings back the cookie.
pub const COOKIE: HeaderName = HeaderName::from_static("humanitec-driver-cookie");
/// The header in which the driver sets the cookie. Empty: send none from now on.
pub const SET_COOKIE: HeaderName = HeaderName::from_static("set-humanitec-driver-cookie");
/// The header of a 204 that tells what stays: `held; until=TIME` or `detached`. Absent if nothing does.
pub const LEFT: HeaderName = HeaderName::from_static("cache-driver-left");
/// The header with the id of a request, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a PUT brings. Members that are not listed are passed over.
#[derive(Debug, ToSchema)]
pub struct InputData {
    /// The resource type: `redis`, or a custom `my-org/valkey`. Optional on a route, which serves one type only.
    #[schema(required = false, example = "redis")]
    pub r#type: Option<String>,
    /// What the developer wrote in the workload. Only the keys that the route allows.
    #[schema(required = false)]
    pub resource: Option<Map<String, Value>>,
    /// What the platform team wrote in the resource definition.
    #[schema(required = false)]
    pub driver: Option<DriverInput>,
}

/// What the platform team wrote in the resource definition.
#[derive(Debug, ToSchema)]
pub struct DriverInput {
    /// The inputs: see the reference.
    #[schema(required = false)]
    pub values: Option<Map<String, Value>>,
    /// `account`: cloud credentials, recognised by their fields; without it the driver's own identity is used.
    /// `adopt.password`: the password of a cache that is taken over, where the cloud does not tell it.
    #[schema(required = false)]
    pub secrets: Option<Map<String, Value>>,
}

/// A resource that can be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutputData {
    /// The GUResID.
    pub id: String,
    /// The resource type, as it was asked for.
    pub r#type: String,
    /// The outputs.
    pub resource: OutputResource,
    /// Kubernetes manifests. A cache needs none.
    #[schema(value_type = Vec<Object>)]
    pub manifests: [Value; 0],
}

/// The outputs of a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutputResource {
    /// `host`, `port`, `tls`, `auth`, `cluster_mode`, `engine`, `engine_version`, `provider`, `product`, `region`, `name`,
    /// `resource_id`, `memory_gb`, and where they exist `reader_host`, `reader_port`, `ca_cert`.
    pub values: Map<String, Value>,
    /// `username`, `password`, `url`; none for memcached.
    pub secrets: Map<String, Value>,
}

/// Every answer that is neither a success nor the hint of a running operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Which kind of error: docs/errors.md has a section for each.
    pub error: Code,
    /// What is wrong, in words.
    pub message: String,
    /// What helps to mend it.
    pub details: ErrorDetails,
}

/// What helps to mend an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetails {
    /// The id under which the driver's log has this request.
    pub request_id: String,
    /// Everything else.
    #[serde(flatten)]
    pub details: Details,
}

/// A header value of a cookie or word of ours, which are printable ASCII.
pub(super) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("cookies are base64 and dots")
}

/// 200 with the outputs.
pub(super) fn ready(id: &GuResId, ready: Ready) -> Response {
    let body = OutputData {
        id: id.to_string(),
        r#type: ready.resource_type,
        resource: OutputResource { secrets: ready.outputs.expose_secrets(), values: ready.outputs.values },
        manifests: [],
    };
    ([(SET_COOKIE, header_value(&ready.cookie))], Json(body)).into_response()
}

/// 202, or 409, with the hint of what runs.
pub(super) fn pending(status: StatusCode, pending: &Pending) -> Response {
    let headers = [(SET_COOKIE, header_value(&pending.cookie)), (RETRY_AFTER, seconds(pending.retry_after))];
    (status, headers, Json(&pending.hint)).into_response()
}

/// 204: it is gone, or what is left of it is in nobody's use; and so is the cookie.
pub(super) fn gone(left: Left) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(SET_COOKIE, HeaderValue::from_static(""));
    match left {
        Left::Nothing => {}
        Left::Detached => drop(headers.insert(LEFT, HeaderValue::from_static("detached"))),
        Left::Held(until) => drop(headers.insert(LEFT, header_value(&format!("held; until={until:.0}")))),
    }
    response
}

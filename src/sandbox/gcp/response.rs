//! Answers and errors on the wire.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SERVER};
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

use super::error::ApiError;
use crate::sandbox::running::HangUp;

/// A JSON answer, indented as the services indent it.
pub(super) fn json(status: u16, value: &Value) -> Response<Body> {
    let text = format!("{value:#}\n");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    headers.insert(SERVER, HeaderValue::from_static("ESF"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    response
}

/// An error answer. A bad gateway is not the service's own and speaks HTML.
pub(super) fn failure(error: &ApiError) -> Response<Body> {
    if error.http != 502 {
        return json(error.http, &error.to_json());
    }
    let page = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)!!1</title>\n<p><b>502.</b> That's an error.\n";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=UTF-8"));
    response
}

/// No answer at all: the listener closes the connection.
pub(super) fn hang_up() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

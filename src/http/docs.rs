//! The documents about this interface: for programs, and for people.

use std::sync::Arc;

use axum::Extension;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::{openapi, page};
use crate::cache::fields;
use crate::config::Config;

/// Both documents, made once.
#[derive(Debug, Clone)]
pub(super) struct Documents {
    spec: Arc<str>,
    page: Arc<str>,
}

impl Documents {
    pub(super) fn new(config: &Config) -> Self {
        let document = serde_json::to_value(openapi(config)).expect("an OpenAPI document is plain data");
        let page = page::render(&document, &fields::reference());
        Self { spec: document.to_string().into(), page: page.into() }
    }
}

/// This interface, for programs
#[utoipa::path(get, path = "/docs/spec.json", operation_id = "spec", tag = "Operators",
    responses((status = 200, description = "The OpenAPI document", body = Object)))]
pub(super) async fn spec(Extension(documents): Extension<Documents>) -> Response {
    ([(CONTENT_TYPE, "application/json")], documents.spec.to_string()).into_response()
}

/// This interface, for people
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "Operators",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(super) async fn read(Extension(documents): Extension<Documents>) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], documents.page.to_string()).into_response()
}

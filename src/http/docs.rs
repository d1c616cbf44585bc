//! The documents about this interface: for programs, and for people.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::{App, openapi, page};
use crate::cache::fields;
use crate::config::Config;

/// Both documents, made once, when somebody asks: they take longer than all the rest of a start.
#[derive(Debug, Clone, Default)]
pub(super) struct Documents(Arc<OnceLock<Made>>);

#[derive(Debug)]
struct Made {
    spec: String,
    page: String,
}

impl Documents {
    fn made(&self, config: &Config) -> &Made {
        self.0.get_or_init(|| {
            let document = serde_json::to_value(openapi(config)).expect("an OpenAPI document is plain data");
            let page = page::render(&document, &fields::reference());
            Made { spec: document.to_string(), page }
        })
    }
}

/// This interface, for programs
#[utoipa::path(get, path = "/docs/spec.json", operation_id = "spec", tag = "Operators",
    responses((status = 200, description = "The OpenAPI document", body = Object)))]
pub(super) async fn spec(State(app): State<App>, Extension(documents): Extension<Documents>) -> Response {
    ([(CONTENT_TYPE, "application/json")], documents.made(app.config()).spec.clone()).into_response()
}

/// This interface, for people
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "Operators",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(super) async fn read(State(app): State<App>, Extension(documents): Extension<Documents>) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], documents.made(app.config()).page.clone()).into_response()
}

//! What handlers take out of a request beside its body.

use axum::Extension;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::Deserialize;

use super::App;
use super::auth::Caller;
use super::error::ApiError;
use super::wire::COOKIE;
use crate::cache::{FieldError, GuResId};
use crate::config::{RESERVED, Route};
use crate::driver::Call;

/// The route that a request came in by, put there by its nested router.
#[derive(Debug, Clone)]
pub(super) struct RouteName(pub(super) String);

/// The id of the request, put there by [`super::answer`].
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

/// The path of the request, put there by [`super::answer`]: inside a nested router the path begins after its prefix.
#[derive(Debug, Clone)]
pub(super) struct FullPath(pub(super) String);

/// Where a request came in.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) route: Option<String>,
    pub(super) request_id: String,
    /// Who calls.
    pub(super) who: String,
}

impl FromRequestParts<App> for Entry {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let route = parts.extensions.get::<RouteName>().map(|route| route.0.clone());
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let who = parts.extensions.get::<Caller>().map(|caller| caller.who.clone()).unwrap_or_default();
        Ok(Self { route, request_id, who })
    }
}

impl Entry {
    /// The config of the route.
    pub(super) fn route<'a>(&self, app: &'a App) -> Option<&'a Route> {
        app.config().routes.get(self.route.as_ref()?)
    }
}

/// The GUResID in the path.
#[derive(Debug)]
pub(super) struct Id(pub(super) GuResId);

impl FromRequestParts<App> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let wrong = |got: &str, why: &str| {
            let got: String = got.chars().take(80).collect();
            let error = FieldError::new("GUResID", "3 to 63 of the characters a-z, 0-9 and '-'", format!("`{got}`"));
            ApiError::field(error.hint(why))
        };
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| wrong("", "the last segment of the path is not text in UTF-8"))?;
        read_id(app, &text).map_err(|why| wrong(&text, &why))
    }
}

/// Reads a GUResID; names that stand for something else are refused, or a forgotten id would make a cache.
pub(super) fn read_id(app: &App, text: &str) -> Result<Id, String> {
    if RESERVED.iter().any(|(reserved, _)| *reserved == text) || app.config().routes.contains_key(text) {
        return Err("the name is reserved, it stands for a path of this driver; was the id of the resource forgotten?"
            .to_owned());
    }
    GuResId::parse(text).map(Id).map_err(|_| {
        if text.contains('/') {
            "an encoded slash does not separate segments of a path".to_owned()
        } else {
            "send the id that the orchestrator gives the resource".to_owned()
        }
    })
}

/// What every call to a resource brings beside its body.
pub(super) fn call(app: &App, entry: &Entry, id: GuResId, headers: &HeaderMap) -> Call {
    Call {
        id,
        resource_type: entry.route(app).map(|route| route.resource_type.clone()),
        route: entry.route.clone(),
        cookie: cookie(headers),
        credentials: None,
        request_id: entry.request_id.clone(),
        who: entry.who.clone(),
    }
}

/// The cookie as it came. Bytes that are not text are for the driver to judge, like everything else about it.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(COOKIE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned()).filter(|text| !text.is_empty())
}

/// `?dry_run=true`.
#[derive(Debug)]
pub(super) struct DryRun(pub(super) bool);

#[derive(Deserialize)]
struct Asked {
    dry_run: Option<String>,
}

impl FromRequestParts<App> for DryRun {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let wrong = |got: String| ApiError::field(FieldError::new("?dry_run", "true or false", got));
        let Query(asked) = Query::<Asked>::from_request_parts(parts, app)
            .await
            .map_err(|_| wrong("a query that cannot be read".to_owned()))?;
        match asked.dry_run.as_deref() {
            None | Some("false" | "0") => Ok(Self(false)),
            Some("true" | "1" | "") => Ok(Self(true)),
            Some(other) => Err(wrong(format!("`{}`", other.chars().take(20).collect::<String>()))),
        }
    }
}

/// The route's name as an extension, for the nested router of a route.
pub(super) fn named(name: &str) -> Extension<RouteName> {
    Extension(RouteName(name.to_owned()))
}

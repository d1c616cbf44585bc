//! Every path of the server, on one page.

use axum::Extension;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::Method;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Service, note, panicked};
use super::docs::Documents;
use super::error::ApiError;
use super::extract::{FullPath, named};
use super::{App, docs, legacy, metrics, openapi, operator, resource, resources as owned};
use crate::cache::nearest;
use crate::config::Config;

/// The route table, and with it the OpenAPI document.
pub(super) fn table(config: &Config) -> OpenApiRouter<App> {
    let mut table = OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(operator::welcome, legacy::post))
        .routes(routes!(operator::alive))
        .routes(routes!(operator::health))
        .routes(routes!(operator::sizes))
        .routes(routes!(metrics::metrics))
        .routes(routes!(owned::resources))
        .routes(routes!(docs::read))
        .routes(routes!(docs::spec))
        .merge(resources());
    for (name, route) in &config.routes {
        let of_route = resources().routes(routes!(legacy::post)).layer(named(name));
        table = table.nest(&format!("/{name}"), openapi::of_route(of_route, name, route));
    }
    table
}

fn resources() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(resource::put, resource::get, resource::delete))
}

/// The whole server: give it to [`super::serve`].
#[must_use]
pub fn app(app: App) -> Service {
    let (router, _) = table(app.config()).split_for_parts();
    let router = router
        .method_not_allowed_fallback(not_allowed)
        .fallback(not_found)
        .layer(Extension(Documents::default()))
        .layer(DefaultBodyLimit::max(app.config().server.body_limit))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(note))
        .with_state(app.clone());
    Service::new(app, router)
}

async fn not_found(State(app): State<App>, Extension(FullPath(path)): Extension<FullPath>) -> Response {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let routes = app.config().routes.keys().map(String::as_str);
    let known = routes.clone().collect::<Vec<_>>().join(", ");
    let hint = match nearest(first, routes) {
        Some(near) if near != first => format!("did you mean `/{near}/`? the routes are: {known}"),
        _ => format!("resources are at /{{route}}/{{GUResID}}; the routes are: {known}"),
    };
    ApiError::not_found("there is no such path", hint).into_response()
}

async fn not_allowed(
    State(app): State<App>,
    method: Method,
    Extension(FullPath(path)): Extension<FullPath>,
) -> Response {
    let name = path.trim_matches('/');
    let of_resources = matches!(method, Method::PUT | Method::GET | Method::HEAD | Method::DELETE);
    if of_resources && app.config().routes.contains_key(name) {
        let message = format!("the id of the resource is missing after the route `{name}`");
        return ApiError::not_found(message, format!("{method} /{name}/{{GUResID}}")).into_response();
    }
    ApiError::method_not_allowed(format!("the path does not know the method {method}")).into_response()
}

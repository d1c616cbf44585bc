//! The OpenAPI document of this server, made from the handlers.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use super::App;
use super::wire::{ErrorBody, ErrorDetails, InputData};
use crate::cache::Code;
use crate::config::{Auth, Config, Require, Route};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "cache-driver",
        description = "Provisions managed caches (Redis, Valkey, Memcached) on AWS, Google Cloud and Azure for the Humanitec \
                       Platform Orchestrator. Every answer that is neither a success nor the hint of a running operation has \
                       the shape `ErrorBody`."
    ),
    components(schemas(ErrorBody, ErrorDetails, InputData, Code)),
    tags(
        (name = "Driver API", description = "Humanitec Driver API 0.9.3"),
        (name = "Interface of 2020", description = "The POST and DELETE interface that came before: both wait"),
        (name = "Operators", description = "Probes and documents"),
    )
)]
struct Head;

/// What stands before the paths.
pub(super) fn head() -> OpenApi {
    Head::openapi()
}

/// The OpenAPI document (3.1) of a server with this configuration.
#[must_use]
pub fn openapi(config: &Config) -> OpenApi {
    let mut document = super::router::table(config).into_openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    // A path of a route is written as the interface of 2020 had it, with its slash.
    for name in config.routes.keys() {
        if let Some(item) = document.paths.paths.remove(&format!("/{name}")) {
            document.paths.paths.insert(format!("/{name}/"), item);
        }
    }
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            add_errors(&method, operation);
        }
    }
    if config.server.auth.takes_bearer() {
        add_bearer(&mut document, &config.server.auth);
    }
    document
}

/// That callers send a token. Of the other ways, this format knows no words for a secret in the path.
fn add_bearer(document: &mut OpenApi, auth: &Auth) {
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    let mut ways = vec![SecurityRequirement::new("bearer", std::iter::empty::<&str>())];
    if auth.has_other_ways() && auth.require == Require::Any {
        ways.push(SecurityRequirement::default());
    }
    document.security = Some(ways);
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            if is_probe(operation) {
                operation.security = Some(Vec::new());
            }
        }
    }
}

fn is_probe(operation: &Operation) -> bool {
    operation.operation_id.as_deref().is_some_and(|id| matches!(id, "alive" | "health"))
}

/// The document of one route: its operations have ids of their own, and say what they serve.
pub(super) fn of_route(mut router: OpenApiRouter<App>, name: &str, route: &Route) -> OpenApiRouter<App> {
    for item in router.get_openapi_mut().paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            if let Some(id) = &mut operation.operation_id {
                id.push('_');
                id.push_str(&name.replace('-', "_"));
            }
            let serves = format!("Serves the resource type `{}`.", route.resource_type);
            operation.description = Some(match operation.description.take() {
                Some(text) => format!("{text}\n\n{serves}"),
                None => serves,
            });
        }
    }
    router
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let methods = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
    ];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The errors that every operation of its kind can answer with.
fn add_errors(method: &HttpMethod, operation: &mut Operation) {
    let of_resources = operation.tags.iter().flatten().any(|tag| tag != "Operators");
    let has_body = matches!(method, HttpMethod::Put | HttpMethod::Post);
    let is_probe = is_probe(operation);
    let all = [
        ("400", of_resources, "Refused or failed: the code says why, `details` what helps"),
        ("401", !is_probe, "The caller has not proved who it is, on a server that asks for it"),
        ("403", !is_probe, "The caller is not let in"),
        ("404", of_resources, "There is no such path or resource"),
        ("413", has_body, "The body is too large"),
        ("415", has_body, "The body is not application/json"),
        ("500", true, "A fault of the driver"),
        ("503", true, "Not now: overloaded, shutting down, or not done in time; `Retry-After` says when to come back"),
    ];
    for (status, applies, description) in all {
        if applies && !operation.responses.responses.contains_key(status) {
            operation.responses.responses.insert(status.to_owned(), RefOr::T(error_response(description)));
        }
    }
}

fn error_response(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

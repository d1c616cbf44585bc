//! Takes a call apart, lets the faults have their way, and answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Method as Http, Response, Uri};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::call::{Call, Method, Verb};
use super::context::Context;
use super::error::{Answer, ApiError, Failure};
use super::inner::Inner;
use super::product::{Api, Product};
use super::store::State;
use super::{
    backups, beside, certificates, locations, memcache, operation, policies, query, redis, resources, response, tokens,
    trouble, update, users,
};
use crate::clock::Timestamp;
use crate::sandbox::{Call as Recorded, Fault, FaultKind};

/// Bytes of a request body; the largest real requests are a few kilobytes.
const BODY: usize = 1 << 20;

/// The router of the port.
pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/token", post(token))
        .route(policies::PATH, get(policies::list))
        .merge(beside::router())
        .fallback(answer)
        .with_state(inner)
}

/// `POST /token`.
async fn token(Shared(inner): Shared<Arc<Inner>>, body: Bytes) -> Response<Body> {
    let at = inner.now(&inner.lock());
    let (service, action) = ("oauth".to_owned(), "oauth.token".to_owned());
    let (account, region) = (String::new(), String::new());
    inner.calls.record(Recorded { at, service, action, name: None, account, region });
    let hits = inner.faults.take("oauth", "oauth.token", None, |kind| {
        !matches!(kind, FaultKind::CreateFailed { .. } | FaultKind::UpdateFailed { .. } | FaultKind::StaleReads { .. })
    });
    wait(&inner, &hits).await;
    let refused = hits.iter().find_map(|hit| match &hit.kind {
        FaultKind::DropBefore | FaultKind::DropAfter => Some(response::hang_up()),
        FaultKind::Slow { .. } => None,
        FaultKind::Http { status } => Some(response::json(*status, &json!({ "error": "internal_failure" }))),
        FaultKind::Throttle => Some(response::json(429, &json!({ "error": "rate_limit_exceeded" }))),
        FaultKind::Error { code, status, message } => {
            Some(response::json(*status, &json!({ "error": code, "error_description": message })))
        }
        _ => {
            let description = "Invalid JWT Signature.";
            Some(response::json(400, &json!({ "error": "invalid_grant", "error_description": description })))
        }
    });
    if let Some(refused) = refused {
        return refused;
    }
    match tokens::exchange(&mut inner.lock().bearers, &body, &*inner.random) {
        Ok(token) => response::json(200, &token),
        Err((status, error)) => response::json(status, &error),
    }
}

async fn answer(Shared(inner): Shared<Arc<Inner>>, request: Request) -> Response<Body> {
    let call = match parse(request).await {
        Ok(call) => call,
        Err(error) => return response::failure(&error),
    };
    let action = call.action();
    record(&inner, &call, &action);
    let hits = inner.faults.take(call.api.name(), &action, call.resource(), |kind| trouble::applies(kind, call.method));
    wait(&inner, &hits).await;
    let hit_by = |kind: &FaultKind| hits.iter().any(|hit| hit.kind == *kind);
    if hit_by(&FaultKind::DropBefore) {
        return response::hang_up();
    }
    if let Some(error) = hits.iter().find_map(|hit| trouble::refusal(&hit.kind, &call)) {
        return response::failure(&error);
    }

    inner.settle().await;
    let answer = carry_out(&inner, &call, &hits);
    if hit_by(&FaultKind::DropAfter) {
        return response::hang_up();
    }
    match answer {
        Ok(value) => response::json(200, &value),
        Err(error) => response::failure(&error),
    }
}

async fn wait(inner: &Inner, hits: &[Fault]) {
    for hit in hits {
        if let FaultKind::Slow { millis } = &hit.kind {
            inner.clock.sleep(Duration::from_millis(*millis)).await;
        }
    }
}

async fn parse(request: Request) -> Result<Call, ApiError> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY).await.map_err(|_| ApiError::invalid("Request payload is too large."))?;
    let mut call =
        find_method(&parts.method, &parts.uri).ok_or_else(|| ApiError::new("NOT_FOUND", "Method not found."))?;
    call.query = query::read(parts.uri.query().unwrap_or_default());
    query::check(&call)?;
    call.bearer = tokens::bearer(&parts.headers);
    let billed = parts.headers.get("x-goog-user-project").and_then(|project| project.to_str().ok());
    call.user_project = billed.filter(|project| *project != call.project).map(str::to_owned);
    call.body = read_body(&parts.headers, &body)?;
    Ok(call)
}

fn find_method(http: &Http, uri: &Uri) -> Option<Call> {
    let (service, _) = uri.path().strip_prefix('/')?.split_once('/')?;
    Call::parse(Api::find(service)?, http, uri.path().strip_prefix('/')?.strip_prefix(service)?)
}

fn read_body(headers: &HeaderMap, body: &[u8]) -> Result<Value, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    let kind = headers.get(axum::http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Err(ApiError::unknown_parameter(&String::from_utf8_lossy(body)));
    }
    let unexpected = |_| {
        let start: String = String::from_utf8_lossy(body).chars().take(20).collect();
        ApiError::invalid(format!("Invalid JSON payload received. Unexpected token.\n{start}\n^"))
    };
    serde_json::from_slice(body).map_err(unexpected)
}

fn record(inner: &Inner, call: &Call, action: &str) {
    let at = inner.now(&inner.lock());
    inner.calls.record(Recorded {
        at,
        service: call.api.name().to_owned(),
        action: action.to_owned(),
        name: call.resource().map(str::to_owned),
        account: call.project.clone(),
        region: call.location.clone(),
    });
}

fn carry_out(inner: &Inner, call: &Call, hits: &[Fault]) -> Answer {
    let mut state = inner.lock();
    let now = inner.now(&state);
    admit(&mut state, call, now)?;
    let found = hits.iter().find_map(|hit| trouble::failure(&hit.kind, call.method).map(|failure| (hit, failure)));
    let (fault, failure): (Option<&Fault>, Option<Failure>) = found.unzip();
    let outdated = hits.iter().any(|hit| matches!(hit.kind, FaultKind::StaleReads { .. }));
    let current = outdated.then(|| show_previous(&mut state));
    let mut context =
        Context { state: &mut state, call, now, pace: inner.pace, random: &*inner.random, ca: &inner.ca, failure };
    let answer = dispatch(&mut context);
    let left = context.failure.is_some();
    if let Some(current) = current {
        state.resources = current;
    }
    // The call was refused or changed nothing that could fail later.
    if let (Some(fault), true) = (fault, left) {
        inner.faults.give_back(fault.clone());
    }
    answer
}

/// What stands before every method: the token, the project and its services, the permission, the quota.
fn admit(state: &mut State, call: &Call, now: Timestamp) -> Result<(), ApiError> {
    if !state.bearers.is_good(call.bearer.as_deref()) {
        return Err(ApiError::expired_token(&call.api.host()));
    }
    if !is_project(&call.project) {
        return Err(ApiError::invalid(format!("Invalid project resource name projects/{}", call.project)));
    }
    if let Some(billed) = &call.user_project {
        state.prerequisites.user_project(call.api, billed)?;
    }
    state.prerequisites.service(call.api, &call.project)?;
    let operation_of = state.operations.product(call.api, &call.operation_name());
    state.quota.admit(call, operation_of, now)?;
    let (permission, resource) = call.permission();
    state.prerequisites.permission(&permission, &call.project, &resource)
}

/// A project's id or number.
fn is_project(project: &str) -> bool {
    let bytes = project.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        return (6..=20).contains(&bytes.len());
    }
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let id = project.rsplit(':').next().unwrap_or_default().as_bytes();
    (6..=30).contains(&id.len()) && id.iter().all(plain) && id[0].is_ascii_lowercase() && !project.ends_with('-')
}

/// Puts every resource back to what it was before its last change, and gives what there really is.
fn show_previous(state: &mut State) -> BTreeMap<super::store::Key, super::store::Resource> {
    let mut shown = state.resources.clone();
    for (key, before) in &state.previous {
        match before {
            Some(resource) => shown.insert(key.clone(), resource.clone()),
            None => shown.remove(key),
        };
    }
    std::mem::replace(&mut state.resources, shown)
}

/// Which function answers which method.
fn dispatch(ctx: &mut Context<'_>) -> Answer {
    match ctx.call.method {
        Method::ListLocations => locations::list(ctx),
        Method::GetLocation => locations::get(ctx),
        Method::SharedAuthority => certificates::shared(ctx),
        Method::ListOperations => operation::list(ctx),
        Method::GetOperation => operation::get(ctx),
        Method::DeleteOperation => operation::delete(ctx),
        Method::CancelOperation => operation::cancel(ctx),
        Method::Of(product, verb) => on_product(ctx, product, verb),
        Method::Backups(verb) => backups::on(ctx, verb),
    }
}

fn on_product(ctx: &mut Context<'_>, product: Product, verb: Verb) -> Answer {
    match verb {
        Verb::Create => resources::create(ctx, product),
        Verb::List => resources::list(ctx, product),
        Verb::Get => resources::get(ctx, product),
        Verb::Patch => update::patch(ctx, product),
        Verb::Delete => resources::delete(ctx, product),
        Verb::Upgrade if product == Product::Memcache => memcache::upgrade(ctx),
        Verb::Upgrade => redis::upgrade(ctx),
        Verb::Failover => redis::failover(ctx),
        Verb::AuthString => redis::auth_string(ctx),
        Verb::UpdateParameters => memcache::update_parameters(ctx),
        Verb::ApplyParameters => memcache::apply_parameters(ctx),
        Verb::Backup => backups::take(ctx, product),
        Verb::CertificateAuthority => certificates::get(ctx, product),
        Verb::AddTokenAuthUser => users::add_user(ctx, product),
        Verb::ListUsers => users::list_users(ctx, product),
        Verb::GetUser => users::get_user(ctx, product),
        Verb::DeleteUser => users::delete_user(ctx, product),
        Verb::AddAuthToken => users::add_token(ctx, product),
        Verb::ListTokens => users::list_tokens(ctx, product),
        Verb::GetToken => users::get_token(ctx, product),
        Verb::DeleteToken => users::delete_token(ctx, product),
        Verb::Other(_) => Err(ApiError::unimplemented()),
    }
}

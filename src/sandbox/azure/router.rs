//! Takes a call apart, lets the faults have their way, and answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{Method, Response};

use super::context::Context;
use super::error::Answer;
use super::inner::Inner;
use super::random::RequestIds;
use super::reply::{self, Envelope};
use super::request::Parsed;
use super::resource::Resource;
use super::store::State;
use super::target::{Target, What};
use super::{actions, trouble};
use crate::sandbox::{Call, Fault, FaultKind};

/// The router of the Azure port.
pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new().fallback(answer).with_state(inner)
}

async fn answer(Shared(inner): Shared<Arc<Inner>>, request: Request) -> Response<Body> {
    let ids = RequestIds::new(&*inner.random);
    let method = request.method().clone();
    let call = match Parsed::read(request).await {
        Ok(call) => call,
        Err(error) => return envelope(&inner, &ids, &method, None).failure(&error),
    };
    let (service, action) = call.call();
    let name = resource_name(&inner, &call);
    record(&inner, &call, service, &action, name.clone());

    let hits = inner.faults.take(service, &action, name.as_deref(), |kind| trouble::applies(kind, &action));
    for hit in &hits {
        if let FaultKind::Slow { millis } = &hit.kind {
            inner.clock.sleep(Duration::from_millis(*millis)).await;
        }
    }
    let hit_by = |kind: &FaultKind| hits.iter().any(|hit| hit.kind == *kind);
    if hit_by(&FaultKind::DropBefore) {
        return reply::hang_up();
    }
    let now = inner.now(&inner.lock());
    let envelope = envelope(&inner, &ids, &method, Some(&call));
    let refusal = hits.iter().find_map(|hit| Some((hit, trouble::refusal(&hit.kind, &call, now, inner.pace)?)));
    if let Some((hit, error)) = &refusal {
        if trouble::goes_on(&hit.kind) {
            settle_around(&inner, &call, &action, &ids, &hits).await.ok();
        }
        if service == "entra" {
            return envelope.success(trouble::of_entra(error, &ids, now));
        }
        return envelope.failure(error);
    }
    let answer = settle_around(&inner, &call, &action, &ids, &hits).await;
    if hit_by(&FaultKind::DropAfter) {
        return reply::hang_up();
    }
    match answer {
        Ok(reply) => envelope.success(reply),
        Err(error) => envelope.failure(&error),
    }
}

/// Carries a call out on a cloud where all that is due has happened, and lets new keys reach the server before the answer.
async fn settle_around(inner: &Inner, call: &Parsed, action: &str, ids: &RequestIds, hits: &[Fault]) -> Answer {
    inner.settle().await;
    let answer = carry_out(inner, call, action, ids, hits);
    if call.method != Method::GET {
        inner.settle().await;
    }
    answer
}

fn carry_out(inner: &Inner, call: &Parsed, action: &str, ids: &RequestIds, hits: &[Fault]) -> Answer {
    let mut state = inner.lock();
    let now = inner.now(&state);
    let planned = hits.iter().find_map(|hit| Some((hit, trouble::planned(&hit.kind, action)?)));
    let (fault, planned) = planned.unzip();
    let outdated = hits.iter().any(|hit| matches!(hit.kind, FaultKind::StaleReads { .. }));
    let current = outdated.then(|| show_previous(&mut state));
    let mut ctx = Context {
        state: &mut state,
        request: call,
        version: "",
        now,
        pace: inner.pace,
        random: &*inner.random,
        planned,
    };
    let answer = actions::carry_out(&mut ctx, ids);
    // The call was refused or started nothing that could fail later.
    if let (Some(fault), true) = (fault, ctx.planned.is_some()) {
        inner.faults.give_back(fault.clone());
    }
    if let Some(current) = current {
        state.resources = current;
    }
    answer
}

/// Puts every resource back to what it was before its last change, and gives what there really is.
fn show_previous(state: &mut State) -> BTreeMap<String, Resource> {
    let mut shown = state.resources.clone();
    for (key, before) in &state.previous {
        match before {
            Some(resource) => shown.insert(key.clone(), resource.clone()),
            None => shown.remove(key),
        };
    }
    std::mem::replace(&mut state.resources, shown)
}

fn envelope<'a>(inner: &Inner, ids: &'a RequestIds, method: &'a Method, call: Option<&Parsed>) -> Envelope<'a> {
    let asked =
        |call: &&Parsed| call.header("x-ms-return-client-request-id").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let client_request_id =
        call.filter(asked).and_then(|call| call.header("x-ms-client-request-id")).map(str::to_owned);
    let arm = call.is_none_or(|call| matches!(call.target, Target::Arm { .. } | Target::Unknown));
    Envelope { method, ids, now: inner.now(&inner.lock()), arm, client_request_id }
}

fn record(inner: &Inner, call: &Parsed, service: &str, action: &str, name: Option<String>) {
    let (account, key) = match &call.target {
        Target::Arm { subscription, what, .. } => (subscription.clone(), key_of(what)),
        Target::Token { tenant } | Target::OpenIdConfiguration { tenant } => (tenant.clone(), None),
        _ => (String::new(), None),
    };
    let state = inner.lock();
    let location = key.and_then(|key| state.resources.get(&key).map(|resource| resource.location.name));
    inner.calls.record(Call {
        at: inner.now(&state),
        service: service.to_owned(),
        action: action.to_owned(),
        name,
        account,
        region: location.unwrap_or_default().to_owned(),
    });
}

fn key_of(what: &What) -> Option<String> {
    match what {
        What::Resource(id) | What::Action { id, .. } => Some(id.root().key()),
        What::List { parent, .. } => parent.as_ref().map(|parent| parent.root().key()),
        _ => None,
    }
}

/// The cache or endpoint that a call is about, for faults and the record: a part of it goes by its name, too.
fn resource_name(inner: &Inner, call: &Parsed) -> Option<String> {
    let Target::Arm { what, group, .. } = &call.target else { return None };
    match what {
        What::Resource(id) | What::Action { id, .. } => Some(id.top().to_owned()),
        What::List { parent, .. } => parent.as_ref().map(|parent| parent.top().to_owned()),
        What::Operation { id, .. } | What::Result { id } => {
            let state = inner.lock();
            state.operations.get(id).map(|operation| operation.about.top().to_owned())
        }
        What::Provider { namespace } | What::Register { namespace } => Some(namespace.clone()),
        What::Group => group.clone(),
        What::CheckName => {
            let given = call.object().ok()?;
            given.get("name")?.as_str().map(str::to_owned)
        }
        _ => None,
    }
}

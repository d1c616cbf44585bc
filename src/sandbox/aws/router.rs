//! Takes a call apart, lets the faults have their way, and answers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Method, Response};
use axum::routing::any;
use serde_json::Value;

use super::actions::{self, Service};
use super::context::Context;
use super::error::{Answer, AwsError};
use super::identity::{self, Caller, Signature};
use super::inner::Inner;
use super::params::Params;
use super::store::Region;
use super::{ec2, iam, kms, response, sts, trouble};
use crate::sandbox::{Call, Fault, FaultKind};

/// Bytes of a request body; the largest real requests are a few kilobytes.
const BODY: usize = 1 << 20;

/// The router of the AWS port.
pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new().route("/", any(answer)).fallback(no_such_path).with_state(inner)
}

async fn no_such_path(Shared(inner): Shared<Arc<Inner>>) -> Response<Body> {
    let error = AwsError::new("UnknownOperationException", 404, "the services answer at / only");
    response::failure(Service::ElastiCache, &error, &request_id(&inner))
}

/// One call, understood.
struct Parsed {
    service: Service,
    action: String,
    params: Params,
    /// What came with a call of the JSON protocol.
    json: Value,
    signature: Option<Signature>,
}

async fn parse(request: Request) -> Result<Parsed, AwsError> {
    let (parts, body) = request.into_parts();
    let malformed = |message: &str| AwsError::new("MalformedInput", 400, message);
    if !matches!(parts.method, Method::GET | Method::POST) {
        return Err(AwsError::new("InvalidAction", 405, "only GET and POST are understood"));
    }
    let body = to_bytes(body, BODY).await.map_err(|_| malformed("the body is too large or broke off"))?;
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if let Some(action) = target.and_then(|target| target.strip_prefix(kms::TARGET)) {
        let json = serde_json::from_slice(&body).map_err(|_| malformed("the body is not JSON"))?;
        let params = Params::default();
        let signature = identity::signature(&parts.headers, &params);
        return Ok(Parsed { service: Service::Kms, action: action.to_owned(), params, json, signature });
    }
    let query = parts.uri.query().unwrap_or_default();
    let params = Params::parse([query.as_bytes(), &body]);
    Ok(understand(&parts.headers, params))
}

fn understand(headers: &HeaderMap, params: Params) -> Parsed {
    let action = params.get("Action").unwrap_or_default().to_owned();
    let signature = identity::signature(headers, &params);
    let signed_for = signature.as_ref().map(|signature| signature.service.as_str());
    let service = Service::find(params.get("Version"), signed_for, &action);
    Parsed { service, action, params, json: Value::Null, signature }
}

async fn answer(Shared(inner): Shared<Arc<Inner>>, request: Request) -> Response<Body> {
    let request_id = request_id(&inner);
    let call = match parse(request).await {
        Ok(call) => call,
        Err(error) => return response::failure(Service::ElastiCache, &error, &request_id),
    };
    let caller = identity::caller(&inner.lock(), call.signature.as_ref());
    record(&inner, &call, &caller);

    let (service, action) = (call.service.name(), call.action.as_str());
    let name = resource_name(&call.params);
    let hits = inner.faults.take(service, action, name, |kind| trouble::applies(kind, action));
    for hit in &hits {
        if let FaultKind::Slow { millis } = &hit.kind {
            inner.clock.sleep(Duration::from_millis(*millis)).await;
        }
    }
    let hit_by = |kind: &FaultKind| hits.iter().any(|hit| hit.kind == *kind);
    if hit_by(&FaultKind::DropBefore) {
        return response::hang_up();
    }
    if let Some(error) = hits.iter().find_map(|hit| trouble::refusal(&hit.kind, service, action, &caller)) {
        return response::failure(call.service, &error, &request_id);
    }

    if inner.lock().denies(&format!("{service}:{action}")) {
        let error = trouble::denied(service, action, &caller);
        return response::failure(call.service, &error, &request_id);
    }

    inner.settle().await;
    let answer = carry_out(&inner, &call, &caller, &hits);
    if hit_by(&FaultKind::DropAfter) {
        return response::hang_up();
    }
    match answer {
        Ok(result) => response::success(call.service, action, &request_id, &result),
        Err(error) => response::failure(call.service, &error, &request_id),
    }
}

fn carry_out(inner: &Inner, call: &Parsed, caller: &Caller, hits: &[Fault]) -> Answer {
    let mut state = inner.lock();
    let now = inner.now(&state);
    let (action, params) = (call.action.as_str(), &call.params);
    match (call.service, action) {
        (_, "") => Err(AwsError::new("MissingAction", 400, "the request has no parameter Action")),
        (Service::Sts, "GetCallerIdentity") => Ok(sts::caller_identity(caller)),
        (Service::Sts, "AssumeRole") => sts::assume_role(&mut state, caller, params, now, &*inner.random),
        (Service::Ec2, "DescribeVpcs") => ec2::vpcs(state.region(&caller.scope), params),
        (Service::Ec2, "DescribeSubnets") => ec2::subnets(state.region(&caller.scope), params),
        (Service::Ec2, "DescribeSecurityGroups") => {
            let moved = state.moved.clone();
            ec2::security_groups(state.region(&caller.scope), &moved, params)
        }
        (Service::Iam, "SimulatePrincipalPolicy") => iam::simulate(&state, params),
        (Service::Kms, "DescribeKey") => {
            kms::describe_key(&mut state, caller, &call.json).map(|answer| answer.to_string().into_bytes())
        }
        (Service::Sts | Service::Ec2 | Service::Iam | Service::Kms, _) => Err(actions::unknown(action)),
        (Service::ElastiCache, _) => {
            let region = state.region(&caller.scope);
            let failure = hits.iter().find_map(|hit| match &hit.kind {
                FaultKind::CreateFailed { message } | FaultKind::UpdateFailed { message } => {
                    Some((hit, message.clone()))
                }
                _ => None,
            });
            let (fault, failure) = failure.unzip();
            let outdated = hits.iter().any(|hit| matches!(hit.kind, FaultKind::StaleReads { .. }));
            let current = outdated.then(|| show_previous(region));
            let mut context = Context { region, params, now, pace: inner.pace, random: &*inner.random, failure };
            let answer = actions::elasticache(action, &mut context);
            if let Some(current) = current {
                context.region.groups = current;
            }
            // The call was refused or changed nothing that could fail later.
            if let (Some(fault), true) = (fault, context.failure.is_some()) {
                inner.faults.give_back(fault.clone());
            }
            answer
        }
    }
}

/// Puts every group back to what it was before its last change, and gives what there really is.
fn show_previous(region: &mut Region) -> std::collections::BTreeMap<String, super::group::Group> {
    let mut shown = region.groups.clone();
    for (id, before) in &region.previous {
        match before {
            Some(group) => shown.insert(id.clone(), group.clone()),
            None => shown.remove(id),
        };
    }
    std::mem::replace(&mut region.groups, shown)
}

fn record(inner: &Inner, call: &Parsed, caller: &Caller) {
    let at = inner.now(&inner.lock());
    inner.calls.record(Call {
        at,
        service: call.service.name().to_owned(),
        action: call.action.clone(),
        name: resource_name(&call.params).map(str::to_owned),
        account: caller.scope.account.clone(),
        region: caller.scope.region.clone(),
    });
}

/// The name of what a call is about, for faults and the record.
fn resource_name(params: &Params) -> Option<&str> {
    const NAMES: [&str; 8] = [
        "ReplicationGroupId",
        "CacheClusterId",
        "SnapshotName",
        "CacheSubnetGroupName",
        "CacheParameterGroupName",
        "ResourceName",
        "SourceIdentifier",
        "RoleArn",
    ];
    NAMES.iter().find_map(|name| params.get(name))
}

fn request_id(inner: &Inner) -> String {
    let mut bytes = [0; 16];
    inner.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

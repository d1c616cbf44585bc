//! Making one call. Answers to PUT and PATCH hold the keys in the clear: none of them is logged or kept.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::answer::Answer;
use super::super::call::Call;
use super::super::paths::{self, CLASSIC_REDIS};
use super::super::{Shared, keys, sku, tags};
use super::{LASTING, steps};
use crate::backend::{At, BackendError, Fields, Kind, Result, Step};
use crate::cache::Auth;

/// Makes the call. What is there, gone, or as asked for already is success.
pub(super) async fn apply(shared: &Shared, at: &At, step: &Step) -> Result<()> {
    let situation = shared.situation(at)?;
    let path = paths::classic(&situation, &at.place.name);
    let call = match step.call {
        steps::CREATE => {
            let mut body = body(step, shared.clock.now());
            body.insert("location".to_owned(), situation.location.into());
            Call::put(step.call, path.clone(), CLASSIC_REDIS, body.into()).only_new()
        }
        steps::UPDATE => Call::patch(step.call, path.clone(), CLASSIC_REDIS, body(step, shared.clock.now()).into()),
        steps::DELETE => Call::delete(step.call, path.clone(), CLASSIC_REDIS),
        steps::REGENERATE => {
            let look = Call::get(super::GET, path.clone(), CLASSIC_REDIS);
            let cache = shared.arm.send(at, &look).await?.done(super::GET, &situation)?.body;
            keys::check_idle(&cache, step)?;
            let body = json!({"keyType": step.fields.get("key_type")});
            Call::act(step.call, format!("{path}/regenerateKey"), CLASSIC_REDIS, body)
        }
        other => {
            return Err(BackendError::new(Kind::Refused, "apply", format!("no call of classic redis: `{other}`")));
        }
    };
    let answer = shared.arm.send(at, &call).await?;
    // Whose the existing cache is, the next look tells.
    let is_there_already = step.call == steps::CREATE && answer.status == 412;
    let is_gone_already = step.call == steps::DELETE && answer.is_absent();
    if is_there_already || is_gone_already {
        return Ok(());
    }
    let Answer { operation, .. } = answer.done(step.call, &situation)?;
    if let Some(url) = operation {
        shared.operations.note(&path, step.call, url, shared.clock.now());
    }
    Ok(())
}

/// What a PUT or a PATCH sends: what is among the fields, and nothing else.
fn body(step: &Step, now: Timestamp) -> Map<String, Value> {
    let fields = &step.fields;
    let mut body = Map::new();
    let map = |key: &str| fields.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    match &step.mark {
        Some(mark) => {
            body.insert("tags".to_owned(), tags::all(&map("tags"), mark, &keys::lasting(step, LASTING, now)).into());
        }
        None if fields.contains_key("tags") => {
            body.insert("tags".to_owned(), map("tags").into());
        }
        None => {}
    }
    if let Some(zones) = fields.get("zones") {
        body.insert("zones".to_owned(), zones.clone());
    }
    let properties = properties(fields);
    if !properties.is_empty() {
        body.insert("properties".to_owned(), properties.into());
    }
    body
}

fn properties(fields: &Fields) -> Map<String, Value> {
    let mut properties = Map::new();
    for (field, property) in [
        ("redis_version", "redisVersion"),
        ("shard_count", "shardCount"),
        ("replicas_per_primary", "replicasPerPrimary"),
        ("minimum_tls_version", "minimumTlsVersion"),
        ("public_network_access", "publicNetworkAccess"),
        ("subnet_id", "subnetId"),
        ("static_ip", "staticIP"),
        ("zonal_allocation_policy", "zonalAllocationPolicy"),
        ("update_channel", "updateChannel"),
    ] {
        if let Some(value) = fields.get(field) {
            properties.insert(property.to_owned(), value.clone());
        }
    }
    if let Some((name, family, capacity)) = fields.get("sku").and_then(Value::as_str).and_then(sku::parts) {
        properties.insert("sku".to_owned(), json!({"name": name, "family": family, "capacity": capacity}));
    }
    if let Some(tls) = fields.get("tls").and_then(Value::as_bool) {
        properties.insert("enableNonSslPort".to_owned(), (!tls).into());
    }
    if let Some(auth) = fields.get("auth") {
        properties.insert("disableAccessKeyAuthentication".to_owned(), (auth != Auth::Password.as_str()).into());
    }
    let mut configuration = fields.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(policy) = fields.get("eviction_policy") {
        configuration.insert("maxmemory-policy".to_owned(), policy.clone());
    }
    if !configuration.is_empty() {
        properties.insert("redisConfiguration".to_owned(), configuration.into());
    }
    properties
}

//! Private endpoints: the only way to a cache without public access.

use serde_json::{Value, json};

use super::call::Call;
use super::client::Arm;
use super::place::Situation;
use super::{paths, tags};
use crate::backend::{At, BackendError, Kind, Result};

pub(super) const CREATE: &str = "privateEndpoints.create";
pub(super) const DELETE: &str = "privateEndpoints.delete";
pub(super) const CREATE_DNS: &str = "privateDnsZoneGroups.create";

/// A private endpoint, as a look shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub(super) state: String,
    pub(super) subnet: Option<String>,
    /// The DNS zone that it is entered in.
    pub(super) zone: Option<String>,
    /// Whether it is somebody else's, though it leads to the cache.
    pub(super) foreign: bool,
}

/// Whose the endpoint at a cache's path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Nobodys,
    Ours,
    Foreign,
}

impl Seen {
    pub(super) fn is_ready(&self) -> bool {
        self.state.eq_ignore_ascii_case("Succeeded")
    }
}

/// Whose the endpoint at the cache's path is: the driver's for the resource of this id, or not. Nothing is done to one that
/// is not.
pub(super) async fn whose(arm: &Arm, at: &At, situation: &Situation<'_>, id: &str) -> Result<Whose> {
    let call = Call::get("privateEndpoints.get", paths::private_endpoint(situation, &at.place.name), paths::NETWORK);
    let answer = arm.send(at, &call).await?;
    if answer.is_absent() {
        return Ok(Whose::Nobodys);
    }
    let body = answer.done(call.name, situation)?.body;
    Ok(if tags::bear(&tags::of(&body), id) { Whose::Ours } else { Whose::Foreign })
}

/// What to say of an endpoint that is not the driver's.
pub(super) fn taken(at: &At, situation: &Situation<'_>, call: &'static str) -> BackendError {
    let (name, group) = (paths::private_endpoint_name(&at.place.name), situation.group);
    let message = format!(
        "the private endpoint {name} of the resource group {group} does not bear the tags of this cache, so it is left alone"
    );
    BackendError::new(Kind::Taken, call, message).hint(
        "remove or rename that endpoint, leave azure.private_endpoint_subnet_id out, or give the resource another name \
         with `name_salt`",
    )
}

/// Looks at the private endpoint of the cache at `target`, which serves the resource of this id. One that is not the
/// driver's counts where it leads to that cache all the same.
pub(super) async fn look(
    arm: &Arm,
    at: &At,
    situation: &Situation<'_>,
    target: &str,
    id: Option<&str>,
) -> Result<Option<Seen>> {
    let path = paths::private_endpoint(situation, &at.place.name);
    let call = Call::get("privateEndpoints.get", path.clone(), paths::NETWORK);
    let answer = arm.send(at, &call).await?;
    if answer.is_absent() {
        return Ok(None);
    }
    let body = answer.done(call.name, situation)?.body;
    let foreign = !id.is_some_and(|id| tags::bear(&tags::of(&body), id));
    if foreign && !leads_to(&body, target) {
        return Ok(None);
    }
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let mut seen = Seen {
        state: text("/properties/provisioningState").unwrap_or_default(),
        subnet: text("/properties/subnet/id"),
        zone: None,
        foreign,
    };
    let call = Call::get("privateDnsZoneGroups.get", paths::dns_zone_group(&path), paths::NETWORK);
    let answer = arm.send(at, &call).await?;
    if !answer.is_absent() {
        let body = answer.done(call.name, situation)?.body;
        let zone = body.pointer("/properties/privateDnsZoneConfigs/0/properties/privateDnsZoneId");
        let state = body.pointer("/properties/provisioningState").and_then(Value::as_str).unwrap_or("Succeeded");
        match state.to_ascii_lowercase().as_str() {
            "succeeded" => seen.zone = zone.and_then(Value::as_str).map(str::to_owned),
            // An entry that failed is one that is still to be made.
            "failed" | "canceled" => {}
            // The endpoint takes no other calls until its entry is made.
            _ => state.clone_into(&mut seen.state),
        }
    }
    Ok(Some(seen))
}

fn leads_to(endpoint: &Value, target: &str) -> bool {
    let links = endpoint.pointer("/properties/privateLinkServiceConnections").and_then(Value::as_array);
    links.into_iter().flatten().any(|link| {
        let to = link.pointer("/properties/privateLinkServiceId").and_then(Value::as_str);
        to.is_some_and(|to| to.eq_ignore_ascii_case(target))
    })
}

/// The endpoint of the resource at `target`, in the subnet. `sub_resource` is `redisEnterprise` or `redisCache`; `id` is
/// that of the resource which the cache serves.
pub(super) fn body(location: &str, target: &str, sub_resource: &str, name: &str, subnet: &Value, id: &str) -> Value {
    json!({
        "location": location,
        "tags": {"managed-by": "cache-driver", "cache-driver-id": id},
        "properties": {
            "subnet": {"id": subnet},
            "privateLinkServiceConnections": [{
                "name": name,
                "properties": {"privateLinkServiceId": target, "groupIds": [sub_resource]},
            }],
        },
    })
}

/// The entry in a private DNS zone, usually `privatelink.redis.azure.net`.
pub(super) fn dns_body(zone: &Value) -> Value {
    json!({"properties": {"privateDnsZoneConfigs": [{"name": "redis", "properties": {"privateDnsZoneId": zone}}]}})
}

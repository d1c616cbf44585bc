//! Private endpoints: the only way to a cache without public access.

use serde_json::{Value, json};

use super::client::{Arm, Call};
use super::paths;
use super::place::Situation;
use crate::backend::{At, Result};

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
}

impl Seen {
    pub(super) fn is_ready(&self) -> bool {
        self.state.eq_ignore_ascii_case("Succeeded")
    }
}

/// Looks at the private endpoint of a cache.
pub(super) async fn look(arm: &Arm, at: &At, situation: &Situation<'_>) -> Result<Option<Seen>> {
    let path = paths::private_endpoint(situation, &at.place.name);
    let call = Call::get("privateEndpoints.get", path.clone(), paths::NETWORK);
    let answer = arm.send(at, &call).await?;
    if answer.is_absent() {
        return Ok(None);
    }
    let body = answer.done(call.name, situation)?.body;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let mut seen = Seen {
        state: text("/properties/provisioningState").unwrap_or_default(),
        subnet: text("/properties/subnet/id"),
        zone: None,
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

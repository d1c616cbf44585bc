//! `Microsoft.Network/privateEndpoints` and their DNS zone groups, as far as caches need them.

use serde_json::{Value, json};

use super::change;
use super::context::Context;
use super::durations;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::kind::Kind;
use super::operations::{Family, Operation};
use super::parts;
use super::reply::Reply;
use super::resource::{Act, Fields, Resource, properties, text};
use super::store::State;

/// Creates or replaces an endpoint.
pub(super) fn put(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.may_exist(id)?;
    let given = ctx.request.object()?;
    let location = change::location(&given, &id.kind.full_type())?;
    let own = properties(&given);
    let subnet = text(own.and_then(|own| own.get("subnet")).and_then(Value::as_object), "id").unwrap_or_default();
    check_exists(ctx, subnet, Kind::Subnet, "subnet")?;
    let wanted = own.and_then(|own| own.get("privateLinkServiceConnections")).and_then(Value::as_array);
    let mut links = Vec::new();
    for link in wanted.into_iter().flatten() {
        links.push(connection(ctx, id, link)?);
    }
    if links.is_empty() {
        let message = "A private endpoint needs one entry in 'privateLinkServiceConnections'.";
        return Err(ArmError::gateway(400, "InvalidRequestFormat", message));
    }
    ctx.idle(id)?;
    let mut fields = Fields::new();
    fields.insert("tags".to_owned(), change::tags(&given)?.unwrap_or_else(|| json!({})));
    fields.insert(
        "properties".to_owned(),
        json!({ "subnet": { "id": subnet }, "privateLinkServiceConnections": links, "manualPrivateLinkServiceConnections": [] }),
    );
    if ctx.state.resources.contains_key(&id.key()) {
        let act = Act::Update { fields: Box::new(fields), scaling: false };
        let operation = ctx.begin(id, act, durations::PRIVATE_ENDPOINT, Family::Network);
        return Ok(accepted(ctx, id, 200, &operation));
    }
    let resource = Resource::new(id.clone(), location, fields);
    let operation = ctx.add(resource, durations::PRIVATE_ENDPOINT, Family::Network);
    Ok(accepted(ctx, id, 201, &operation))
}

/// A connection to a cache that exists, with the group that its product has.
fn connection(ctx: &Context<'_>, id: &Id, link: &Value) -> Result<Value, ArmError> {
    let own = link.get("properties").and_then(Value::as_object);
    let service = text(own, "privateLinkServiceId").unwrap_or_default();
    let target = Id::parse(service).filter(|target| matches!(target.kind, Kind::Cluster | Kind::Classic));
    let target = target.filter(|target| ctx.state.resources.contains_key(&target.key())).ok_or_else(|| {
        let message = format!("Resource {service} referenced by resource {} was not found.", id.shown());
        ArmError::gateway(400, "InvalidResourceReference", message)
    })?;
    let group = if target.kind == Kind::Cluster { "redisEnterprise" } else { "redisCache" };
    let groups = own.and_then(|own| own.get("groupIds")).and_then(Value::as_array);
    let right = groups.is_some_and(|groups| groups.len() == 1 && groups[0].as_str() == Some(group));
    if !right {
        let message = format!("The private link resource {service} supports the group id '{group}' only.");
        return Err(ArmError::gateway(400, "PrivateEndpointUnsupportedGroupId", message));
    }
    let name = link.get("name").and_then(Value::as_str).unwrap_or_else(|| id.name());
    Ok(json!({
        "name": name,
        "id": format!("{}/privateLinkServiceConnections/{name}", id.shown()),
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": service,
            "groupIds": [group],
            "privateLinkServiceConnectionState": state_of_connection(),
        },
    }))
}

fn state_of_connection() -> Value {
    json!({ "status": "Approved", "description": "Auto-Approved", "actionsRequired": "None" })
}

/// Ties an endpoint to private DNS zones.
pub(super) fn put_zone_group(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let wanted = properties(&given).and_then(|own| own.get("privateDnsZoneConfigs")).and_then(Value::as_array);
    let mut zones = Vec::new();
    for zone in wanted.into_iter().flatten() {
        let own = zone.get("properties").and_then(Value::as_object);
        let zone_id = text(own, "privateDnsZoneId").unwrap_or_default();
        check_exists(ctx, zone_id, Kind::DnsZone, "private DNS zone")?;
        zones.push(json!({
            "name": zone.get("name"),
            "properties": { "provisioningState": "Succeeded", "privateDnsZoneId": zone_id, "recordSets": [] },
        }));
    }
    ctx.idle_parent(id)?;
    let shown = json!({ "privateDnsZoneConfigs": zones });
    let (new, operation) = parts::write(ctx, id, shown, durations::DNS_ZONE_GROUP, Family::Network)?;
    Ok(accepted(ctx, id, if new { 201 } else { 200 }, &operation))
}

/// Deletes an endpoint or a zone group.
pub(super) fn delete(ctx: &mut Context<'_>, id: &Id) -> Answer {
    if !ctx.state.resources.contains_key(&id.key()) {
        return Ok(Reply::empty(204));
    }
    ctx.idle(&id.root())?;
    let operation = ctx.begin(id, Act::Delete, durations::DNS_ZONE_GROUP, Family::Network);
    let reply = Reply::empty(202).with("azure-asyncoperation", operation.address(ctx));
    Ok(reply.with("location", operation.result_address(ctx)).with("retry-after", ctx.pace.seconds(10).to_string()))
}

/// Networks, subnets and zones are not stored: all well-formed ones exist until they are taken away.
pub(super) fn get_prerequisite(ctx: &Context<'_>, id: &Id) -> Answer {
    let taken_away = |id: &Id| ctx.state.missing.lacks(&id.shown());
    if taken_away(id) || id.parent().is_some_and(|parent| taken_away(&parent)) {
        return Err(ArmError::not_found(id));
    }
    let mut body = json!({
        "id": id.shown(),
        "name": id.name(),
        "type": id.kind.full_type(),
        "properties": { "provisioningState": "Succeeded" },
    });
    match id.kind {
        Kind::Subnet => {
            body["properties"]["addressPrefix"] = json!("10.0.1.0/24");
            body["properties"]["privateEndpointNetworkPolicies"] = json!("Disabled");
            body["properties"]["delegations"] = json!([]);
        }
        Kind::DnsZone => body["location"] = json!("global"),
        _ => {
            body["location"] = json!("westeurope");
            body["properties"]["addressSpace"] = json!({ "addressPrefixes": ["10.0.0.0/16"] });
        }
    }
    Ok(Reply::ok(body))
}

fn check_exists(ctx: &Context<'_>, text: &str, kind: Kind, what: &str) -> Result<(), ArmError> {
    let lacks = |id: &Id| {
        let missing = &ctx.state.missing;
        missing.lacks(&id.shown()) || missing.lacks_group(&id.subscription, &id.group)
    };
    let found = Id::parse(text).filter(|id| id.kind == kind);
    if found.is_some_and(|id| !lacks(&id) && !id.parent().is_some_and(|parent| lacks(&parent))) {
        return Ok(());
    }
    let message = format!("The {what} '{text}' was not found.");
    Err(ArmError::gateway(400, "InvalidResourceReference", message))
}

fn accepted(ctx: &Context<'_>, id: &Id, status: u16, operation: &Operation) -> Reply {
    let reply = Reply::new(status, ctx.shown(id)).with("azure-asyncoperation", operation.address(ctx));
    reply.with("retry-after", ctx.pace.seconds(10).to_string())
}

/// An endpoint as it is shown.
pub(super) fn show(state: &State, endpoint: &Resource) -> Value {
    let mut shown = properties(&endpoint.fields).cloned().unwrap_or_default();
    let hosts: Vec<Value> = targets(endpoint)
        .filter_map(|target| state.resources.get(&target.key()))
        .map(|cache| match cache.id.kind {
            Kind::Cluster => {
                format!("{}.{}.redis.azure.net", cache.id.name().to_ascii_lowercase(), cache.location.name)
            }
            _ => format!("{}.redis.cache.windows.net", cache.id.name().to_ascii_lowercase()),
        })
        .map(|host| json!({ "fqdn": host, "ipAddresses": ["10.0.1.4"] }))
        .collect();
    shown.insert("provisioningState".to_owned(), json!(endpoint.standing().provisioning));
    shown.insert("customDnsConfigs".to_owned(), json!(hosts));
    let nic = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/networkInterfaces/{}.nic",
        endpoint.id.subscription,
        endpoint.id.group,
        endpoint.id.name()
    );
    shown.insert("networkInterfaces".to_owned(), json!([{ "id": nic }]));
    json!({
        "name": endpoint.id.name(),
        "id": endpoint.id.shown(),
        "type": endpoint.id.kind.full_type(),
        "location": endpoint.location.name,
        "tags": endpoint.fields.get("tags"),
        "properties": shown,
    })
}

/// The connections that a cache shows: of endpoints that are through.
pub(super) fn connections(state: &State, cache: &Id) -> Value {
    let key = cache.key();
    let endpoints = state.resources.values().filter(|resource| resource.id.kind == Kind::PrivateEndpoint);
    let of_this =
        endpoints.filter(|endpoint| !endpoint.is_creating() && targets(endpoint).any(|target| target.key() == key));
    let shown = of_this.map(|endpoint| {
        let name = endpoint.id.name();
        json!({
            "id": format!("{}/privateEndpointConnections/{name}", cache.shown()),
            "name": name,
            "type": format!("{}/privateEndpointConnections", cache.kind.full_type()),
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": { "id": endpoint.id.shown() },
                "privateLinkServiceConnectionState": state_of_connection(),
            },
        })
    });
    Value::Array(shown.collect())
}

/// The caches that an endpoint leads to.
fn targets(endpoint: &Resource) -> impl Iterator<Item = Id> + '_ {
    let links = properties(&endpoint.fields).and_then(|own| own.get("privateLinkServiceConnections"));
    let links = links.and_then(Value::as_array).into_iter().flatten();
    links.filter_map(|link| Id::parse(link.get("properties")?.get("privateLinkServiceId")?.as_str()?))
}

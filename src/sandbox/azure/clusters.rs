//! `Microsoft.Cache/redisEnterprise`: Managed Redis clusters.

use serde_json::{Value, json};

use super::change::{self, Seconds};
use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::kind::Kind;
use super::operations::{Family, Operation};
use super::reply::Reply;
use super::resource::{Act, Fields, Resource, properties, text};
use super::store::State;
use super::{durations, private_endpoints, skus, versions};

const UPDATE: Seconds = Seconds { update: durations::CLUSTER_UPDATE, scale: durations::CLUSTER_SCALE };

/// Creates or replaces.
pub(super) fn put(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.may_exist(id)?;
    let given = ctx.request.object()?;
    let location = change::location(&given, &id.kind.full_type())?;
    check_name(id.name(), "cluster")?;
    let fields = fields(&given, ctx.version)?;
    change::same_location(ctx, id, location)?;
    if !ctx.state.resources.contains_key(&id.key()) {
        let resource = Resource::new(id.clone(), location, fields);
        let operation = ctx.add(resource, durations::CLUSTER_CREATE, Family::Managed);
        return Ok(accepted(ctx, id, 201, &operation));
    }
    // Without a real change, and while it is still being created, there is no operation and no header.
    match change::replace(ctx, id, fields, UPDATE, Family::Managed)? {
        Some(operation) => Ok(accepted(ctx, id, 200, &operation)),
        None => Ok(Reply::ok(ctx.shown(id))),
    }
}

/// Changes what is named.
pub(super) fn patch(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let existing = ctx.existing(id)?;
    let mut merged = existing.fields.clone();
    merged.insert("location".to_owned(), json!(existing.location.name));
    for name in ["sku", "tags", "identity", "zones"] {
        if let Some(value) = given.get(name) {
            merged.insert(name.to_owned(), value.clone());
        }
    }
    if let (Some(Value::Object(own)), Some(new)) = (merged.get_mut("properties"), properties(&given)) {
        own.extend(new.clone());
    }
    let fields = fields(&merged, versions::MANAGED_SKUS)?;
    match change::replace(ctx, id, fields, UPDATE, Family::Managed)? {
        Some(operation) => Ok(accepted(ctx, id, 202, &operation)),
        None => Ok(Reply::ok(ctx.shown(id))),
    }
}

/// Deletes it with everything in it.
pub(super) fn delete(ctx: &mut Context<'_>, id: &Id, seconds: u64) -> Answer {
    let Some(existing) = ctx.state.resources.get(&id.key()) else {
        return match id.parent() {
            Some(parent) => ctx.existing(&parent).map(|_| Reply::empty(204)),
            None => Ok(Reply::empty(204)),
        };
    };
    if existing.is_deleting() {
        let operation = ctx.running(id).ok_or_else(|| ArmError::busy(&id.shown()))?;
        return Ok(accepted(ctx, id, 202, &operation));
    }
    ctx.idle(&id.root())?;
    let operation = ctx.begin(id, Act::Delete, seconds, Family::Managed);
    Ok(accepted(ctx, id, 202, &operation))
}

/// Sizes that it can be given.
pub(super) fn skus_for_scaling(ctx: &Context<'_>, id: &Id) -> Answer {
    let own = ctx.existing(id)?.fields.get("sku").and_then(|sku| sku.get("name")).and_then(Value::as_str);
    let flash = own.is_some_and(|own| own.starts_with("FlashOptimized_"));
    let others = skus::MANAGED.iter().filter(|(name, _)| Some(*name) != own && name.starts_with("Flash") == flash);
    let skus: Vec<Value> = others.map(|(name, size)| json!({ "name": name, "sizeInGB": size })).collect();
    Ok(Reply::ok(json!({ "skus": skus })))
}

/// The answer to a call that started an operation on a cluster, or on a part of one.
pub(super) fn accepted(ctx: &Context<'_>, id: &Id, status: u16, operation: &Operation) -> Reply {
    let reply = Reply::new(status, ctx.shown(id)).with("azure-asyncoperation", operation.address(ctx));
    let location = match id.kind {
        Kind::Assignment => operation.signed(ctx, &id.shown()),
        _ => operation.result_address(ctx),
    };
    reply.with("location", location)
}

/// Letters and digits, with single hyphens between them.
pub(super) fn check_name(name: &str, what: &str) -> Result<(), ArmError> {
    let good = (1..=60).contains(&name.len())
        && name.split('-').all(|part| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric()));
    if good {
        return Ok(());
    }
    let message = format!(
        "The {what} name '{name}' is invalid. It must match the pattern '^(?=.{{1,60}}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*$'."
    );
    Err(ArmError::bad(message))
}

fn fields(given: &Fields, version: &str) -> Result<Fields, ArmError> {
    let sku = sku(given, version)?;
    if given.get("zones").and_then(Value::as_array).is_some_and(|zones| !zones.is_empty()) {
        let message = format!(
            "Specifying zones for SKU '{sku}' is not supported. Zone redundancy is enabled by default in regions that support it."
        );
        return Err(ArmError::bad(message));
    }
    let own = properties(given);
    let access = match text(own, "publicNetworkAccess") {
        None if version >= versions::STRICT => {
            return Err(ArmError::bad(
                "The property 'publicNetworkAccess' is required. Valid values are: Enabled, Disabled.",
            ));
        }
        None => Value::Null,
        Some(_) => json!(change::word(own, "publicNetworkAccess", &["Enabled", "Disabled"], "")?),
    };
    let tls = change::word(own, "minimumTlsVersion", &["1.0", "1.1", "1.2"], "1.2")?;
    if tls != "1.2" {
        return Err(ArmError::bad(format!("TLS {tls} is not supported any more. Set 'minimumTlsVersion' to '1.2'.")));
    }
    let available = change::word(own, "highAvailability", &["Enabled", "Disabled"], "Enabled")?;
    let mut shown = json!({ "minimumTlsVersion": tls, "highAvailability": available, "publicNetworkAccess": access });
    if let Some(encryption) = own.and_then(|own| own.get("encryption")).filter(|encryption| !encryption.is_null()) {
        shown["encryption"] = encryption.clone();
    }
    let identity = given.get("identity").filter(|identity| identity.is_object()).cloned();
    let mut fields = Fields::new();
    fields.insert("sku".to_owned(), json!({ "name": sku }));
    fields.insert("tags".to_owned(), change::tags(given)?.unwrap_or_default());
    fields.insert("identity".to_owned(), identity.unwrap_or_else(|| json!({ "type": "None" })));
    fields.insert("properties".to_owned(), shown);
    Ok(fields)
}

fn sku(given: &Fields, version: &str) -> Result<String, ArmError> {
    let sku = given.get("sku").and_then(Value::as_object);
    let Some(name) = text(sku, "name").filter(|name| !name.is_empty()) else {
        return Err(ArmError::bad("The property 'sku.name' is required."));
    };
    if skus::is_retired(name) {
        let message = "Creation of new Azure Cache for Redis Enterprise resources is no longer supported. Azure Cache for Redis \
                       Enterprise is being retired; please create Azure Managed Redis instead.";
        return Err(ArmError::bad(message));
    }
    if skus::managed(name).is_none() {
        let known: Vec<&str> = skus::MANAGED.iter().map(|(name, _)| *name).collect();
        let message = format!(
            "The value '{name}' of the property 'sku.name' is invalid. Valid values are: {}.",
            known.join(", ")
        );
        return Err(ArmError::bad(message));
    }
    if version < versions::MANAGED_SKUS {
        let message = format!("The SKU '{name}' needs the api-version '{}' or newer.", versions::MANAGED_SKUS);
        return Err(ArmError::bad(message));
    }
    if sku.and_then(|sku| sku.get("capacity")).is_some_and(|capacity| !capacity.is_null()) {
        return Err(ArmError::bad(format!("The property 'sku.capacity' is not supported for the SKU '{name}'.")));
    }
    Ok(name.to_owned())
}

/// A cluster as a version shows it.
pub(super) fn show(state: &State, cluster: &Resource, version: &str) -> Value {
    let mut shown = properties(&cluster.fields).cloned().unwrap_or_default();
    if version < versions::STRICT {
        shown.remove("publicNetworkAccess");
    }
    let standing = cluster.standing();
    let redundancy = if cluster.property("highAvailability") == "Disabled" { "None" } else { "ZR" };
    shown.extend([
        ("hostName".to_owned(), json!(host(state, cluster))),
        ("provisioningState".to_owned(), json!(standing.provisioning)),
        ("resourceState".to_owned(), json!(standing.resource)),
        ("privateEndpointConnections".to_owned(), private_endpoints::connections(state, &cluster.id)),
        ("redundancyMode".to_owned(), json!(redundancy)),
    ]);
    json!({
        "location": cluster.location.display,
        "name": cluster.id.name(),
        "id": cluster.id.shown(),
        "type": cluster.id.kind.full_type(),
        "kind": "v2",
        "tags": cluster.fields.get("tags"),
        "sku": cluster.fields.get("sku"),
        "properties": shown,
        "identity": cluster.fields.get("identity"),
    })
}

/// The host that clients connect to: where the database's server listens, if there is one.
fn host(state: &State, cluster: &Resource) -> String {
    let database = state.resources.get(&cluster.id.child(Kind::Database, "default").key());
    match database.and_then(|database| database.listening.as_ref()) {
        Some(server) => server.host.clone(),
        None => format!("{}.{}.redis.azure.net", cluster.id.name().to_ascii_lowercase(), cluster.location.name),
    }
}

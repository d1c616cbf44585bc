//! `Microsoft.Cache/redisEnterprise/databases`: the one database of a cluster, its keys, and who may use it with a token.

use serde_json::{Value, json};

use super::change;
use super::clusters::accepted;
use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::keys;
use super::operations::Family;
use super::reply::Reply;
use super::resource::{Act, Fields, Resource, properties, text};
use super::{durations, skus, versions};

const PORT: u16 = 10_000;
const EVICTION: [&str; 8] = [
    "AllKeysLFU",
    "AllKeysLRU",
    "AllKeysRandom",
    "VolatileLFU",
    "VolatileLRU",
    "VolatileRandom",
    "VolatileTTL",
    "NoEviction",
];
/// Gigabytes that a database without sharding can have at most.
const MOST_WITHOUT_CLUSTER: u32 = 25;

/// Creates or replaces.
pub(super) fn put(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.may_exist(id)?;
    let given = ctx.request.object()?;
    if id.name() != "default" {
        return Err(ArmError::bad(format!("The database name '{}' is invalid. It must be 'default'.", id.name())));
    }
    let existing = ctx.state.resources.get(&id.key()).cloned();
    let Some(existing) = existing else {
        ctx.idle_parent(id)?;
        let fields = fields(ctx, id, properties(&given), None)?;
        let cluster = ctx.existing(&id.root())?;
        if cluster.is_shell() {
            return Err(ArmError::bad(format!("The cluster '{}' is in a failed state.", cluster.id.shown())));
        }
        let mut resource = Resource::new(id.clone(), cluster.location, fields);
        resource.keys = Some(keys::pair(ctx.random));
        let operation = ctx.add(resource, durations::DATABASE_CREATE, Family::Managed);
        return Ok(accepted(ctx, id, 201, &operation));
    };
    update(ctx, id, &existing, properties(&given), 200)
}

/// Changes what is named.
pub(super) fn patch(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let existing = ctx.existing(id)?.clone();
    let mut merged = properties(&existing.fields).cloned().unwrap_or_default();
    merged.extend(properties(&given).cloned().unwrap_or_default());
    update(ctx, id, &existing, Some(&merged), 202)
}

/// Always an operation, even without a change.
fn update(ctx: &mut Context<'_>, id: &Id, existing: &Resource, given: Option<&Fields>, status: u16) -> Answer {
    let fields = fields(ctx, id, given, Some(existing))?;
    ctx.idle(&id.root())?;
    if existing.is_shell() {
        return Err(ArmError::bad(format!("The database '{}' is in a failed state. Delete it first.", id.shown())));
    }
    let act = Act::Update { fields: Box::new(fields), scaling: false };
    let operation = ctx.begin(id, act, durations::DATABASE_UPDATE, Family::Managed);
    Ok(accepted(ctx, id, status, &operation))
}

/// The newest Redis. There is only one here.
pub(super) fn upgrade(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let existing = ctx.existing(id)?;
    let act = Act::Update { fields: Box::new(existing.fields.clone()), scaling: false };
    ctx.idle(&id.root())?;
    let operation = ctx.begin(id, act, durations::DATABASE_UPGRADE, Family::Managed);
    let reply = Reply::empty(202).with("azure-asyncoperation", operation.address(ctx));
    Ok(reply.with("location", operation.result_address(ctx)))
}

fn fields(ctx: &Context<'_>, id: &Id, given: Option<&Fields>, existing: Option<&Resource>) -> Result<Fields, ArmError> {
    let before = existing.and_then(|existing| properties(&existing.fields));
    let keys_default = if ctx.version >= versions::STRICT { "Disabled" } else { "Enabled" };
    let switch = ["Enabled", "Disabled"];
    let policies = ["OSSCluster", "EnterpriseCluster", "NoCluster"];
    let policy =
        change::word(given, "clusteringPolicy", &policies, text(before, "clusteringPolicy").unwrap_or("OSSCluster"))?;
    let mut shown = json!({
        "clientProtocol": change::word(given, "clientProtocol", &["Encrypted", "Plaintext"], "Encrypted")?,
        "port": port(given)?,
        "clusteringPolicy": policy,
        "evictionPolicy": change::word(given, "evictionPolicy", &EVICTION, "VolatileLRU")?,
        "deferUpgrade": change::word(given, "deferUpgrade", &["NotDeferred", "Deferred"], "NotDeferred")?,
        "redisVersion": "7.4",
        "accessKeysAuthentication": change::word(given, "accessKeysAuthentication", &switch, keys_default)?,
    });
    if let Some(persistence) = given.and_then(|given| given.get("persistence")).filter(|given| !given.is_null()) {
        check_persistence(persistence)?;
        shown["persistence"] = persistence.clone();
    }
    if let Some(replication) = given.and_then(|given| given.get("geoReplication")).filter(|given| !given.is_null()) {
        shown["geoReplication"] = replication.clone();
    }
    let modules =
        |fields: Option<&Fields>| fields.and_then(|fields| fields.get("modules")).filter(|it| !it.is_null()).cloned();
    if let Some(modules) = modules(given).or_else(|| modules(before)) {
        shown["modules"] = modules;
    }
    if let Some(before) = before {
        let was = text(Some(before), "clusteringPolicy").unwrap_or_default();
        if was != policy && was != "NoCluster" {
            let message = format!(
                "The property 'clusteringPolicy' cannot be changed from '{was}' to '{policy}'. Delete the database and create it again."
            );
            return Err(ArmError::bad(message));
        }
        if before.get("modules") != shown.get("modules") {
            return Err(ArmError::bad("The property 'modules' can only be set when the database is created."));
        }
    }
    if policy == "NoCluster" {
        let sku = ctx
            .state
            .resources
            .get(&id.root().key())
            .and_then(|cluster| cluster.fields.get("sku")?.get("name")?.as_str());
        if sku.and_then(skus::managed).is_some_and(|gigabytes| gigabytes > MOST_WITHOUT_CLUSTER) {
            let message =
                format!("The clustering policy 'NoCluster' is supported up to {MOST_WITHOUT_CLUSTER} GB only.");
            return Err(ArmError::bad(message));
        }
    }
    let mut fields = Fields::new();
    fields.insert("properties".to_owned(), shown);
    Ok(fields)
}

fn port(given: Option<&Fields>) -> Result<u16, ArmError> {
    match given.and_then(|given| given.get("port")) {
        None | Some(Value::Null) => Ok(PORT),
        Some(port) if port.as_u64() == Some(PORT.into()) => Ok(PORT),
        Some(port) => {
            Err(ArmError::bad(format!("The value '{port}' of the property 'port' is invalid. It must be {PORT}.")))
        }
    }
}

/// The append-only file or snapshots, not both.
fn check_persistence(given: &Value) -> Result<(), ArmError> {
    let on = |name: &str| given.get(name).and_then(Value::as_bool).unwrap_or_default();
    if on("aofEnabled") && on("rdbEnabled") {
        return Err(ArmError::bad("Only one of 'aofEnabled' and 'rdbEnabled' can be true."));
    }
    let own = given.as_object();
    if on("aofEnabled") {
        change::word(own, "aofFrequency", &["1s", "always"], "1s")?;
    }
    if on("rdbEnabled") && change::word(own, "rdbFrequency", &["1h", "6h", "12h"], "")?.is_empty() {
        return Err(ArmError::bad("The property 'rdbFrequency' is required with 'rdbEnabled'."));
    }
    Ok(())
}

/// A database as it is shown.
pub(super) fn show(database: &Resource) -> Value {
    let standing = database.standing();
    let mut shown = properties(&database.fields).cloned().unwrap_or_default();
    shown.insert("provisioningState".to_owned(), json!(standing.provisioning));
    shown.insert("resourceState".to_owned(), json!(standing.resource));
    if let Some(server) = &database.listening {
        shown.insert("port".to_owned(), json!(server.port));
    }
    json!({
        "name": database.id.name(),
        "id": database.id.shown(),
        "type": database.id.kind.full_type(),
        "properties": shown,
    })
}

//! The small parts of caches: access policy assignments of both products, firewall rules and patch schedules.

use serde_json::{Value, json};

use super::clusters::accepted;
use super::context::Context;
use super::durations;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::kind::Kind;
use super::operations::Family;
use super::reply::Reply;
use super::resource::{Act, Fields, Resource, properties, text};

/// Gives somebody access to a Managed Redis database.
pub(super) fn put_assignment(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.may_exist(id)?;
    let given = ctx.request.object()?;
    let name = id.name();
    if name.len() > 60 || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        let message = format!(
            "The access policy assignment name '{name}' is invalid. It must match the pattern '^[A-Za-z0-9]{{1,60}}$'."
        );
        return Err(ArmError::bad(message));
    }
    let own = properties(&given);
    let user = own.and_then(|own| own.get("user")).and_then(Value::as_object);
    let (policy, object) = (text(own, "accessPolicyName"), text(user, "objectId"));
    if policy != Some("default") {
        return Err(invalid("The only access policy is 'default'."));
    }
    let Some(object) = object.filter(|object| uuid::Uuid::parse_str(object).is_ok()) else {
        return Err(invalid(
            "The property 'user.objectId' must be the object id of a user, group or service principal.",
        ));
    };
    ctx.idle_parent(id)?;
    let shown = json!({ "accessPolicyName": "default", "user": { "objectId": object } });
    let (new, operation) = write(ctx, id, shown, durations::ASSIGNMENT, Family::Managed)?;
    Ok(accepted(ctx, id, if new { 201 } else { 200 }, &operation))
}

/// Gives somebody access to a classic cache, or makes a policy that can be given. A change answers 201, too.
pub(super) fn put_classic(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let own = properties(&given);
    let shown = if id.kind == Kind::ClassicPolicy { policy(own)? } else { classic_assignment(own)? };
    ctx.idle_parent(id)?;
    let (_, operation) = write(ctx, id, shown, durations::CLASSIC_ASSIGNMENT, Family::Classic)?;
    let address = operation.address(ctx);
    let reply = Reply::new(201, ctx.shown(id)).with("azure-asyncoperation", address.clone());
    Ok(reply.with("location", address))
}

/// Permissions for all keys, unless they say for which.
fn policy(own: Option<&Fields>) -> Result<Value, ArmError> {
    let permissions = text(own, "permissions").filter(|text| !text.is_empty());
    let permissions = permissions.ok_or_else(|| ArmError::bad("The property 'permissions' is required."))?;
    let keys = if permissions.contains("keys") || permissions.contains('~') { "" } else { " allkeys" };
    Ok(json!({ "permissions": format!("{permissions}{keys}"), "type": "Custom" }))
}

fn classic_assignment(own: Option<&Fields>) -> Result<Value, ArmError> {
    let wanted = |name| text(own, name).filter(|text| !text.is_empty()).map(str::to_owned);
    let (Some(policy), Some(object)) = (wanted("accessPolicyName"), wanted("objectId")) else {
        return Err(invalid("The properties 'accessPolicyName' and 'objectId' are required."));
    };
    Ok(json!({ "accessPolicyName": policy, "objectId": object, "objectIdAlias": wanted("objectIdAlias") }))
}

/// Takes it away again.
pub(super) fn delete_classic(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.existing(&id.root())?;
    if !ctx.state.resources.contains_key(&id.key()) {
        return Ok(Reply::empty(204));
    }
    ctx.idle(&id.root())?;
    let operation = ctx.begin(id, Act::Delete, durations::CLASSIC_ASSIGNMENT, Family::Classic);
    let address = operation.address(ctx);
    Ok(Reply::empty(202).with("azure-asyncoperation", address.clone()).with("location", address))
}

/// Firewall rules and patch schedules are there at once.
pub(super) fn put_at_once(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let own = properties(&given);
    let shown = if id.kind == Kind::FirewallRule {
        let address = |name| {
            let text = text(own, name).filter(|text| text.parse::<std::net::IpAddr>().is_ok());
            text.ok_or_else(|| ArmError::bad(format!("The property '{name}' must be an IP address.")))
        };
        json!({ "startIP": address("startIP")?, "endIP": address("endIP")? })
    } else {
        json!({ "scheduleEntries": schedule(own)? })
    };
    ctx.idle_parent(id)?;
    let new = !ctx.state.resources.contains_key(&id.key());
    store(ctx, id, shown)?;
    let mut body = ctx.shown(id);
    if id.kind == Kind::PatchSchedule {
        return Ok(Reply::ok(body));
    }
    // The answer to this PUT, and no other answer, spells it so.
    let path = id.shown().replace("/Redis/", "/redis/");
    let location = format!("{}{path}?api-version={}", ctx.request.base, ctx.version);
    body["id"] = json!(path);
    body["type"] = json!("Microsoft.Cache/redis/firewallRules");
    Ok(if new { Reply::new(201, body).with("location", location) } else { Reply::ok(body) })
}

/// And gone at once.
pub(super) fn delete_at_once(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.existing(&id.root())?;
    let key = id.key();
    ctx.state.remember(&key);
    let gone = ctx.state.resources.remove(&key);
    Ok(Reply::empty(if gone.is_some() { 200 } else { 204 }))
}

fn invalid(message: &str) -> ArmError {
    ArmError::provider(400, "InvalidAccessPolicyAssignment", message)
}

fn schedule(own: Option<&Fields>) -> Result<Vec<Value>, ArmError> {
    const DAYS: [&str; 9] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Everyday", "Weekend"];
    let entries =
        own.and_then(|own| own.get("scheduleEntries")).and_then(Value::as_array).filter(|list| !list.is_empty());
    let entries = entries.ok_or_else(|| ArmError::bad("The property 'scheduleEntries' is required."))?;
    let mut shown = Vec::new();
    for entry in entries {
        let day = text(entry.as_object(), "dayOfWeek").filter(|day| DAYS.contains(day));
        let hour = entry.get("startHourUtc").and_then(Value::as_u64).filter(|hour| *hour < 24);
        let (Some(day), Some(hour)) = (day, hour) else {
            return Err(ArmError::bad(
                "An entry of 'scheduleEntries' needs a 'dayOfWeek', and a 'startHourUtc' from 0 to 23.",
            ));
        };
        let window = text(entry.as_object(), "maintenanceWindow").unwrap_or("PT5H");
        shown.push(json!({ "dayOfWeek": day, "startHourUtc": hour, "maintenanceWindow": window }));
    }
    Ok(shown)
}

/// Starts the creation or the update of a part; whether it is new.
pub(super) fn write(
    ctx: &mut Context<'_>,
    id: &Id,
    shown: Value,
    seconds: u64,
    family: Family,
) -> Result<(bool, super::operations::Operation), ArmError> {
    let mut fields = Fields::new();
    fields.insert("properties".to_owned(), shown);
    if ctx.state.resources.contains_key(&id.key()) {
        let act = Act::Update { fields: Box::new(fields), scaling: false };
        return Ok((false, ctx.begin(id, act, seconds, family)));
    }
    let location = ctx.existing(&id.root())?.location;
    Ok((true, ctx.add(Resource::new(id.clone(), location, fields), seconds, family)))
}

fn store(ctx: &mut Context<'_>, id: &Id, shown: Value) -> Result<(), ArmError> {
    let location = ctx.existing(&id.root())?.location;
    let mut fields = Fields::new();
    fields.insert("properties".to_owned(), shown);
    let key = id.key();
    ctx.state.remember(&key);
    ctx.state.resources.insert(key, Resource::new(id.clone(), location, fields));
    Ok(())
}

/// A part as it is shown.
pub(super) fn show(part: &Resource) -> Value {
    // What is to become of it is shown at once.
    let fields = match part.work.as_ref().map(|work| &work.act) {
        Some(Act::Update { fields, .. }) => fields,
        _ => &part.fields,
    };
    let mut shown = properties(fields).cloned().unwrap_or_default();
    let at_once = matches!(part.id.kind, Kind::FirewallRule | Kind::PatchSchedule);
    if !at_once {
        shown.insert("provisioningState".to_owned(), json!(part.standing().provisioning));
    }
    // These two are named after their cache, too.
    let name = if at_once { part.id.names.join("/") } else { part.id.name().to_owned() };
    let mut body =
        json!({ "id": part.id.shown(), "name": name, "type": part.id.kind.full_type(), "properties": shown });
    if part.id.kind == Kind::PatchSchedule {
        body["location"] = json!(part.location.display);
    }
    body
}

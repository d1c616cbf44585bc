//! Subscriptions, resource groups and the registration of resource providers: what has to be there first.

use serde_json::{Value, json};

use super::context::Context;
use super::error::{Answer, ArmError};
use super::reply::Reply;
use super::{durations, locations};

/// Namespaces that exist.
const NAMESPACES: [&str; 3] = ["Microsoft.Cache", "Microsoft.Network", "Microsoft.Resources"];

/// The subscription itself.
pub(super) fn get(subscription: &str) -> Reply {
    Reply::ok(json!({
        "id": format!("/subscriptions/{subscription}"),
        "subscriptionId": subscription,
        "displayName": "Sandbox",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }))
}

/// Resource groups are not stored: every one exists until it is taken away.
pub(super) fn group(subscription: &str, group: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/resourceGroups/{group}"),
        "name": group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "properties": { "provisioningState": "Succeeded" },
    })
}

/// The groups that anything is in.
pub(super) fn groups(ctx: &Context<'_>, subscription: &str) -> Reply {
    let ours =
        ctx.state.resources.values().filter(|resource| resource.id.subscription.eq_ignore_ascii_case(subscription));
    let mut names: Vec<&str> = ours.map(|resource| resource.id.group.as_str()).collect();
    names.sort_unstable();
    names.dedup_by_key(|name| name.to_ascii_lowercase());
    let shown: Vec<Value> = names.into_iter().map(|name| group(subscription, name)).collect();
    Reply::ok(json!({ "value": shown }))
}

/// What the caller may do: everything but what was denied.
pub(super) fn permissions(ctx: &Context<'_>) -> Reply {
    let denied = &ctx.state.missing.denied;
    let role = json!({ "actions": ["*"], "notActions": denied, "dataActions": [], "notDataActions": [] });
    Reply::ok(json!({ "value": [role] }))
}

/// Whether a namespace can be used.
pub(super) fn provider(ctx: &Context<'_>, subscription: &str, namespace: &str) -> Answer {
    let known = known(namespace)?;
    let state = match ctx.state.missing.unregistered.get(&namespace.to_ascii_lowercase()) {
        _ if ctx.state.missing.is_registered(namespace, ctx.now) => "Registered",
        Some(Some(_)) => "Registering",
        _ => "NotRegistered",
    };
    Ok(Reply::ok(show(subscription, known, state)))
}

/// Makes a namespace usable, in a while.
pub(super) fn register(ctx: &mut Context<'_>, subscription: &str, namespace: &str) -> Answer {
    let known = known(namespace)?;
    let through = ctx.pace.due(ctx.now, durations::REGISTER);
    let state = match ctx.state.missing.unregistered.get_mut(&namespace.to_ascii_lowercase()) {
        Some(until) => {
            until.get_or_insert(through);
            "Registering"
        }
        None => "Registered",
    };
    Ok(Reply::ok(show(subscription, known, state)))
}

fn known(namespace: &str) -> Result<&'static str, ArmError> {
    let known = NAMESPACES.into_iter().find(|known| known.eq_ignore_ascii_case(namespace));
    known.ok_or_else(|| {
        let message = format!("The resource namespace '{namespace}' is invalid.");
        ArmError::gateway(404, "InvalidResourceNamespace", message)
    })
}

fn show(subscription: &str, namespace: &str, state: &str) -> Value {
    let types = match namespace {
        "Microsoft.Cache" => vec!["Redis", "redisEnterprise", "operations"],
        "Microsoft.Network" => vec!["privateEndpoints", "virtualNetworks", "privateDnsZones"],
        _ => vec!["resourceGroups"],
    };
    let places = locations::displayed();
    let types: Vec<Value> =
        types.into_iter().map(|kind| json!({ "resourceType": kind, "locations": places, "apiVersions": [] })).collect();
    json!({
        "id": format!("/subscriptions/{subscription}/providers/{namespace}"),
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": types,
        "registrationState": state,
    })
}

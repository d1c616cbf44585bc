//! Which function answers which call, and what ARM checks before any of them.

use axum::http::Method;

use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::kind::Kind;
use super::random::RequestIds;
use super::reply::Reply;
use super::request::known_action;
use super::target::{Target, What};
use super::{
    classic, clusters, databases, durations, entra, keys, lists, operations, parts, private_endpoints, subscription,
    versions,
};

/// Carries out a call.
pub(super) fn carry_out(ctx: &mut Context<'_>, ids: &RequestIds) -> Answer {
    let request = ctx.request;
    match &request.target {
        Target::Token { tenant } => Ok(entra::token(ctx, tenant, ids)),
        Target::OpenIdConfiguration { tenant } => Ok(entra::configuration(ctx, tenant, ids)),
        Target::InstanceDiscovery => Ok(entra::discovery(ctx)),
        Target::MachineToken => Ok(entra::machine_token(ctx)),
        Target::Unknown => Err(ArmError::gateway(404, "NotFound", format!("There is nothing at '{}'.", request.path))),
        Target::Arm { subscription, group, what } => {
            ctx.version = versions::check(request.query("api-version"), kind(what))?;
            check(ctx, subscription, group.as_deref(), what)?;
            arm(ctx, subscription, group.as_deref(), what)
        }
    }
}

fn kind(what: &What) -> Option<Kind> {
    match what {
        What::List { kind, .. } => Some(*kind),
        What::Resource(id) | What::Action { id, .. } => Some(id.kind),
        What::CheckName => Some(Kind::Classic),
        _ => None,
    }
}

/// What has to exist and to be allowed, in the order in which ARM looks.
fn check(ctx: &Context<'_>, subscription: &str, group: Option<&str>, what: &What) -> Result<(), ArmError> {
    let missing = &ctx.state.missing;
    if missing.lacks(subscription) {
        let message = format!("The subscription '{subscription}' could not be found.");
        return Err(ArmError::gateway(404, "SubscriptionNotFound", message));
    }
    if let What::NoSuchType { namespace, types } = what {
        let message = format!(
            "The resource type '{types}' could not be found in the namespace '{namespace}' for api version '{}'.",
            ctx.version
        );
        return Err(ArmError::gateway(404, "InvalidResourceType", message));
    }
    if let Some(permission) = ctx.request.permission().filter(|permission| missing.denies(permission)) {
        return Err(ArmError::forbidden(NOBODY, &permission, &ctx.request.path));
    }
    if let Some(namespace) = kind(what).map(Kind::namespace)
        && !missing.is_registered(namespace, ctx.now)
    {
        let message = format!(
            "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to \
             register subscriptions."
        );
        return Err(ArmError::gateway(409, "MissingSubscriptionRegistration", message));
    }
    // Making a group makes it exist.
    let making = *what == What::Group && ctx.request.method == Method::PUT;
    match group {
        Some(group) if !making && missing.lacks_group(subscription, group) => Err(ArmError::no_group(group)),
        _ => Ok(()),
    }
}

/// The caller's object id, as refusals show it: who calls is not looked at.
pub(super) const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn arm(ctx: &mut Context<'_>, subscription: &str, group: Option<&str>, what: &What) -> Answer {
    let method = ctx.request.method.clone();
    match what {
        What::Subscription => Ok(subscription::get(subscription)),
        What::Groups => Ok(subscription::groups(ctx, subscription)),
        What::Group => resource_group(ctx, subscription, group.unwrap_or_default()),
        What::Provider { namespace } => subscription::provider(ctx, subscription, namespace),
        What::Register { namespace } => subscription::register(ctx, subscription, namespace),
        What::CheckName => classic::check_name_availability(ctx),
        What::Permissions => Ok(subscription::permissions(ctx)),
        What::Operation { id, .. } => operations::get(ctx, id),
        What::Result { id } => operations::result(ctx, id),
        What::List { kind, parent } => match parent {
            Some(parent) => lists::parts(ctx, *kind, parent),
            None => lists::all(ctx, *kind, subscription, group),
        },
        What::Resource(id) => resource(ctx, &method, id),
        What::Action { id, action } => act(ctx, id, known_action(action)),
        What::NoSuchType { .. } => Err(ArmError::method_not_allowed(method.as_str())),
    }
}

fn resource_group(ctx: &mut Context<'_>, subscription: &str, group: &str) -> Answer {
    match ctx.request.method {
        Method::GET => Ok(Reply::ok(subscription::group(subscription, group))),
        Method::HEAD => Ok(Reply::empty(204)),
        Method::PUT => {
            let (own, every) = (subscription.to_ascii_lowercase(), group.to_ascii_lowercase());
            let removed = &mut ctx.state.missing.groups;
            let new = removed.remove(&(Some(own), every.clone())) | removed.remove(&(None, every));
            Ok(Reply::new(if new { 201 } else { 200 }, subscription::group(subscription, group)))
        }
        _ => Err(ArmError::method_not_allowed(ctx.request.method.as_str())),
    }
}

fn resource(ctx: &mut Context<'_>, method: &Method, id: &Id) -> Answer {
    match (id.kind, method.as_str()) {
        (Kind::VirtualNetwork | Kind::Subnet | Kind::DnsZone, "GET") => private_endpoints::get_prerequisite(ctx, id),
        (_, "GET" | "HEAD") => Ok(Reply::ok(ctx.show(ctx.existing(id)?))),
        (Kind::Cluster, "PUT") => clusters::put(ctx, id),
        (Kind::Cluster, "PATCH") => clusters::patch(ctx, id),
        (Kind::Cluster, "DELETE") => clusters::delete(ctx, id, durations::CLUSTER_DELETE),
        (Kind::Database, "PUT") => databases::put(ctx, id),
        (Kind::Database, "PATCH") => databases::patch(ctx, id),
        (Kind::Database, "DELETE") => clusters::delete(ctx, id, durations::DATABASE_DELETE),
        (Kind::Assignment, "PUT") => parts::put_assignment(ctx, id),
        (Kind::Assignment, "DELETE") => clusters::delete(ctx, id, durations::ASSIGNMENT),
        (Kind::Classic, "PUT") => classic::put(ctx, id),
        (Kind::Classic, "PATCH") => classic::patch(ctx, id),
        (Kind::Classic, "DELETE") => classic::delete(ctx, id),
        (Kind::ClassicPolicy | Kind::ClassicAssignment, "PUT") => parts::put_classic(ctx, id),
        (Kind::ClassicPolicy | Kind::ClassicAssignment, "DELETE") => parts::delete_classic(ctx, id),
        (Kind::FirewallRule | Kind::PatchSchedule, "PUT") => parts::put_at_once(ctx, id),
        (Kind::FirewallRule | Kind::PatchSchedule, "DELETE") => parts::delete_at_once(ctx, id),
        (Kind::PrivateEndpoint, "PUT") => private_endpoints::put(ctx, id),
        (Kind::DnsZoneGroup, "PUT") => private_endpoints::put_zone_group(ctx, id),
        (Kind::PrivateEndpoint | Kind::DnsZoneGroup, "DELETE") => private_endpoints::delete(ctx, id),
        _ => Err(ArmError::method_not_allowed(method.as_str())),
    }
}

fn act(ctx: &mut Context<'_>, id: &Id, action: &str) -> Answer {
    match (id.kind, action) {
        (Kind::Cluster, "listSkusForScaling") => clusters::skus_for_scaling(ctx, id),
        (Kind::Database | Kind::Classic, "listKeys") => keys::list(ctx, id),
        (Kind::Database | Kind::Classic, "regenerateKey") => keys::regenerate(ctx, id),
        (Kind::Database, "upgradeDBRedisVersion") => databases::upgrade(ctx, id),
        (Kind::Database | Kind::Classic, _) => {
            ctx.existing(id)?;
            Err(ArmError::not_implemented(action))
        }
        _ => Err(ArmError::method_not_allowed("POST")),
    }
}

//! `Microsoft.Cache/redis`: Azure Cache for Redis, which is on its way out.

use serde_json::{Value, json};

use super::change::{self, Seconds};
use super::classic_settings;
use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::kind::Kind;
use super::locations::Location;
use super::operations::Family;
use super::reply::Reply;
use super::resource::{Act, Fields, Resource, properties, text};
use super::store::State;
use super::{durations, keys, private_endpoints};

const UPDATE: Seconds = Seconds { update: durations::CLASSIC_UPDATE, scale: durations::CLASSIC_SCALE };
const PORT: u16 = 6379;
const SSL_PORT: u16 = 6380;

/// Creates or replaces. These answers, and no others, have the keys in them.
pub(super) fn put(ctx: &mut Context<'_>, id: &Id) -> Answer {
    ctx.may_exist(id)?;
    let given = ctx.request.object()?;
    let location = change::location(&given, &id.kind.full_type())?;
    check_name(id.name())?;
    let fields = fields(&given)?;
    change::same_location(ctx, id, location)?;
    if !ctx.state.resources.contains_key(&id.key()) {
        return create(ctx, id, location, fields);
    }
    let operation = change::replace(ctx, id, fields, UPDATE, Family::Classic)?;
    let resource = ctx.existing(id)?;
    let reply = Reply::ok(show(ctx.state, resource, true));
    Ok(match operation {
        Some(operation) => reply.with("azure-asyncoperation", operation.address(ctx)),
        None => reply,
    })
}

fn create(ctx: &mut Context<'_>, id: &Id, location: Location, fields: Fields) -> Answer {
    if ctx.state.missing.classic_refused {
        let message = "Creation of new Azure Cache for Redis resources is no longer supported for this subscription. Azure Cache \
                       for Redis is being retired; please create Azure Managed Redis instead.";
        return Err(ArmError::bad(message));
    }
    if is_taken(ctx.state, id.name()) {
        return Err(name_taken(id.name()));
    }
    let mut resource = Resource::new(id.clone(), location, fields);
    resource.keys = Some(keys::pair(ctx.random));
    let operation = ctx.add(resource, durations::CLASSIC_CREATE, Family::Classic);
    let resource = ctx.existing(id)?;
    let reply = Reply::new(201, show(ctx.state, resource, true)).with("azure-asyncoperation", operation.address(ctx));
    Ok(reply.with("location", operation.signed(ctx, &id.shown())))
}

/// Changes what is named; tags alone at once.
pub(super) fn patch(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let given = ctx.request.object()?;
    let mut merged = ctx.existing(id)?.fields.clone();
    for name in ["tags", "identity"] {
        if let Some(value) = given.get(name) {
            merged.insert(name.to_owned(), value.clone());
        }
    }
    if let (Some(Value::Object(own)), Some(new)) = (merged.get_mut("properties"), properties(&given)) {
        for (name, value) in new {
            match (own.get_mut(name), value) {
                (Some(Value::Object(before)), Value::Object(now)) => before.extend(now.clone()),
                _ => {
                    own.insert(name.clone(), value.clone());
                }
            }
        }
    }
    let fields = fields(&merged)?;
    let Some(operation) = change::replace(ctx, id, fields, UPDATE, Family::Classic)? else {
        return Ok(Reply::ok(ctx.shown(id)));
    };
    let address = operation.address(ctx);
    let reply = Reply::new(202, ctx.shown(id)).with("azure-asyncoperation", address.clone());
    Ok(reply.with("location", address))
}

/// Deletes it. The answer has a `Location` and no `Azure-AsyncOperation`.
pub(super) fn delete(ctx: &mut Context<'_>, id: &Id) -> Answer {
    let Some(existing) = ctx.state.resources.get(&id.key()) else { return Ok(Reply::empty(204)) };
    let operation = if existing.is_deleting() {
        ctx.running(id).ok_or_else(|| ArmError::busy(&id.shown()))?
    } else {
        ctx.idle(id)?;
        ctx.begin(id, Act::Delete, durations::CLASSIC_DELETE, Family::ClassicDelete)
    };
    Ok(Reply::empty(202).with("location", operation.address(ctx)))
}

/// Whether a name can still be had: 200 and nothing else, or an error.
pub(super) fn check_name_availability(ctx: &Context<'_>) -> Answer {
    let given = ctx.request.object()?;
    let (name, kind) = (text(Some(&given), "name"), text(Some(&given), "type"));
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Microsoft.Cache/Redis")) {
        return Err(ArmError::bad("The property 'type' must be 'Microsoft.Cache/Redis'."));
    }
    let name = name.unwrap_or_default();
    check_name(name)?;
    if is_taken(ctx.state, name) { Err(name_taken(name)) } else { Ok(Reply::empty(200)) }
}

/// Names are unique over all of Azure, because they are host names.
fn is_taken(state: &State, name: &str) -> bool {
    let mut classic = state.resources.values().filter(|resource| resource.id.kind == Kind::Classic);
    state.missing.taken_names.contains(&name.to_ascii_lowercase())
        || classic.any(|resource| resource.id.name().eq_ignore_ascii_case(name))
}

fn name_taken(name: &str) -> ArmError {
    let message = format!("The name '{name}' is already in use by another Azure Cache for Redis.");
    ArmError::provider(409, "NameNotAvailable", message)
}

fn check_name(name: &str) -> Result<(), ArmError> {
    let good = (1..=63).contains(&name.len())
        && name.split('-').all(|part| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric()));
    if good {
        return Ok(());
    }
    let message = format!(
        "The name '{name}' is invalid. It can have 1 to 63 letters, digits and hyphens, must start and end with a letter or digit, \
         and must not have two hyphens in a row."
    );
    Err(ArmError::provider(400, "InvalidResourceName", message))
}

fn fields(given: &Fields) -> Result<Fields, ArmError> {
    let mut fields = Fields::new();
    let own = properties(given);
    fields.insert("properties".to_owned(), Value::Object(classic_settings::read(own)?));
    fields.insert("tags".to_owned(), change::tags(given)?.unwrap_or_else(|| json!({})));
    for name in ["identity", "zones"] {
        if let Some(value) = given.get(name).filter(|value| !value.is_null()) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    Ok(fields)
}

/// A cache as it is shown.
pub(super) fn show(state: &State, cache: &Resource, with_keys: bool) -> Value {
    let mut shown = properties(&cache.fields).cloned().unwrap_or_default();
    let created = !cache.is_creating() && !cache.is_shell();
    let (host, ssl_port) = match &cache.listening {
        Some(server) => (server.host.clone(), server.port),
        None => (format!("{}.redis.cache.windows.net", cache.id.name().to_ascii_lowercase()), SSL_PORT),
    };
    let keys = cache.keys.as_ref().filter(|_| with_keys).map(keys::show);
    shown.extend([
        ("provisioningState".to_owned(), json!(cache.standing().provisioning)),
        ("hostName".to_owned(), json!(host)),
        ("port".to_owned(), json!(PORT)),
        ("sslPort".to_owned(), json!(ssl_port)),
        ("accessKeys".to_owned(), keys.unwrap_or_default()),
        ("linkedServers".to_owned(), json!([])),
        ("instances".to_owned(), json!(classic_settings::instances(&shown, created))),
    ]);
    let connections = private_endpoints::connections(state, &cache.id);
    if connections.as_array().is_some_and(|list| !list.is_empty()) {
        shown.insert("privateEndpointConnections".to_owned(), connections);
    }
    if created && let Some(replicas) = classic_settings::replicas(&shown) {
        shown.insert("replicasPerMaster".to_owned(), json!(replicas));
        shown.insert("replicasPerPrimary".to_owned(), json!(replicas));
    }
    let mut body = json!({
        "id": cache.id.shown(),
        "location": cache.location.display,
        "name": cache.id.name(),
        "type": cache.id.kind.full_type(),
        "tags": cache.fields.get("tags"),
        "properties": shown,
    });
    for name in ["identity", "zones"] {
        if let Some(value) = cache.fields.get(name) {
            body[name] = value.clone();
        }
    }
    body
}

//! Create, get, list, patch and delete of every product.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::call::Call;
use super::common::{flag, text};
use super::context::{Context, uuid};
use super::error::{Answer, ApiError, Failure};
use super::finish::{check, complete};
use super::operation::{Outcome, time};
use super::product::Product;
use super::schema::{self, Object, snake};
use super::store::{Act, Key, Resource, Seen, Work};
use super::{backups, cluster, common, durations, filter, locations, memcache, paging, psc};

/// For so long a request id is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(60);

/// `create`.
pub(super) fn create(ctx: &mut Context<'_>, product: Product) -> Answer {
    locations::check(&ctx.call.location)?;
    let id = ctx.call.query(product.id_parameter()).ok_or_else(|| Call::required(&snake(product.id_parameter())))?;
    let mut key = ctx.call.key(product);
    id.clone_into(&mut key.id);
    common::id(product, id)?;
    if let Some(answer) = replay(ctx, product)? {
        return answer;
    }
    let mut fields = schema::read(product.fields(), &ctx.call.body, product.noun())?;
    complete(&mut fields, &key);
    check(&fields, &key, None)?;
    if ctx.state.resources.contains_key(&key) {
        return Err(ApiError::already_exists(&key.name()));
    }
    prerequisites(ctx, &key, &fields)?;
    backups::source(ctx.state, &key, &fields)?;
    let failure = ctx.failure.take().or_else(|| lacks_policy(ctx, &key, &fields));
    fields.insert("name".to_owned(), key.name().into());
    fields.insert("createTime".to_owned(), time(ctx.now).into());
    if matches!(product, Product::Valkey | Product::Memcache) {
        fields.insert("updateTime".to_owned(), time(ctx.now).into());
    }
    stamp_policy(product, &mut fields, ctx);
    if let Some(parameters) = fields.get_mut("parameters").and_then(Value::as_object_mut) {
        parameters.insert("id".to_owned(), memcache::parameters_id(ctx.random).into());
    }
    let operation = ctx.state.operations.begin(&key, key.name(), "create", ctx.now, ctx.random);
    let due = ctx.pace.due(ctx.now, durations::create(product));
    let auth_string = flag(&fields, "authEnabled").then(|| SecretString::from(uuid(ctx.random)));
    let number = ctx.state.made;
    ctx.state.made += 1;
    ctx.state.remember(&key);
    let resource = Resource {
        key: key.clone(),
        fields,
        number,
        work: Some(Work { act: Act::Create, due, operations: vec![operation.clone()], failure }),
        auth_string,
        users: BTreeMap::new(),
        tasks: Vec::new(),
        listening: None,
        settling: false,
    };
    ctx.state.resources.insert(key, resource);
    accepted(ctx, product, operation)
}

/// What must be there, and is told at once if it is not.
fn prerequisites(ctx: &Context<'_>, key: &Key, fields: &Object) -> Result<(), ApiError> {
    let network = text(fields, "authorizedNetwork");
    if network.is_empty() {
        return Ok(());
    }
    ctx.state.prerequisites.network(network, "instance.authorized_network")?;
    let peered = key.product == Product::Redis && text(fields, "connectMode") == "DIRECT_PEERING";
    if peered { Ok(()) } else { ctx.state.prerequisites.private_service_access(network) }
}

/// What must be there, and is told only by the operation.
pub(super) fn lacks_policy(ctx: &Context<'_>, key: &Key, fields: &Object) -> Option<Failure> {
    let networks = match key.product {
        Product::Cluster => cluster::networks(fields, key),
        Product::Valkey => psc::networks(fields, psc::endpoints(Product::Valkey)),
        Product::Redis | Product::Memcache => return None,
    };
    ctx.state.prerequisites.connection_policy(key, networks.iter().map(|network| network.path.as_str()))
}

/// The maintenance policy tells when it was made and changed; not that of clusters and Valkey.
pub(super) fn stamp_policy(product: Product, fields: &mut Object, ctx: &Context<'_>) {
    if product.is_psc() {
        return;
    }
    if let Some(policy) = fields.get_mut("maintenancePolicy").and_then(Value::as_object_mut) {
        common::default(policy, "createTime", time(ctx.now));
        policy.insert("updateTime".to_owned(), time(ctx.now).into());
    }
}

/// The operation that this request id started already, if it did.
pub(super) fn replay(ctx: &Context<'_>, product: Product) -> Result<Option<Answer>, ApiError> {
    let Some(id) = ctx.call.query("requestId").filter(|_| product.is_psc()) else { return Ok(None) };
    if uuid::Uuid::parse_str(id).map_or(true, |uuid| uuid.is_nil()) {
        return Err(ApiError::invalid(format!("invalid request ID {id:?}: must be a non-zero UUID")));
    }
    let oldest = ctx.now.checked_sub(REMEMBERED).unwrap_or(crate::clock::Timestamp::MIN);
    let seen = ctx.state.requests.get(&request(ctx, product, id)).filter(|seen| seen.at > oldest);
    Ok(seen.map(|seen| ctx.state.operations.show(product.api(), &seen.operation)))
}

fn request(ctx: &Context<'_>, product: Product, id: &str) -> (Product, String, String, String) {
    (product, ctx.call.project.clone(), ctx.call.location.clone(), id.to_owned())
}

/// Answers a new operation, and remembers the request id for it.
pub(super) fn accepted(ctx: &mut Context<'_>, product: Product, operation: String) -> Answer {
    let answer = ctx.state.operations.show(product.api(), &operation);
    if let Some(id) = ctx.call.query("requestId").filter(|_| product.is_psc()) {
        ctx.state.requests.insert(request(ctx, product, id), Seen { at: ctx.now, operation });
    }
    answer
}

/// A resource as its `get` shows it, enums as words.
pub(super) fn show(resource: &Resource) -> Object {
    let mut shown = resource.fields.clone();
    if resource.key.product == Product::Cluster {
        // What was asked for is never shown again; what came of it is.
        shown.remove("pscConfigs");
    }
    common::default(&mut shown, "state", resource.state());
    if let Some(Work { act, .. }) = &resource.work
        && resource.key.product.is_psc()
    {
        let info = match act {
            Act::Update(update) => Some(psc::state_info(&resource.fields, &update.target)),
            Act::Linger { .. } => Some(json!({ "updateInfo": {} })),
            _ => None,
        };
        if let Some(info) = info {
            shown.insert("stateInfo".to_owned(), info);
        }
    }
    shown
}

/// A resource as the response of an operation.
pub(super) fn response(resource: &Resource) -> Outcome {
    typed(resource.key.product, resource.key.product.message(), Value::Object(show(resource)))
}

/// A message as the response of an operation.
pub(super) fn typed(product: Product, message: &str, mut value: Value) -> Outcome {
    value["@type"] = format!("type.googleapis.com/{}.{message}", product.package()).into();
    Outcome::Response(value)
}

/// The same as the call wants its enums.
fn show_for(call: &Call, resource: &Resource) -> Value {
    let mut shown = show(resource);
    if call.wants_numbers() {
        schema::number_enums(resource.key.product.fields(), &mut shown);
    }
    Value::Object(shown)
}

/// `get`.
pub(super) fn get(ctx: &Context<'_>, product: Product) -> Answer {
    Ok(show_for(ctx.call, ctx.state.resource(&ctx.call.key(product))?))
}

/// `list`; the location `-` is all of them.
pub(super) fn list(ctx: &Context<'_>, product: Product) -> Answer {
    let Call { project, location, .. } = ctx.call;
    let everywhere = location == "-";
    if !everywhere {
        locations::check(location)?;
    }
    let unreachable = &ctx.state.prerequisites.unreachable;
    if unreachable.contains(location) {
        return Err(ApiError::new("UNAVAILABLE", format!("Location {location} is currently unreachable.")));
    }
    let here =
        |key: &Key| key.product == product && key.project == *project && (everywhere || key.location == *location);
    let mut items = Vec::new();
    for (key, resource) in &ctx.state.resources {
        if here(key) && !unreachable.contains(&key.location) && filter::admits(ctx.call, &show(resource))? {
            items.push(show_for(ctx.call, resource));
        }
    }
    order(ctx.call, &mut items)?;
    let mut response = paging::page(ctx, product.collection(), items)?;
    if everywhere && !unreachable.is_empty() {
        let names = unreachable.iter().map(|place| format!("projects/{project}/locations/{place}"));
        response["unreachable"] = names.collect();
    }
    Ok(response)
}

/// `orderBy`: by name, which is how they come, or by time; `desc` turns it round.
fn order(call: &Call, items: &mut [Value]) -> Result<(), ApiError> {
    let Some(wanted) = call.query("orderBy") else { return Ok(()) };
    let (field, down) = match wanted.trim().split_once(' ') {
        Some((field, "desc")) => (field, true),
        _ => (wanted.trim(), false),
    };
    match field {
        "name" => items.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str())),
        "create_time" | "createTime" => {
            items.sort_by(|one, other| one["createTime"].as_str().cmp(&other["createTime"].as_str()));
        }
        _ => return Err(ApiError::invalid(format!("Invalid order_by: {wanted}"))),
    }
    if down {
        items.reverse();
    }
    Ok(())
}

/// `delete`.
pub(super) fn delete(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    if let Some(answer) = replay(ctx, product)? {
        return answer;
    }
    let resource = ctx.state.resource(&key)?;
    if flag(&resource.fields, "deletionProtectionEnabled") {
        return Err(ApiError::precondition(
            "The instance is deletion protected. Please disable deletion protection to delete the instance.",
        ));
    }
    // An update does not keep clusters and Valkey from being deleted.
    let updating = matches!(resource.work, Some(Work { act: Act::Update(_) | Act::Linger { .. }, .. }));
    if resource.work.is_some() && !(updating && product.is_psc()) {
        return Err(busy(resource, "delete"));
    }
    let failure = ctx.failure.take();
    let operation = ctx.state.operations.begin(&key, key.name(), "delete", ctx.now, ctx.random);
    let due = ctx.pace.due(ctx.now, durations::delete(product));
    backups::abandon(ctx.state, &key, ctx.now);
    ctx.state.remember(&key);
    let resource = ctx.state.resource_mut(&key)?;
    let work = Work { act: Act::Delete, due, operations: vec![operation.clone()], failure };
    let replaced = resource.work.replace(work);
    for cut_short in replaced.into_iter().flat_map(|work| work.operations) {
        let aborted = Failure::new(10, "The operation was superseded by the deletion of its target.");
        ctx.state.operations.end(product.api(), &cut_short, ctx.now, Outcome::Error(aborted));
    }
    accepted(ctx, product, operation)
}

/// The resource is in no state for that.
pub(super) fn busy(resource: &Resource, verb: &str) -> ApiError {
    ApiError::precondition(format!(
        "Unable to {verb} due to ongoing operations. Please wait until instance is in {} state.",
        resource.key.product.ready()
    ))
}

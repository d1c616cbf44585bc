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
use super::mask::{self, Path};
use super::operation::time;
use super::product::Product;
use super::schema::{self, Object, snake};
use super::store::{Act, Key, Resource, Seen, Update, Work};
use super::{cluster, common, durations, filter, locations, memcache, paging, psc, valkey};

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
    let failure = ctx.failure.take().or_else(|| lacks_policy(ctx, &key, &fields));
    fields.insert("name".to_owned(), key.name().into());
    fields.insert("createTime".to_owned(), time(ctx.now).into());
    if matches!(product, Product::Valkey | Product::Memcache) {
        fields.insert("updateTime".to_owned(), time(ctx.now).into());
    }
    stamp_policy(&mut fields, ctx);
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
fn lacks_policy(ctx: &Context<'_>, key: &Key, fields: &Object) -> Option<Failure> {
    let networks = match key.product {
        Product::Cluster => cluster::networks(fields, key),
        Product::Valkey => psc::networks(fields, psc::endpoints(Product::Valkey)),
        Product::Redis | Product::Memcache => return None,
    };
    ctx.state.prerequisites.connection_policy(key, networks.iter().map(|network| network.path.as_str()))
}

/// The maintenance policy tells when it was made and changed.
fn stamp_policy(fields: &mut Object, ctx: &Context<'_>) {
    if let Some(policy) = fields.get_mut("maintenancePolicy").and_then(Value::as_object_mut) {
        common::default(policy, "createTime", time(ctx.now));
        policy.insert("updateTime".to_owned(), time(ctx.now).into());
    }
}

/// The operation that this request id started already, if it did.
fn replay(ctx: &Context<'_>, product: Product) -> Result<Option<Answer>, ApiError> {
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
    let mut response = paging::page(ctx.call, product.collection(), items)?;
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
    ctx.state.remember(&key);
    let resource = ctx.state.resource_mut(&key)?;
    let work = Work { act: Act::Delete, due, operations: vec![operation.clone()], failure };
    let replaced = resource.work.replace(work);
    for cut_short in replaced.into_iter().flat_map(|work| work.operations) {
        let aborted = Failure::new(10, "The operation was superseded by the deletion of its target.");
        ctx.state.operations.end(product.api(), &cut_short, ctx.now, super::operation::Outcome::Error(aborted));
    }
    accepted(ctx, product, operation)
}

/// The resource is in no state for that.
fn busy(resource: &Resource, verb: &str) -> ApiError {
    ApiError::precondition(format!(
        "Unable to {verb} due to ongoing operations. Please wait until instance is in {} state.",
        resource.key.product.ready()
    ))
}

/// No path at all.
pub(super) fn empty_mask() -> ApiError {
    ApiError::field("update_mask", "", "Update mask is empty")
}

/// A path that these services do not let change.
pub(super) fn not_updatable(path: &str, index: usize) -> ApiError {
    let text = format!("Invalid option '{path}': '{path}' cannot be updated on existing instances.");
    ApiError::field(&format!("update_mask.paths.{index}"), path, &text)
}

/// The paths of a mask, each of which the product lets change.
fn paths(call: &Call, product: Product) -> Result<Vec<Path>, ApiError> {
    let paths = mask::parse(call.query("updateMask").or(call.query("update_mask")).unwrap_or_default());
    let updatable = product.updatable();
    let allowed = |path: &Path| {
        let wanted = if path.is_nested() { format!("{}.*", path.head()) } else { path.head().to_owned() };
        updatable.contains(&wanted.as_str())
    };
    if product.is_psc() {
        if paths.len() != 1 {
            return Err(ApiError::invalid("exactly 1 update_mask field must be specified per update request"));
        }
        if let Some(path) = paths.iter().find(|path| !allowed(path)) {
            let known: Vec<String> = updatable.iter().map(|name| snake(name)).collect();
            let message =
                format!("unsupported path in fieldMask: {}. Allowed values are {}", path.snake(), known.join(", "));
            return Err(ApiError::invalid(message));
        }
        return Ok(paths);
    }
    if paths.is_empty() {
        return Err(empty_mask());
    }
    match paths.iter().enumerate().find(|(_, path)| !allowed(path)) {
        Some((index, path)) => Err(not_updatable(&path.snake(), index)),
        None => Ok(paths),
    }
}

/// `patch`.
pub(super) fn patch(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    ctx.state.resource(&key)?;
    if let Some(answer) = replay(ctx, product)? {
        return answer;
    }
    let paths = paths(ctx.call, product)?;
    let given = schema::read(product.fields(), &ctx.call.body, product.noun())?;
    let resource = ctx.state.resource(&key)?;
    may_update(resource, &paths)?;
    // On top of what is on its way already, which can only be the same paths.
    let before = match &resource.work {
        Some(Work { act: Act::Update(update), .. }) => &update.target,
        _ => &resource.fields,
    };
    let mut target = before.clone();
    for path in &paths {
        path.apply(&given, &mut target);
    }
    let names: Vec<&str> = paths.iter().map(Path::head).collect();
    // The number of replicas follows from the mode unless it is given too.
    if names.contains(&"readReplicasMode") && !names.contains(&"replicaCount") {
        target.remove("replicaCount");
    }
    if product == Product::Valkey && names.contains(&"endpoints") {
        valkey::keep_automatic(before, &mut target);
    }
    complete(&mut target, &key);
    check(&target, &key, Some(before))?;
    if names.contains(&"maintenancePolicy") {
        stamp_policy(&mut target, ctx);
    }
    if names.contains(&"authEnabled") {
        ctx.state.prerequisites.permission(&format!("{}.updateAuth", product.prefix()), &key.project, &key.name())?;
    }
    if names.contains(&psc::endpoints(product)) && ctx.failure.is_none() {
        ctx.failure = lacks_policy(ctx, &key, &target);
    }
    let seconds = names.iter().map(|name| durations::update(product, name)).sum();
    let lingers = product.is_psc() && names.contains(&"maintenancePolicy");
    let update = Change { verb: "update", target, state: "UPDATING", seconds, lingers };
    begin(ctx, &key, update, paths.iter().map(Path::snake).collect())
}

fn may_update(resource: &Resource, paths: &[Path]) -> Result<(), ApiError> {
    let Some(work) = &resource.work else { return Ok(()) };
    let ongoing = match &work.act {
        Act::Update(update) => &update.paths,
        Act::Linger { paths } => paths,
        Act::Create | Act::Delete | Act::Hold { .. } => return Err(busy(resource, "update")),
    };
    if !resource.key.product.is_psc() {
        return Err(busy(resource, "update"));
    }
    if ongoing.iter().eq(paths.iter().map(Path::snake).collect::<Vec<_>>().iter()) {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "there is an ongoing update request with updateMasks = [{}], new update request can only be accepted if it specifies \
         these exact update masks",
        ongoing.join(", ")
    )))
}

/// A change that is about to begin.
struct Change {
    verb: &'static str,
    target: Object,
    state: &'static str,
    seconds: u64,
    lingers: bool,
}

/// Starts a change that has a method of its own; the resource must be ready.
pub(super) fn begin_update(
    ctx: &mut Context<'_>,
    key: &Key,
    verb: &'static str,
    target: Object,
    state: &'static str,
    seconds: u64,
) -> Answer {
    let resource = ctx.state.resource(key)?;
    if resource.work.is_some() {
        return Err(busy(resource, verb));
    }
    begin(ctx, key, Change { verb, target, state, seconds, lingers: false }, Vec::new())
}

fn begin(ctx: &mut Context<'_>, key: &Key, change: Change, paths: Vec<String>) -> Answer {
    let failure = ctx.failure.take();
    let operation = ctx.state.operations.begin(key, key.name(), change.verb, ctx.now, ctx.random);
    let due = ctx.pace.due(ctx.now, change.seconds);
    let fresh = SecretString::from(uuid(ctx.random));
    ctx.state.remember(key);
    let resource = ctx.state.resource_mut(key)?;
    // Off and on again makes a new one.
    let auth_string = match (&resource.auth_string, flag(&change.target, "authEnabled")) {
        (_, false) => None,
        (Some(secret), true) => Some(secret.clone()),
        (None, true) => Some(fresh),
    };
    let mut operations = match resource.work.take() {
        Some(Work { act: Act::Update(_), operations, .. }) => operations,
        _ => Vec::new(),
    };
    operations.push(operation.clone());
    let Change { target, state, lingers, .. } = change;
    let update = Update { target, auth_string, paths, state, lingers };
    resource.work = Some(Work { act: Act::Update(Box::new(update)), due, operations, failure });
    accepted(ctx, key.product, operation)
}

//! `patch` of every product, and the other methods that change what is there.

use secrecy::SecretString;

use super::call::Call;
use super::common::flag;
use super::context::{Context, uuid};
use super::error::{Answer, ApiError};
use super::finish::{check, complete};
use super::mask::{self, Path};
use super::product::Product;
use super::resources::{accepted, busy, lacks_policy, replay, stamp_policy};
use super::schema::{self, Object, snake};
use super::store::{Act, Key, Resource, Update, Work};
use super::{durations, psc, valkey};

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
        stamp_policy(product, &mut target, ctx);
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

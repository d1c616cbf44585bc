//! Backups of clusters and Valkey, and the collections that they are in: one for each life of a resource, from its first backup
//! on, and longer than the resource itself.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::call::{BackupVerb, Call};
use super::context::{Context, uuid};
use super::durations;
use super::error::{Answer, ApiError, Failure};
use super::fields::{BACKUP, BACKUP_REQUEST};
use super::operation::{Outcome, empty, time};
use super::paging;
use super::product::{Api, Product};
use super::resources::{busy, response};
use super::schema::{self, Object};
use super::store::{Key, State};
use crate::clock::Timestamp;

/// How long a backup is kept where nobody says.
const KEPT_HOURS: i64 = 24 * 365 * 100;
const LEAST_HOURS: i64 = 24;

/// The backups of one life of a resource.
#[derive(Debug, Clone)]
pub(super) struct Collection {
    pub(super) of: Key,
    uid: String,
    created: Timestamp,
    last: Timestamp,
    kms_key: Option<Value>,
    pub(super) backups: BTreeMap<String, Backup>,
}

/// One backup.
#[derive(Debug, Clone)]
pub(super) struct Backup {
    pub(super) state: &'static str,
    /// As shown, but for the state.
    pub(super) fields: Object,
    /// From then on it is gone.
    expires: Timestamp,
    work: Option<Work>,
}

/// What is going on with a backup.
#[derive(Debug, Clone)]
struct Work {
    due: Timestamp,
    operation: String,
    failure: Option<Failure>,
}

/// All collections by service and full name.
pub(super) type Collections = BTreeMap<(Api, String), Collection>;

/// `backup` of a cluster or Valkey instance.
pub(super) fn take(ctx: &mut Context<'_>, product: Product) -> Answer {
    let key = ctx.call.key(product);
    let given = schema::read(BACKUP_REQUEST, &ctx.call.body, "request")?;
    let kept = kept(given.get("ttl").and_then(Value::as_str))?;
    let resource = ctx.state.resource(&key)?;
    if resource.work.is_some() {
        return Err(busy(resource, "back up"));
    }
    let name = match resource.text("backupCollection") {
        "" => format!("projects/{}/locations/{}/backupCollections/{}", key.project, key.location, uuid(ctx.random)),
        known => known.to_owned(),
    };
    let id = match given.get("backupId").and_then(Value::as_str) {
        Some(id) => id.to_owned(),
        None => format!("{}_{}", ctx.now.strftime("%Y%m%d%H%M%S"), tail(resource.text("uid"))),
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if id.len() > 63 || !id.bytes().all(plain) {
        return Err(ApiError::invalid(format!("invalid backup ID {id:?}: invalid argument")));
    }
    let path = format!("{name}/backups/{id}");
    let at = (product.api(), name.clone());
    if ctx.state.collections.get(&at).is_some_and(|collection| collection.backups.contains_key(&id)) {
        return Err(ApiError::already_exists(&path));
    }
    let expires = ctx.now.checked_add(kept).unwrap_or(Timestamp::MAX);
    let mut fields = describe(&resource.fields, product);
    for (field, value) in [
        ("name", path),
        (product.noun(), key.name()),
        ("createTime", time(ctx.now)),
        ("expireTime", time(expires)),
        ("uid", uuid(ctx.random)),
    ] {
        fields.insert(field.to_owned(), value.into());
    }
    let kms_key = resource.fields.get("kmsKey").cloned();
    let new = Collection {
        of: key.clone(),
        uid: resource.text("uid").to_owned(),
        created: ctx.now,
        last: ctx.now,
        kms_key,
        backups: BTreeMap::new(),
    };
    let operation = ctx.state.operations.begin(&key, key.name(), "backup", ctx.now, ctx.random);
    let due = ctx.pace.due(ctx.now, durations::BACKUP);
    let work = Some(Work { due, operation: operation.clone(), failure: ctx.failure.take() });
    let collection = ctx.state.collections.entry(at).or_insert(new);
    collection.last = ctx.now;
    collection.backups.insert(id, Backup { state: "CREATING", fields, expires, work });
    ctx.state.resource_mut(&key)?.fields.insert("backupCollection".to_owned(), name.into());
    ctx.state.operations.show(product.api(), &operation)
}

/// What a backup tells of the resource that it is of.
fn describe(of: &Object, product: Product) -> Object {
    let mut fields = Object::new();
    for field in ["nodeType", "replicaCount", "shardCount", "encryptionInfo"] {
        if let Some(value) = of.get(field) {
            fields.insert(field.to_owned(), value.clone());
        }
    }
    let uid = of.get("uid").cloned().unwrap_or_default();
    fields.insert(format!("{}Uid", product.noun()), uid);
    let version = of.get("engineVersion").and_then(Value::as_str).unwrap_or("REDIS_7_2").to_ascii_lowercase();
    let version = version.replacen('_', "-", 1).replace('_', ".");
    fields.insert("engineVersion".to_owned(), version.into());
    fields.insert("backupType".to_owned(), "ON_DEMAND".into());
    fields.insert("totalSizeBytes".to_owned(), "0".into());
    fields
}

fn tail(text: &str) -> &str {
    text.get(text.len().saturating_sub(4)..).unwrap_or(text)
}

/// How long a backup is kept: a day to a hundred years, as seconds with an `s`.
fn kept(ttl: Option<&str>) -> Result<SignedDuration, ApiError> {
    let most = SignedDuration::from_hours(KEPT_HOURS);
    let Some(ttl) = ttl else { return Ok(most) };
    let seconds = ttl.strip_suffix('s').and_then(|seconds| seconds.parse().ok()).map(SignedDuration::from_secs);
    let allowed = SignedDuration::from_hours(LEAST_HOURS)..=most;
    seconds
        .filter(|seconds| allowed.contains(seconds))
        .ok_or_else(|| ApiError::invalid(format!("invalid TTL {ttl:?}: must be between 1 day and 100 years")))
}

/// The methods on collections and backups.
pub(super) fn on(ctx: &mut Context<'_>, verb: BackupVerb) -> Answer {
    match verb {
        BackupVerb::ListCollections => list_collections(ctx),
        BackupVerb::GetCollection => {
            let name = collection_name(ctx.call);
            Ok(show_collection(&name, collection(ctx, &name)?))
        }
        BackupVerb::List => {
            let found = collection(ctx, &collection_name(ctx.call))?.backups.values();
            paging::page(ctx, "backups", found.map(|backup| numbered(ctx.call, backup)).collect())
        }
        BackupVerb::Get => {
            let name = collection_name(ctx.call);
            let found = collection(ctx, &name)?.backups.get(&ctx.call.user);
            found.map(|backup| numbered(ctx.call, backup)).ok_or_else(|| missing(ctx.call, &name))
        }
        BackupVerb::Delete => delete(ctx),
        BackupVerb::Export => Err(ApiError::unimplemented()),
    }
}

fn collection_name(call: &Call) -> String {
    let id = call.id.as_deref().unwrap_or_default();
    format!("projects/{}/locations/{}/backupCollections/{id}", call.project, call.location)
}

fn collection<'a>(ctx: &'a Context<'_>, name: &str) -> Result<&'a Collection, ApiError> {
    let found = ctx.state.collections.get(&(ctx.call.api, name.to_owned()));
    found.ok_or_else(|| ApiError::not_found(name))
}

fn missing(call: &Call, collection: &str) -> ApiError {
    ApiError::not_found(&format!("{collection}/backups/{}", call.user))
}

fn list_collections(ctx: &Context<'_>) -> Answer {
    let Call { api, project, location, .. } = ctx.call;
    let here = |of: &Key| of.project == *project && (location == "-" || of.location == *location);
    let found = ctx.state.collections.iter().filter(|((of, _), collection)| of == api && here(&collection.of));
    let shown = found.map(|((_, name), collection)| show_collection(name, collection));
    paging::page(ctx, "backupCollections", shown.collect())
}

fn show_collection(name: &str, collection: &Collection) -> Value {
    let noun = collection.of.product.noun();
    let mut shown = json!({
        "name": name,
        noun: collection.of.name(),
        format!("{noun}Uid"): collection.uid,
        "uid": name.rsplit('/').next().unwrap_or_default(),
        "createTime": time(collection.created),
        "lastBackupTime": time(collection.last),
        "totalBackupCount": collection.backups.len().to_string(),
        "totalBackupSizeBytes": "0",
    });
    if let Some(key) = &collection.kms_key {
        shown["kmsKey"] = key.clone();
    }
    shown
}

/// A backup as `get` shows it, enums as words.
pub(super) fn show(backup: &Backup) -> Object {
    let mut shown = backup.fields.clone();
    shown.insert("state".to_owned(), backup.state.into());
    shown
}

fn numbered(call: &Call, backup: &Backup) -> Value {
    let mut shown = show(backup);
    if call.wants_numbers() {
        schema::number_enums(BACKUP, &mut shown);
        // The node types are those of the product.
        schema::number_enums(Product::with_backups(call.api).fields(), &mut shown);
    }
    Value::Object(shown)
}

/// `backups.delete`.
fn delete(ctx: &mut Context<'_>) -> Answer {
    let (name, id) = (collection_name(ctx.call), ctx.call.user.clone());
    let of = collection(ctx, &name)?.of.clone();
    let at = (ctx.call.api, name.clone());
    let Some(backup) = ctx.state.collections.get_mut(&at).and_then(|collection| collection.backups.get_mut(&id)) else {
        return Err(missing(ctx.call, &name));
    };
    if backup.work.is_some() {
        return Err(ApiError::precondition(format!("The backup {id} is {}.", backup.state)));
    }
    let operation = ctx.state.operations.begin(&of, format!("{name}/backups/{id}"), "delete", ctx.now, ctx.random);
    let due = ctx.pace.due(ctx.now, durations::BACKUP);
    backup.state = "DELETING";
    backup.work = Some(Work { due, operation: operation.clone(), failure: None });
    ctx.state.operations.show(ctx.call.api, &operation)
}

/// Does what is due.
pub(super) fn advance(state: &mut State, now: Timestamp) {
    for ((api, _), collection) in &mut state.collections {
        let (operations, resources, of) = (&mut state.operations, &state.resources, &collection.of);
        collection.backups.retain(|_, backup| {
            let Some(work) = backup.work.take_if(|work| work.due <= now) else { return backup.expires > now };
            let (stays, outcome) = match (backup.state, work.failure) {
                ("DELETING", _) => (false, empty()),
                (_, Some(failure)) => (false, Outcome::Error(failure)),
                (_, None) => (true, resources.get(of).map_or_else(empty, response)),
            };
            backup.state = "ACTIVE";
            operations.end(*api, &work.operation, work.due, outcome);
            stays
        });
    }
}

/// The resource goes: a backup that is still being taken of it is lost.
pub(super) fn abandon(state: &mut State, key: &Key, now: Timestamp) {
    for ((api, _), collection) in &mut state.collections {
        if collection.of != *key {
            continue;
        }
        let operations = &mut state.operations;
        collection.backups.retain(|_, backup| {
            let Some(work) = backup.work.as_ref().filter(|_| backup.state == "CREATING") else { return true };
            let aborted = Failure::new(10, "The source of the backup is being deleted.");
            operations.end(*api, &work.operation, now, Outcome::Error(aborted));
            false
        });
    }
}

/// What a new resource is filled from is there, if it is a backup.
pub(super) fn source(state: &State, key: &Key, fields: &Object) -> Result<(), ApiError> {
    let Some(path) = fields.get("managedBackupSource").and_then(|source| source["backup"].as_str()) else {
        return Ok(());
    };
    let prefix = format!("//{}/", key.product.api().host());
    let path = path.strip_prefix(&prefix).unwrap_or(path);
    let found = path.rsplit_once("/backups/").and_then(|(collection, id)| {
        state.collections.get(&(key.product.api(), collection.to_owned()))?.backups.get(id)
    });
    match found {
        None => Err(ApiError::not_found(path)),
        Some(backup) if backup.state == "ACTIVE" => Ok(()),
        Some(_) => Err(ApiError::precondition(format!("The backup {path} is not ACTIVE."))),
    }
}

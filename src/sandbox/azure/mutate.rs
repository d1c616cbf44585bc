//! `/_sandbox/mutate`: changes by another hand than the callers'.
//!
//! `{"op": …}` with one of the operations of [`Op`]. A cache is found by its name in any subscription and group, or by its whole id; `part`
//! takes its database instead.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::advance;
use super::id::Id;
use super::kind::Kind;
use super::resource::{Act, Fields, Resource, Standing, Work};
use super::store::State;
use crate::clock::Timestamp;

/// What can be done.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Op {
    /// How it stands with a cache: for so many real seconds (not divided by the speed), or for good.
    Status {
        id: String,
        #[serde(default)]
        part: Part,
        provisioning_state: String,
        #[serde(default)]
        resource_state: Option<String>,
        #[serde(default)]
        seconds: Option<u64>,
    },
    /// Changes fields at once: `tags`, `sku`, `properties`; what is null goes.
    Set {
        id: String,
        #[serde(default)]
        part: Part,
        fields: Fields,
    },
    /// It is gone at once, with its parts.
    Remove {
        id: String,
        #[serde(default)]
        part: Part,
    },
    /// So many seconds of the sandbox's time are skipped.
    Advance { seconds: u64 },
    /// Nobody may use a namespace before it is registered.
    UnregisterProvider { namespace: String },
    /// It can be used at once.
    RegisterProvider { namespace: String },
    /// The group is gone with all that is in it.
    RemoveResourceGroup { name: String, subscription: Option<String> },
    /// A subscription, a tenant, an application, or a subnet, network or DNS zone by its id does not exist any more.
    RemovePrerequisite { name: String },
    /// What was removed, by name, exists again.
    Restore { name: String },
    /// Nobody may do this any more: `Microsoft.Cache/redisEnterprise/write`, `Microsoft.Cache/*`.
    Deny { permission: String },
    /// Everybody may again.
    Allow { permission: String },
    /// Whether new classic caches are refused.
    RefuseClassicCreation { refuse: bool },
    /// A client's secret (or this secret, whoever sends it) is wrong.
    WrongSecret { client_id: Option<String>, secret: Option<String> },
    /// Somebody else has a classic cache of this name.
    TakeName { name: String },
}

/// Which part of a cache.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    #[default]
    Cache,
    Database,
}

/// What was done, and the servers that have to stop for it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) answer: Value,
    pub(super) stop: Vec<String>,
}

/// Carries out one operation.
pub(super) fn mutate(state: &mut State, change: Value, now: Timestamp) -> Result<Done, String> {
    let op: Op = serde_json::from_value(change).map_err(|error| error.to_string())?;
    let mut stop = Vec::new();
    match op {
        Op::Status { id, part, provisioning_state, resource_state, seconds } => {
            let resource_state = resource_state.unwrap_or_else(|| match provisioning_state.as_str() {
                "Succeeded" => "Running".to_owned(),
                "Failed" => "UpdateFailed".to_owned(),
                other => other.to_owned(),
            });
            let standing = Standing::new(&provisioning_state, &resource_state);
            let resource = find(state, &id, part)?;
            if resource.work.is_some() {
                return Err(format!("`{id}` is {}; something goes on with it", resource.standing().provisioning));
            }
            match seconds {
                Some(seconds) => {
                    let due = now.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
                    resource.work = Some(Work { act: Act::Hold(standing), due, operation: None, failure: None });
                }
                None => resource.standing = standing,
            }
        }
        Op::Set { id, part, fields } => {
            let resource = find(state, &id, part)?;
            merge(&mut resource.fields, &fields);
            // What is on its way must not undo it.
            if let Some(Act::Update { fields: target, .. }) = resource.work.as_mut().map(|work| &mut work.act) {
                merge(target, &fields);
            }
        }
        Op::Remove { id, part } => {
            let key = find(state, &id, part)?.id.key();
            stop = servers(state, &key);
            advance::remove(state, &key, now);
        }
        Op::Advance { seconds } => state.ahead = state.ahead.saturating_add(Duration::from_secs(seconds)),
        Op::UnregisterProvider { namespace } => {
            state.missing.unregistered.insert(namespace.to_ascii_lowercase(), None);
        }
        Op::RegisterProvider { namespace } => {
            let was = state.missing.unregistered.remove(&namespace.to_ascii_lowercase());
            was.ok_or_else(|| format!("`{namespace}` is registered"))?;
        }
        Op::RemoveResourceGroup { name, subscription } => stop = remove_group(state, &name, subscription, now),
        Op::RemovePrerequisite { name } => {
            state.missing.removed.insert(name.to_ascii_lowercase());
        }
        Op::Restore { name } => restore(state, &name)?,
        Op::Deny { permission } => {
            state.missing.denied.insert(permission.to_ascii_lowercase());
        }
        Op::Allow { permission } => {
            if !state.missing.denied.remove(&permission.to_ascii_lowercase()) {
                return Err(format!("`{permission}` was not denied"));
            }
        }
        Op::RefuseClassicCreation { refuse } => state.missing.classic_refused = refuse,
        Op::WrongSecret { client_id, secret } => {
            let wrong = client_id.or(secret).ok_or("`wrong_secret` needs `client_id` or `secret`")?;
            state.missing.wrong_secrets.insert(wrong);
        }
        Op::TakeName { name } => {
            state.missing.taken_names.insert(name.to_ascii_lowercase());
        }
    }
    Ok(Done { answer: json!({ "done": true }), stop })
}

/// The cache of a name or id, or its database.
fn find<'a>(state: &'a mut State, id: &str, part: Part) -> Result<&'a mut Resource, String> {
    let top = |resource: &&Resource| {
        resource.id.kind.parent().is_none()
            && (resource.id.name().eq_ignore_ascii_case(id) || resource.id.shown().eq_ignore_ascii_case(id))
    };
    let named = state.resources.values().find(top).map(|resource| resource.id.clone());
    let named = named.or_else(|| Id::parse(id)).ok_or_else(|| format!("no cache `{id}`"))?;
    let wanted = match part {
        Part::Cache => named,
        Part::Database => named.child(Kind::Database, "default"),
    };
    let key = wanted.key();
    state.remember(&key);
    state.resources.get_mut(&key).ok_or_else(|| format!("no resource `{}`", wanted.shown()))
}

fn merge(fields: &mut Fields, changes: &Fields) {
    for (name, value) in changes {
        match (fields.get_mut(name), value) {
            (_, Value::Null) => {
                fields.remove(name);
            }
            (Some(Value::Object(own)), Value::Object(changes)) => merge(own, changes),
            _ => {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The servers of a resource and its parts.
fn servers(state: &State, key: &str) -> Vec<String> {
    let parts = state.parts(key);
    let all = parts.iter().map(String::as_str).chain([key]);
    let with_server = |key: &&str| state.resources.get(*key).is_some_and(|resource| resource.listening.is_some());
    all.filter(with_server).map(advance::server_name).collect()
}

fn remove_group(state: &mut State, name: &str, subscription: Option<String>, now: Timestamp) -> Vec<String> {
    let of_group = |id: &Id| {
        id.group.eq_ignore_ascii_case(name)
            && subscription.as_ref().is_none_or(|subscription| id.subscription.eq_ignore_ascii_case(subscription))
    };
    let keys = state.resources.iter().filter(|(_, resource)| of_group(&resource.id)).map(|(key, _)| key.clone());
    let mut stop = Vec::new();
    for key in keys.collect::<Vec<_>>() {
        if state.resources.contains_key(&key) {
            stop.extend(servers(state, &key));
            state.remember(&key);
            advance::remove(state, &key, now);
        }
    }
    let subscription = subscription.map(|subscription| subscription.to_ascii_lowercase());
    state.missing.groups.insert((subscription, name.to_ascii_lowercase()));
    stop
}

fn restore(state: &mut State, name: &str) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    let missing = &mut state.missing;
    let groups = missing.groups.len();
    missing.groups.retain(|(_, group)| *group != lower);
    let found = missing.removed.remove(&lower)
        | missing.taken_names.remove(&lower)
        | missing.wrong_secrets.remove(name)
        | (missing.groups.len() < groups);
    if found { Ok(()) } else { Err(format!("`{name}` was not removed, taken or made wrong")) }
}

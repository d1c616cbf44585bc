//! `/_sandbox/mutate`: changes by another hand than the callers'.
//!
//! `{"op": …}` with one of the operations of [`Op`]. Operations on an object find it in whichever account and region it is; `account_id`
//! and `region` narrow that down, and say where a prerequisite is removed (else everywhere).

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::advance;
use super::catalog;
use super::group::{Group, Settings, Work};
use super::identity;
use super::store::{Region, Scope, State};
use crate::clock::Timestamp;

/// What can be done.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Op {
    /// The cloud does something by itself: the group has this status for so many real seconds (not divided by the speed).
    Status { id: String, status: String, seconds: u64 },
    /// The group is gone at once, without a trace but an event.
    RemoveGroup { id: String },
    /// Changes fields of a group at once.
    Set { id: String, fields: Box<Fields> },
    /// The maintenance window opens now: what waits for it begins.
    ApplyPending { id: String },
    /// A prerequisite does not exist any more.
    RemoveSubnetGroup { name: String },
    /// A prerequisite does not exist any more.
    RemoveSubnet { id: String },
    /// A prerequisite does not exist any more.
    RemoveSecurityGroup { id: String },
    /// It is in another VPC than everything else.
    MoveSecurityGroup { id: String, vpc: String },
    /// A key by its ARN does not exist any more.
    RemoveKey { id: String },
    /// A key by its ARN has this state: `Disabled`, `PendingDeletion`; `Enabled` makes it usable again.
    KeyState { id: String, state: String },
    /// Nobody may do this any more: `elasticache:CreateReplicationGroup`, `elasticache:*`.
    Deny { action: String },
    /// Everybody may again.
    Allow { action: String },
    /// A parameter group is gone, used or not.
    RemoveParameterGroup { name: String },
    /// A snapshot is gone.
    RemoveSnapshot { name: String },
    /// What was removed exists again.
    Restore { name: String },
    /// An event appears.
    Event { id: String, message: String },
    /// So many seconds of the sandbox's time are skipped.
    Advance { seconds: u64 },
    /// An access key id belongs to this account from now on.
    Account { access_key: String, account: String },
}

/// Fields of a group that can be set.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    description: Option<String>,
    node_type: Option<String>,
    engine_version: Option<String>,
    security_group_ids: Option<Vec<String>>,
    maintenance_window: Option<String>,
    snapshot_retention_limit: Option<i64>,
    automatic_failover: Option<bool>,
    tags: Option<std::collections::BTreeMap<String, String>>,
}

/// What was done, and the servers that have to stop for it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) answer: Value,
    pub(super) stop: Vec<String>,
}

/// Carries out one operation.
pub(super) fn mutate(state: &mut State, change: Value, now: Timestamp) -> Result<Done, String> {
    let mut change = change;
    let mut narrow = |field: &str| match change.as_object_mut().and_then(|fields| fields.remove(field)) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (account, region) = (narrow("account_id"), narrow("region"));
    let op: Op = serde_json::from_value(change).map_err(|error| error.to_string())?;
    let place = Narrowed { account, region };
    let mut stop = Vec::new();
    match op {
        Op::Status { id, status, seconds } => {
            if !["modifying", "snapshotting", "deleting"].contains(&status.as_str()) {
                return Err(format!("`{status}` is none of modifying, snapshotting, deleting"));
            }
            let group = place.group(state, &id)?;
            if !group.is_available() {
                return Err(format!("`{id}` is {}; it must be available", group.status()));
            }
            group.work =
                Some((Work::Hold { status }, now.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX)));
        }
        Op::RemoveGroup { id } => {
            let region = place.region_of(state, &id)?;
            region.remember(&id);
            if let Some(group) = region.groups.remove(&id)
                && group.listening.is_some()
            {
                stop.push(advance::server_name(&region.scope, &id));
            }
            region.event(now, "replication-group", &id, format!("Replication group {id} deleted"));
        }
        Op::Set { id, fields } => set(place.group(state, &id)?, &fields)?,
        Op::ApplyPending { id } => {
            let group = place.group(state, &id)?;
            let deferred = group.deferred.as_mut().ok_or_else(|| format!("nothing waits for the window of `{id}`"))?;
            deferred.from = now;
        }
        Op::RemoveSubnetGroup { name } => {
            for region in place.regions(state) {
                region.subnet_groups.remove(&name);
                region.removed.insert(name.clone());
            }
            place.note_everywhere(state, |removed| removed.insert(name));
        }
        Op::MoveSecurityGroup { id, vpc } => {
            state.moved.insert(id, vpc);
        }
        Op::KeyState { id, state: word } => {
            state.key_states.insert(id, word);
        }
        Op::Deny { action } => {
            state.denied.insert(action);
        }
        Op::Allow { action } => {
            if !state.denied.remove(&action) {
                return Err(format!("`{action}` was not denied"));
            }
        }
        Op::RemoveSubnet { id } | Op::RemoveSecurityGroup { id } | Op::RemoveKey { id } => {
            for region in place.regions(state) {
                region.removed.insert(id.clone());
            }
            place.note_everywhere(state, |removed| removed.insert(id));
        }
        Op::RemoveParameterGroup { name } => {
            let mut gone = place.regions(state).into_iter().filter_map(|region| region.parameter_groups.remove(&name));
            gone.next().ok_or_else(|| format!("no parameter group `{name}`"))?;
        }
        Op::RemoveSnapshot { name } => {
            let mut gone = place.regions(state).into_iter().filter_map(|region| region.snapshots.remove(&name));
            gone.next().ok_or_else(|| format!("no snapshot `{name}`"))?;
        }
        Op::Restore { name } => {
            let mut found = false;
            for region in place.regions(state) {
                found |= region.removed.remove(&name);
            }
            found |= place.note_everywhere(state, |removed| removed.remove(&name));
            if !found {
                return Err(format!("`{name}` was not removed"));
            }
        }
        Op::Event { id, message } => place.region_of(state, &id)?.event(now, "replication-group", &id, message),
        Op::Advance { seconds } => state.ahead = state.ahead.saturating_add(Duration::from_secs(seconds)),
        Op::Account { access_key, account } => {
            if !identity::is_account(&account) {
                return Err(format!("`{account}` is no account id of twelve digits"));
            }
            state.accounts.insert(access_key, account);
        }
    }
    Ok(Done { answer: json!({ "done": true }), stop })
}

/// Where to look.
struct Narrowed {
    account: Option<String>,
    region: Option<String>,
}

impl Narrowed {
    fn admits(&self, scope: &Scope) -> bool {
        self.account.as_ref().is_none_or(|account| *account == scope.account)
            && self.region.as_ref().is_none_or(|region| *region == scope.region)
    }

    /// Every place that this admits; one that is named in full is made if nobody has used it yet.
    fn regions<'a>(&self, state: &'a mut State) -> Vec<&'a mut Region> {
        if let (Some(account), Some(region)) = (&self.account, &self.region) {
            return vec![state.region(&Scope { account: account.clone(), region: region.clone() })];
        }
        state.regions.iter_mut().filter(|(scope, _)| self.admits(scope)).map(|(_, region)| region).collect()
    }

    /// Without any narrowing, what is removed is also removed from places that nobody has used yet.
    fn note_everywhere(&self, state: &mut State, note: impl FnOnce(&mut BTreeSet<String>) -> bool) -> bool {
        self.account.is_none() && self.region.is_none() && note(&mut state.removed_everywhere)
    }

    /// The place that has this group.
    fn region_of<'a>(&self, state: &'a mut State, id: &str) -> Result<&'a mut Region, String> {
        let mut places = state.regions.iter_mut().filter(|(scope, _)| self.admits(scope)).map(|(_, region)| region);
        places.find(|region| region.groups.contains_key(id)).ok_or_else(|| format!("no replication group `{id}`"))
    }

    fn group<'a>(&self, state: &'a mut State, id: &str) -> Result<&'a mut Group, String> {
        let region = self.region_of(state, id)?;
        region.remember(id);
        region.groups.get_mut(id).ok_or_else(|| format!("no replication group `{id}`"))
    }
}

fn set(group: &mut Group, fields: &Fields) -> Result<(), String> {
    apply(&mut group.settings, fields)?;
    // What is on its way must not undo it.
    if let Some((Work::Modify { target, .. }, _)) = &mut group.work {
        apply(target, fields)?;
    }
    if let Some(deferred) = &mut group.deferred {
        apply(&mut deferred.target, fields)?;
    }
    if let Some(tags) = &fields.tags {
        group.tags.clone_from(tags);
    }
    Ok(())
}

fn apply(settings: &mut Settings, fields: &Fields) -> Result<(), String> {
    if let Some(version) = &fields.engine_version {
        let found = catalog::find_version(settings.version.engine, version);
        settings.version = found.ok_or_else(|| format!("no version `{version}` of {}", settings.version.engine))?;
    }
    if let Some(description) = &fields.description {
        settings.description.clone_from(description);
    }
    if let Some(node_type) = &fields.node_type {
        settings.node_type.clone_from(node_type);
    }
    if let Some(ids) = &fields.security_group_ids {
        settings.security_groups.clone_from(ids);
    }
    if let Some(window) = &fields.maintenance_window {
        settings.maintenance_window.clone_from(window);
    }
    if let Some(days) = fields.snapshot_retention_limit {
        settings.snapshot_retention = days;
    }
    if let Some(on) = fields.automatic_failover {
        settings.failover = on;
    }
    Ok(())
}

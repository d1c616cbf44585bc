//! Moves everything on to where it should be by now. No timers: whoever asks first after a deadline finds it passed.

use secrecy::SecretString;

use super::durations::{self, Pace};
use super::group::{Change, Group, Settings, Work};
use super::store::{Region, Retained, Scope, State};
use crate::cache::Engine;
use crate::clock::Timestamp;
use crate::sandbox::{Listening, ServerSpec};

/// What the data plane has to do before a group's work is over.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) scope: Scope,
    pub(super) id: String,
    pub(super) act: Act,
}

/// One thing for the data plane to do.
#[derive(Debug)]
pub(super) enum Act {
    /// Start a server, or with `again` first stop it, because how it listens has changed.
    Start {
        spec: Box<ServerSpec>,
        passwords: Vec<SecretString>,
        again: bool,
    },
    Passwords {
        name: String,
        passwords: Vec<SecretString>,
    },
    Stop {
        name: String,
    },
}

/// Does all that is due by `now`, and says what is left to the data plane (nothing, if there is none).
pub(super) fn advance(state: &mut State, now: Timestamp, pace: Pace, listens: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    for region in state.regions.values_mut() {
        advance_region(region, now, pace, listens, &mut effects);
    }
    effects
}

fn advance_region(region: &mut Region, now: Timestamp, pace: Pace, listens: bool, effects: &mut Vec<Effect>) {
    loop {
        let ready: Vec<String> = region
            .groups
            .values()
            .filter(|group| !group.settling && is_due(group, now))
            .map(|group| group.id.clone())
            .collect();
        if ready.is_empty() {
            break;
        }
        for id in ready {
            let Some(group) = region.groups.get_mut(&id) else { continue };
            if group.work.is_none() {
                open_window(group, pace);
            } else if let Some(act) = left_to_data_plane(group, &region.scope).filter(|_| listens) {
                group.settling = true;
                effects.push(Effect { scope: region.scope.clone(), id, act });
            } else {
                complete(region, &id, Ok(None));
            }
        }
    }
    region.snapshots.retain(|_, snapshot| !matches!(snapshot.work, Some(("deleting", due)) if due <= now));
    for snapshot in region.snapshots.values_mut() {
        snapshot.work = snapshot.work.filter(|(_, due)| *due > now);
    }
    let scope = region.scope.clone();
    region.retained.retain(|id, retained| {
        let gone = retained.deleted.is_some_and(|due| due <= now);
        if gone && listens {
            let act = Act::Stop { name: server_name(&scope, &retained.group.id) };
            effects.push(Effect { scope: scope.clone(), id: id.clone(), act });
        }
        !gone
    });
}

fn is_due(group: &Group, now: Timestamp) -> bool {
    match &group.work {
        Some((_, due)) => *due <= now,
        None => !group.failed && group.deferred.as_ref().is_some_and(|deferred| deferred.from <= now),
    }
}

/// The maintenance window opened: what waited begins.
fn open_window(group: &mut Group, pace: Pace) {
    let Some(deferred) = group.deferred.take() else { return };
    let seconds = durations::modify(&deferred.changes, &group.settings, &deferred.target);
    let work = Work::Modify { target: deferred.target, changes: deferred.changes, failure: deferred.failure };
    group.work = Some((work, pace.due(deferred.from, seconds)));
}

/// The name of a group's server: unique over accounts and regions.
pub(super) fn server_name(scope: &Scope, id: &str) -> String {
    format!("{}-{}-{id}", scope.account, scope.region)
}

fn left_to_data_plane(group: &Group, scope: &Scope) -> Option<Act> {
    let name = server_name(scope, &group.id);
    match &group.work.as_ref()?.0 {
        Work::Create { failure: None } => Some(start(name, group, &group.settings, false)),
        Work::Modify { target, changes, failure: None } => {
            if target.tls != group.settings.tls {
                return Some(start(name, group, target, true));
            }
            let token = changes.iter().any(|change| matches!(change, Change::TokenSet | Change::TokenRotate));
            token.then(|| Act::Passwords { name, passwords: passwords(target) })
        }
        Work::Delete { retain: false, .. } if group.listening.is_some() => Some(Act::Stop { name }),
        _ => None,
    }
}

fn start(name: String, group: &Group, settings: &Settings, again: bool) -> Act {
    let passwords = passwords(settings);
    let spec = ServerSpec {
        name,
        engine: if settings.version.engine == "valkey" { Engine::Valkey } else { Engine::Redis },
        password: passwords.first().cloned(),
        tls: settings.tls,
        cluster: group.cluster,
    };
    Act::Start { spec: Box::new(spec), passwords, again }
}

/// The passwords that a client may use; none while access without one still works.
fn passwords(settings: &Settings) -> Vec<SecretString> {
    if settings.open { Vec::new() } else { settings.tokens.clone() }
}

/// Ends a group's work, well or badly. `server` is where its server listens now, if that changed.
pub(super) fn complete(region: &mut Region, id: &str, server: Result<Option<Listening>, String>) {
    region.remember(id);
    let Some(group) = region.groups.get_mut(id) else { return };
    group.settling = false;
    let Some((work, at)) = group.work.take() else { return };
    let trouble = match server {
        Ok(Some(listening)) => {
            group.listening = Some(listening);
            None
        }
        Ok(None) => None,
        Err(error) => Some(error),
    };
    match work {
        Work::Create { failure } => end_create(region, id, at, failure.or(trouble)),
        Work::Modify { target, changes, failure } => match failure.or(trouble) {
            Some(cause) => {
                region.event(
                    at,
                    "replication-group",
                    id,
                    format!("Modification of replication group {id} failed and was rolled back: {cause}"),
                );
            }
            None => end_modify(region, id, at, *target, &changes),
        },
        Work::Snapshot { name } => {
            region.event(at, "replication-group", id, format!("Snapshot {name} of replication group {id} completed"));
        }
        Work::Delete { retain, snapshot } => end_delete(region, id, at, retain, snapshot.as_deref()),
        Work::Hold { .. } => {}
    }
}

fn end_create(region: &mut Region, id: &str, at: Timestamp, failure: Option<String>) {
    let Some(group) = region.groups.get_mut(id) else { return };
    group.failed = failure.is_some();
    let members = group.members();
    if let Some(cause) = failure {
        if let Some(first) = members.first() {
            region.event(at, "cache-cluster", &first.cluster_id, format!("CacheClusterProvisioningFailed: {cause}"));
        }
        region.event(at, "replication-group", id, format!("Replication group {id} could not be created: {cause}"));
        return;
    }
    for member in &members {
        region.event(at, "cache-cluster", &member.cluster_id, "Cache cluster created");
    }
    region.event(at, "replication-group", id, format!("Replication group {id} created"));
}

fn end_modify(region: &mut Region, id: &str, at: Timestamp, target: Settings, changes: &[Change]) {
    let Some(group) = region.groups.get_mut(id) else { return };
    group.settings = target;
    if changes.iter().any(|change| *change != Change::Tags) {
        region.event(at, "replication-group", id, format!("Replication group {id} modified"));
    }
}

fn end_delete(region: &mut Region, id: &str, at: Timestamp, retain: bool, snapshot: Option<&str>) {
    let Some(group) = region.groups.remove(id) else { return };
    if let Some(name) = snapshot {
        region.event(at, "replication-group", id, format!("Final snapshot {name} of replication group {id} completed"));
    }
    for member in group.members() {
        if retain && member.primary {
            region.retained.insert(member.cluster_id, Retained { group: group.clone(), deleted: None });
        } else {
            region.event(at, "cache-cluster", &member.cluster_id, "Cache cluster deleted");
        }
    }
    region.event(at, "replication-group", id, format!("Replication group {id} deleted"));
}

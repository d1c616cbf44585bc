//! The calls that lead to a goal, in the order that is safe: parameter group, shards, more replicas, all that one
//! modification can carry, TLS, the password, fewer replicas. Failover is thus turned on after its replica has come, and
//! off before its replica goes.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::super::parameter_groups::{self, Made};
use super::changes::made;
use crate::backend::{Change, Class, Fields, Goal, Observed, Pace, Phase, Resolved, Step};
use crate::cache::{Auth, Mark, Mode};

pub(super) const CREATE: &str = "CreateReplicationGroup";
pub(super) const MODIFY: &str = "ModifyReplicationGroup";
pub(super) const RESHARD: &str = "ModifyReplicationGroupShardConfiguration";
pub(super) const INCREASE: &str = "IncreaseReplicaCount";
pub(super) const DECREASE: &str = "DecreaseReplicaCount";
pub(super) const DELETE: &str = "DeleteReplicationGroup";

/// What one modification can carry beside the rest. The others have calls or an order of their own.
const TOGETHER: [&str; 13] = [
    "engine",
    "engine_version",
    "node_type",
    "multi_az",
    "automatic_failover",
    "security_group_ids",
    "parameter_group",
    "snapshot_retention_limit",
    "snapshot_window",
    "maintenance_window",
    "auto_minor_version_upgrade",
    "notification_topic_arn",
    "ip_discovery",
];

/// The calls that lead to the goal.
pub(super) fn steps(goal: &Goal<'_>, seen: &Observed, prefix: &str) -> Vec<Step> {
    match goal {
        Goal::Present { resolved, mark, password, tags, .. } if seen.phase == Phase::Absent => {
            create(resolved, mark, *password, tags, prefix)
        }
        Goal::Present { resolved, changes, mark, password, tags, at_maintenance } => {
            let update = Update { resolved, changes, seen, later: *at_maintenance };
            update.steps(mark, *password, tags, prefix)
        }
        Goal::Marked { mark } => with_mark(Vec::new(), mark, seen),
        Goal::Rotated { mark, password } => {
            token("ROTATE", "make the new password valid beside the old one", mark, password, seen)
        }
        Goal::Settled { mark, password } => token("SET", "make the old password invalid", mark, password, seen),
        Goal::Removed { final_snapshot } => remove(final_snapshot.as_deref(), seen),
    }
}

fn step(call: &'static str, pace: Pace, why: impl Into<String>, fields: Value) -> Step {
    let fields = match fields {
        Value::Object(fields) => fields.into_iter().collect(),
        _ => Fields::new(),
    };
    Step { call, why: why.into(), pace, fields, mark: None, secret: None }
}

fn create(
    resolved: &Resolved,
    mark: &Mark,
    password: Option<&SecretString>,
    tags: &[(String, String)],
    prefix: &str,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(parameters) = parameter_groups::parameters(resolved) {
        let cluster = resolved.text("mode") == Some(Mode::Cluster.as_str());
        let version = resolved.text("engine_version").unwrap_or_default();
        if let Some(engine) = super::convert::engine(&resolved.fields) {
            let made = Made::new(prefix, &parameter_groups::family(engine, version), cluster, parameters);
            steps.extend(made.steps(tags));
        }
    }
    let mut fields = resolved.fields.clone();
    fields.remove("parameters");
    let mut all: Map<String, Value> = fields.get("tags").and_then(Value::as_object).cloned().unwrap_or_default();
    all.extend(tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))));
    fields.insert("tags".to_owned(), all.into());
    let wants_password = resolved.text("auth") == Some(Auth::Password.as_str());
    steps.push(Step {
        call: CREATE,
        why: "there is none".to_owned(),
        pace: Pace::Long,
        fields,
        mark: Some(mark.clone()),
        secret: password.filter(|_| wants_password).cloned(),
    });
    steps
}

fn token(strategy: &str, why: &str, mark: &Mark, password: &SecretString, seen: &Observed) -> Vec<Step> {
    // The mark goes with the password, so that it tells whether the call was made.
    if seen.mark() == Some(mark) {
        return Vec::new();
    }
    let mut rotate =
        step(MODIFY, Pace::Long, why, json!({"auth_token_update_strategy": strategy, "apply_immediately": true}));
    rotate.mark = Some(mark.clone());
    rotate.secret = Some(password.clone());
    vec![rotate]
}

fn remove(final_snapshot: Option<&str>, seen: &Observed) -> Vec<Step> {
    if matches!(seen.phase, Phase::Absent | Phase::Deleting) {
        return Vec::new();
    }
    let snapshot = final_snapshot.filter(|_| seen.phase != Phase::Shell);
    let why =
        snapshot.map_or_else(|| "remove it".to_owned(), |name| format!("take the snapshot {name}, then remove it"));
    vec![step(DELETE, Pace::Long, why, json!({"final_snapshot": snapshot}))]
}

/// Writes the mark with the first call that changes the cache, or in a call of its own before it.
fn with_mark(mut steps: Vec<Step>, mark: &Mark, seen: &Observed) -> Vec<Step> {
    if seen.mark() == Some(mark) {
        return steps;
    }
    let of_the_cache = |step: &Step| step.call != parameter_groups::CREATE && step.call != parameter_groups::FILL;
    let first = steps.iter().position(of_the_cache).unwrap_or(steps.len());
    match steps.get_mut(first) {
        Some(step) if step.call == MODIFY => step.mark = Some(mark.clone()),
        _ => {
            // Not immediately: that would hurry whatever waits for the maintenance window.
            let mut alone = step(MODIFY, Pace::Instant, "write the mark", json!({"apply_immediately": false}));
            alone.mark = Some(mark.clone());
            steps.insert(first, alone);
        }
    }
    steps
}

/// Changes of a living group.
struct Update<'a> {
    resolved: &'a Resolved,
    changes: &'a [Change],
    seen: &'a Observed,
    /// Whether interrupting changes wait for the maintenance window.
    later: bool,
}

impl Update<'_> {
    fn steps(
        &self,
        mark: &Mark,
        password: Option<&SecretString>,
        tags: &[(String, String)],
        prefix: &str,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(change) = self.change("parameter_group") {
            let made = made(self.resolved, self.seen, prefix).filter(|made| change.to == made.name.as_str());
            steps.extend(made.iter().flat_map(|made| made.steps(tags)));
        }
        steps.extend(self.reshard());
        steps.extend(self.replicas(true));
        steps.extend(self.modifications());
        steps.extend(self.encryption());
        steps.extend(self.first_password(password));
        steps.extend(self.replicas(false));
        with_mark(steps, mark, self.seen)
    }

    fn change(&self, field: &str) -> Option<&Change> {
        let can_be_made = |change: &&Change| matches!(change.class, Class::InPlace | Class::Disruptive);
        self.changes.iter().filter(can_be_made).find(|change| change.field == field)
    }

    fn reshard(&self) -> Option<Step> {
        let change = self.change("num_node_groups")?;
        let count = change.to.as_u64()?;
        let mut kept: Vec<String> = Vec::new();
        if change.from.as_u64().is_some_and(|from| from > count) {
            let ids = self.seen.fields.get("node_group_ids").and_then(Value::as_array).into_iter().flatten();
            kept.extend(ids.filter_map(|id| id.as_str().map(str::to_owned)));
            kept.sort();
            kept.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        }
        let fields = json!({"node_group_count": count, "node_groups_to_retain": kept});
        Some(step(RESHARD, Pace::Long, format!("{} shards become {count}", change.from), fields))
    }

    fn replicas(&self, more: bool) -> Option<Step> {
        let change = self.change("replicas_per_node_group")?;
        let (from, to) = (change.from.as_u64()?, change.to.as_u64()?);
        let call = if more { INCREASE } else { DECREASE };
        let fields = json!({"new_replica_count": to});
        ((to > from) == more).then(|| step(call, Pace::Long, format!("{from} replicas per shard become {to}"), fields))
    }

    /// At most two calls: what goes on without interruption, and what waits for the window.
    fn modifications(&self) -> Vec<Step> {
        // A parameter group of another family goes with the version that it belongs to.
        let upgrades = self.change("engine_version").is_some();
        let waits = |change: &Change| {
            self.later && (change.class == Class::Disruptive || upgrades && change.field == "parameter_group")
        };
        let ours = || TOGETHER.iter().filter_map(|field| self.change(field));
        let now: Vec<&Change> = ours().filter(|change| !waits(change)).collect();
        let later: Vec<&Change> = ours().filter(|change| waits(change)).collect();
        let all_wait =
            later.iter().filter(|change| change.class == Class::Disruptive).all(|change| self.is_pending(change));
        let mut steps = Vec::new();
        steps.extend(self.modification(&now, true));
        steps.extend(self.modification(&later, false).filter(|_| !all_wait));
        steps
    }

    /// Whether the cloud has accepted the change already.
    fn is_pending(&self, change: &Change) -> bool {
        // The engine itself is shown nowhere: it waits with its version.
        let field = if change.field == "engine" { "engine_version" } else { &change.field };
        let pending = self.seen.pending.iter().filter_map(|text| text.split_once('='));
        let values: Vec<&str> = pending.filter(|(name, _)| *name == field).map(|(_, value)| value).collect();
        match &change.to {
            Value::String(_) if change.field == "engine" => !values.is_empty(),
            // `8.1` waits as `8.1.0`.
            Value::String(to) if change.field == "engine_version" => {
                values.iter().any(|value| value.starts_with(to.as_str()))
            }
            Value::String(to) => values.contains(&to.as_str()),
            to => values.contains(&to.to_string().as_str()),
        }
    }

    fn modification(&self, changes: &[&Change], now: bool) -> Option<Step> {
        if changes.is_empty() {
            return None;
        }
        let mut fields: Fields = changes.iter().map(|change| (change.field.clone(), change.to.clone())).collect();
        fields.insert("apply_immediately".to_owned(), now.into());
        if fields.contains_key("node_type") {
            fields.extend(
                self.resolved.fields.get_key_value("node_type_alternatives").map(|(k, v)| (k.clone(), v.clone())),
            );
        }
        let starts_backups = self.seen.fields.get("snapshot_retention_limit") == Some(&0.into());
        let is_cluster = self.seen.fields.get("mode").is_some_and(|mode| mode == Mode::Cluster.as_str());
        if fields.contains_key("snapshot_retention_limit") && starts_backups && !is_cluster {
            // Without cluster mode the first backup needs a node to be taken of; with it none may be named.
            let has_none = !self.seen.fields.contains_key("snapshotting_cluster_id");
            if let Some(node) = self.seen.fields.get("backup_node").filter(|_| has_none) {
                fields.insert("snapshotting_cluster_id".to_owned(), node.clone());
            }
        }
        let names: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        let (pace, when) = if now { (Pace::Long, "") } else { (Pace::Instant, " in the next maintenance window") };
        Some(Step { fields, ..step(MODIFY, pace, format!("change {}{when}", names.join(", ")), Value::Null) })
    }

    /// TLS is turned on, and off, by way of `preferred`, in which both kinds of connection are taken.
    fn encryption(&self) -> Option<Step> {
        let preferred = self.seen.fields.get("transit_encryption_mode").is_some_and(|mode| mode == "preferred");
        let (mut fields, why) = if let Some(change) = self.change("tls") {
            match (change.to == true, preferred) {
                (true, _) => {
                    (json!({"tls": true, "transit_encryption_mode": "preferred"}), "offer tls beside plain connections")
                }
                (false, false) => {
                    (json!({"transit_encryption_mode": "preferred"}), "offer plain connections beside tls")
                }
                (false, true) => (json!({"tls": false}), "turn tls off"),
            }
        } else {
            let change = self.change("transit_encryption_mode")?;
            (json!({"transit_encryption_mode": change.to}), "change which connections are taken")
        };
        let waiting = |field: &str| {
            let wanted = fields.get(field).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            wanted.is_none_or(|wanted| self.seen.pending.contains(&format!("{field}={wanted}")))
        };
        if self.later && waiting("tls") && waiting("transit_encryption_mode") {
            return None;
        }
        fields["apply_immediately"] = (!self.later).into();
        let pace = if self.later { Pace::Instant } else { Pace::Long };
        Some(step(MODIFY, pace, why, fields))
    }

    /// Never left to the window: the answer hands the password out, so it has to be valid.
    fn first_password(&self, password: Option<&SecretString>) -> Option<Step> {
        self.change("auth")?;
        let fields = json!({"auth_token_update_strategy": "SET", "apply_immediately": true});
        let secret = Some(password?.clone());
        Some(Step { secret, ..step(MODIFY, Pace::Long, "demand a password", fields) })
    }
}

#[cfg(test)]
mod tests;

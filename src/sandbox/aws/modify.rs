//! `ModifyReplicationGroup`.

use secrecy::SecretString;

use super::catalog;
use super::context::Context;
use super::describe;
use super::durations;
use super::error::{Answer, AwsError};
use super::group::{Change, Deferred, Group, Settings, Work};
use super::parameter_groups;
use super::params::Params;
use super::store::Region;
use super::{validate, windows};
use crate::clock::Timestamp;

/// Valid AUTH tokens at the same time.
const TOKENS: usize = 2;

/// What a request asks for, checked.
struct Wanted {
    /// Everything applied.
    target: Settings,
    /// What is different in the target.
    changes: Vec<Change>,
}

/// Checks the request, applies its words at once, and starts the rest or leaves it to the maintenance window.
pub(super) fn modify(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let id = params.identifier("ReplicationGroupId")?;
    let now_or_later = params.flag("ApplyImmediately")?.unwrap_or(false);
    let group = ctx.region.group(&id)?;
    if !group.is_available() {
        return Err(AwsError::group_state(&id, group.status(), "be modified"));
    }
    let wanted = wanted(params, ctx.region, group, ctx.now)?;
    let waiting = now_or_later && group.deferred.is_some();
    if wanted.changes.is_empty() && !waiting {
        return Err(AwsError::combination("No modifications were requested."));
    }

    let (now, pace) = (ctx.now, ctx.pace);
    let mut deferred_failure = None;
    let group = ctx.region.change_group(&id, "be modified")?;
    apply_words(&mut group.settings, &wanted.target);
    let mut slow: Vec<Change> = wanted.changes.into_iter().filter(|change| *change != Change::Words).collect();
    if let Some(deferred) = group.deferred.take() {
        deferred_failure = deferred.failure;
        for change in deferred.changes {
            if !slow.contains(&change) {
                slow.push(change);
            }
        }
    }
    let target = Box::new(wanted.target);
    if slow.is_empty() {
        return describe::one(ctx.region, &id);
    }
    let failure = ctx.failure.take().or(deferred_failure);
    let soon = slow.iter().all(|change| matches!(change, Change::ParameterGroup | Change::SecurityGroups));
    if now_or_later || soon {
        let due = pace.due(now, durations::modify(&slow, &group.settings, &target));
        group.work = Some((Work::Modify { target, changes: slow, failure }, due));
    } else {
        let from = windows::next_opening(&group.settings.maintenance_window, now);
        group.deferred = Some(Deferred { target, changes: slow, failure, from });
    }
    describe::one(ctx.region, &id)
}

/// Reads everything that is asked for onto what the group has, or will have after its next window.
fn wanted(params: &Params, region: &Region, group: &Group, now: Timestamp) -> Result<Wanted, AwsError> {
    let mut target =
        group.deferred.as_ref().map_or_else(|| group.settings.clone(), |deferred| (*deferred.target).clone());
    let mut changes = Vec::new();
    words(params, group, &mut target, &mut changes)?;
    if let Some(node_type) = params.get("CacheNodeType") {
        validate::node_type(node_type)?;
        note(&mut changes, Change::NodeType, target.node_type != node_type);
        node_type.clone_into(&mut target.node_type);
    }
    version(params, region, group, &mut target, &mut changes)?;
    if params.has_list("SecurityGroupIds") {
        let ids = params.list("SecurityGroupIds");
        validate::security_groups(region, &ids)?;
        note(&mut changes, Change::SecurityGroups, target.security_groups != ids);
        target.security_groups = ids;
    }
    failover(params, group, &mut target, &mut changes)?;
    transit_encryption(params, group, &mut target, &mut changes)?;
    token(params, &mut target, &mut changes, now)?;
    refuse_what_is_not_here(params, group)?;
    Ok(Wanted { target, changes })
}

fn note(changes: &mut Vec<Change>, change: Change, differs: bool) {
    if differs && !changes.contains(&change) {
        changes.push(change);
    }
}

/// What takes effect at once, whatever `ApplyImmediately` says.
fn words(params: &Params, group: &Group, target: &mut Settings, changes: &mut Vec<Change>) -> Result<(), AwsError> {
    let before = group.settings.clone();
    if let Some(text) = params.get("ReplicationGroupDescription") {
        validate::description("ReplicationGroupDescription", text)?;
        text.clone_into(&mut target.description);
    }
    if let Some(window) = params.get("PreferredMaintenanceWindow") {
        target.maintenance_window = windows::maintenance(window)?;
    }
    if let Some(window) = params.get("SnapshotWindow") {
        target.snapshot_window = windows::snapshot(window)?;
    }
    windows::must_not_overlap(&target.maintenance_window, &target.snapshot_window)?;
    if let Some(days) = params.number_within("SnapshotRetentionLimit", 0, 35)? {
        target.snapshot_retention = days;
    }
    if let Some(on) = params.flag("AutoMinorVersionUpgrade")? {
        target.auto_minor = on;
    }
    if let Some(topic) = params.get("NotificationTopicArn") {
        target.topic = Some(topic.to_owned());
    }
    if let Some(discovery) = params.get("IpDiscovery") {
        validate::one_of("IpDiscovery", discovery, &["ipv4", "ipv6"])?;
        discovery.clone_into(&mut target.ip_discovery);
    }
    if let Some(cluster) = params.get("SnapshottingClusterId") {
        if group.cluster {
            return Err(AwsError::combination("SnapshottingClusterId must not be used with cluster mode."));
        }
        if !group.members().iter().any(|member| member.cluster_id == cluster) {
            return Err(AwsError::value(format!("{cluster} is not a member of replication group {}.", group.id)));
        }
        target.snapshotting_cluster = Some(cluster.to_owned());
    }
    let differs = before.description != target.description
        || before.maintenance_window != target.maintenance_window
        || before.snapshot_window != target.snapshot_window
        || before.snapshot_retention != target.snapshot_retention
        || before.auto_minor != target.auto_minor
        || before.topic != target.topic
        || before.ip_discovery != target.ip_discovery
        || before.snapshotting_cluster != target.snapshotting_cluster;
    note(changes, Change::Words, differs);
    Ok(())
}

fn apply_words(settings: &mut Settings, target: &Settings) {
    settings.description.clone_from(&target.description);
    settings.maintenance_window.clone_from(&target.maintenance_window);
    settings.snapshot_window.clone_from(&target.snapshot_window);
    settings.snapshot_retention = target.snapshot_retention;
    settings.auto_minor = target.auto_minor;
    settings.topic.clone_from(&target.topic);
    settings.ip_discovery.clone_from(&target.ip_discovery);
    settings.snapshotting_cluster.clone_from(&target.snapshotting_cluster);
}

/// Engine, version and parameter group belong together: the group's family must be that of the version.
fn version(
    params: &Params,
    region: &Region,
    group: &Group,
    target: &mut Settings,
    changes: &mut Vec<Change>,
) -> Result<(), AwsError> {
    let current = target.version;
    let engine = match params.get("Engine").map(str::to_ascii_lowercase) {
        None => current.engine,
        Some(engine) if engine == "redis" && current.engine == "valkey" => {
            return Err(AwsError::combination("A replication group cannot go back from valkey to redis."));
        }
        Some(engine) if engine == "redis" => "redis",
        Some(engine) if engine == "valkey" => "valkey",
        Some(engine) => return Err(AwsError::value(format!("Invalid value {engine} for Engine."))),
    };
    let asked = params.get("EngineVersion");
    if engine != current.engine && asked.is_none() {
        return Err(AwsError::combination("EngineVersion must be given when Engine changes."));
    }
    if let Some(asked) = asked {
        let found = catalog::find_version(engine, asked);
        let found = found.ok_or_else(|| super::create::unknown_version(Some(asked), engine))?;
        // `6.x` is any 6: asking for it again must not move a 6.0 to 6.2.
        let same = found == current || (asked.eq_ignore_ascii_case("6.x") && current.family == "redis6.x");
        if !same {
            if catalog::rank(found.engine, found.full) < catalog::rank(current.engine, current.full) {
                let message = format!("Downgrading from version {} to {} is not supported.", current.full, found.full);
                return Err(AwsError::combination(message));
            }
            target.version = found;
            note(changes, Change::Version, true);
        }
    }

    if let Some(name) = params.get("CacheParameterGroupName") {
        let name = name.to_ascii_lowercase();
        let found = parameter_groups::find(region, &name)?;
        if found.cluster_on != group.cluster {
            return Err(AwsError::combination(format!(
                "Cluster mode of the parameter group {name} is not the group's."
            )));
        }
        note(changes, Change::ParameterGroup, target.parameter_group != name);
        target.parameter_group = name;
    } else if target.version.family != current.family && target.parameter_group.starts_with("default.") {
        target.parameter_group = parameter_groups::default_name(target.version.family, group.cluster);
    }
    let family = parameter_groups::find(region, &target.parameter_group)?.family;
    if family != target.version.family {
        return Err(AwsError::combination(format!(
            "Expected a parameter group of family {} but {} is of family {family}.",
            target.version.family, target.parameter_group
        )));
    }
    Ok(())
}

fn failover(params: &Params, group: &Group, target: &mut Settings, changes: &mut Vec<Change>) -> Result<(), AwsError> {
    let before = (target.failover, target.multi_az);
    if let Some(on) = params.flag("AutomaticFailoverEnabled")? {
        target.failover = on;
    }
    if let Some(on) = params.flag("MultiAZEnabled")? {
        target.multi_az = on;
    }
    if group.cluster && !target.failover {
        return Err(AwsError::combination("Automatic failover cannot be turned off with cluster mode."));
    }
    if target.multi_az && !target.failover {
        return Err(AwsError::combination("MultiAZEnabled requires AutomaticFailoverEnabled."));
    }
    if target.failover && !group.cluster && target.nodes() < 2 {
        return Err(AwsError::combination("AutomaticFailoverEnabled requires at least one replica."));
    }
    note(changes, Change::Failover, before != (target.failover, target.multi_az));
    Ok(())
}

/// TLS is turned on in two steps (preferred, then required) and off in the reverse order.
fn transit_encryption(
    params: &Params,
    group: &Group,
    target: &mut Settings,
    changes: &mut Vec<Change>,
) -> Result<(), AwsError> {
    let asked = params.flag("TransitEncryptionEnabled")?;
    let mode = params.get("TransitEncryptionMode");
    if let Some(mode) = mode {
        validate::one_of("TransitEncryptionMode", mode, &["preferred", "required"])?;
    }
    let tls = asked.unwrap_or(target.tls);
    if mode.is_some() && !tls {
        return Err(AwsError::combination("TransitEncryptionMode requires TransitEncryptionEnabled."));
    }
    if tls && !target.tls && mode != Some("preferred") {
        return Err(AwsError::combination(
            "To turn on TransitEncryptionEnabled, TransitEncryptionMode must be preferred first.",
        ));
    }
    if !tls && target.tls && (target.tls_mode.as_deref() != Some("preferred") || !group.settings.tokens.is_empty()) {
        return Err(AwsError::combination(
            "TransitEncryptionEnabled can be turned off only from TransitEncryptionMode preferred and without AUTH.",
        ));
    }
    let new_mode = if tls { mode.map(str::to_owned).or_else(|| target.tls_mode.clone()) } else { None };
    note(changes, Change::Tls, tls != target.tls || new_mode != target.tls_mode);
    target.tls = tls;
    target.tls_mode = new_mode;
    Ok(())
}

fn token(params: &Params, target: &mut Settings, changes: &mut Vec<Change>, now: Timestamp) -> Result<(), AwsError> {
    let strategy = params.get("AuthTokenUpdateStrategy");
    if let Some(strategy) = strategy {
        validate::one_of("AuthTokenUpdateStrategy", strategy, &["SET", "ROTATE", "DELETE"])?;
    }
    let Some(token) = params.get("AuthToken") else {
        return match strategy {
            None => Ok(()),
            Some("DELETE") => {
                Err(AwsError::combination("Auth token update strategy delete is not supported currently."))
            }
            Some(_) => Err(AwsError::combination("AuthTokenUpdateStrategy requires AuthToken.")),
        };
    };
    if strategy == Some("DELETE") {
        return Err(AwsError::combination("AuthToken must not be given with the update strategy DELETE."));
    }
    if !target.tls {
        return Err(AwsError::combination("AuthToken can only be used with TransitEncryptionEnabled."));
    }
    validate::auth_token(token)?;
    let token = SecretString::from(token);
    if strategy == Some("SET") {
        target.tokens = vec![token];
        target.open = false;
        note(changes, Change::TokenSet, true);
    } else {
        // On a group without AUTH a rotated-in token is accepted but not yet demanded.
        target.open |= target.tokens.is_empty();
        target.tokens.insert(0, token);
        target.tokens.truncate(TOKENS);
        note(changes, Change::TokenRotate, true);
    }
    target.token_modified = Some(now);
    Ok(())
}

fn refuse_what_is_not_here(params: &Params, group: &Group) -> Result<(), AwsError> {
    if let Some(user_group) = params.list("UserGroupIdsToAdd").first() {
        return Err(AwsError::new("UserGroupNotFound", 404, format!("User group {user_group} not found.")));
    }
    let known = |id: &str| group.members().iter().any(|member| member.cluster_id == id);
    match params.get("PrimaryClusterId") {
        Some(primary) if !known(primary) => Err(AwsError::cluster_not_found(primary)),
        _ => Ok(()),
    }
}

//! `IncreaseReplicaCount`, `DecreaseReplicaCount` and `ModifyReplicationGroupShardConfiguration`.

use super::context::Context;
use super::create;
use super::describe;
use super::durations;
use super::error::{Answer, AwsError};
use super::group::{Change, Group, Settings, Shard, Work};
use super::params::Params;

/// Replicas that one shard may have.
const REPLICAS: u32 = 5;

/// `IncreaseReplicaCount`.
pub(super) fn increase(ctx: &mut Context<'_>) -> Answer {
    replicas(ctx, true)
}

/// `DecreaseReplicaCount`.
pub(super) fn decrease(ctx: &mut Context<'_>) -> Answer {
    replicas(ctx, false)
}

fn replicas(ctx: &mut Context<'_>, more: bool) -> Answer {
    let id = ctx.params.identifier("ReplicationGroupId")?;
    must_apply_now(ctx.params)?;
    let group = ctx.region.group(&id)?;
    if !group.is_available() {
        return Err(AwsError::group_state(&id, group.status(), "change its replicas"));
    }
    let mut shards = group.settings.shards.clone();
    for (shard, wanted) in wanted_counts(ctx.params, group, more)? {
        let Some(found) = shards.iter_mut().find(|own| own.id == shard) else {
            return Err(AwsError::new("NodeGroupNotFoundFault", 404, format!("Node group {shard} not found.")));
        };
        if wanted == found.replicas {
            let message = "The operation was not performed because no changes were required.";
            return Err(AwsError::new("NoOperationFault", 400, message));
        }
        if (wanted > found.replicas) != more {
            let word = if more { "greater" } else { "less" };
            return Err(AwsError::value(format!(
                "NewReplicaCount must be {word} than the current {}.",
                found.replicas
            )));
        }
        found.replicas = wanted;
    }
    let fewest = shards.iter().map(|shard| shard.replicas).min().unwrap_or_default();
    if fewest == 0 && (group.settings.multi_az || (group.settings.failover && !group.cluster)) {
        return Err(AwsError::combination("Automatic failover and Multi-AZ require at least one replica."));
    }
    change_shards(ctx, &id, shards, Change::Replicas)
}

/// The counts that are asked for: one for all shards, or one for each that is named.
fn wanted_counts(params: &Params, group: &Group, more: bool) -> Result<Vec<(String, u32)>, AwsError> {
    let all = || group.settings.shards.iter();
    let configured = params.structures("ReplicaConfiguration");
    if !configured.is_empty() {
        let read = configured.iter().map(|fields| {
            let shard = fields.get("NodeGroupId").cloned().ok_or_else(|| AwsError::missing("NodeGroupId"))?;
            let count = fields.get("NewReplicaCount").and_then(|count| count.parse().ok());
            Ok((shard, checked(count.ok_or_else(|| AwsError::missing("NewReplicaCount"))?)?))
        });
        return read.collect();
    }
    let removed = params.list("ReplicasToRemove");
    if !more && !removed.is_empty() {
        return all()
            .filter_map(|shard| {
                let members = group.members();
                let gone =
                    members.iter().filter(|member| member.shard == shard.id && removed.contains(&member.cluster_id));
                match u32::try_from(gone.count()).unwrap_or_default() {
                    0 => None,
                    gone => Some(Ok((shard.id.clone(), shard.replicas.saturating_sub(gone)))),
                }
            })
            .collect();
    }
    let count = checked(params.number("NewReplicaCount")?.ok_or_else(|| AwsError::missing("NewReplicaCount"))?)?;
    Ok(all().map(|shard| (shard.id.clone(), count)).collect())
}

fn checked(count: i64) -> Result<u32, AwsError> {
    u32::try_from(count)
        .ok()
        .filter(|count| *count <= REPLICAS)
        .ok_or_else(|| AwsError::value(format!("NewReplicaCount must be between 0 and {REPLICAS}, and is {count}.")))
}

/// `ModifyReplicationGroupShardConfiguration`.
pub(super) fn reshard(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let id = params.identifier("ReplicationGroupId")?;
    must_apply_now(params)?;
    let group = ctx.region.group(&id)?;
    if !group.is_available() {
        return Err(AwsError::group_state(&id, group.status(), "be resharded"));
    }
    if !group.cluster {
        return Err(AwsError::value(format!("Replication group {id} does not have cluster mode enabled.")));
    }
    let count = params.number("NodeGroupCount")?.ok_or_else(|| AwsError::missing("NodeGroupCount"))?;
    let count = usize::try_from(count).ok().filter(|count| *count >= 1).ok_or_else(create::too_many_shards)?;
    let mut shards = group.settings.shards.clone();
    if count == shards.len() {
        return Err(AwsError::new("NoOperationFault", 400, "The replication group has that many node groups already."));
    }
    if count > shards.len() {
        let replicas = shards.first().map_or(0, |shard| shard.replicas);
        if !create::fits(u32::try_from(count).unwrap_or(u32::MAX)) {
            return Err(create::too_many_shards());
        }
        let mut number = 1_u32;
        while shards.len() < count {
            let id = format!("{number:04}");
            if !shards.iter().any(|shard| shard.id == id) {
                shards.push(Shard { id, replicas });
            }
            number += 1;
        }
    } else {
        shards = remaining(params, shards, count)?;
    }
    change_shards(ctx, &id, shards, Change::Shards)
}

fn remaining(params: &Params, mut shards: Vec<Shard>, count: usize) -> Result<Vec<Shard>, AwsError> {
    let (remove, retain) = (params.list("NodeGroupsToRemove"), params.list("NodeGroupsToRetain"));
    if let Some(unknown) = remove.iter().chain(&retain).find(|id| !shards.iter().any(|shard| shard.id == **id)) {
        return Err(AwsError::new("NodeGroupNotFoundFault", 404, format!("Node group {unknown} not found.")));
    }
    match (remove.is_empty(), retain.is_empty()) {
        (false, true) => shards.retain(|shard| !remove.contains(&shard.id)),
        (true, false) => shards.retain(|shard| retain.contains(&shard.id)),
        _ => {
            let message = "Either NodeGroupsToRemove or NodeGroupsToRetain must be given to remove node groups.";
            return Err(AwsError::combination(message));
        }
    }
    if shards.len() != count {
        return Err(AwsError::combination(
            "NodeGroupCount does not fit the node groups that are to be removed or retained.",
        ));
    }
    Ok(shards)
}

fn change_shards(ctx: &mut Context<'_>, id: &str, shards: Vec<Shard>, change: Change) -> Answer {
    let (now, pace, failure) = (ctx.now, ctx.pace, ctx.failure.take());
    let group = ctx.region.group(id)?;
    let target = Settings { shards, ..group.settings.clone() };
    if !create::fits(target.nodes()) {
        return Err(create::too_many_nodes());
    }
    let group = ctx.region.change_group(id, "change its nodes")?;
    if let Some(deferred) = &mut group.deferred {
        deferred.target.shards.clone_from(&target.shards);
    }
    let due = pace.due(now, durations::modify(&[change], &group.settings, &target));
    group.work = Some((Work::Modify { target: Box::new(target), changes: vec![change], failure }, due));
    describe::one(ctx.region, id)
}

fn must_apply_now(params: &Params) -> Result<(), AwsError> {
    match params.flag("ApplyImmediately")? {
        Some(true) => Ok(()),
        Some(false) => Err(AwsError::value("ApplyImmediately must be true for this operation.")),
        None => Err(AwsError::missing("ApplyImmediately")),
    }
}

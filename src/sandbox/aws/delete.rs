//! `DeleteReplicationGroup`.

use super::context::Context;
use super::describe;
use super::durations;
use super::error::{Answer, AwsError};
use super::group::Work;
use super::snapshots;

/// Starts the delete, with a last snapshot if one is named.
pub(super) fn delete(ctx: &mut Context<'_>) -> Answer {
    let params = ctx.params;
    let id = params.identifier("ReplicationGroupId")?;
    let retain = params.flag("RetainPrimaryCluster")?.unwrap_or(false);
    let snapshot = params.get("FinalSnapshotIdentifier");
    let group = ctx.region.group(&id)?;
    // A create that failed leaves something that can only be deleted.
    if !group.is_available() && !group.failed {
        return Err(AwsError::group_state(&id, group.status(), "be deleted"));
    }
    if retain && (group.cluster || snapshot.is_some()) {
        return Err(AwsError::combination(
            "RetainPrimaryCluster must not be used with cluster mode or FinalSnapshotIdentifier.",
        ));
    }
    if let Some(name) = snapshot {
        if group.failed {
            return Err(AwsError::group_state(&id, group.status(), "be snapshotted"));
        }
        let group = group.clone();
        snapshots::add(ctx, name, group, None, true)?;
    }
    ctx.region.remember(&id);
    let due = ctx.pace.due(ctx.now, durations::delete(snapshot.is_some()));
    if let Some(group) = ctx.region.groups.get_mut(&id) {
        group.deferred = None;
        group.work = Some((Work::Delete { retain, snapshot: snapshot.map(str::to_owned) }, due));
    }
    describe::one(ctx.region, &id)
}

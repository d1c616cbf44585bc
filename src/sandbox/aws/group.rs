//! A replication group as the emulated service keeps it.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::catalog::Version;
use crate::clock::Timestamp;
use crate::sandbox::Listening;

/// Slots of the cluster protocol.
const SLOTS: usize = 16_384;

/// One node group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shard {
    /// Four digits, from `0001`.
    pub(super) id: String,
    /// Nodes besides the primary.
    pub(super) replicas: u32,
}

/// Everything that a modification can change.
#[expect(clippy::struct_excessive_bools, reason = "they are the API's own, each independent of the others")]
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) description: String,
    pub(super) version: Version,
    pub(super) node_type: String,
    pub(super) parameter_group: String,
    pub(super) shards: Vec<Shard>,
    pub(super) failover: bool,
    pub(super) multi_az: bool,
    pub(super) tls: bool,
    /// `preferred` or `required`, while TLS is on.
    pub(super) tls_mode: Option<String>,
    /// The valid AUTH tokens, the newest first; two while rotating.
    pub(super) tokens: Vec<SecretString>,
    /// A token was added by ROTATE to a group that had none: access without a password still works.
    pub(super) open: bool,
    pub(super) token_modified: Option<Timestamp>,
    pub(super) security_groups: Vec<String>,
    pub(super) maintenance_window: String,
    pub(super) snapshot_retention: i64,
    pub(super) snapshot_window: String,
    pub(super) snapshotting_cluster: Option<String>,
    pub(super) auto_minor: bool,
    pub(super) topic: Option<String>,
    pub(super) ip_discovery: String,
}

/// What a modification is about; how long it takes and what is shown as pending follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Description, windows, retention and the like: done at once.
    Words,
    NodeType,
    Version,
    ParameterGroup,
    SecurityGroups,
    Failover,
    Tls,
    TokenSet,
    TokenRotate,
    Replicas,
    Shards,
    Tags,
}

/// What is going on.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Create {
        failure: Option<String>,
    },
    Modify {
        target: Box<Settings>,
        changes: Vec<Change>,
        failure: Option<String>,
    },
    Snapshot {
        name: String,
    },
    Delete {
        retain: bool,
        snapshot: Option<String>,
    },
    /// Something of the cloud's own; the word is its status.
    Hold {
        status: String,
    },
}

/// Changes that wait for the maintenance window.
#[derive(Debug, Clone)]
pub(super) struct Deferred {
    pub(super) target: Box<Settings>,
    pub(super) changes: Vec<Change>,
    pub(super) failure: Option<String>,
    pub(super) from: Timestamp,
}

/// A replication group.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the API's own and three facts of the sandbox, independent of each other"
)]
#[expect(clippy::struct_field_names, reason = "`subnet_group` is what the API calls it")]
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) created: Timestamp,
    /// The random part of its host names.
    pub(super) suffix: String,
    /// Whether cluster mode is on; it never changes.
    pub(super) cluster: bool,
    pub(super) at_rest: bool,
    pub(super) kms_key: Option<String>,
    pub(super) subnet_group: String,
    pub(super) port: u16,
    pub(super) network_type: String,
    pub(super) settings: Settings,
    pub(super) tags: BTreeMap<String, String>,
    /// What is going on, and until when.
    pub(super) work: Option<(Work, Timestamp)>,
    pub(super) deferred: Option<Deferred>,
    /// The create ended in failure.
    pub(super) failed: bool,
    /// Where its server listens, if there is a data plane.
    pub(super) listening: Option<Listening>,
    /// The end of the work waits for the data plane.
    pub(super) settling: bool,
}

/// One node, as a member cluster shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) cluster_id: String,
    pub(super) shard: String,
    pub(super) primary: bool,
    pub(super) zone: char,
}

impl Group {
    /// The status word of the API.
    pub(super) fn status(&self) -> &str {
        match &self.work {
            Some((Work::Create { .. }, _)) => "creating",
            Some((Work::Modify { .. }, _)) => "modifying",
            Some((Work::Snapshot { .. }, _)) => "snapshotting",
            Some((Work::Delete { .. }, _)) => "deleting",
            Some((Work::Hold { status }, _)) => status,
            None if self.failed => "create-failed",
            None => "available",
        }
    }

    pub(super) fn is_available(&self) -> bool {
        self.work.is_none() && !self.failed
    }

    /// Endpoints are shown from the end of the create on.
    pub(super) fn has_endpoints(&self) -> bool {
        !self.failed && !matches!(self.work, Some((Work::Create { .. }, _)))
    }

    /// Its nodes, shard by shard, the primary first.
    pub(super) fn members(&self) -> Vec<Member> {
        let mut members = Vec::new();
        for shard in &self.settings.shards {
            for number in 0..=shard.replicas {
                let cluster_id = if self.cluster {
                    format!("{}-{}-{:03}", self.id, shard.id, number + 1)
                } else {
                    format!("{}-{:03}", self.id, number + 1)
                };
                let zone = ['a', 'b', 'c'][usize::try_from(number % 3).unwrap_or_default()];
                members.push(Member { cluster_id, shard: shard.id.clone(), primary: number == 0, zone });
            }
        }
        members
    }

    /// The slots of the shard at `index`.
    pub(super) fn slots(&self, index: usize) -> String {
        let count = self.settings.shards.len().max(1);
        format!("{}-{}", index * SLOTS / count, (index + 1) * SLOTS / count - 1)
    }

    /// What is on its way, now or at the next window.
    pub(super) fn pending(&self) -> Option<(&Settings, &[Change])> {
        if let Some((Work::Modify { target, changes, .. }, _)) = &self.work {
            return Some((target, changes));
        }
        self.deferred.as_ref().map(|deferred| (&*deferred.target, deferred.changes.as_slice()))
    }
}

impl Settings {
    /// How many nodes there are in all.
    pub(super) fn nodes(&self) -> u32 {
        self.shards.iter().map(|shard| shard.replicas + 1).sum()
    }
}

/// `count` shards of `replicas` each.
pub(super) fn shards(count: u32, replicas: u32) -> Vec<Shard> {
    (1..=count).map(|number| Shard { id: format!("{number:04}"), replicas }).collect()
}

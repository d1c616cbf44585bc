//! Everything that the emulated AWS remembers: for each account and region its own, nothing shared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::error::AwsError;
use super::group::Group;
use crate::clock::Timestamp;

/// Events are kept as long as the service keeps them.
const EVENT_DAYS: i64 = 14;
/// And not more than this many for each account and region.
const EVENTS: usize = 20_000;

/// An account and a region in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) account: String,
    pub(super) region: String,
}

/// Keys handed out by `AssumeRole`.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) account: String,
    /// The ARN and id of the assumed role.
    pub(super) arn: String,
    pub(super) user_id: String,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) regions: BTreeMap<Scope, Region>,
    /// By access key id.
    pub(super) sessions: BTreeMap<String, Session>,
    /// Access key id to account, as set from outside.
    pub(super) accounts: BTreeMap<String, String>,
    /// What was removed from every account and region, also from those that nobody has used yet.
    pub(super) removed_everywhere: BTreeSet<String>,
    /// Actions that nobody may do; `*` at the end matches anything.
    pub(super) denied: BTreeSet<String>,
    /// Security groups in another VPC than everything else.
    pub(super) moved: BTreeMap<String, String>,
    /// Keys that are there and not enabled, with their state.
    pub(super) key_states: BTreeMap<String, String>,
    /// How far the sandbox's time is ahead of the clock's.
    pub(super) ahead: Duration,
}

impl State {
    /// Whether an action (`elasticache:CreateReplicationGroup`) is denied to everybody.
    pub(super) fn denies(&self, action: &str) -> bool {
        self.denied.iter().any(|denied| match denied.strip_suffix('*') {
            Some(prefix) => action.starts_with(prefix),
            None => denied == action,
        })
    }

    /// The part of one account and region, made on first use.
    pub(super) fn region(&mut self, scope: &Scope) -> &mut Region {
        let removed = &self.removed_everywhere;
        self.regions.entry(scope.clone()).or_insert_with(|| Region::new(scope.clone(), removed.clone()))
    }
}

/// One event of `DescribeEvents`.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) source_type: &'static str,
    pub(super) source: String,
    pub(super) message: String,
}

/// A subnet group.
#[derive(Debug, Clone)]
pub(super) struct SubnetGroup {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) subnets: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// A parameter group that somebody made; the `default.*` ones are not stored.
#[derive(Debug, Clone)]
pub(super) struct ParameterGroup {
    pub(super) name: String,
    pub(super) family: String,
    pub(super) description: String,
    /// The parameters that differ from the family's.
    pub(super) values: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// A snapshot with what it needs to show of the group that it was taken of.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) automatic: bool,
    /// The group as it was.
    pub(super) group: Group,
    /// Set if it was asked for by member cluster.
    pub(super) cluster: Option<String>,
    pub(super) kms_key: Option<String>,
    pub(super) taken: Timestamp,
    /// `creating`, `copying` or `deleting`, and until when; `None` is available.
    pub(super) work: Option<(&'static str, Timestamp)>,
    pub(super) tags: BTreeMap<String, String>,
}

/// A primary that outlived its group, by `RetainPrimaryCluster`.
#[derive(Debug, Clone)]
pub(super) struct Retained {
    pub(super) group: Group,
    pub(super) deleted: Option<Timestamp>,
}

/// One account in one region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) scope: Scope,
    pub(super) groups: BTreeMap<String, Group>,
    /// Each group as it was before its last change (`None`: it was not there), for stale reads.
    pub(super) previous: BTreeMap<String, Option<Group>>,
    pub(super) retained: BTreeMap<String, Retained>,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    pub(super) subnet_groups: BTreeMap<String, SubnetGroup>,
    pub(super) parameter_groups: BTreeMap<String, ParameterGroup>,
    /// Subnet groups, subnets and security groups that were taken away; all others exist.
    pub(super) removed: BTreeSet<String>,
    pub(super) events: Vec<Event>,
}

impl Region {
    fn new(scope: Scope, removed: BTreeSet<String>) -> Self {
        let mut region = Self {
            scope,
            groups: BTreeMap::new(),
            previous: BTreeMap::new(),
            retained: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            subnet_groups: BTreeMap::new(),
            parameter_groups: BTreeMap::new(),
            removed,
            events: Vec::new(),
        };
        // Not there only if it was removed everywhere.
        region.require_subnet_group("default").ok();
        region
    }

    /// `arn:aws:elasticache:{region}:{account}:{kind}:{name}`.
    pub(super) fn arn(&self, kind: &str, name: &str) -> String {
        let Scope { account, region } = &self.scope;
        format!("arn:{}:elasticache:{region}:{account}:{kind}:{name}", partition(region))
    }

    /// Remembers a group as it is, before it changes.
    pub(super) fn remember(&mut self, id: &str) {
        self.previous.insert(id.to_owned(), self.groups.get(id).cloned());
    }

    /// The group of that name, in any state.
    pub(super) fn group(&self, id: &str) -> Result<&Group, AwsError> {
        self.groups.get(id).ok_or_else(|| AwsError::group_not_found(id))
    }

    /// The group of that name for a change, which it must be available for; it is remembered as it is.
    pub(super) fn change_group(&mut self, id: &str, what: &str) -> Result<&mut Group, AwsError> {
        let group = self.group(id)?;
        if !group.is_available() {
            return Err(AwsError::group_state(id, group.status(), what));
        }
        self.remember(id);
        self.groups.get_mut(id).ok_or_else(|| AwsError::group_not_found(id))
    }

    /// Any subnet group exists that was not removed; the first who names it makes it visible.
    pub(super) fn require_subnet_group(&mut self, name: &str) -> Result<&SubnetGroup, AwsError> {
        if self.removed.contains(name) {
            return Err(AwsError::subnet_group_not_found(name));
        }
        let subnets = self.subnets();
        Ok(self.subnet_groups.entry(name.to_owned()).or_insert_with(|| SubnetGroup {
            name: name.to_owned(),
            description: "made by the sandbox".to_owned(),
            subnets,
            tags: BTreeMap::new(),
        }))
    }

    /// The VPC that everything is in; its id follows from account and region.
    pub(super) fn vpc(&self) -> String {
        format!("vpc-{:0>17}", self.digits())
    }

    /// That VPC's own security group, which a cache gets that asks for none.
    pub(super) fn default_security_group(&self) -> String {
        format!("sg-{:0>17}", self.digits())
    }

    /// The subnets of that VPC, one for each zone.
    pub(super) fn subnets(&self) -> Vec<String> {
        ['a', 'b', 'c'].iter().map(|zone| format!("subnet-{zone}{:0>16}", self.digits())).collect()
    }

    /// The zone of a subnet: that of its first digit for our own, else one that follows from its name.
    pub(super) fn zone_of(&self, subnet: &str) -> String {
        let seed: u32 = subnet.trim_start_matches("subnet-").bytes().next().map_or(0, u32::from);
        let zone = ['c', 'a', 'b']
            [usize::try_from(seed.wrapping_sub(u32::from(b'a')).wrapping_add(1) % 3).unwrap_or_default()];
        format!("{}{zone}", self.scope.region)
    }

    fn digits(&self) -> String {
        let sum = self.scope.region.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        format!("{:x}{sum:08x}", self.scope.account.parse::<u64>().unwrap_or_default() & 0xffff_ffff)
    }

    /// Notes an event.
    pub(super) fn event(&mut self, at: Timestamp, source_type: &'static str, source: &str, message: impl Into<String>) {
        let oldest = at.checked_sub(jiff::SignedDuration::from_hours(24 * EVENT_DAYS)).unwrap_or(Timestamp::MIN);
        if self.events.len() >= EVENTS {
            self.events.drain(..EVENTS / 10);
        }
        if self.events.first().is_some_and(|event| event.at < oldest) {
            self.events.retain(|event| event.at >= oldest);
        }
        self.events.push(Event { at, source_type, source: source.to_owned(), message: message.into() });
    }
}

/// The first part of the ARNs of a region.
pub(super) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

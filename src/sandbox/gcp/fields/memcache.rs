//! `google.cloud.memcache.v1.Instance`.

use super::{MAINTENANCE_POLICY, MAINTENANCE_SCHEDULE};
use crate::sandbox::gcp::schema::{Field, Kind, Words, field, output};

/// The version words.
pub(in crate::sandbox::gcp) const VERSION: Words =
    &[("MEMCACHE_VERSION_UNSPECIFIED", 0), ("MEMCACHE_1_5", 1), ("MEMCACHE_1_6_15", 2)];
const STATE: Words = &[
    ("STATE_UNSPECIFIED", 0),
    ("CREATING", 1),
    ("READY", 2),
    ("UPDATING", 3),
    ("DELETING", 4),
    ("PERFORMING_MAINTENANCE", 5),
    ("MEMCACHE_VERSION_UPGRADING", 6),
];
const NODE_STATE: Words = &[("STATE_UNSPECIFIED", 0), ("CREATING", 1), ("READY", 2), ("DELETING", 3), ("UPDATING", 4)];
const CODE: Words = &[("CODE_UNSPECIFIED", 0), ("ZONE_DISTRIBUTION_UNBALANCED", 1)];
/// The parameters of an instance or a node.
pub(in crate::sandbox::gcp) const PARAMETERS: &[Field] = &[output("id", Kind::Text), field("params", Kind::Map)];
const NODE: &[Field] = &[
    output("nodeId", Kind::Text),
    output("zone", Kind::Text),
    output("state", Kind::Enum(NODE_STATE)),
    output("host", Kind::Text),
    output("port", Kind::Int),
    output("parameters", Kind::Message(PARAMETERS)),
    output("memcacheVersion", Kind::Enum(VERSION)),
    output("memcacheFullVersion", Kind::Text),
];

/// All of them.
pub(in crate::sandbox::gcp) const FIELDS: &[Field] = &[
    field("name", Kind::Text),
    field("displayName", Kind::Text),
    field("labels", Kind::Map),
    field("authorizedNetwork", Kind::Text),
    field("zones", Kind::Texts),
    field("nodeCount", Kind::Int),
    field("nodeConfig", Kind::Message(&[field("cpuCount", Kind::Int), field("memorySizeMb", Kind::Int)])),
    field("memcacheVersion", Kind::Enum(VERSION)),
    field("parameters", Kind::Message(PARAMETERS)),
    output("memcacheNodes", Kind::Messages(NODE)),
    output("createTime", Kind::Text),
    output("updateTime", Kind::Text),
    output("state", Kind::Enum(STATE)),
    output("memcacheFullVersion", Kind::Text),
    field("instanceMessages", Kind::Messages(&[field("code", Kind::Enum(CODE)), field("message", Kind::Text)])),
    output("discoveryEndpoint", Kind::Text),
    field("maintenancePolicy", Kind::Message(MAINTENANCE_POLICY)),
    output("maintenanceSchedule", Kind::Message(MAINTENANCE_SCHEDULE)),
    field("reservedIpRangeId", Kind::Texts),
    field("maintenanceVersion", Kind::Text),
    output("effectiveMaintenanceVersion", Kind::Text),
    output("availableMaintenanceVersions", Kind::Texts),
    output("satisfiesPzs", Kind::Bool),
    output("satisfiesPzi", Kind::Bool),
];

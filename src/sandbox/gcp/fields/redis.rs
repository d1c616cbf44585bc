//! `google.cloud.redis.v1.Instance`.

use super::{MAINTENANCE_POLICY, MAINTENANCE_SCHEDULE};
use crate::sandbox::gcp::schema::{Field, Kind, Words, field, output};

const TIER: Words = &[("TIER_UNSPECIFIED", 0), ("BASIC", 1), ("STANDARD_HA", 3)];
const CONNECT_MODE: Words = &[("CONNECT_MODE_UNSPECIFIED", 0), ("DIRECT_PEERING", 1), ("PRIVATE_SERVICE_ACCESS", 2)];
const TLS: Words = &[("TRANSIT_ENCRYPTION_MODE_UNSPECIFIED", 0), ("SERVER_AUTHENTICATION", 1), ("DISABLED", 2)];
const READ_REPLICAS: Words =
    &[("READ_REPLICAS_MODE_UNSPECIFIED", 0), ("READ_REPLICAS_DISABLED", 1), ("READ_REPLICAS_ENABLED", 2)];
const STATE: Words = &[
    ("STATE_UNSPECIFIED", 0),
    ("CREATING", 1),
    ("READY", 2),
    ("UPDATING", 3),
    ("DELETING", 4),
    ("REPAIRING", 5),
    ("MAINTENANCE", 6),
    ("IMPORTING", 8),
    ("FAILING_OVER", 9),
];
const SUSPENSION: Words = &[("SUSPENSION_REASON_UNSPECIFIED", 0), ("CUSTOMER_MANAGED_KEY_ISSUE", 1)];
const PERSISTENCE: &[Field] = &[
    field("persistenceMode", Kind::Enum(&[("PERSISTENCE_MODE_UNSPECIFIED", 0), ("DISABLED", 1), ("RDB", 2)])),
    field(
        "rdbSnapshotPeriod",
        Kind::Enum(&[
            ("SNAPSHOT_PERIOD_UNSPECIFIED", 0),
            ("ONE_HOUR", 3),
            ("SIX_HOURS", 4),
            ("TWELVE_HOURS", 5),
            ("TWENTY_FOUR_HOURS", 6),
        ]),
    ),
    field("rdbSnapshotStartTime", Kind::Text),
    output("rdbNextSnapshotTime", Kind::Text),
];
const NODE: &[Field] = &[output("id", Kind::Text), output("zone", Kind::Text)];
const CERTIFICATE: &[Field] = &[
    output("cert", Kind::Text),
    output("serialNumber", Kind::Text),
    output("createTime", Kind::Text),
    output("expireTime", Kind::Text),
    output("sha1Fingerprint", Kind::Text),
];

/// All of them.
pub(in crate::sandbox::gcp) const FIELDS: &[Field] = &[
    field("name", Kind::Text),
    field("displayName", Kind::Text),
    field("labels", Kind::Map),
    field("locationId", Kind::Text),
    field("alternativeLocationId", Kind::Text),
    field("redisVersion", Kind::Text),
    field("reservedIpRange", Kind::Text),
    field("secondaryIpRange", Kind::Text),
    output("host", Kind::Text),
    output("port", Kind::Int),
    output("currentLocationId", Kind::Text),
    output("createTime", Kind::Text),
    output("state", Kind::Enum(STATE)),
    output("statusMessage", Kind::Text),
    field("redisConfigs", Kind::Map),
    field("tier", Kind::Enum(TIER)),
    field("memorySizeGb", Kind::Int),
    field("authorizedNetwork", Kind::Text),
    output("persistenceIamIdentity", Kind::Text),
    field("connectMode", Kind::Enum(CONNECT_MODE)),
    field("authEnabled", Kind::Bool),
    output("serverCaCerts", Kind::Messages(CERTIFICATE)),
    field("transitEncryptionMode", Kind::Enum(TLS)),
    field("maintenancePolicy", Kind::Message(MAINTENANCE_POLICY)),
    output("maintenanceSchedule", Kind::Message(MAINTENANCE_SCHEDULE)),
    field("replicaCount", Kind::Int),
    output("nodes", Kind::Messages(NODE)),
    output("readEndpoint", Kind::Text),
    output("readEndpointPort", Kind::Int),
    field("readReplicasMode", Kind::Enum(READ_REPLICAS)),
    field("customerManagedKey", Kind::Text),
    field("persistenceConfig", Kind::Message(PERSISTENCE)),
    field("suspensionReasons", Kind::Enums(SUSPENSION)),
    field("maintenanceVersion", Kind::Text),
    field("availableMaintenanceVersions", Kind::Texts),
    output("satisfiesPzs", Kind::Bool),
    output("satisfiesPzi", Kind::Bool),
    field("tags", Kind::Map),
];

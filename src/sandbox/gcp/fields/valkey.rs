//! `google.cloud.memorystore.v1.Instance`.

use super::{
    ATTACHMENT, AUTOMATED_BACKUP, BACKUP_SOURCE, CONNECTION_TYPE, ENCRYPTION_INFO, GCS_SOURCE, MAINTENANCE_POLICY,
    MAINTENANCE_SCHEDULE, PERSISTENCE_MODE, RDB, ZONE_DISTRIBUTION,
};
use crate::sandbox::gcp::schema::{Field, Kind, Words, field, output};

const AUTHORIZATION: Words =
    &[("AUTHORIZATION_MODE_UNSPECIFIED", 0), ("AUTH_DISABLED", 1), ("IAM_AUTH", 2), ("TOKEN_AUTH", 3)];
const TLS: Words =
    &[("TRANSIT_ENCRYPTION_MODE_UNSPECIFIED", 0), ("TRANSIT_ENCRYPTION_DISABLED", 1), ("SERVER_AUTHENTICATION", 2)];
const MODE: Words = &[("MODE_UNSPECIFIED", 0), ("STANDALONE", 1), ("CLUSTER", 2), ("CLUSTER_DISABLED", 4)];
const NODE_TYPE: Words = &[
    ("NODE_TYPE_UNSPECIFIED", 0),
    ("SHARED_CORE_NANO", 1),
    ("HIGHMEM_MEDIUM", 2),
    ("HIGHMEM_XLARGE", 3),
    ("STANDARD_SMALL", 4),
    ("CUSTOM_MICRO", 5),
    ("CUSTOM_MINI", 6),
    ("HIGHCPU_MEDIUM", 7),
    ("STANDARD_LARGE", 8),
    ("HIGHMEM_2XLARGE", 9),
    ("CUSTOM_PICO", 10),
];
const STATE: Words =
    &[("STATE_UNSPECIFIED", 0), ("CREATING", 1), ("ACTIVE", 2), ("UPDATING", 3), ("DELETING", 4), ("MIGRATING", 6)];
const CA_MODE: Words = &[
    ("SERVER_CA_MODE_UNSPECIFIED", 0),
    ("GOOGLE_MANAGED_PER_INSTANCE_CA", 1),
    ("GOOGLE_MANAGED_SHARED_CA", 2),
    ("CUSTOMER_MANAGED_CAS_CA", 3),
    ("SERVER_CA_MODE_GOOGLE_MANAGED_PER_INSTANCE_CA", 1),
    ("SERVER_CA_MODE_GOOGLE_MANAGED_SHARED_CA", 2),
    ("SERVER_CA_MODE_CUSTOMER_MANAGED_CAS_CA", 3),
];
const PSC_STATUS: Words = &[("PSC_CONNECTION_STATUS_UNSPECIFIED", 0), ("ACTIVE", 1), ("NOT_FOUND", 2)];
const PERSISTENCE: &[Field] = &[
    field("mode", Kind::Enum(PERSISTENCE_MODE)),
    field("rdbConfig", Kind::Message(RDB)),
    field(
        "aofConfig",
        Kind::Message(&[field(
            "appendFsync",
            Kind::Enum(&[("APPEND_FSYNC_UNSPECIFIED", 0), ("NEVER", 1), ("EVERY_SEC", 2), ("ALWAYS", 3)]),
        )]),
    ),
];
const AUTO_CONNECTION: &[Field] = &[
    field("projectId", Kind::Text),
    field("network", Kind::Text),
    output("port", Kind::Int),
    output("ipAddress", Kind::Text),
    output("forwardingRule", Kind::Text),
    output("pscConnectionId", Kind::Text),
    output("serviceAttachment", Kind::Text),
    output("pscConnectionStatus", Kind::Enum(PSC_STATUS)),
    output("connectionType", Kind::Enum(CONNECTION_TYPE)),
];
const CONNECTION: &[Field] = &[
    field("pscConnectionId", Kind::Text),
    field("ipAddress", Kind::Text),
    field("forwardingRule", Kind::Text),
    field("network", Kind::Text),
    field("serviceAttachment", Kind::Text),
    output("port", Kind::Int),
    output("projectId", Kind::Text),
    output("pscConnectionStatus", Kind::Enum(PSC_STATUS)),
    output("connectionType", Kind::Enum(CONNECTION_TYPE)),
];
const ENDPOINT: &[Field] = &[field(
    "connections",
    Kind::Messages(&[
        field("pscAutoConnection", Kind::Message(AUTO_CONNECTION)),
        field("pscConnection", Kind::Message(CONNECTION)),
    ]),
)];
const DISCOVERY: &[Field] = &[output("address", Kind::Text), output("port", Kind::Int), output("network", Kind::Text)];
const REMOTE: &[Field] = &[field("instance", Kind::Text), output("uid", Kind::Text)];
const REPLICATION: &[Field] = &[
    field(
        "instanceRole",
        Kind::Enum(&[("INSTANCE_ROLE_UNSPECIFIED", 0), ("NONE", 1), ("PRIMARY", 2), ("SECONDARY", 3)]),
    ),
    field("primaryInstance", Kind::Message(REMOTE)),
    field("secondaryInstances", Kind::Messages(REMOTE)),
    output("updateTime", Kind::Text),
    output("membership", Kind::Map),
];
const UPDATE_INFO: &[Field] = &[
    output("targetShardCount", Kind::Int),
    output("targetReplicaCount", Kind::Int),
    output("targetEngineVersion", Kind::Text),
    output("targetNodeType", Kind::Enum(NODE_TYPE)),
];

/// All of them.
pub(in crate::sandbox::gcp) const FIELDS: &[Field] = &[
    field("name", Kind::Text),
    output("createTime", Kind::Text),
    output("updateTime", Kind::Text),
    field("labels", Kind::Map),
    output("state", Kind::Enum(STATE)),
    output("stateInfo", Kind::Message(&[output("updateInfo", Kind::Message(UPDATE_INFO))])),
    output("uid", Kind::Text),
    field("replicaCount", Kind::Int),
    field("authorizationMode", Kind::Enum(AUTHORIZATION)),
    field("transitEncryptionMode", Kind::Enum(TLS)),
    field("shardCount", Kind::Int),
    output("discoveryEndpoints", Kind::Messages(DISCOVERY)),
    field("nodeType", Kind::Enum(NODE_TYPE)),
    field("persistenceConfig", Kind::Message(PERSISTENCE)),
    field("engineVersion", Kind::Text),
    field("engineConfigs", Kind::Map),
    output("nodeConfig", Kind::Message(&[output("sizeGb", Kind::Number)])),
    field("zoneDistributionConfig", Kind::Message(ZONE_DISTRIBUTION)),
    field("deletionProtectionEnabled", Kind::Bool),
    field("pscAutoConnections", Kind::Messages(AUTO_CONNECTION)),
    output("pscAttachmentDetails", Kind::Messages(ATTACHMENT)),
    field("endpoints", Kind::Messages(ENDPOINT)),
    field("mode", Kind::Enum(MODE)),
    field("simulateMaintenanceEvent", Kind::Bool),
    field("ondemandMaintenance", Kind::Bool),
    output("satisfiesPzs", Kind::Bool),
    output("satisfiesPzi", Kind::Bool),
    field("maintenancePolicy", Kind::Message(MAINTENANCE_POLICY)),
    output("maintenanceSchedule", Kind::Message(MAINTENANCE_SCHEDULE)),
    field("crossInstanceReplicationConfig", Kind::Message(REPLICATION)),
    field("asyncInstanceEndpointsDeletionEnabled", Kind::Bool),
    field("kmsKey", Kind::Text),
    output("encryptionInfo", Kind::Message(ENCRYPTION_INFO)),
    output("backupCollection", Kind::Text),
    field("automatedBackupConfig", Kind::Message(AUTOMATED_BACKUP)),
    field("maintenanceVersion", Kind::Text),
    output("effectiveMaintenanceVersion", Kind::Text),
    output("availableMaintenanceVersions", Kind::Texts),
    field("allowFewerZonesDeployment", Kind::Bool),
    field("serverCaMode", Kind::Enum(CA_MODE)),
    field("serverCaPool", Kind::Text),
    field("rotateServerCertificate", Kind::Bool),
    field("gcsSource", Kind::Message(GCS_SOURCE)),
    field("managedBackupSource", Kind::Message(BACKUP_SOURCE)),
    field("aclPolicy", Kind::Text),
    output("migrationConfig", Kind::Map),
];

//! `google.cloud.redis.cluster.v1.Cluster`.

use super::{
    ATTACHMENT, AUTOMATED_BACKUP, BACKUP_SOURCE, CONNECTION_TYPE, ENCRYPTION_INFO, GCS_SOURCE, MAINTENANCE_POLICY,
    MAINTENANCE_SCHEDULE, PERSISTENCE_MODE, RDB, ZONE_DISTRIBUTION,
};
use crate::sandbox::gcp::schema::{Field, Kind, Words, field, output};

const AUTHORIZATION: Words =
    &[("AUTH_MODE_UNSPECIFIED", 0), ("AUTH_MODE_IAM_AUTH", 1), ("AUTH_MODE_DISABLED", 2), ("AUTH_MODE_TOKEN_AUTH", 3)];
const TLS: Words = &[
    ("TRANSIT_ENCRYPTION_MODE_UNSPECIFIED", 0),
    ("TRANSIT_ENCRYPTION_MODE_DISABLED", 1),
    ("TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION", 2),
];
const NODE_TYPE: Words = &[
    ("NODE_TYPE_UNSPECIFIED", 0),
    ("REDIS_SHARED_CORE_NANO", 1),
    ("REDIS_HIGHMEM_MEDIUM", 2),
    ("REDIS_HIGHMEM_XLARGE", 3),
    ("REDIS_STANDARD_SMALL", 4),
    ("REDIS_HIGHCPU_MEDIUM", 7),
    ("REDIS_STANDARD_LARGE", 8),
    ("REDIS_HIGHMEM_2XLARGE", 9),
];
const STATE: Words = &[("STATE_UNSPECIFIED", 0), ("CREATING", 1), ("ACTIVE", 2), ("UPDATING", 3), ("DELETING", 4)];
const CA_MODE: Words = &[
    ("SERVER_CA_MODE_UNSPECIFIED", 0),
    ("SERVER_CA_MODE_GOOGLE_MANAGED_PER_INSTANCE_CA", 1),
    ("SERVER_CA_MODE_GOOGLE_MANAGED_SHARED_CA", 2),
    ("SERVER_CA_MODE_CUSTOMER_MANAGED_CAS_CA", 3),
];
const PSC_STATUS: Words = &[
    ("PSC_CONNECTION_STATUS_UNSPECIFIED", 0),
    ("PSC_CONNECTION_STATUS_ACTIVE", 1),
    ("PSC_CONNECTION_STATUS_NOT_FOUND", 2),
];
const PERSISTENCE: &[Field] = &[
    field("mode", Kind::Enum(PERSISTENCE_MODE)),
    field("rdbConfig", Kind::Message(RDB)),
    field(
        "aofConfig",
        Kind::Message(&[field(
            "appendFsync",
            Kind::Enum(&[("APPEND_FSYNC_UNSPECIFIED", 0), ("NO", 1), ("EVERYSEC", 2), ("ALWAYS", 3)]),
        )]),
    ),
];
const PSC_CONFIG: &[Field] = &[field("network", Kind::Text)];
const AUTO_CONNECTION: &[Field] = &[
    field("projectId", Kind::Text),
    field("network", Kind::Text),
    output("address", Kind::Text),
    output("forwardingRule", Kind::Text),
    output("pscConnectionId", Kind::Text),
    output("serviceAttachment", Kind::Text),
    output("pscConnectionStatus", Kind::Enum(PSC_STATUS)),
    output("connectionType", Kind::Enum(CONNECTION_TYPE)),
];
const CONNECTION: &[Field] = &[
    field("pscConnectionId", Kind::Text),
    field("address", Kind::Text),
    field("forwardingRule", Kind::Text),
    field("projectId", Kind::Text),
    field("network", Kind::Text),
    field("serviceAttachment", Kind::Text),
    output("port", Kind::Int),
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
const DISCOVERY: &[Field] =
    &[output("address", Kind::Text), output("port", Kind::Int), output("pscConfig", Kind::Message(PSC_CONFIG))];
const REMOTE: &[Field] = &[field("cluster", Kind::Text), output("uid", Kind::Text)];
const REPLICATION: &[Field] = &[
    field("clusterRole", Kind::Enum(&[("CLUSTER_ROLE_UNSPECIFIED", 0), ("NONE", 1), ("PRIMARY", 2), ("SECONDARY", 3)])),
    field("primaryCluster", Kind::Message(REMOTE)),
    field("secondaryClusters", Kind::Messages(REMOTE)),
    output("updateTime", Kind::Text),
    output("membership", Kind::Map),
];
const UPDATE_INFO: &[Field] = &[
    output("targetShardCount", Kind::Int),
    output("targetReplicaCount", Kind::Int),
    output("targetNodeType", Kind::Enum(NODE_TYPE)),
];

/// All of them.
pub(in crate::sandbox::gcp) const FIELDS: &[Field] = &[
    field("name", Kind::Text),
    output("createTime", Kind::Text),
    output("state", Kind::Enum(STATE)),
    output("uid", Kind::Text),
    field("labels", Kind::Map),
    field("replicaCount", Kind::Int),
    field("authorizationMode", Kind::Enum(AUTHORIZATION)),
    field("transitEncryptionMode", Kind::Enum(TLS)),
    output("sizeGb", Kind::Int),
    field("shardCount", Kind::Int),
    field("pscConfigs", Kind::Messages(PSC_CONFIG)),
    output("discoveryEndpoints", Kind::Messages(DISCOVERY)),
    output("pscConnections", Kind::Messages(CONNECTION)),
    output("stateInfo", Kind::Message(&[output("updateInfo", Kind::Message(UPDATE_INFO))])),
    field("nodeType", Kind::Enum(NODE_TYPE)),
    field("persistenceConfig", Kind::Message(PERSISTENCE)),
    field("redisConfigs", Kind::Map),
    output("preciseSizeGb", Kind::Number),
    field("zoneDistributionConfig", Kind::Message(ZONE_DISTRIBUTION)),
    field("crossClusterReplicationConfig", Kind::Message(REPLICATION)),
    field("deletionProtectionEnabled", Kind::Bool),
    field("maintenancePolicy", Kind::Message(MAINTENANCE_POLICY)),
    output("maintenanceSchedule", Kind::Message(MAINTENANCE_SCHEDULE)),
    output("pscServiceAttachments", Kind::Messages(ATTACHMENT)),
    field("clusterEndpoints", Kind::Messages(ENDPOINT)),
    output("backupCollection", Kind::Text),
    field("kmsKey", Kind::Text),
    field("automatedBackupConfig", Kind::Message(AUTOMATED_BACKUP)),
    output("encryptionInfo", Kind::Message(ENCRYPTION_INFO)),
    field("gcsSource", Kind::Message(GCS_SOURCE)),
    field("managedBackupSource", Kind::Message(BACKUP_SOURCE)),
    field("maintenanceVersion", Kind::Text),
    output("effectiveMaintenanceVersion", Kind::Text),
    output("availableMaintenanceVersions", Kind::Texts),
    field("ondemandMaintenance", Kind::Bool),
    field("simulateMaintenanceEvent", Kind::Bool),
    field("allowFewerZonesDeployment", Kind::Bool),
    field("asyncClusterEndpointsDeletionEnabled", Kind::Bool),
    field("serverCaMode", Kind::Enum(CA_MODE)),
    field("serverCaPool", Kind::Text),
    field("rotateServerCertificate", Kind::Bool),
    field("aclPolicy", Kind::Text),
    output("aclPolicyInSync", Kind::Bool),
    output("aclPolicyInfo", Kind::Map),
    output("satisfiesPzi", Kind::Bool),
    output("satisfiesPzs", Kind::Bool),
];

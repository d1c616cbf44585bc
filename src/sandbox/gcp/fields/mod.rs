//! The fields of the resources: names, kinds, and the numbers of their enums.

pub(super) mod cluster;
pub(super) mod memcache;
pub(super) mod redis;
pub(super) mod valkey;

use super::schema::{Field, Kind, Words, field, output};

const DAY: Words = &[
    ("DAY_OF_WEEK_UNSPECIFIED", 0),
    ("MONDAY", 1),
    ("TUESDAY", 2),
    ("WEDNESDAY", 3),
    ("THURSDAY", 4),
    ("FRIDAY", 5),
    ("SATURDAY", 6),
    ("SUNDAY", 7),
];

/// `google.type.TimeOfDay`.
const TIME_OF_DAY: &[Field] =
    &[field("hours", Kind::Int), field("minutes", Kind::Int), field("seconds", Kind::Int), field("nanos", Kind::Int)];

/// The maintenance policy of every product.
const MAINTENANCE_POLICY: &[Field] = &[
    output("createTime", Kind::Text),
    output("updateTime", Kind::Text),
    field("description", Kind::Text),
    field("weeklyMaintenanceWindow", Kind::Messages(WINDOW)),
];
const WINDOW: &[Field] =
    &[field("day", Kind::Enum(DAY)), field("startTime", Kind::Message(TIME_OF_DAY)), field("duration", Kind::Text)];
const MAINTENANCE_SCHEDULE: &[Field] = &[
    output("startTime", Kind::Text),
    output("endTime", Kind::Text),
    output("canReschedule", Kind::Bool),
    output("scheduleDeadlineTime", Kind::Text),
];

// What follows is shared by clusters and Valkey.

const CONNECTION_TYPE: Words = &[
    ("CONNECTION_TYPE_UNSPECIFIED", 0),
    ("CONNECTION_TYPE_DISCOVERY", 1),
    ("CONNECTION_TYPE_PRIMARY", 2),
    ("CONNECTION_TYPE_READER", 3),
];
const SNAPSHOT_PERIOD: Words = &[
    ("SNAPSHOT_PERIOD_UNSPECIFIED", 0),
    ("ONE_HOUR", 1),
    ("SIX_HOURS", 2),
    ("TWELVE_HOURS", 3),
    ("TWENTY_FOUR_HOURS", 4),
];
const RDB: &[Field] =
    &[field("rdbSnapshotPeriod", Kind::Enum(SNAPSHOT_PERIOD)), field("rdbSnapshotStartTime", Kind::Text)];
const PERSISTENCE_MODE: Words = &[("PERSISTENCE_MODE_UNSPECIFIED", 0), ("DISABLED", 1), ("RDB", 2), ("AOF", 3)];
const ZONE_DISTRIBUTION: &[Field] = &[
    field("mode", Kind::Enum(&[("ZONE_DISTRIBUTION_MODE_UNSPECIFIED", 0), ("MULTI_ZONE", 1), ("SINGLE_ZONE", 2)])),
    field("zone", Kind::Text),
    field("zones", Kind::Texts),
    output("activeZones", Kind::Texts),
];
const AUTOMATED_BACKUP: &[Field] = &[
    field(
        "automatedBackupMode",
        Kind::Enum(&[("AUTOMATED_BACKUP_MODE_UNSPECIFIED", 0), ("DISABLED", 1), ("ENABLED", 2)]),
    ),
    field("fixedFrequencySchedule", Kind::Message(&[field("startTime", Kind::Message(TIME_OF_DAY))])),
    field("retention", Kind::Text),
];
const ENCRYPTION_INFO: &[Field] = &[
    output(
        "encryptionType",
        Kind::Enum(&[("TYPE_UNSPECIFIED", 0), ("GOOGLE_DEFAULT_ENCRYPTION", 1), ("CUSTOMER_MANAGED_ENCRYPTION", 2)]),
    ),
    output("kmsKeyVersions", Kind::Texts),
    output("kmsKeyPrimaryState", Kind::Text),
    output("lastUpdateTime", Kind::Text),
];
const ATTACHMENT: &[Field] =
    &[output("serviceAttachment", Kind::Text), output("connectionType", Kind::Enum(CONNECTION_TYPE))];
const GCS_SOURCE: &[Field] = &[field("uris", Kind::Texts)];
const BACKUP_SOURCE: &[Field] = &[field("backup", Kind::Text)];

/// A backup; its node type is the product's.
pub(super) const BACKUP: &[Field] = &[
    output(
        "state",
        Kind::Enum(&[("STATE_UNSPECIFIED", 0), ("CREATING", 1), ("ACTIVE", 2), ("DELETING", 3), ("SUSPENDED", 4)]),
    ),
    output("backupType", Kind::Enum(&[("BACKUP_TYPE_UNSPECIFIED", 0), ("ON_DEMAND", 1), ("AUTOMATED", 2)])),
];
/// What is asked for when one is taken.
pub(super) const BACKUP_REQUEST: &[Field] =
    &[field("name", Kind::Text), field("backupId", Kind::Text), field("ttl", Kind::Text)];

/// A user of token authentication.
pub(super) const TOKEN_AUTH_USER: &[Field] = &[
    field("name", Kind::Text),
    output(
        "state",
        Kind::Enum(&[("STATE_UNSPECIFIED", 0), ("ACTIVE", 1), ("CREATING", 2), ("UPDATING", 3), ("DELETING", 4)]),
    ),
];
/// A token of such a user.
pub(super) const AUTH_TOKEN: &[Field] = &[
    field("name", Kind::Text),
    output("token", Kind::Text),
    output("createTime", Kind::Text),
    output("state", Kind::Enum(&[("STATE_UNSPECIFIED", 0), ("ACTIVE", 1), ("CREATING", 2), ("DELETING", 3)])),
];

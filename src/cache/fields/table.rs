//! The portable inputs.

use super::native::{AWS, AZURE, GCP};
use super::text::{
    CHANGE_ID, DAILY, EXISTING, FREE, KEY, NAME, PARAMETER, REGION, SALT, SNAPSHOT, TAG_KEY, TTL, VERSION, WEEKLY,
};
use super::{Field, Kind};
use crate::cache::{
    Apply, Auth, EvictionPolicy, Mode, OnDelete, OnProviderChange, Persistence, Product, Provider, Size,
};

const BACKUP: &[Field] = &[
    Field::new(
        "days",
        Kind::Integer { min: 0, max: 365 },
        "none",
        "For how many days backups are kept; 0 turns them off.",
    )
    .required(),
    Field::new("window", Kind::Text(&DAILY), "the provider's", "When backups are taken, in UTC."),
];

const CONTEXT: &[Field] = &[
    Field::new("org", Kind::Text(&FREE), "none", "Organisation, `${context.org.id}`."),
    Field::new("app", Kind::Text(&FREE), "none", "Application, `${context.app.id}`."),
    Field::new("env", Kind::Text(&FREE), "none", "Environment, `${context.env.id}`."),
    Field::new("env_type", Kind::Text(&FREE), "none", "Type of environment, `${context.env.type}`."),
    Field::new("res", Kind::Text(&FREE), "none", "Resource, `${context.res.id}`."),
];

/// Every key of `driver.values`, in the order of the docs.
pub const INPUTS: &[Field] = &[
    Field::new("provider", Kind::Word(Provider::WORDS), "the route's", "The cloud that the cache is made on."),
    Field::new(
        "product",
        Kind::Word(Product::WORDS),
        "by engine and mode",
        "The managed offering to use, where engine and mode leave a choice.",
    ),
    Field::new(
        "profile",
        Kind::Text(&NAME),
        "none",
        "A `[profiles.*]` of the config whose values stand below the request's.",
    ),
    Field::new(
        "engine",
        Kind::Word(&["redis", "valkey", "memcached", "auto"]),
        "auto: aws valkey; gcp redis in standard mode, valkey in cluster mode; azure redis",
        "The server software. `auto` takes what the provider serves best.",
    ),
    Field::new(
        "version",
        Kind::Text(&VERSION),
        "pinned per product in the config",
        "Engine version. Unset, an existing cache keeps the version it has.",
    ),
    Field::new(
        "mode",
        Kind::Word(Mode::WORDS),
        "standard",
        "One primary for any client, shards for cluster clients, or serverless.",
    ),
    Field::new("size", Kind::Word(Size::WORDS), "small", "Memory per shard in words: 0.5, 1, 3, 6, 12 or 24 GiB."),
    Field::new(
        "memory_gb",
        Kind::Number { max: 4096 },
        "none",
        "Memory per shard in GiB, rounded up to the next offering. Instead of `size`.",
    ),
    Field::new(
        "high_availability",
        Kind::Bool,
        "false",
        "At least one replica in another zone, and automatic failover.",
    ),
    Field::new("replicas", Kind::Integer { min: 0, max: 5 }, "0, or 1 with high availability", "Replicas per shard."),
    Field::new("shards", Kind::Integer { min: 1, max: 500 }, "1", "Shards, in cluster mode; nodes, with memcached."),
    Field::new("tls", Kind::Bool, "true wherever offered", "Whether clients connect by TLS."),
    Field::new("auth", Kind::Word(Auth::WORDS), "password wherever offered", "How clients prove who they are."),
    Field::new(
        "encryption_key",
        Kind::Text(&KEY),
        "the provider's own key",
        "Key for encryption at rest, which is always on.",
    ),
    Field::new(
        "eviction_policy",
        Kind::Word(EvictionPolicy::WORDS),
        "the product's own, mostly volatile-lru",
        "Which keys go when memory is full.",
    ),
    Field::new(
        "parameters",
        Kind::Map { key: &PARAMETER, value: &FREE, max: 100 },
        "none",
        "Engine parameters by their own names. Layers are merged key by key.",
    ),
    Field::new("persistence", Kind::Word(Persistence::WORDS), "none", "How the data survives a restart."),
    Field::new("backup", Kind::Object(BACKUP), "none", "Backups that the cloud takes by itself."),
    Field::new(
        "maintenance_window",
        Kind::Text(&WEEKLY),
        "the provider's",
        "When the cloud may do maintenance, in UTC.",
    ),
    Field::new("apply", Kind::Word(Apply::WORDS), "now", "When a change that interrupts the cache is made."),
    Field::new("on_delete", Kind::Word(OnDelete::WORDS), "delete", "What a DELETE does to the cache."),
    Field::new(
        "delete_hold_hours",
        Kind::Integer { min: 1, max: 8760 },
        "72",
        "For how long `on_delete = hold` keeps the cache.",
    ),
    Field::new("deletion_protection", Kind::Bool, "false", "Refuses DELETE until it is lifted."),
    Field::new(
        "allow",
        Kind::List(&CHANGE_ID),
        "none",
        "Ids of changes that may replace the cache. Each allows one change once.",
    ),
    Field::new(
        "on_provider_change",
        Kind::Word(OnProviderChange::WORDS),
        "keep when the route changed, reject when the request did",
        "What happens to an existing cache when its provider changes.",
    ),
    Field::new("adopt", Kind::Text(&EXISTING), "none", "An existing instance to take over instead of making one."),
    Field::new(
        "rotate",
        Kind::Integer { min: 0, max: 1_000_000 },
        "0",
        "Generation of the password; a higher number gives a new one.",
    ),
    Field::new("restore_from", Kind::Text(&SNAPSHOT), "none", "A snapshot that a new cache is filled from."),
    Field::new("name_salt", Kind::Text(&SALT), "none", "Gives the same resource a fresh name at the cloud."),
    Field::new(
        "ttl",
        Kind::Text(&TTL),
        "none",
        "How old the cache may get; then `cache-driver sweep` removes it. `none` lifts an earlier one.",
    ),
    Field::new(
        "tags",
        Kind::Map { key: &TAG_KEY, value: &FREE, max: 40 },
        "none",
        "Tags or labels at the cloud. Layers are merged key by key.",
    ),
    Field::new(
        "context",
        Kind::Object(CONTEXT),
        "none",
        "Whose cache it is: for tags, lists and logs. Layers are merged key by key.",
    ),
    Field::new(
        "region",
        Kind::Text(&REGION),
        "the provider's",
        "A region of the cloud, or a name from config `[regions]`.",
    ),
    Field::new("location", Kind::Text(&REGION), "the provider's", "The same as `region`."),
    Field::new(
        "account",
        Kind::Text(&NAME),
        "the provider's own identity",
        "An account of the config, for when no credentials come with the request.",
    ),
    Field::new(
        "aws",
        Kind::Object(AWS),
        "none",
        "Fields of AWS. They win over the portable ones; layers are merged field by field.",
    ),
    Field::new(
        "gcp",
        Kind::Object(GCP),
        "none",
        "Fields of Google Cloud. They win over the portable ones; layers are merged field by field.",
    ),
    Field::new(
        "azure",
        Kind::Object(AZURE),
        "none",
        "Fields of Azure. They win over the portable ones; layers are merged field by field.",
    ),
];

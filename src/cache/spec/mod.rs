//! The portable description of a wanted cache, valid by construction.

mod check;
mod convert;
mod limits;
mod merge;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Apply, Auth, Backup, Capacity, Engine, EvictionPolicy, FieldError, Mode, OnDelete, OnProviderChange, Persistence,
    Product, Provider, Ttl, Version, WeeklyWindow,
};

pub(super) use convert::duration;
pub use limits::{check_developer, check_limits};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The request's `driver.values`.
    Request,
    /// The request's `resource`: what the developer wrote in the workload.
    Developer,
    /// A profile of the config.
    Profile(String),
    /// The defaults of a route of the config.
    Route(String),
}

impl Origin {
    /// What stands before the key in error paths.
    #[must_use]
    pub fn prefix(&self) -> String {
        match self {
            Self::Request => "driver.values".to_owned(),
            Self::Developer => "resource".to_owned(),
            Self::Profile(name) => format!("profiles.{name}"),
            Self::Route(name) => format!("routes.{name}.defaults"),
        }
    }
}

/// Values from one place.
#[derive(Debug, Clone)]
pub struct Layer<'a> {
    /// The place.
    pub origin: Origin,
    /// The values, as they came.
    pub values: &'a Map<String, Value>,
}

/// What is wanted. A field that is `None` (or empty) was set nowhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spec {
    /// The cloud.
    pub provider: Option<Provider>,
    /// The managed offering.
    pub product: Option<Product>,
    /// Name of the profile that was asked for.
    pub profile: Option<String>,
    /// The server software. `None` also for `auto`.
    pub engine: Option<Engine>,
    /// Engine version.
    pub version: Option<Version>,
    /// Standard, cluster or serverless.
    pub mode: Option<Mode>,
    /// Memory per shard.
    pub capacity: Option<Capacity>,
    /// A replica in another zone, and automatic failover.
    pub high_availability: Option<bool>,
    /// Replicas per shard.
    pub replicas: Option<u32>,
    /// Shards; nodes, with memcached.
    pub shards: Option<u32>,
    /// Whether clients connect by TLS.
    pub tls: Option<bool>,
    /// How clients prove who they are.
    pub auth: Option<Auth>,
    /// Key for encryption at rest.
    pub encryption_key: Option<String>,
    /// Which keys go when memory is full.
    pub eviction_policy: Option<EvictionPolicy>,
    /// Engine parameters.
    pub parameters: BTreeMap<String, String>,
    /// How the data survives a restart.
    pub persistence: Option<Persistence>,
    /// Automatic backups.
    pub backup: Option<Backup>,
    /// When the cloud may do maintenance.
    pub maintenance_window: Option<WeeklyWindow>,
    /// When a change that interrupts is made.
    pub apply: Option<Apply>,
    /// What a DELETE does.
    pub on_delete: Option<OnDelete>,
    /// For how long a held cache is kept.
    pub delete_hold_hours: Option<u32>,
    /// Whether DELETE is refused.
    pub deletion_protection: Option<bool>,
    /// Ids of changes that may replace the cache.
    pub allow: Vec<String>,
    /// What happens when the provider changes.
    pub on_provider_change: Option<OnProviderChange>,
    /// An existing instance to take over.
    pub adopt: Option<String>,
    /// Generation of the password.
    pub rotate: Option<u32>,
    /// A snapshot to fill a new cache from.
    pub restore_from: Option<String>,
    /// Gives the same resource a fresh name.
    pub name_salt: Option<String>,
    /// After which time the sweep removes the cache.
    pub ttl: Option<Ttl>,
    /// Tags or labels.
    pub tags: BTreeMap<String, String>,
    /// Whose cache it is: `org`, `app`, `env`, `env_type`, `res`.
    pub context: BTreeMap<String, String>,
    /// A region of the cloud, or a name from config `[regions]`.
    pub region: Option<String>,
    /// An account of the config.
    pub account: Option<String>,
    /// The clouds' own fields, in canonical form.
    pub native: BTreeMap<Provider, BTreeMap<String, Value>>,
    /// Where each set field came from, by dotted key; and under which key, because `location` is `region` too.
    origins: BTreeMap<String, Source>,
}

/// Where a field came from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    origin: Origin,
    key: String,
}

/// Reads the layers, highest first, into one specification. Every wrong field of every layer is reported at once, then
/// every contradiction between fields that are right by themselves.
pub fn read(layers: &[Layer<'_>]) -> Result<Spec, Vec<FieldError>> {
    let mut errors = Vec::new();
    let merged = merge::merge(layers, &mut errors);
    let mut spec = Spec::default();
    for (key, (value, source)) in merged {
        spec.put(&key, &value);
        spec.origins.insert(key, source);
    }
    check::check(&spec, &mut errors);
    if errors.is_empty() { Ok(spec) } else { Err(errors) }
}

impl Spec {
    /// A field of a native block, in canonical form.
    #[must_use]
    pub fn native(&self, provider: Provider, key: &str) -> Option<&Value> {
        self.native.get(&provider)?.get(key)
    }

    /// The JSON path of a field for error messages, with the prefix of where it was set (`profiles.production.replicas`).
    /// An unset field's is where a request would set it.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        let (source, rest) = self.source(key);
        match source {
            Some(source) => format!("{}.{}{rest}", source.origin.prefix(), source.key),
            None => format!("{}.{key}", Origin::Request.prefix()),
        }
    }

    /// Where a field was set.
    #[must_use]
    pub fn origin_of(&self, key: &str) -> Option<&Origin> {
        self.source(key).0.map(|source| &source.origin)
    }

    /// The source of a dotted key, or of what it is part of, with the part.
    fn source<'a>(&self, key: &'a str) -> (Option<&Source>, &'a str) {
        if let Some(source) = self.origins.get(key) {
            return (Some(source), "");
        }
        let Some((parent, _)) = key.split_once('.') else { return (None, "") };
        (self.origins.get(parent), &key[parent.len()..])
    }
}

#[cfg(test)]
mod tests;

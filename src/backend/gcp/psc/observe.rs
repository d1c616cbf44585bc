//! From what Google shows to what the driver sees.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::convert::{DAYS, SECONDS_OF_A_DAY};
use super::dialect::Dialect;
use super::resource::{PscConnection, Resource};
use super::tokens::{self, Standing};
use crate::backend::gcp::labels;
use crate::backend::{Endpoint, Fields, Observed, Phase};
use crate::cache::{Day, Mode, Persistence, WeeklyWindow};

/// The port of every endpoint that names none. <https://cloud.google.com/memorystore/docs/valkey/networking>
const PORT: u16 = 6379;

const DISCOVERY: &str = "CONNECTION_TYPE_DISCOVERY";
const PRIMARY: &str = "CONNECTION_TYPE_PRIMARY";
const READER: &str = "CONNECTION_TYPE_READER";

/// For how long after its birth a cache without a token is one that is still being made. Later somebody took its tokens
/// away, and making another one is a change.
const YOUNG: Duration = Duration::from_hours(1);

/// What state it is in. That an operation is done does not mean that the change is: only `ACTIVE` does. A state that nobody
/// has heard of means that the cloud is busy.
fn phase(state: &str) -> Phase {
    match state {
        "CREATING" => Phase::Creating,
        "ACTIVE" => Phase::Ready,
        "UPDATING" => Phase::Changing,
        "DELETING" => Phase::Deleting,
        _ => Phase::Busy,
    }
}

/// Whether it is there for clients, as far as its own state says.
pub(super) fn is_alive(resource: &Resource) -> bool {
    matches!(phase(&resource.state), Phase::Ready | Phase::Changing | Phase::Busy)
}

/// Describes the cache in the driver's words. `tokens` is how it stands with clients' tokens, where they need some.
pub(super) fn observed(
    dialect: &Dialect,
    resource: &Resource,
    tokens: Option<&Standing>,
    project: String,
    now: Timestamp,
) -> Observed {
    let (mut endpoint, mut reader) = endpoints(dialect, resource);
    let mut seen = Observed {
        phase: phase(&resource.state),
        status: resource.state.clone(),
        ownership: Some(labels::ownership(&resource.labels)),
        fields: fields(dialect, resource),
        account: project,
        resource_id: Some(resource.name.clone()),
        created_at: resource.create_time,
        endpoint: None,
        reader: None,
        pending: pending(resource),
        parts: Vec::new(),
        missing: Vec::new(),
    };
    match tokens {
        Some(Standing::Complete { tokens: names, changing }) => {
            if *changing && seen.phase == Phase::Ready {
                seen.phase = Phase::Changing;
            }
            seen.parts.push((tokens::USER_KIND.to_owned(), tokens::USER.to_owned()));
            seen.parts.extend(names.iter().map(|name| (tokens::TOKEN_KIND.to_owned(), name.clone())));
        }
        Some(lost) if !is_young(resource, now) => {
            if let Some(what) = lost.lost() {
                seen.fields.insert(tokens::LOST.to_owned(), what.into());
            } else if seen.phase == Phase::Ready {
                seen.phase = Phase::Changing;
            }
        }
        Some(incomplete) => {
            // Nobody can authenticate yet: it is still being made, whatever its state.
            if seen.phase == Phase::Ready {
                seen.missing = incomplete.missing();
            }
            seen.phase = Phase::Creating;
            (endpoint, reader) = (None, None);
        }
        None => {}
    }
    (seen.endpoint, seen.reader) = (endpoint, reader);
    seen
}

fn is_young(resource: &Resource, now: Timestamp) -> bool {
    resource.create_time.and_then(|born| born.checked_add(YOUNG).ok()).is_none_or(|end| now < end)
}

/// Where clients connect: by the kind of connection, never by its place in the list.
fn endpoints(dialect: &Dialect, resource: &Resource) -> (Option<Endpoint>, Option<Endpoint>) {
    if !is_alive(resource) {
        return (None, None);
    }
    if !dialect.modes_can_be_chosen() {
        let first = resource.discovery_endpoints.first();
        return (first.and_then(|endpoint| at(&endpoint.address, endpoint.port)), None);
    }
    let of_kind = |kind: &str| {
        let found = connections(resource).find(|connection| connection.connection_type == kind);
        found.and_then(|connection| at(&connection.ip_address, connection.port))
    };
    match of_kind(DISCOVERY) {
        Some(discovery) => (Some(discovery), None),
        None => (of_kind(PRIMARY), of_kind(READER)),
    }
}

/// The connections that Google made first, then those that somebody registered.
fn connections(resource: &Resource) -> impl Iterator<Item = &PscConnection> {
    let all = || resource.endpoints.iter().flat_map(|endpoint| &endpoint.connections);
    let made = all().filter_map(|connection| connection.psc_auto_connection.as_ref());
    made.chain(all().filter_map(|connection| connection.psc_connection.as_ref()))
}

fn at(host: &str, port: Option<u16>) -> Option<Endpoint> {
    let port = port.filter(|port| *port > 0).unwrap_or(PORT);
    (!host.is_empty()).then(|| Endpoint { host: host.to_owned(), port })
}

fn fields(dialect: &Dialect, resource: &Resource) -> Fields {
    let mut fields = Fields::new();
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    put("uid", Some(resource.uid.as_str().into()));
    let mut others = resource.labels.clone();
    others.retain(|key, _| !labels::is_ours(key));
    put("labels", Some(json!(others)));
    put("engine", Some(dialect.engine().as_str().into()));
    let version = resource.engine_version.as_deref().and_then(|word| dialect.version_of(word));
    put("engine_version", version.map(Value::from));
    put("mode", mode(dialect, resource).map(|mode| mode.as_str().into()));
    put("node_type", resource.node_type.as_deref().map(Value::from));
    put("memory_gb", memory(resource).map(Value::from));
    put("shard_count", resource.shard_count.map(Value::from));
    put("replica_count", resource.shard_count.map(|_| resource.replica_count.into()));
    let auth = resource.authorization_mode.as_deref().and_then(|word| dialect.auth_of(word));
    put("auth", auth.map(|auth| auth.as_str().into()));
    let encryption = resource.transit_encryption_mode.as_deref();
    let tls = encryption.and_then(|word| dialect.tls.iter().position(|known| *known == word)).map(|index| index == 0);
    put("tls", tls.map(Value::from));
    put("server_ca_mode", ca_mode(resource).map(Value::from));
    put("server_ca_pool", resource.server_ca_pool.as_deref().filter(|pool| !pool.is_empty()).map(Value::from));
    put("encryption_key", resource.kms_key.as_deref().filter(|key| !key.is_empty()).map(Value::from));
    put("network", network(dialect, resource).map(Value::from));
    put("zone_distribution", resource.zone_distribution_config.mode.as_deref().map(Value::from));
    put("zone", resource.zone_distribution_config.zone.as_deref().filter(|zone| !zone.is_empty()).map(Value::from));
    put("parameters", Some(json!(resource.parameters)));
    put("deletion_protection_enabled", Some(resource.deletion_protection_enabled.into()));
    put("backup_collection", resource.backup_collection.as_deref().map(Value::from));
    persistence(dialect, resource, &mut put);
    backups(resource, &mut put);
    // Without a window there is none to read, but one can be set.
    put("maintenance_window", Some(maintenance(resource).map_or_else(String::new, |w| w.to_string()).into()));
    fields
}

fn mode(dialect: &Dialect, resource: &Resource) -> Option<Mode> {
    if !dialect.modes_can_be_chosen() {
        return Some(dialect.mode());
    }
    match resource.mode.as_deref()? {
        "CLUSTER" => Some(Mode::Cluster),
        "CLUSTER_DISABLED" | "STANDALONE" => Some(Mode::Standard),
        _ => None,
    }
}

/// GB per shard: Valkey tells those of a node, Redis Cluster those of all shards together.
fn memory(resource: &Resource) -> Option<f64> {
    let shards = resource.shard_count.filter(|shards| *shards > 0);
    let shared = || Some(resource.precise_size_gb? / f64::from(shards?));
    let told = resource.node_config.size_gb.or_else(shared).filter(|gb| *gb > 0.0)?;
    // A third of 4.2 is 1.4.
    Some((told * 1000.0).round() / 1000.0)
}

fn ca_mode(resource: &Resource) -> Option<&str> {
    let word = resource.server_ca_mode.as_deref()?;
    let word = word.strip_prefix("SERVER_CA_MODE_").unwrap_or(word);
    (!word.is_empty() && word != "UNSPECIFIED").then_some(word)
}

/// Redis Cluster tells it with its endpoints alone.
fn network<'a>(dialect: &Dialect, resource: &'a Resource) -> Option<&'a str> {
    let network = if dialect.modes_can_be_chosen() {
        connections(resource).next().map(|connection| connection.network.as_str())
    } else {
        resource.discovery_endpoints.first().map(|endpoint| endpoint.psc_config.network.as_str())
    };
    network.filter(|network| !network.is_empty())
}

fn persistence(dialect: &Dialect, resource: &Resource, put: &mut impl FnMut(&str, Option<Value>)) {
    let config = &resource.persistence_config;
    let mode = match config.mode.as_str() {
        "DISABLED" => Some(Persistence::None),
        "RDB" => Some(Persistence::Rdb),
        "AOF" => Some(Persistence::Aof),
        _ => None,
    };
    put("persistence", mode.map(|mode| mode.as_str().into()));
    // A period that does not apply is none.
    let period = config.rdb_config.rdb_snapshot_period.as_deref().filter(|_| mode == Some(Persistence::Rdb));
    put("rdb_period", period.map(Value::from));
    let fsync = config.aof_config.append_fsync.as_deref().and_then(|word| dialect.fsync_of(word));
    put("aof_fsync", fsync.filter(|_| mode == Some(Persistence::Aof)).map(Value::from));
}

fn backups(resource: &Resource, put: &mut impl FnMut(&str, Option<Value>)) {
    let config = &resource.automated_backup_config;
    match config.automated_backup_mode.as_str() {
        "ENABLED" => {
            let seconds = config.retention.strip_suffix('s').and_then(|seconds| seconds.parse::<f64>().ok());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole days of some years")]
            let days = seconds.map(|seconds| seconds.max(0.0) as u64 / SECONDS_OF_A_DAY);
            put("backup_days", days.map(Value::from));
            put("backup_hour", Some(config.fixed_frequency_schedule.start_time.hours.into()));
        }
        // Nothing at all is how an API that has no such config says it.
        "DISABLED" | "" => put("backup_days", Some(0.into())),
        _ => {}
    }
}

fn maintenance(resource: &Resource) -> Option<WeeklyWindow> {
    let window = resource.maintenance_policy.weekly_maintenance_window.first()?;
    let day = DAYS.iter().position(|day| *day == window.day)?;
    let start = (window.start_time.hours * 60 + window.start_time.minutes) % (24 * 60);
    Some(WeeklyWindow { day: Day::ALL[day], start, minutes: 60 })
}

/// What the cloud has accepted and not yet done, as `field=value`.
fn pending(resource: &Resource) -> Vec<String> {
    let targets = [
        ("targetShardCount", "shard_count"),
        ("targetReplicaCount", "replica_count"),
        ("targetNodeType", "node_type"),
        ("targetEngineVersion", "engine_version"),
    ];
    let info = &resource.state_info.update_info;
    let told = targets.iter().filter_map(|(key, field)| Some((field, info.get(*key)?)));
    told.map(|(field, value)| format!("{field}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

#[cfg(test)]
mod tests;

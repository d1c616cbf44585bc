//! From what the resource manager tells to what the driver sees.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::paths::private_endpoint_name;
use super::super::{private_endpoint, tags};
use super::parts::{self, ASSIGNMENT, DATABASE, DNS, ENDPOINT};
use crate::backend::{Endpoint, Fields, Observed, Ownership, Phase};
use crate::cache::{Auth, CacheName, Engine, Mode, Persistence};

/// For how long after its birth a part that is not there is one that is still to be made. Later it is one that somebody
/// took away, which is a change to make and no creation.
const YOUNG: Duration = Duration::from_hours(1);

/// Everything that one look asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) cluster: Value,
    pub(super) database: Option<Value>,
    /// Object ids with their states; `None` if they could not be read.
    pub(super) assignments: Option<Vec<(String, String)>>,
    pub(super) endpoint: Option<private_endpoint::Seen>,
}

/// Describes the cluster with its database in the driver's words.
pub(super) fn observed(seen: &Seen, subscription: &str, name: &str, now: Timestamp) -> Observed {
    let all_tags = tags::of(&seen.cluster);
    let ownership = tags::ownership(&all_tags);
    let mut phase = phase(seen, &all_tags, &ownership);
    let mut missing = Vec::new();
    if phase == Phase::Creating && seen.database.is_none() && cluster_phase(&seen.cluster) == Phase::Ready {
        missing.push((DATABASE.to_owned(), "default".to_owned()));
    }
    if phase == Phase::Ready && was_never_changed(&all_tags, &ownership) && is_young(&ownership, now) {
        let wanted = tags::get(&all_tags, tags::PARTS).unwrap_or_default();
        missing = parts::missing(wanted, seen, name);
        if !missing.is_empty() || parts::are_unfinished(wanted, seen) {
            phase = Phase::Creating;
        }
    }
    if phase == Phase::Ready && parts::are_changing(seen) {
        phase = Phase::Changing;
    }
    let answers = !matches!(phase, Phase::Creating | Phase::Shell);
    Observed {
        phase,
        status: status(seen),
        fields: fields(seen, &all_tags),
        account: subscription.to_owned(),
        resource_id: seen.cluster.get("id").and_then(Value::as_str).map(str::to_owned),
        created_at: created_at(seen, &all_tags),
        endpoint: endpoint(seen).filter(|_| answers),
        reader: None,
        pending: Vec::new(),
        parts: existing(seen, name),
        missing,
        ownership: Some(ownership),
    }
}

fn is_young(ownership: &Ownership, now: Timestamp) -> bool {
    let Ownership::Marked(mark) = ownership else { return false };
    mark.since.checked_add(YOUNG).is_ok_and(|end| now < end)
}

fn text<'a>(resource: &'a Value, property: &str) -> &'a str {
    resource.pointer(&format!("/properties/{property}")).and_then(Value::as_str).unwrap_or_default()
}

/// What state a cluster is in, or a database, by its own words. One that nobody has heard of means that the cloud is busy.
fn state(resource: &Value) -> Phase {
    let provisioning = text(resource, "provisioningState").to_ascii_lowercase();
    let state = text(resource, "resourceState").to_ascii_lowercase();
    match (state.as_str(), provisioning.as_str()) {
        ("createfailed", _) | ("creating", "failed" | "canceled") => Phase::Shell,
        ("deleting", _) | (_, "deleting") => Phase::Deleting,
        ("creating", _) | (_, "creating") => Phase::Creating,
        // A disabled one does not answer either, and nothing that the driver may do would change that.
        (state, provisioning) if is_failed(state) || provisioning == "failed" => Phase::Failed,
        ("updating" | "scaling", _) | ("running" | "", "updating") => Phase::Changing,
        ("running" | "", "succeeded" | "canceled") => Phase::Ready,
        _ => Phase::Busy,
    }
}

fn is_failed(state: &str) -> bool {
    state.ends_with("failed") || matches!(state, "disabled" | "disabling")
}

/// What state the cluster alone is in.
pub(super) fn cluster_phase(cluster: &Value) -> Phase {
    state(cluster)
}

/// What state the cluster with its database is in.
///
/// What holds a database may hold data, so it is never a shell unless the database itself was never made.
fn phase(seen: &Seen, tags: &BTreeMap<String, String>, ownership: &Ownership) -> Phase {
    let cluster = cluster_phase(&seen.cluster);
    let Some(database) = &seen.database else {
        return match cluster {
            Phase::Failed if was_never_changed(tags, ownership) => Phase::Shell,
            Phase::Ready | Phase::Changing | Phase::Busy => Phase::Creating,
            other => other,
        };
    };
    let database = state(database);
    match (cluster, database) {
        (Phase::Deleting, _) => Phase::Deleting,
        (_, Phase::Shell) => Phase::Shell,
        (Phase::Shell | Phase::Failed, _) | (_, Phase::Failed) => Phase::Failed,
        (Phase::Creating, _) | (_, Phase::Creating) => Phase::Creating,
        (Phase::Changing, _) | (_, Phase::Changing) => Phase::Changing,
        // Somebody removes the database alone.
        (Phase::Busy, _) | (_, Phase::Busy | Phase::Deleting) => Phase::Busy,
        _ => Phase::Ready,
    }
}

/// Why the cache is not as it should be, as far as its own state tells. `None` if nothing failed.
pub(super) fn failure(seen: &Seen, observed: &Observed) -> Option<String> {
    match observed.phase {
        Phase::Shell | Phase::Failed => Some(observed.status.clone()),
        Phase::Creating => Some(parts::failed(seen).join(", ")).filter(|failed| !failed.is_empty()),
        _ => None,
    }
}

/// Whether nothing has been done to it since its creation.
fn was_never_changed(tags: &BTreeMap<String, String>, ownership: &Ownership) -> bool {
    let born = tags::get(tags, tags::BORN).and_then(|born| born.parse::<i64>().ok());
    matches!(ownership, Ownership::Marked(mark) if Some(mark.since.as_second()) == born)
}

/// The cloud's own words: the cluster's, the database's where they differ, and those of parts that failed.
fn status(seen: &Seen) -> String {
    let cluster = words(&seen.cluster);
    let database = seen.database.as_ref().map(words).filter(|database| *database != cluster);
    let database = database.map(|database| format!("database {database}"));
    let all: Vec<String> = std::iter::once(cluster).chain(database).chain(parts::failed(seen)).collect();
    all.join(", ")
}

/// `Running`, or `Running (Failed)` where the two words do not go together.
pub(super) fn words(resource: &Value) -> String {
    let (provisioning, state) = (text(resource, "provisioningState"), text(resource, "resourceState"));
    match (provisioning, state) {
        (provisioning, "") => provisioning.to_owned(),
        ("Succeeded" | "", state) => state.to_owned(),
        (provisioning, state) if provisioning == state => state.to_owned(),
        (provisioning, state) => format!("{state} ({provisioning})"),
    }
}

/// By the tag, because no cluster tells; an adopted one's database may.
pub(super) fn created_at(seen: &Seen, tags: &BTreeMap<String, String>) -> Option<Timestamp> {
    let born = tags::get(tags, tags::BORN).and_then(|born| Timestamp::from_second(born.parse().ok()?).ok());
    let told = [Some(&seen.cluster), seen.database.as_ref()].into_iter().flatten().find_map(|resource| {
        resource.pointer("/systemData/createdAt").and_then(Value::as_str).and_then(|at| at.parse().ok())
    });
    born.or(told)
}

fn endpoint(seen: &Seen) -> Option<Endpoint> {
    let host = text(&seen.cluster, "hostName");
    let port = seen.database.as_ref()?.pointer("/properties/port")?.as_u64()?;
    let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
    Some(Endpoint { host: host.to_owned(), port }).filter(|endpoint| !endpoint.host.is_empty())
}

fn existing(seen: &Seen, name: &str) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    if seen.database.is_some() {
        parts.push((DATABASE.to_owned(), "default".to_owned()));
    }
    for (id, _) in seen.assignments.iter().flatten() {
        parts.push((ASSIGNMENT.to_owned(), id.clone()));
    }
    if let Some(endpoint) = seen.endpoint.as_ref().filter(|endpoint| !endpoint.foreign) {
        parts.push((ENDPOINT.to_owned(), private_endpoint_name(&CacheName::existing(name))));
        if endpoint.zone.is_some() {
            parts.push((DNS.to_owned(), "default".to_owned()));
        }
    }
    parts
}

fn fields(seen: &Seen, tags: &BTreeMap<String, String>) -> Fields {
    let mut fields = Fields::new();
    of_cluster(&seen.cluster, tags, &mut fields);
    if let Some(database) = &seen.database {
        of_database(database, &mut fields);
    }
    if let Some(assignments) = &seen.assignments {
        // What failed lets nobody in, and is made again.
        let good = assignments.iter().filter(|(_, state)| !parts::is_failed(state));
        let ids: Vec<&str> = good.map(|(id, _)| id.as_str()).collect();
        fields.insert("object_ids".to_owned(), json!(ids));
    }
    let endpoint = seen.endpoint.clone().filter(|endpoint| !parts::is_failed(&endpoint.state)).unwrap_or_default();
    // That there is none is known too: left out, a first one could never be asked for.
    fields.insert("private_endpoint_subnet_id".to_owned(), endpoint.subnet.unwrap_or_default().into());
    fields.insert("private_dns_zone_id".to_owned(), endpoint.zone.unwrap_or_default().into());
    fields
}

fn of_cluster(cluster: &Value, tags: &BTreeMap<String, String>, fields: &mut Fields) {
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    let told = |property: &str| Some(text(cluster, property)).filter(|told| !told.is_empty()).map(Value::from);
    put("engine", Some(Engine::Redis.as_str().into()));
    put("sku", cluster.pointer("/sku/name").cloned());
    put("high_availability", told("highAvailability"));
    put("public_network_access", told("publicNetworkAccess"));
    put("minimum_tls_version", told("minimumTlsVersion"));
    put("engine_version", told("redisVersion"));
    let key = "/properties/encryption/customerManagedKeyEncryption/keyEncryptionKeyUrl";
    put(
        "encryption_key",
        Some(cluster.pointer(key).filter(|key| key.is_string()).cloned().unwrap_or_else(|| "".into())),
    );
    let identities = cluster.pointer("/identity/userAssignedIdentities").and_then(Value::as_object);
    let identity = identities.and_then(|all| all.keys().next()).map_or("", String::as_str);
    put("user_assigned_identity_id", Some(identity.into()));
    put("tags", Some(Value::Object(tags::foreign(tags))));
    let lasting: Map<String, Value> = tags::lasting(tags);
    put(super::LASTING, Some(Value::Object(lasting)));
}

fn of_database(database: &Value, fields: &mut Fields) {
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    let told = |property: &str| Some(text(database, property)).filter(|told| !told.is_empty());
    put("engine_version", told("redisVersion").map(Value::from));
    put("tls", told("clientProtocol").map(|protocol| (protocol == "Encrypted").into()));
    let auth = |keys| if keys == "Enabled" { Auth::Password } else { Auth::Iam };
    // What was made by an older API version does not say it: keys were on.
    put("auth", Some(auth(told("accessKeysAuthentication").unwrap_or("Enabled")).as_str().into()));
    let policy = told("clusteringPolicy");
    let mode = |policy| if policy == "OSSCluster" { Mode::Cluster } else { Mode::Standard };
    put("mode", policy.map(|policy| mode(policy).as_str().into()));
    put("clustering_policy", policy.map(Value::from));
    put("eviction_policy", told("evictionPolicy").map(Value::from));
    put("port", database.pointer("/properties/port").filter(|port| port.is_number()).cloned());
    let persistence = |property: &str| database.pointer(&format!("/properties/persistence/{property}"));
    let on = |property: &str| persistence(property).and_then(Value::as_bool).unwrap_or_default();
    let kind = match (on("aofEnabled"), on("rdbEnabled")) {
        (true, _) => Persistence::Aof,
        (_, true) => Persistence::Rdb,
        _ => Persistence::None,
    };
    put("persistence", Some(kind.as_str().into()));
    put("rdb_frequency", persistence("rdbFrequency").filter(|value| value.is_string()).cloned());
    let modules = database.pointer("/properties/modules").and_then(Value::as_array).into_iter().flatten();
    let modules: Vec<&Value> = modules.filter_map(|module| module.get("name")).collect();
    put("modules", Some(json!(modules)));
}

#[cfg(test)]
mod tests;

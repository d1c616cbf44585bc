//! Rules of Memorystore for Redis instances.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::certificates;
use super::common::{self, default, flag, int, text};
use super::context::Context;
use super::error::{Answer, ApiError};
use super::finish::Env;
use super::locations;
use super::operation::time;
use super::product::Product;
use super::schema::Object;
use super::store::{Key, Resource, project_number};
use super::update;

/// From the oldest to the newest.
const VERSIONS: [&str; 6] = ["REDIS_3_2", "REDIS_4_0", "REDIS_5_0", "REDIS_6_X", "REDIS_7_0", "REDIS_7_2"];
const CONFIGS: [&str; 10] = [
    "maxmemory-policy",
    "notify-keyspace-events",
    "activedefrag",
    "lfu-decay-time",
    "lfu-log-factor",
    "maxmemory-gb",
    "maxmemory-clients",
    "stream-node-max-bytes",
    "stream-node-max-entries",
    "lazyfree-lazy-eviction",
];
const PLAIN_PORT: u16 = 6379;
const TLS_PORT: u16 = 6378;

fn has_read_replicas(fields: &Object) -> bool {
    text(fields, "readReplicasMode") == "READ_REPLICAS_ENABLED"
}

/// The defaults, and zeros as the service does not write them.
pub(super) fn complete(fields: &mut Object, key: &Key) {
    default(fields, "redisVersion", "REDIS_7_0");
    default(fields, "connectMode", "DIRECT_PEERING");
    default(fields, "transitEncryptionMode", "DISABLED");
    default(fields, "readReplicasMode", "READ_REPLICAS_DISABLED");
    default(fields, "persistenceConfig", json!({ "persistenceMode": "DISABLED" }));
    if text(fields, "connectMode") == "DIRECT_PEERING" {
        default(fields, "authorizedNetwork", format!("projects/{}/global/networks/default", key.project));
    }
    let [first, second, _] = locations::zones(&key.location);
    default(fields, "locationId", first);
    if text(fields, "tier") == "STANDARD_HA" {
        default(fields, "alternativeLocationId", second);
        if int(fields, "replicaCount") == 0 {
            fields.insert("replicaCount".to_owned(), if has_read_replicas(fields) { 2 } else { 1 }.into());
        }
    }
    if let Some(persistence) = fields.get_mut("persistenceConfig").and_then(Value::as_object_mut) {
        default(persistence, "persistenceMode", "DISABLED");
        if text(persistence, "persistenceMode") == "RDB" {
            default(persistence, "rdbSnapshotPeriod", "TWENTY_FOUR_HOURS");
        }
    }
    if !flag(fields, "authEnabled") {
        fields.remove("authEnabled");
    }
    if int(fields, "replicaCount") == 0 {
        fields.remove("replicaCount");
    }
}

/// Whether the fields are allowed, by themselves and after those `before`.
pub(super) fn check(fields: &Object, key: &Key, before: Option<&Object>) -> Result<(), ApiError> {
    let wrong = |field: &str, value: &str, message: &str| Err(common::refuse(Product::Redis, field, value, message));
    let tier = text(fields, "tier");
    if tier.is_empty() {
        return wrong("tier", "TIER_UNSPECIFIED", "You must specify a tier.");
    }
    let memory = int(fields, "memorySizeGb");
    if !(1..=300).contains(&memory) {
        return wrong("memorySizeGb", &memory.to_string(), "Memory size must be between 1 and 300 GiB.");
    }
    let version = text(fields, "redisVersion");
    if !VERSIONS.contains(&version) {
        return wrong("redisVersion", version, &format!("Redis version '{version}' is not supported."));
    }
    replicas(fields, before)?;
    network(fields, key)?;
    for zone in ["locationId", "alternativeLocationId"] {
        let zone_name = text(fields, zone);
        if !zone_name.is_empty() && !zone_name.starts_with(&format!("{}-", key.location)) {
            return wrong(zone, zone_name, "The zone must be in the region of the instance.");
        }
    }
    if tier == "STANDARD_HA" && text(fields, "locationId") == text(fields, "alternativeLocationId") {
        return wrong(
            "alternativeLocationId",
            text(fields, "locationId"),
            "The alternative location must be different from the location.",
        );
    }
    if text(fields, "displayName").chars().count() > 80 {
        return wrong("displayName", "", "The display name has more than 80 characters.");
    }
    common::engine_settings(Product::Redis, fields, "redisConfigs", &CONFIGS)?;
    common::key_of_kms(Product::Redis, fields, "customerManagedKey", &key.location)
}

fn replicas(fields: &Object, before: Option<&Object>) -> Result<(), ApiError> {
    let wrong = |field: &str, value: &str, message: &str| Err(common::refuse(Product::Redis, field, value, message));
    let count = int(fields, "replicaCount");
    let shown = count.to_string();
    if text(fields, "tier") == "BASIC" {
        if has_read_replicas(fields) {
            return wrong("readReplicasMode", "READ_REPLICAS_ENABLED", "Read replicas require the Standard Tier.");
        }
        if count != 0 {
            return wrong("replicaCount", &shown, "Replica count must be 0 for the Basic Tier.");
        }
        return Ok(());
    }
    if !has_read_replicas(fields) {
        if before.is_some_and(has_read_replicas) {
            return wrong("readReplicasMode", "READ_REPLICAS_DISABLED", "Read replicas cannot be disabled again.");
        }
        if count != 1 && before.is_some() {
            return Err(ApiError::precondition(
                "Read Replicas mode must be enabled on the instance in order to update the replica count.",
            ));
        }
        if count != 1 {
            let message = "Setting replica count requires read-replicas-mode to be \"READ_REPLICAS_ENABLED\"";
            return wrong("replicaCount", &shown, message);
        }
        return Ok(());
    }
    if int(fields, "memorySizeGb") < 5 {
        let memory = int(fields, "memorySizeGb").to_string();
        return wrong("memorySizeGb", &memory, "Read replicas require a memory size of at least 5 GiB.");
    }
    if !(1..=5).contains(&count) {
        return wrong("replicaCount", &shown, "Replica count must be between 1 and 5.");
    }
    let enabled_now = before.is_some_and(|before| !has_read_replicas(before));
    if enabled_now && text(fields, "secondaryIpRange").is_empty() {
        let message = "A secondary IP range is required to enable read replicas on an existing instance.";
        return wrong("secondaryIpRange", "", message);
    }
    Ok(())
}

fn network(fields: &Object, key: &Key) -> Result<(), ApiError> {
    let network = text(fields, "authorizedNetwork");
    let wrong = |message: &str| Err(common::refuse(Product::Redis, "authorizedNetwork", network, message));
    if network.is_empty() {
        return wrong("You must specify an authorized network.");
    }
    if !common::is_network(network) {
        return wrong("invalid authorized_network format, value should be full path to network resource");
    }
    let (project, _) = super::prerequisites::parts(network);
    let peered = text(fields, "connectMode") == "DIRECT_PEERING";
    if peered && project != key.project && project != project_number(&key.project).to_string() {
        return wrong("authorized_network must exist in the same project as redis instance");
    }
    let range = text(fields, "reservedIpRange");
    if peered && !range.is_empty() && !is_cidr(range) {
        let message = "The reserved IP range must be a CIDR range of size /29, or /28 with read replicas.";
        return Err(common::refuse(Product::Redis, "reservedIpRange", range, message));
    }
    Ok(())
}

fn is_cidr(range: &str) -> bool {
    let Some((address, size)) = range.split_once('/') else { return false };
    address.parse::<std::net::Ipv4Addr>().is_ok() && size.parse::<u8>().is_ok_and(|size| (8..=29).contains(&size))
}

/// What the service adds when a create or update is done.
pub(super) fn finish(resource: &mut Resource, env: &Env<'_>) {
    let key = resource.key.clone();
    let tls = is_encrypted(resource);
    let (host, port, reader) = addresses(resource, tls);
    let replicas = int(&resource.fields, "replicaCount");
    let read_replicas = has_read_replicas(&resource.fields);
    let size = if read_replicas { 28 } else { 29 };
    let range = format!("{}/{size}", base(resource.number, 0));
    let fields = &mut resource.fields;
    // A CIDR range stays what was asked for; the name of a range becomes the block that was taken from it.
    if !is_cidr(text(fields, "reservedIpRange")) {
        fields.insert("reservedIpRange".to_owned(), range.into());
    }
    fields.insert("host".to_owned(), host.into());
    fields.insert("port".to_owned(), port.into());
    if read_replicas {
        fields.insert("readEndpoint".to_owned(), reader.into());
        fields.insert("readEndpointPort".to_owned(), port.into());
    }
    let current = text(fields, "locationId").to_owned();
    default(fields, "currentLocationId", current);
    let zones = [text(fields, "locationId"), text(fields, "alternativeLocationId")];
    let zones: Vec<&str> = zones.into_iter().filter(|zone| !zone.is_empty()).collect();
    let nodes: Vec<Value> = (0..=replicas)
        .zip(zones.iter().cycle())
        .map(|(number, zone)| json!({ "id": format!("node-{number}"), "zone": zone }))
        .collect();
    fields.insert("nodes".to_owned(), nodes.into());
    let number = project_number(&key.project);
    let identity = format!("serviceAccount:service-{number}@cloud-redis.iam.gserviceaccount.com");
    default(fields, "persistenceIamIdentity", identity);
    default(fields, "maintenanceVersion", "20260805_00_00");
    default(fields, "availableMaintenanceVersions", json!(["20260902_00_00"]));
    if let Some(persistence) = fields.get_mut("persistenceConfig").and_then(Value::as_object_mut)
        && text(persistence, "persistenceMode") == "RDB"
    {
        default(persistence, "rdbSnapshotStartTime", time(env.now));
        let period = match text(persistence, "rdbSnapshotPeriod") {
            "ONE_HOUR" => 1,
            "SIX_HOURS" => 6,
            "TWELVE_HOURS" => 12,
            _ => 24,
        };
        let next = env.now.checked_add(SignedDuration::from_hours(period)).unwrap_or(env.now);
        persistence.insert("rdbNextSnapshotTime".to_owned(), time(next).into());
    }
    if tls {
        default(fields, "serverCaCerts", json!([certificates::describe(env.ca, env.now)]));
    }
}

pub(super) fn is_encrypted(resource: &Resource) -> bool {
    text(&resource.fields, "transitEncryptionMode") == "SERVER_AUTHENTICATION"
}

/// Host, port and read host.
fn addresses(resource: &Resource, tls: bool) -> (String, u16, String) {
    if let Some(server) = &resource.listening {
        return (server.host.clone(), server.port, server.host.clone());
    }
    let port = if tls { TLS_PORT } else { PLAIN_PORT };
    (base(resource.number, 3), port, base(resource.number, 4))
}

/// An address in the block of a resource.
fn base(number: u32, offset: u32) -> String {
    let at = number % 4096 * 16 + offset;
    format!("10.216.{}.{}", at >> 8 & 255, at & 255)
}

/// `getAuthString`.
pub(super) fn auth_string(ctx: &Context<'_>) -> Answer {
    use secrecy::ExposeSecret as _;

    let resource = ctx.state.resource(&ctx.call.key(Product::Redis))?;
    match &resource.auth_string {
        Some(secret) => Ok(json!({ "authString": secret.expose_secret() })),
        None => Err(ApiError::precondition("AUTH is not enabled for this instance.")),
    }
}

/// `upgrade`: only to a newer version.
pub(super) fn upgrade(ctx: &mut Context<'_>) -> Answer {
    let key = ctx.call.key(Product::Redis);
    let resource = ctx.state.resource(&key)?;
    let Some(wanted) = ctx.call.body_field("redisVersion") else {
        return Err(super::call::Call::required("redis_version"));
    };
    let place = |version: &str| VERSIONS.iter().position(|known| *known == version);
    let newer = place(wanted) > place(text(&resource.fields, "redisVersion"));
    if place(wanted).is_none() || !newer {
        let message = format!("Cannot upgrade from {} to {wanted}.", text(&resource.fields, "redisVersion"));
        return Err(ApiError::field("redis_version", wanted, &message));
    }
    let mut target = resource.fields.clone();
    target.insert("redisVersion".to_owned(), wanted.into());
    update::begin_update(ctx, &key, "upgrade", target, "UPDATING", super::durations::UPGRADE)
}

/// `failover`: primary and replica change places.
pub(super) fn failover(ctx: &mut Context<'_>) -> Answer {
    let key = ctx.call.key(Product::Redis);
    let resource = ctx.state.resource(&key)?;
    if text(&resource.fields, "tier") != "STANDARD_HA" {
        return Err(ApiError::precondition("Failover is only supported for Standard Tier instances."));
    }
    let mut target = resource.fields.clone();
    let current = text(&target, "currentLocationId");
    let other = if current == text(&target, "locationId") { "alternativeLocationId" } else { "locationId" };
    let other = text(&target, other).to_owned();
    target.insert("currentLocationId".to_owned(), other.into());
    update::begin_update(ctx, &key, "failover", target, "FAILING_OVER", super::durations::FAILOVER)
}

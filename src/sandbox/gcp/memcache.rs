//! Rules of Memorystore for Memcached.

use serde_json::{Value, json};

use super::call::Call;
use super::common::{self, default, int, text};
use super::context::Context;
use super::error::{Answer, ApiError};
use super::fields::memcache::{PARAMETERS, VERSION};
use super::finish::Env;
use super::operation::time;
use super::product::Product;
use super::schema::{self, Object};
use super::store::{Key, Resource};
use super::{durations, locations, mask, update};
use crate::random::Random;

const PORT: u16 = 11211;
const PARAMETER_NAMES: [&str; 17] = [
    "listen-backlog",
    "disable-flush-all",
    "max-item-size",
    "slab-min-size",
    "slab-growth-factor",
    "protocol",
    "disable-cas",
    "disable-evictions",
    "max-reqs-per-event",
    "track-sizes",
    "worker-logbuf-size",
    "watcher-logbuf-size",
    "lru-crawler",
    "idle-timeout",
    "lru-maintainer",
    "maxconns-fast",
    "hash-algorithm",
];

pub(super) fn complete(fields: &mut Object, key: &Key) {
    default(fields, "memcacheVersion", "MEMCACHE_1_5");
    default(fields, "authorizedNetwork", format!("projects/{}/global/networks/default", key.project));
    let nodes = usize::try_from(int(fields, "nodeCount")).unwrap_or_default().clamp(1, 3);
    default(fields, "zones", json!(locations::zones(&key.location)[..nodes]));
}

pub(super) fn check(fields: &Object, key: &Key) -> Result<(), ApiError> {
    let wrong = |field: &str, value: &str, message: &str| Err(common::refuse(Product::Memcache, field, value, message));
    let count = int(fields, "nodeCount");
    if !(1..=20).contains(&count) {
        return wrong("nodeCount", &count.to_string(), "Node count must be between 1 and 20.");
    }
    let empty = Object::new();
    let config = fields.get("nodeConfig").and_then(Value::as_object).unwrap_or(&empty);
    let (cpus, memory) = (int(config, "cpuCount"), int(config, "memorySizeMb"));
    if !(1..=32).contains(&cpus) {
        return wrong("nodeConfig.cpuCount", &cpus.to_string(), "CPU count must be between 1 and 32.");
    }
    if !(1024..=262_144).contains(&memory) || memory % 1024 != 0 {
        let message = "Memory size must be a multiple of 1024 MiB between 1024 and 262144.";
        return wrong("nodeConfig.memorySizeMb", &memory.to_string(), message);
    }
    let network = text(fields, "authorizedNetwork");
    if !common::is_network(network) {
        let message = "invalid authorized_network format, value should be full path to network resource";
        return wrong("authorizedNetwork", network, message);
    }
    if text(fields, "displayName").chars().count() > 80 {
        return wrong("displayName", "", "The display name has more than 80 characters.");
    }
    let zones = fields.get("zones").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let foreign = zones.iter().filter_map(Value::as_str).find(|zone| !zone.starts_with(&format!("{}-", key.location)));
    if let Some(zone) = foreign {
        return wrong("zones", zone, "The zones must be in the region of the instance.");
    }
    parameters(fields.get("parameters").and_then(|parameters| parameters.get("params")))
}

fn parameters(params: Option<&Value>) -> Result<(), ApiError> {
    let Some(params) = params.and_then(Value::as_object) else { return Ok(()) };
    match params.keys().find(|name| !PARAMETER_NAMES.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let message = format!("Memcached parameter '{name}' is not supported.");
            Err(common::refuse(Product::Memcache, "parameters.params", name, &message))
        }
    }
}

fn full_version(version: &str) -> &'static str {
    if version == "MEMCACHE_1_6_15" { "memcached-1.6.15" } else { "memcached-1.5.16" }
}

pub(super) fn finish(resource: &mut Resource, env: &Env<'_>) {
    let version = resource.text("memcacheVersion").to_owned();
    let zones: Vec<String> = resource
        .fields
        .get("zones")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |zones| zones.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let count = int(&resource.fields, "nodeCount");
    let mut nodes = Vec::new();
    let known = resource.fields.get("memcacheNodes").and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, zone) in (0..count).zip(zones.iter().cycle()) {
        let letter = zone.rsplit('-').next().unwrap_or("a");
        let (host, port) = address(resource, index);
        let mut node = json!({
            "nodeId": format!("node-{letter}-{}", index / i64::try_from(zones.len()).unwrap_or(1) + 1),
            "zone": zone,
            "state": "READY",
            "host": host,
            "port": port,
            "memcacheVersion": version,
            "memcacheFullVersion": full_version(&version),
        });
        // New parameters reach a node that is there already only when they are applied.
        let before = known.iter().find(|before| before["nodeId"] == node["nodeId"]);
        let parameters = match before {
            Some(before) => before.get("parameters").cloned(),
            None => resource.fields.get("parameters").cloned(),
        };
        if let Some(parameters) = parameters {
            node["parameters"] = parameters;
        }
        nodes.push(node);
    }
    let (host, port) = address(resource, -1);
    let fields = &mut resource.fields;
    fields.insert("memcacheNodes".to_owned(), nodes.into());
    fields.insert("memcacheFullVersion".to_owned(), full_version(&version).into());
    fields.insert("discoveryEndpoint".to_owned(), format!("{host}:{port}").into());
    fields.insert("updateTime".to_owned(), time(env.now).into());
}

/// The id that a set of parameters gets.
pub(super) fn parameters_id(random: &dyn Random) -> String {
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    (100_000_000 + u32::from_le_bytes(bytes) % 900_000_000).to_string()
}

/// Host and port of a node; -1 is the discovery endpoint.
fn address(resource: &Resource, index: i64) -> (String, u16) {
    if let Some(server) = &resource.listening {
        return (server.host.clone(), server.port);
    }
    let at = u32::try_from(index + 5).unwrap_or_default() + resource.number % 2000 * 32;
    (format!("10.191.{}.{}", at >> 8 & 255, at & 255), PORT)
}

/// `updateParameters`: noted, and not applied to any node yet.
pub(super) fn update_parameters(ctx: &mut Context<'_>) -> Answer {
    let key = ctx.call.key(Product::Memcache);
    let resource = ctx.state.resource(&key)?;
    let mask = ctx.call.body_field("updateMask").or(ctx.call.body_field("update_mask")).unwrap_or_default();
    let paths = mask::parse(mask);
    if paths.is_empty() {
        return Err(update::empty_mask());
    }
    if let Some(path) = paths.iter().find(|path| path.head() != "params") {
        return Err(update::not_updatable(&path.snake(), 0));
    }
    let given = schema::read(PARAMETERS, ctx.call.body.get("parameters").unwrap_or(&json!({})), "parameters")?;
    parameters(given.get("params"))?;
    let mut target = resource.fields.clone();
    let parameters =
        json!({ "id": parameters_id(ctx.random), "params": given.get("params").cloned().unwrap_or(json!({})) });
    target.insert("parameters".to_owned(), parameters);
    update::begin_update(ctx, &key, "updateParameters", target, "UPDATING", durations::PARAMETERS)
}

/// `applyParameters`: to all nodes or some; they restart.
pub(super) fn apply_parameters(ctx: &mut Context<'_>) -> Answer {
    let key = ctx.call.key(Product::Memcache);
    let resource = ctx.state.resource(&key)?;
    let field = |camel: &str, snake: &str| ctx.call.body.get(camel).or_else(|| ctx.call.body.get(snake));
    let all = field("applyAll", "apply_all").and_then(Value::as_bool).unwrap_or_default();
    let wanted = field("nodeIds", "node_ids").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if all != wanted.is_empty() {
        return Err(ApiError::field("node_ids", "", "Exactly one of node_ids and apply_all must be given."));
    }
    let mut target = resource.fields.clone();
    let parameters = target.get("parameters").cloned();
    let nodes = target.get_mut("memcacheNodes").and_then(Value::as_array_mut);
    let nodes = nodes.map_or(&mut [][..], |nodes| nodes.as_mut_slice());
    if let Some(unknown) = wanted.iter().find(|id| !nodes.iter().any(|node| node["nodeId"] == **id)) {
        let id = unknown.as_str().unwrap_or_default();
        return Err(ApiError::field("node_ids", id, &format!("There is no node '{id}'.")));
    }
    for node in nodes.iter_mut().filter(|node| all || wanted.contains(&node["nodeId"])) {
        if let Some(parameters) = &parameters {
            node["parameters"] = parameters.clone();
        }
    }
    update::begin_update(ctx, &key, "applyParameters", target, "UPDATING", durations::APPLY)
}

/// `upgrade`: only to a newer version.
pub(super) fn upgrade(ctx: &mut Context<'_>) -> Answer {
    let key = ctx.call.key(Product::Memcache);
    let resource = ctx.state.resource(&key)?;
    let given = ctx.call.body.get("memcacheVersion").or_else(|| ctx.call.body.get("memcache_version"));
    let given = given.ok_or_else(|| Call::required("memcache_version"))?;
    let found = VERSION.iter().find(|(word, number)| given == word || given == number);
    let current = VERSION.iter().find(|(word, _)| *word == resource.text("memcacheVersion"));
    let (Some((word, number)), Some((_, current))) = (found, current) else {
        return Err(ApiError::field("memcache_version", &given.to_string(), "This version is not supported."));
    };
    if number <= current {
        return Err(ApiError::field("memcache_version", word, "An instance can only be upgraded to a newer version."));
    }
    let mut target = resource.fields.clone();
    target.insert("memcacheVersion".to_owned(), (*word).into());
    update::begin_update(ctx, &key, "upgrade", target, "MEMCACHE_VERSION_UPGRADING", durations::UPGRADE)
}

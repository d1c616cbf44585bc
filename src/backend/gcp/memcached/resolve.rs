//! From the portable words to the fields of a memcached instance.

use serde_json::{Value, json};

use super::super::inputs::dotted;
use super::super::instances::{Resolving, Setting, labels, network, shown, version};
use crate::backend::Resolved;
use crate::cache::{Auth, Capacity, FieldError, Size, Spec};

/// Fields of the block that belong to Redis and Valkey.
const OF_OTHERS: [&str; 13] = [
    "connect_mode",
    "tier",
    "memory_size_gb",
    "node_type",
    "read_replicas",
    "secondary_ip_range",
    "zone",
    "alternative_zone",
    "zone_distribution",
    "rdb_period",
    "aof_fsync",
    "server_ca_mode",
    "server_ca_pool",
];

/// What Memorystore for Memcached offers, newest first.
/// <https://cloud.google.com/memorystore/docs/memcached/supported-versions>
const VERSIONS: [&str; 2] = ["1.6.15", "1.5"];

/// Nodes that an instance may have. <https://cloud.google.com/memorystore/docs/memcached/quotas>
const MOST_NODES: u32 = 20;
/// Minutes that a maintenance window may last.
const WINDOW: std::ops::RangeInclusive<u32> = 180..=480;
/// Characters of a name for the console.
const LONGEST_NAME: usize = 80;

/// Resolves a specification, or reports everything that the product cannot serve.
pub(super) fn resolve(setting: Setting<'_>, spec: &Spec) -> Result<Resolved, Vec<FieldError>> {
    let mut it = Resolving::new(setting, spec);
    it.refuse(&OF_OTHERS);
    it.kind();
    version(&mut it, &VERSIONS, &setting.config.versions.memcached);
    nodes(&mut it);
    node_config(&mut it);
    network(&mut it);
    it.zones_in_region("zones");
    if let Some(range) = it.asked("reserved_ip_range").map(shown).filter(|range| range.contains('/')) {
        let hint = "a range of the network's private service access connection";
        it.wrong(&dotted("reserved_ip_range"), "the name of an allocated range", range, Some(hint));
    }
    security(&mut it);
    upkeep(&mut it);
    labels(&mut it);
    it.as_they_are(&["reserved_ip_range", "zones"]);
    it.finish()
}

/// `node_count`: the block's own, else the portable `shards`.
fn nodes(it: &mut Resolving<'_>) {
    if it.spec.high_availability == Some(true) {
        let hint = "memcached does not replicate: what a node holds is lost with it; `shards` spreads the data";
        it.wrong("high_availability", "false or unset for gcp/memcached", true, Some(hint));
    }
    if let Some(replicas) = it.spec.replicas.filter(|replicas| *replicas > 0) {
        it.wrong("replicas", "0 or unset for gcp/memcached", replicas, Some("`shards` counts its nodes"));
    }
    let own = it.asked("node_count").and_then(Value::as_u64);
    let default = it.native("node_count").and_then(|(count, _)| count.as_u64()).filter(|_| it.spec.shards.is_none());
    match (own.or(default), it.spec.shards) {
        (Some(count), _) => it.out.put("node_count", count, it.spec.origin_of(&dotted("node_count"))),
        (None, Some(shards)) if shards > MOST_NODES => {
            it.wrong("shards", format!("at most {MOST_NODES} nodes for gcp/memcached"), shards, None);
        }
        (None, shards) => it.out.put("node_count", shards.unwrap_or(1), it.spec.origin_of("shards")),
    }
}

/// `cpu_count` and `memory_size_mb`: the request's own, else by size, else the config's own, else by the default size.
fn node_config(it: &mut Resolving<'_>) {
    let capacity = it.spec.capacity.unwrap_or(Capacity::Size(Size::Small));
    let key = match it.spec.capacity {
        Some(Capacity::MemoryGb(_)) => "memory_gb",
        _ => "size",
    };
    let sized_by = it.spec.capacity.and_then(|_| it.spec.origin_of(key));
    let own_memory = it.asked("memory_size_mb").is_some();
    let offerings = match it.setting.sizes.offerings(it.setting.product, capacity, false) {
        Ok(offerings) => offerings,
        Err(_) if own_memory => &[],
        Err(too_big) => {
            let path = it.spec.path_of(key);
            it.errors.push(
                too_big.field_error(path).hint("up to 256 GB per node go as gcp.memory_size_mb; or more `shards`"),
            );
            return;
        }
    };
    let mut by_size = true;
    for field in ["cpu_count", "memory_size_mb"] {
        let own = it.asked(field);
        let default = it.setting.defaults.get(field).filter(|_| it.spec.capacity.is_none());
        if let Some(value) = own.or(default) {
            by_size = false;
            it.out.put(field, value.clone(), it.spec.origin_of(&dotted(field)));
        } else if let Some(value) = offerings.first().and_then(|offering| offering.fields.get(field)) {
            it.out.put(field, value.clone(), sized_by);
        } else {
            it.out.put(field, 1, None);
        }
    }
    if let (true, Some(capacity)) = (own_memory, it.spec.capacity) {
        let mb = it.out.number("memory_size_mb").unwrap_or_default();
        it.out.warnings.push(format!("gcp.memory_size_mb {mb} wins over the size {capacity}"));
    } else {
        it.out.capacity = it.spec.capacity.map(|capacity| capacity.to_string());
    }
    if by_size && offerings.len() > 1 {
        let others = offerings[1..].iter().map(|offering| json!(offering.fields));
        it.out.put("node_config_alternatives", others.collect::<Vec<Value>>(), None);
    }
    if let Some(cpus) = it.out.number("cpu_count").filter(|cpus| *cpus > 1 && cpus % 2 == 1) {
        it.wrong(&dotted("cpu_count"), "1 or an even number", cpus, None);
    }
    it.out.memory_gb = it.out.fields.get("memory_size_mb").and_then(Value::as_f64).map(|mb| mb / 1024.0);
}

/// There is neither TLS nor AUTH: whoever asks for them is told so.
fn security(it: &mut Resolving<'_>) {
    if it.spec.tls == Some(true) {
        let hint = "nodes are reachable in their own network only; gcp/redis and gcp/valkey have tls";
        it.wrong("tls", "false or unset for gcp/memcached, which has none", true, Some(hint));
    }
    if let Some(auth) = it.spec.auth.filter(|auth| *auth != Auth::None) {
        it.wrong("auth", "none or unset for gcp/memcached", auth, Some("gcp/redis and gcp/valkey have passwords"));
    }
    it.out.put("tls", false, it.spec.origin_of("tls"));
    it.out.put("auth", Auth::None.as_str(), it.spec.origin_of("auth"));
    if let Some(key) = it.spec.encryption_key.clone() {
        it.wrong("encryption_key", "unset for gcp/memcached, which writes nothing to disk", key, None);
    }
    if let Some(rotate) = it.spec.rotate.filter(|rotate| *rotate > 0) {
        it.wrong("rotate", "unset or 0 for gcp/memcached, which has no password", rotate, None);
    }
}

/// `parameters`, `maintenance_window` and `display_name`. The rest of what memcached lacks, every specification refuses.
fn upkeep(it: &mut Resolving<'_>) {
    if !it.spec.parameters.is_empty() {
        let keys: Vec<String> = it.spec.parameters.keys().map(|name| format!("parameters.{name}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        it.out.put("parameters", json!(it.spec.parameters), it.origin(&keys));
    }
    if let Some(window) = it.spec.maintenance_window {
        if WINDOW.contains(&window.minutes) {
            it.out.put("maintenance_window", window.to_string(), it.spec.origin_of("maintenance_window"));
        } else {
            it.wrong("maintenance_window", "a window of 3 to 8 hours for gcp/memcached", window, None);
        }
    }
    if let Some(window) = it.spec.backup.and_then(|backup| backup.window) {
        it.wrong("backup.window", "unset for gcp/memcached", window, None);
    }
    let Some((name, origin)) = it.native("display_name") else { return };
    if name.as_str().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        it.wrong(&dotted("display_name"), format!("at most {LONGEST_NAME} characters"), shown(name), None);
    } else {
        it.out.put("display_name", name.clone(), origin);
    }
}

#[cfg(test)]
mod tests;

//! From the portable words to what a cluster and its database take.

mod access;
mod shape;

use crate::backend::Resolved;
use crate::cache::{EvictionPolicy, FieldError, Persistence, Product, Spec};

use super::super::inputs::dotted;
use super::super::resolving::{Resolving, Setting, shown};

/// Fields of the block that belong to Azure Cache for Redis.
const OF_OTHERS: [(&str, &str); 5] = [
    ("zones", "managed redis spreads over zones by itself wherever a region has some"),
    ("zonal_allocation_policy", "managed redis spreads over zones by itself wherever a region has some"),
    ("subnet_id", "managed redis is reached by a private endpoint: set azure.private_endpoint_subnet_id"),
    ("static_ip", "managed redis is reached by a private endpoint: set azure.private_endpoint_subnet_id"),
    ("update_channel", "managed redis has no update channels"),
];

const EVICTION: &str = "maxmemory-policy";

/// Resolves a specification, or reports everything that the product cannot serve.
pub(super) fn resolve(setting: Setting<'_>, spec: &Spec) -> Result<Resolved, Vec<FieldError>> {
    let mut it = Resolving::new(Product::AzureManagedRedis, setting, spec);
    it.refuse_natives(&OF_OTHERS);
    it.engine();
    if let Some(version) = &spec.version {
        let hint = "azure chooses it and upgrades by itself";
        it.wrong("version", "unset for azure/managed-redis", version, Some(hint));
    }
    shape::resolve(&mut it);
    access::resolve(&mut it);
    eviction(&mut it);
    persistence(&mut it);
    it.refuse_upkeep();
    if let Some((port, origin)) = it.native("port") {
        it.out.put("port", port.clone(), origin);
    } else {
        it.out.put("port", 10_000, None);
    }
    if let Some((modules, origin)) = it.native("modules") {
        it.out.put("modules", modules.clone(), origin);
    }
    it.finish()
}

/// `eviction_policy`. Other parameters cannot be set.
fn eviction(it: &mut Resolving<'_>) {
    let mut policy = it.spec.eviction_policy.map(|policy| (policy, it.spec.origin_of("eviction_policy")));
    for (name, value) in &it.spec.parameters {
        let key = format!("parameters.{name}");
        if name != EVICTION {
            let hint = "managed redis has no parameters; the eviction policy is `eviction_policy`";
            it.wrong(&key, "unset for azure/managed-redis", value, Some(hint));
            continue;
        }
        match (value.parse::<EvictionPolicy>(), policy) {
            (Err(_), _) => it.wrong(&key, "an eviction policy", value, None),
            (Ok(other), Some((policy, _))) if other != policy => {
                it.wrong(&key, format!("unset beside eviction_policy {policy}"), value, None);
            }
            (Ok(same), _) => policy = Some((same, it.spec.origin_of(&key))),
        }
    }
    let origin = policy.and_then(|(_, origin)| origin);
    let policy = policy.map_or(EvictionPolicy::VolatileLru, |(policy, _)| policy);
    it.out.put("eviction_policy", azures(policy), origin);
}

/// The policy in Azure's spelling.
fn azures(policy: EvictionPolicy) -> &'static str {
    match policy {
        EvictionPolicy::NoEviction => "NoEviction",
        EvictionPolicy::AllKeysLru => "AllKeysLRU",
        EvictionPolicy::AllKeysLfu => "AllKeysLFU",
        EvictionPolicy::AllKeysRandom => "AllKeysRandom",
        EvictionPolicy::VolatileLru => "VolatileLRU",
        EvictionPolicy::VolatileLfu => "VolatileLFU",
        EvictionPolicy::VolatileRandom => "VolatileRandom",
        EvictionPolicy::VolatileTtl => "VolatileTTL",
    }
}

/// `persistence` and how often a snapshot is taken.
fn persistence(it: &mut Resolving<'_>) {
    let kind = it.spec.persistence.unwrap_or(Persistence::None);
    it.out.put("persistence", kind.as_str(), it.spec.origin_of("persistence"));
    match (it.native("rdb_frequency"), kind) {
        (Some((frequency, origin)), Persistence::Rdb) => it.out.put("rdb_frequency", frequency.clone(), origin),
        (Some((frequency, Some(_))), _) => {
            let hint = "set `persistence` to rdb";
            it.wrong(&dotted("rdb_frequency"), "unset without persistence rdb", shown(frequency), Some(hint));
        }
        (None, Persistence::Rdb) => it.out.put("rdb_frequency", "12h", None),
        _ => {}
    }
}

#[cfg(test)]
mod tests;

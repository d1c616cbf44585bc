//! From the portable words to what `Microsoft.Cache/redis` takes.

use serde_json::{Map, Value};

use super::super::inputs::dotted;
use super::super::resolving::{Resolving, Setting, shown};
use super::super::sku;
use crate::backend::Resolved;
use crate::cache::{Auth, EvictionPolicy, FieldError, Mode, Persistence, Product, Spec};

const PRODUCT: Product = Product::AzureClassicRedis;

const EVICTION: &str = "maxmemory-policy";

/// Parameters that may be set. Azure raises some of them to what the SKU needs.
const PARAMETERS: [&str; 5] =
    [EVICTION, "maxmemory-reserved", "maxmemory-delta", "maxfragmentationmemory-reserved", "notify-keyspace-events"];

/// Fields of the block that belong to Managed Redis, or that this version does not set here.
const OF_OTHERS: [(&str, &str); 8] = [
    ("clustering_policy", "it is a field of azure/managed-redis; here `mode` and `shards` decide"),
    ("modules", "modules are a feature of azure/managed-redis"),
    ("rdb_frequency", "persistence is a feature of azure/managed-redis in this version"),
    ("port", "the port is 6380, or 6379 without tls"),
    ("object_ids", "auth iam is a feature of azure/managed-redis in this version"),
    ("user_assigned_identity_id", "keys of your own are a feature of azure/managed-redis"),
    ("private_endpoint_subnet_id", "the driver makes private endpoints for azure/managed-redis only"),
    ("private_dns_zone_id", "the driver makes private endpoints for azure/managed-redis only"),
];

/// Resolves a specification, or reports everything that the product cannot serve.
pub(super) fn resolve(setting: Setting<'_>, spec: &Spec) -> Result<Resolved, Vec<FieldError>> {
    let mut it = Resolving::new(PRODUCT, setting, spec);
    it.refuse_natives(&OF_OTHERS);
    it.engine();
    it.warn(
        "azure retires this product on 2028-09-30 and refuses new caches of new customers; choose azure/managed-redis",
    );
    version(&mut it);
    let available = spec.high_availability.or_else(|| spec.replicas.map(|replicas| replicas > 0));
    it.sku(available == Some(true), sku::is_classic, sku::classic);
    shape(&mut it, available);
    access(&mut it);
    parameters(&mut it);
    network(&mut it);
    if let Some(persistence) = spec.persistence.filter(|persistence| *persistence != Persistence::None) {
        let hint = "here it needs a storage account of yours; azure/managed-redis has it built in";
        it.wrong("persistence", format!("none for {PRODUCT}"), persistence, Some(hint));
    }
    if let Some(key) = &spec.encryption_key {
        let hint = "azure's own key is always used; azure/managed-redis takes one of yours";
        it.wrong("encryption_key", format!("unset for {PRODUCT}"), key, Some(hint));
    }
    it.refuse_upkeep();
    it.finish()
}

fn version(it: &mut Resolving<'_>) {
    let Some(version) = &it.spec.version else {
        it.out.put("redis_version", "6", None);
        return;
    };
    if version.covers("6.0") {
        it.out.put("redis_version", version.as_str(), it.spec.origin_of("version"));
    } else {
        let hint = "newer versions are in azure/managed-redis";
        it.wrong("version", format!("6 for {PRODUCT}"), version, Some(hint));
    }
}

/// Mode, shards and replicas, as far as the SKU has them.
fn shape(it: &mut Resolving<'_>, available: Option<bool>) {
    let is_premium = it.out.text("sku").is_some_and(|sku| sku.starts_with("Premium"));
    let is_basic = it.out.text("sku").is_some_and(|sku| sku.starts_with("Basic"));
    let hint = Some("set azure.sku to one of Premium_P1 to Premium_P4");
    match it.spec.mode.unwrap_or(Mode::Standard) {
        Mode::Cluster if !is_premium => it.wrong("mode", "standard without a premium sku", "cluster", hint),
        Mode::Cluster => {
            it.out.put("mode", "cluster", it.spec.origin_of("mode"));
            it.out.put("shard_count", it.spec.shards.unwrap_or(1).max(1), it.spec.origin_of("shards"));
        }
        Mode::Standard => it.out.put("mode", "standard", it.spec.origin_of("mode")),
        Mode::Serverless => {
            it.wrong(
                "mode",
                format!("standard or cluster for {PRODUCT}"),
                "serverless",
                Some("azure has no serverless cache"),
            );
        }
    }
    if available == Some(true) && is_basic {
        it.wrong("azure.sku", "a standard or premium sku with high availability", "a basic sku", None);
    }
    if let Some(replicas) = it.spec.replicas {
        if replicas > 1 && !is_premium {
            it.wrong("replicas", "0 or 1 without a premium sku", replicas, hint);
        } else if replicas > 3 {
            it.wrong("replicas", format!("at most 3 for {PRODUCT}"), replicas, None);
        } else if is_premium && replicas > 0 {
            it.out.put("replicas_per_primary", replicas, it.spec.origin_of("replicas"));
        }
    }
}

fn access(it: &mut Resolving<'_>) {
    let tls = it.spec.tls.unwrap_or(true);
    it.out.put("tls", tls, it.spec.origin_of("tls"));
    it.out.put("minimum_tls_version", "1.2", None);
    if !tls {
        it.warn("without tls everything passes the network in the clear, the password included");
    }
    match it.spec.auth {
        Some(auth @ (Auth::Iam | Auth::None)) => {
            let hint = "leave `auth` out; auth iam is offered by azure/managed-redis";
            it.wrong("auth", format!("password for {PRODUCT}"), auth, Some(hint));
        }
        Some(Auth::Password) | None => it.out.put("auth", Auth::Password.as_str(), it.spec.origin_of("auth")),
    }
}

/// `eviction_policy` and `parameters`, which are one and the same map at the cloud.
fn parameters(it: &mut Resolving<'_>) {
    let mut policy = it.spec.eviction_policy.map(|policy| (policy, it.spec.origin_of("eviction_policy")));
    let mut others = Map::new();
    let mut origin = None;
    for (name, value) in &it.spec.parameters {
        let key = format!("parameters.{name}");
        if !PARAMETERS.contains(&name.as_str()) {
            let expected = format!("one of {}", PARAMETERS.join(", "));
            it.wrong(&key, expected, name, None);
        } else if name != EVICTION {
            others.insert(name.clone(), value.as_str().into());
            origin = origin.or_else(|| it.spec.origin_of(&key));
        } else {
            match (value.parse::<EvictionPolicy>(), policy) {
                (Err(_), _) => it.wrong(&key, "an eviction policy", value, None),
                (Ok(other), Some((policy, _))) if other != policy => {
                    it.wrong(&key, format!("unset beside eviction_policy {policy}"), value, None);
                }
                (Ok(same), _) => policy = Some((same, it.spec.origin_of(&key))),
            }
        }
    }
    let from = policy.and_then(|(_, origin)| origin);
    let policy = policy.map_or(EvictionPolicy::VolatileLru, |(policy, _)| policy);
    it.out.put("eviction_policy", policy.as_str(), from);
    if !others.is_empty() {
        it.out.put("parameters", Value::Object(others), origin);
    }
}

/// Where it is reachable from.
fn network(it: &mut Resolving<'_>) {
    let public = it.public_access();
    let is_premium = it.out.text("sku").is_some_and(|sku| sku.starts_with("Premium"));
    let subnet = it.native("subnet_id");
    if let Some((id, origin)) = subnet {
        if is_premium {
            it.out.put("subnet_id", id.clone(), origin);
        } else {
            it.wrong(&dotted("subnet_id"), "unset without a premium sku", shown(id), Some("set azure.sku"));
        }
    } else if !public {
        it.warn("nothing can connect unless a private endpoint leads to it, which the driver does not make for this product");
    }
    if let Some((address, origin)) = it.native("static_ip") {
        if subnet.is_some() {
            it.out.put("static_ip", address.clone(), origin);
        } else {
            it.wrong(&dotted("static_ip"), "unset without azure.subnet_id", shown(address), None);
        }
    }
    let policy = it.native("zonal_allocation_policy");
    let chooses = policy.is_none_or(|(policy, _)| *policy == "UserDefined");
    if let Some((zones, origin)) = it.native("zones") {
        if chooses {
            it.out.put("zones", zones.clone(), origin);
        } else {
            let hint = "leave azure.zonal_allocation_policy out, or set it to UserDefined";
            it.wrong(&dotted("zones"), "unset with that zonal_allocation_policy", zones, Some(hint));
        }
    }
    for key in ["zonal_allocation_policy", "update_channel"] {
        if let Some((value, origin)) = it.native(key) {
            it.out.put(key, value.clone(), origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{resolved, try_resolve};
    use super::*;

    #[track_caller]
    fn errors(values: Value) -> Vec<String> {
        try_resolve(values).unwrap_err().into_iter().map(|error| error.path).collect()
    }

    #[test]
    fn the_defaults_are_safe_and_warn_of_the_end() {
        let resolved = resolved(json!({}));
        for (field, expected) in [
            ("engine", json!("redis")),
            ("redis_version", json!("6")),
            ("mode", json!("standard")),
            ("sku", json!("Basic_C1")),
            ("tls", json!(true)),
            ("auth", json!("password")),
            ("minimum_tls_version", json!("1.2")),
            ("public_network_access", json!("Disabled")),
            ("eviction_policy", json!("volatile-lru")),
        ] {
            assert_eq!(resolved.fields.get(field), Some(&expected), "{field}");
        }
        assert!(resolved.set.is_empty());
        assert!(resolved.warnings.iter().any(|warning| warning.contains("2028-09-30")));
    }

    #[test]
    fn a_size_is_a_sku_with_or_without_a_second_node() {
        let sku = |values| resolved(values).text("sku").unwrap().to_owned();
        assert_eq!(sku(json!({"size": "large"})), "Basic_C3");
        assert_eq!(sku(json!({"size": "large", "high_availability": true})), "Premium_P1");
        assert_eq!(sku(json!({"size": "large", "replicas": 1})), "Premium_P1");
        assert_eq!(sku(json!({"azure": {"sku": "Standard_C6"}})), "Standard_C6");
        let cluster = resolved(json!({"mode": "cluster", "shards": 3, "azure": {"sku": "Premium_P2"}}));
        assert_eq!(cluster.number("shard_count"), Some(3));
    }

    #[test]
    fn what_the_product_cannot_serve_is_named_at_its_path() {
        for (values, path) in [
            (json!({"version": "7.2"}), "version"),
            (json!({"mode": "cluster"}), "mode"),
            (json!({"auth": "iam"}), "auth"),
            (json!({"auth": "none"}), "auth"),
            (json!({"persistence": "rdb"}), "persistence"),
            (json!({"backup": {"days": 1}}), "backup.days"),
            (json!({"encryption_key": "https://v.vault.azure.net/keys/k/1"}), "encryption_key"),
            (json!({"parameters": {"timeout": "1"}}), "parameters.timeout"),
            (json!({"replicas": 2, "azure": {"sku": "Standard_C1"}}), "replicas"),
            (json!({"high_availability": true, "azure": {"sku": "Basic_C1"}}), "azure.sku"),
            (json!({"azure": {"sku": "Balanced_B1"}}), "azure.sku"),
            (json!({"azure": {"modules": "RediSearch"}}), "azure.modules"),
            (json!({"azure": {"static_ip": "10.0.0.1"}}), "azure.static_ip"),
            (json!({"azure": {"zones": "1", "zonal_allocation_policy": "NoZones"}}), "azure.zones"),
        ] {
            assert_eq!(errors(values.clone()), [format!("driver.values.{path}")], "{values}");
        }
    }
}

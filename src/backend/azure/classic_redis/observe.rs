//! From what the resource manager tells to what the driver sees.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::tags;
use super::LASTING;
use crate::backend::{Endpoint, Fields, Observed, Phase};
use crate::cache::{Auth, Engine, Mode};

/// Describes the cache in the driver's words.
pub(super) fn observed(cache: &Value, subscription: &str) -> Observed {
    let phase = phase(cache);
    let all_tags = tags::of(cache);
    Observed {
        phase,
        status: status(cache).to_owned(),
        ownership: Some(tags::ownership(&all_tags)),
        fields: fields(cache),
        account: subscription.to_owned(),
        resource_id: cache.get("id").and_then(Value::as_str).map(str::to_owned),
        created_at: created_at(cache),
        endpoint: endpoint(cache).filter(|_| phase != Phase::Creating),
        reader: None,
        pending: Vec::new(),
        parts: Vec::new(),
        missing: Vec::new(),
    }
}

/// The cloud's own word.
pub(super) fn status(cache: &Value) -> &str {
    text(cache, "provisioningState")
}

fn text<'a>(cache: &'a Value, property: &str) -> &'a str {
    cache.pointer(&format!("/properties/{property}")).and_then(Value::as_str).unwrap_or_default()
}

/// What state it is in. `Failed` does not tell a creation that failed from an update, so it is never taken for a shell.
pub(super) fn phase(cache: &Value) -> Phase {
    match status(cache).to_ascii_lowercase().as_str() {
        "creating" => Phase::Creating,
        "succeeded" => Phase::Ready,
        "updating"
        | "scaling"
        | "linking"
        | "unlinking"
        | "provisioning"
        | "unprovisioning"
        | "configuringaad"
        | "recoveringscalefailure" => Phase::Changing,
        "deleting" => Phase::Deleting,
        "failed" | "disabled" => Phase::Failed,
        _ => Phase::Busy,
    }
}

pub(super) fn created_at(cache: &Value) -> Option<Timestamp> {
    let all_tags = tags::of(cache);
    let born = tags::get(&all_tags, tags::BORN).and_then(|born| Timestamp::from_second(born.parse().ok()?).ok());
    let told = cache.pointer("/systemData/createdAt").and_then(Value::as_str);
    born.or_else(|| told.and_then(|at| at.parse().ok()))
}

fn is_plain(cache: &Value) -> bool {
    cache.pointer("/properties/enableNonSslPort") == Some(&true.into())
}

fn endpoint(cache: &Value) -> Option<Endpoint> {
    let property = if is_plain(cache) { "port" } else { "sslPort" };
    let port = cache.pointer(&format!("/properties/{property}"))?.as_u64()?;
    let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
    let host = text(cache, "hostName").to_owned();
    Some(Endpoint { host, port }).filter(|endpoint| !endpoint.host.is_empty())
}

fn fields(cache: &Value) -> Fields {
    let mut fields = Fields::new();
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(field.to_owned(), value);
        }
    };
    let told = |property: &str| Some(text(cache, property)).filter(|told| !told.is_empty()).map(Value::from);
    let property = |name: &str| cache.pointer(&format!("/properties/{name}")).filter(|value| !value.is_null());
    put("engine", Some(Engine::Redis.as_str().into()));
    put("redis_version", told("redisVersion"));
    put("sku", sku(cache).map(Value::from));
    let shards = property("shardCount").and_then(Value::as_u64).filter(|shards| *shards > 0);
    put("mode", Some(if shards.is_some() { Mode::Cluster } else { Mode::Standard }.as_str().into()));
    put("shard_count", shards.map(Value::from));
    put("replicas_per_primary", property("replicasPerPrimary").cloned());
    put("tls", Some((!is_plain(cache)).into()));
    put("minimum_tls_version", told("minimumTlsVersion"));
    put("public_network_access", told("publicNetworkAccess"));
    put("auth", Some(auth(cache).as_str().into()));
    put("eviction_policy", property("redisConfiguration/maxmemory-policy").cloned());
    put("notify_keyspace_events", property("redisConfiguration/notify-keyspace-events").cloned());
    put("subnet_id", Some(text(cache, "subnetId").into()));
    put("static_ip", told("staticIP"));
    put("zonal_allocation_policy", told("zonalAllocationPolicy"));
    put("update_channel", told("updateChannel"));
    put("zones", Some(cache.get("zones").filter(|zones| zones.is_array()).cloned().unwrap_or_else(|| json!([]))));
    let all_tags = tags::of(cache);
    put("tags", Some(Value::Object(tags::foreign(&all_tags))));
    put(LASTING, Some(Value::Object(tags::lasting(&all_tags))));
    fields
}

/// `Standard_C1`.
fn sku(cache: &Value) -> Option<String> {
    let part = |key: &str| cache.pointer(&format!("/properties/sku/{key}"));
    let (name, family) = (part("name")?.as_str()?, part("family")?.as_str()?);
    Some(format!("{name}_{family}{}", part("capacity")?.as_u64()?))
}

fn auth(cache: &Value) -> Auth {
    let is_open = cache.pointer("/properties/redisConfiguration/authnotrequired").is_some_and(|open| open == "true");
    if is_open {
        Auth::None
    } else if cache.pointer("/properties/disableAccessKeyAuthentication") == Some(&true.into()) {
        Auth::Iam
    } else {
        Auth::Password
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded, with other names.
    fn recorded() -> Value {
        json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/Redis/cache-abc",
            "location": "West US 2", "name": "cache-abc", "type": "Microsoft.Cache/Redis", "tags": {},
            "properties": {
                "provisioningState": "Succeeded", "redisVersion": "6.0",
                "sku": {"name": "Premium", "family": "P", "capacity": 1}, "enableNonSslPort": false,
                "minimumTlsVersion": "1.2", "publicNetworkAccess": "Enabled",
                "redisConfiguration": {"maxmemory-policy": "allkeys-lru", "maxmemory-delta": "642"},
                "accessKeys": null, "hostName": "cache-abc.redis.cache.windows.net", "port": 6379, "sslPort": 6380,
                "linkedServers": [], "replicasPerPrimary": 1, "updateChannel": "Stable",
                "zonalAllocationPolicy": "Automatic", "disableAccessKeyAuthentication": false,
            },
        })
    }

    #[test]
    fn a_recorded_cache_is_understood() {
        let seen = observed(&recorded(), "s");
        assert_eq!((seen.phase, seen.status.as_str()), (Phase::Ready, "Succeeded"));
        let endpoint = seen.endpoint.unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("cache-abc.redis.cache.windows.net", 6380));
        for (field, expected) in [
            ("sku", json!("Premium_P1")),
            ("mode", json!("standard")),
            ("tls", json!(true)),
            ("auth", json!("password")),
            ("eviction_policy", json!("allkeys-lru")),
            ("redis_version", json!("6.0")),
            ("replicas_per_primary", json!(1)),
        ] {
            assert_eq!(seen.fields.get(field), Some(&expected), "{field}");
        }
    }

    #[test]
    fn each_state_is_a_phase_and_failed_is_never_a_shell() {
        for (state, expected) in [
            ("Creating", Phase::Creating),
            ("Succeeded", Phase::Ready),
            ("Updating", Phase::Changing),
            ("Scaling", Phase::Changing),
            ("ConfiguringAAD", Phase::Changing),
            ("RecoveringScaleFailure", Phase::Changing),
            ("Deleting", Phase::Deleting),
            ("Failed", Phase::Failed),
            ("Disabled", Phase::Failed),
            ("Enchanted", Phase::Busy),
            ("", Phase::Busy),
        ] {
            assert_eq!(phase(&json!({"properties": {"provisioningState": state}})), expected, "{state}");
        }
    }

    #[test]
    fn without_tls_the_other_port_is_told() {
        let mut cache = recorded();
        cache["properties"]["enableNonSslPort"] = true.into();
        cache["properties"]["disableAccessKeyAuthentication"] = true.into();
        let seen = observed(&cache, "s");
        assert_eq!((seen.endpoint.unwrap().port, &seen.fields["auth"]), (6379, &json!("iam")));
    }
}

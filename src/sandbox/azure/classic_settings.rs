//! The settings of a classic cache: what may be asked for, and what the service makes of it.

use serde_json::{Value, json};

use super::change;
use super::error::ArmError;
use super::resource::{Fields, text};
use super::skus::{self, ClassicSize};

const POLICIES: [&str; 8] = [
    "volatile-lru",
    "allkeys-lru",
    "volatile-lfu",
    "allkeys-lfu",
    "volatile-random",
    "allkeys-random",
    "volatile-ttl",
    "noeviction",
];

/// Reads the properties that a caller sent, and fills in the rest.
pub(super) fn read(given: Option<&Fields>) -> Result<Fields, ArmError> {
    let (sku, size) = sku(given)?;
    let premium = text(sku.as_object(), "name") == Some("Premium");
    for name in ["shardCount", "subnetId", "staticIP", "replicasPerPrimary", "replicasPerMaster"] {
        if !premium && given.and_then(|given| given.get(name)).is_some_and(|value| !value.is_null()) {
            return Err(ArmError::bad(format!("The property '{name}' is only supported for the Premium SKU.")));
        }
    }
    let flag = |name: &str| given.and_then(|given| given.get(name)).and_then(Value::as_bool).unwrap_or_default();
    let access = change::word(given, "publicNetworkAccess", &["Enabled", "Disabled"], "Enabled")?;
    let allocation =
        change::word(given, "zonalAllocationPolicy", &["Automatic", "UserDefined", "NoZones"], "Automatic")?;
    let channel = change::word(given, "updateChannel", &["Stable", "Preview"], "Stable")?;
    let mut fields = Fields::new();
    fields.extend([
        ("redisVersion".to_owned(), json!(version(given)?)),
        ("sku".to_owned(), sku),
        ("enableNonSslPort".to_owned(), json!(flag("enableNonSslPort"))),
        ("publicNetworkAccess".to_owned(), json!(access)),
        ("redisConfiguration".to_owned(), json!(configuration(given, size)?)),
        ("updateChannel".to_owned(), json!(channel)),
        ("zonalAllocationPolicy".to_owned(), json!(allocation)),
        ("disableAccessKeyAuthentication".to_owned(), json!(flag("disableAccessKeyAuthentication"))),
    ]);
    if text(given, "minimumTlsVersion").is_some() {
        let tls = change::word(given, "minimumTlsVersion", &["1.0", "1.1", "1.2"], "1.2")?;
        fields.insert("minimumTlsVersion".to_owned(), json!(tls));
    }
    for name in ["shardCount", "subnetId", "staticIP", "replicasPerPrimary", "tenantSettings"] {
        if let Some(value) = given.and_then(|given| given.get(name)).filter(|value| !value.is_null()) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    Ok(fields)
}

/// The SKU stands inside the properties here, unlike anywhere else.
fn sku(given: Option<&Fields>) -> Result<(Value, ClassicSize), ArmError> {
    let Some(sku) = given.and_then(|given| given.get("sku")).and_then(Value::as_object) else {
        return Err(ArmError::bad("The property 'properties.sku' is required."));
    };
    let name = change::word(Some(sku), "name", &["Basic", "Standard", "Premium"], "")?;
    let family = change::word(Some(sku), "family", &["C", "P"], "")?;
    let capacity = sku.get("capacity").and_then(Value::as_u64);
    let (Some(capacity), false) = (capacity, name.is_empty() || family.is_empty()) else {
        return Err(ArmError::bad("The property 'properties.sku' needs 'name', 'family' and 'capacity'."));
    };
    let fits = (name == "Premium") == (family == "P");
    let size = skus::classic(&family, capacity).filter(|_| fits).ok_or_else(|| {
        let message = format!(
            "The SKU '{name}' with family '{family}' and capacity '{capacity}' is invalid. Valid are Basic and Standard with family \
             'C' and capacity 0 to 6, and Premium with family 'P' and capacity 1 to 4."
        );
        ArmError::bad(message)
    })?;
    Ok((json!({ "name": name, "family": family, "capacity": capacity }), size))
}

/// Whatever is asked for, it is 6.0.
fn version(given: Option<&Fields>) -> Result<&'static str, ArmError> {
    match text(given, "redisVersion") {
        None | Some("" | "6" | "6.0" | "latest") => Ok("6.0"),
        Some(other) => Err(ArmError::bad(format!(
            "The value '{other}' of the property 'redisVersion' is invalid. Valid are 6 and latest."
        ))),
    }
}

/// All values are text. Reserved memory cannot be less than what the size brings.
fn configuration(given: Option<&Fields>, size: ClassicSize) -> Result<Fields, ArmError> {
    let wanted = given.and_then(|given| given.get("redisConfiguration")).and_then(Value::as_object);
    let mut settings = Fields::new();
    for (name, value) in wanted.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let Some(value) = value.as_str() else {
            return Err(ArmError::content(&format!("the value of redisConfiguration '{name}' is not a string")));
        };
        if name == "maxmemory-policy" && !POLICIES.contains(&value) {
            let known = POLICIES.join(", ");
            return Err(ArmError::bad(format!(
                "The value '{value}' of 'maxmemory-policy' is invalid. Valid values are: {known}."
            )));
        }
        settings.insert(name.clone(), json!(value));
    }
    for name in ["maxmemory-reserved", "maxfragmentationmemory-reserved", "maxmemory-delta"] {
        let wanted = settings.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(0);
        settings.insert(name.to_owned(), json!(size.reserved.max(wanted).to_string()));
    }
    settings.insert("maxclients".to_owned(), json!(size.clients.to_string()));
    Ok(settings)
}

/// Replicas of each primary; none are shown below Premium.
pub(super) fn replicas(fields: &Fields) -> Option<u64> {
    let premium = text(fields.get("sku").and_then(Value::as_object), "name") == Some("Premium");
    premium.then(|| fields.get("replicasPerPrimary").and_then(Value::as_u64).unwrap_or(1))
}

/// The nodes. Until the cache is created none of them is a primary.
pub(super) fn instances(fields: &Fields, created: bool) -> Vec<Value> {
    const FIRST_PORT: u64 = 15_000;
    let basic = text(fields.get("sku").and_then(Value::as_object), "name") == Some("Basic");
    let replicas = if basic { 0 } else { replicas(fields).unwrap_or(1) };
    let shards = fields.get("shardCount").and_then(Value::as_u64).unwrap_or(1).max(1);
    let mut nodes = Vec::new();
    for shard in 0..shards {
        for node in 0..=replicas {
            let primary = created && node == 0;
            let port = FIRST_PORT + nodes.len() as u64;
            let mut shown = json!({ "sslPort": port, "isMaster": primary, "isPrimary": primary });
            if created {
                shown["shardId"] = json!(shard);
            }
            nodes.push(shown);
        }
    }
    nodes
}

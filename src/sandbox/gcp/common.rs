//! What the products check alike.

use serde_json::Value;

use super::error::ApiError;
use super::product::Product;
use super::schema::{Object, snake};

/// The most labels, and the most characters of a key or value.
const LABELS: usize = 64;
const LABEL: usize = 63;
/// Evictions that Redis knows.
const EVICTIONS: [&str; 8] = [
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
];

pub(super) fn text<'a>(fields: &'a Object, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn int(fields: &Object, name: &str) -> i64 {
    fields.get(name).and_then(Value::as_i64).unwrap_or_default()
}

pub(super) fn flag(fields: &Object, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Sets a field that is not there.
pub(super) fn default(fields: &mut Object, name: &str, value: impl Into<Value>) {
    if !fields.contains_key(name) {
        fields.insert(name.to_owned(), value.into());
    }
}

/// A refusal of a field: the older services name the field and show their tail, the newer only say a sentence.
pub(super) fn refuse(product: Product, field: &str, value: &str, message: &str) -> ApiError {
    if product.is_psc() {
        return ApiError::invalid(format!("{message}: invalid argument"));
    }
    ApiError::field(&format!("{}.{}", product.noun(), snake(field)), value, message)
}

/// The id of a new resource.
pub(super) fn id(product: Product, id: &str) -> Result<(), ApiError> {
    let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let first = id.bytes().next().unwrap_or(b'-');
    let starts = if product == Product::Valkey { first != b'-' } else { first.is_ascii_lowercase() };
    let (shortest, longest) = match product {
        Product::Redis | Product::Memcache => (1, 40),
        Product::Cluster => (1, 63),
        Product::Valkey => (4, 63),
    };
    if plain && starts && !id.ends_with('-') && (shortest..=longest).contains(&id.len()) {
        return Ok(());
    }
    let parameter = snake(product.id_parameter());
    let message = format!(
        "{} ID '{id}' is invalid. It must have {shortest} to {longest} lowercase letters, digits or hyphens, begin with a \
         letter and not end with a hyphen.",
        product.message()
    );
    Err(ApiError::field(&parameter, id, &message))
}

/// The labels, whatever the product.
pub(super) fn labels(product: Product, fields: &Object) -> Result<(), ApiError> {
    let Some(labels) = fields.get("labels").and_then(Value::as_object) else { return Ok(()) };
    if labels.len() > LABELS {
        return Err(refuse(product, "labels", "", &format!("At most {LABELS} labels are allowed")));
    }
    for (key, value) in labels {
        let value = value.as_str().unwrap_or_default();
        let starts = key.chars().next().is_some_and(|first| first.is_alphabetic() && !first.is_uppercase());
        if !starts || !is_label(key) {
            return Err(refuse(product, "labels", key, &format!("Label key '{key}' is not valid")));
        }
        if !is_label(value) {
            return Err(refuse(product, "labels", value, &format!("Label value '{value}' is not valid")));
        }
    }
    Ok(())
}

/// Lower-case letters of any script, digits, `_` and `-`.
fn is_label(text: &str) -> bool {
    let allowed = |letter: char| match letter {
        '_' | '-' => true,
        letter if letter.is_alphabetic() => !letter.is_uppercase(),
        letter => letter.is_numeric(),
    };
    text.chars().count() <= LABEL && text.chars().all(allowed)
}

/// Whether a text is `projects/{project}/global/networks/{name}`.
pub(super) fn is_network(text: &str) -> bool {
    let segments: Vec<&str> = text.split('/').collect();
    matches!(segments.as_slice(), ["projects", project, "global", "networks", name] if !project.is_empty() && !name.is_empty())
}

/// A key of Cloud KMS, in the right place.
pub(super) fn key_of_kms(product: Product, fields: &Object, field: &str, location: &str) -> Result<(), ApiError> {
    let key = text(fields, field);
    if key.is_empty() {
        return Ok(());
    }
    let segments: Vec<&str> = key.split('/').collect();
    let ["projects", _, "locations", place, "keyRings", _, "cryptoKeys", _] = segments.as_slice() else {
        return Err(refuse(product, field, key, "The CMEK key name is not valid"));
    };
    if *place != location {
        return Err(refuse(product, field, key, "The CMEK key must be in the same location as the instance"));
    }
    Ok(())
}

/// At most one weekly window, with a day and a start on the hour or half hour.
pub(super) fn window(product: Product, fields: &Object) -> Result<(), ApiError> {
    let Some(policy) = fields.get("maintenancePolicy").and_then(Value::as_object) else { return Ok(()) };
    let wrong = |message: &str| Err(refuse(product, "maintenancePolicy", "", message));
    if text(policy, "description").chars().count() > 512 {
        return wrong("The description of the maintenance policy has more than 512 characters");
    }
    let windows = policy.get("weeklyMaintenanceWindow").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if windows.len() > 1 {
        return wrong("At most one weekly maintenance window is allowed");
    }
    for window in windows {
        let start = &window["startTime"];
        let hours = start["hours"].as_i64().unwrap_or_default();
        if window["day"].as_str().is_none() {
            return wrong("The weekly maintenance window needs a day");
        }
        if !(0..24).contains(&hours) {
            return wrong("The hours of the maintenance window must be from 0 to 23");
        }
    }
    Ok(())
}

/// Settings of the engine: known names, where they are listed, and the eviction among the known ones.
pub(super) fn engine_settings(product: Product, fields: &Object, field: &str, known: &[&str]) -> Result<(), ApiError> {
    let Some(settings) = fields.get(field).and_then(Value::as_object) else { return Ok(()) };
    for (name, value) in settings {
        let value = value.as_str().unwrap_or_default();
        if !known.contains(&name.as_str()) {
            return Err(refuse(product, field, name, &format!("Configuration parameter '{name}' is not supported")));
        }
        if name == "maxmemory-policy" && !EVICTIONS.contains(&value) {
            let message = format!("'{value}' is not a valid value of configuration parameter '{name}'");
            return Err(refuse(product, field, value, &message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_product_has_its_own_rule_for_ids() {
        for (product, good, bad) in [
            (Product::Redis, "a", "1a"),
            (Product::Memcache, "cache-1", "cache-"),
            (Product::Cluster, "c", "C"),
            (Product::Valkey, "1abc", "abc"),
        ] {
            assert!(id(product, good).is_ok(), "{good}");
            assert!(id(product, bad).is_err(), "{bad}");
        }
        assert!(id(Product::Redis, &"a".repeat(41)).is_err());
        assert!(id(Product::Valkey, &"a".repeat(63)).is_ok());
    }

    #[test]
    fn labels_may_be_of_any_script_but_not_upper_case() {
        let check = |key: &str, value: &str| {
            let fields = json!({"labels": {key: value}});
            labels(Product::Redis, fields.as_object().unwrap()).is_ok()
        };
        assert!(check("team", "größe-1") && check("t", ""));
        assert!(!check("Team", "x") && !check("team", "a.b") && !check("1", "x") && !check("", "x"));
        assert!(!check("team", &"x".repeat(64)));
    }
}

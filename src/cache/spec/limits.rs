//! What a developer may set, and how far.

use serde_json::{Map, Value};

use super::Layer;
use crate::cache::fields::{self, Kind, find_input, read_value, seconds, shown, unknown_key_hint};
use crate::cache::{FieldError, Size, nearest};

/// Reports what a developer's layer sets without being allowed to, or beyond the route's limits.
///
/// `allowed` holds keys, also dotted ones (`aws.node_type`). A limit is a list of permitted values, or a maximum (a
/// number; a duration for `ttl`). `size` and `memory_gb` limit each other: they are one slot. Values that cannot be read are
/// left to [`super::read`], which reports them too.
#[must_use]
pub fn check_developer(layer: &Layer<'_>, allowed: &[String], limits: &Map<String, Value>) -> Vec<FieldError> {
    let prefix = layer.origin.prefix();
    let mut errors = Vec::new();
    for (dotted, value) in flat(layer.values) {
        let path = format!("{prefix}.{dotted}");
        // `location` is another spelling of `region`, for the route's lists too.
        let key = if dotted == "location" { "region" } else { dotted.as_str() };
        let parent = key.split('.').next().unwrap_or(key);
        if !allowed.iter().any(|allowed| allowed == key || allowed == parent || *allowed == dotted) {
            let hint = nearest(key, allowed.iter().map(String::as_str))
                .map_or_else(|| listed(allowed), |near| format!("did you mean `{near}`?"));
            errors.push(FieldError::new(path, "a key that the route lets developers set", "another key").hint(hint));
            continue;
        }
        let (Some(field), Some(value)) = (find_input(key), value) else { continue };
        let bound = match limits.get(key).or_else(|| limits.get(&dotted)) {
            Some(limit) => (!within(&field.kind, &value, limit)).then(|| bound_of(limit)),
            None => beyond_the_slot(key, &value, limits),
        };
        if let Some(bound) = bound {
            errors.push(FieldError::new(path, bound, shown(&value)).hint("the route limits what developers may set"));
        }
    }
    errors
}

/// Reports limits that name no input, or bound it by something that it cannot be. `path` is where they stand in the config.
#[must_use]
pub fn check_limits(path: &str, limits: &Map<String, Value>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, limit) in limits {
        let path = format!("{path}.{key}");
        let Some(field) = find_input(key) else {
            let hint = unknown_key_hint(fields::INPUTS, key);
            errors.push(FieldError::new(path, "an input", "an unknown key").hint(hint));
            continue;
        };
        match (limit, &field.kind) {
            (Value::Array(permitted), kind) => {
                for value in permitted {
                    if read_value(kind, &path, value, &mut errors).is_none() && fields::is_unset(value) {
                        errors.push(FieldError::new(&path, field.kind.expected(), shown(value)));
                    }
                }
            }
            (Value::Number(max), Kind::Integer { .. } | Kind::Number { .. }) if max.as_f64().is_some() => {}
            (Value::String(max), Kind::Text(_)) if field.key == "ttl" && seconds(max).is_some() => {}
            (_, Kind::Integer { .. } | Kind::Number { .. }) => {
                errors.push(FieldError::new(path, "a maximum, or a list of permitted values", shown(limit)));
            }
            _ => errors.push(FieldError::new(path, "a list of permitted values", shown(limit))),
        }
    }
    errors
}

/// The set values in canonical form under dotted keys, the fields of objects by themselves, however they are spelled.
/// Unknown keys are left out; a value that cannot be read is `None`.
fn flat(values: &Map<String, Value>) -> Vec<(String, Option<Value>)> {
    let mut flat = Vec::new();
    for (key, value) in values.iter().filter(|(_, value)| !fields::is_unset(value)) {
        let Some(field) = find_input(key) else { continue };
        match (&field.kind, read_value(&field.kind, key, value, &mut Vec::new())) {
            (Kind::Object(_), Some(Value::Object(inner))) => {
                flat.extend(inner.into_iter().map(|(inner, value)| (format!("{key}.{inner}"), Some(value))));
            }
            (_, read) => flat.push((key.clone(), read)),
        }
    }
    flat
}

fn within(kind: &Kind, value: &Value, limit: &Value) -> bool {
    match limit {
        Value::Array(permitted) => {
            let read = |value| read_value(kind, "", value, &mut Vec::new());
            let permitted: Vec<Value> = permitted.iter().filter_map(read).collect();
            match value {
                // Each permitted value of a list field reads as a list of its own.
                Value::Array(items) => items.iter().all(|item| permitted.iter().any(|p| holds(p, item))),
                value => permitted.contains(value),
            }
        }
        Value::Number(max) => value.as_f64().zip(max.as_f64()).is_some_and(|(value, max)| value <= max),
        Value::String(max) => {
            value.as_str().and_then(seconds).zip(seconds(max)).is_some_and(|(value, max)| value <= max)
        }
        _ => false,
    }
}

fn holds(list: &Value, item: &Value) -> bool {
    list.as_array().is_some_and(|items| items.contains(item))
}

/// What bounds `size` when only `memory_gb` is limited, and the other way round; `None` when `value` is within.
fn beyond_the_slot(key: &str, value: &Value, limits: &Map<String, Value>) -> Option<String> {
    let promised = |word: &Value| word.as_str()?.parse::<Size>().ok().map(Size::promised_gb);
    let (asked, most) = match key {
        "size" => (promised(value)?, limits.get("memory_gb")?.as_f64()?),
        "memory_gb" => {
            let sizes = limits.get("size")?.as_array()?;
            (value.as_f64()?, sizes.iter().filter_map(promised).fold(0.0, f64::max))
        }
        _ => return None,
    };
    (asked > most).then(|| format!("at most {most} GiB"))
}

fn bound_of(limit: &Value) -> String {
    match limit {
        Value::Array(permitted) => {
            let words = permitted.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            format!("one of {}", words.collect::<Vec<_>>().join(", "))
        }
        Value::String(max) => format!("at most {max}"),
        max => format!("at most {max}"),
    }
}

fn listed(allowed: &[String]) -> String {
    if allowed.is_empty() {
        "the route lets developers set none".to_owned()
    } else {
        format!("the route lets developers set {}", allowed.join(", "))
    }
}

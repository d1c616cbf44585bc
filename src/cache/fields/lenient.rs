//! Reading JSON into the kinds of the table, as leniently as the orchestrator's placeholders need and no more.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::{Field, Kind, Numbers, Text, find, unknown_key_hint};
use crate::cache::{FieldError, nearest};

/// Spaces that JSON knows.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Reads an object by its table. Keys that are unset (`null`, `""`) are left out; every wrong one is reported.
pub fn read_fields(
    fields: &'static [Field],
    path: &str,
    values: &Map<String, Value>,
    errors: &mut Vec<FieldError>,
) -> BTreeMap<&'static str, Value> {
    let mut read = BTreeMap::new();
    for (key, value) in values {
        let path = format!("{path}.{key}");
        // The value of an unknown key is not shown: it may be a secret that somebody put in the wrong place.
        let Some(field) = find(fields, key) else {
            errors.push(FieldError::new(path, "a known key", "an unknown key").hint(unknown_key_hint(fields, key)));
            continue;
        };
        if let Some(value) = read_value(&field.kind, &path, value, errors) {
            read.insert(field.key, value);
        }
    }
    for field in fields.iter().filter(|field| field.required) {
        if values.get(field.key).is_none_or(is_unset) {
            errors.push(FieldError::new(format!("{path}.{}", field.key), field.kind.expected(), "nothing"));
        }
    }
    read
}

/// Reads one value into its canonical form: `"2"` becomes 2, `"a,b"` a list. `None` when it is unset or wrong.
pub fn read_value(kind: &Kind, path: &str, value: &Value, errors: &mut Vec<FieldError>) -> Option<Value> {
    if is_unset(value) {
        return None;
    }
    let read = match kind {
        Kind::Text(text) => as_text(text, value).map(Value::String),
        Kind::Word(words) => {
            let word = value.as_str().filter(|word| words.contains(word));
            if word.is_none() {
                errors.push(wrong_word(kind, words, path, value));
                return None;
            }
            word.map(Value::from)
        }
        Kind::Bool => as_bool(value).map(Value::Bool),
        Kind::Integer { min, max } => as_integer(value).filter(|n| (min..=max).contains(&n)).map(Value::from),
        Kind::Number { max } => as_number(value).filter(|n| *n > 0.0 && *n <= f64::from(*max)).map(Value::from),
        Kind::List(item) => return read_list(kind, item, path, value, errors),
        Kind::Map { .. } | Kind::Object(_) => return read_object(kind, path, value, errors),
    };
    if read.is_none() {
        errors.push(wrong(kind, path, value));
    }
    read
}

fn read_list(kind: &Kind, item: &Text, path: &str, value: &Value, errors: &mut Vec<FieldError>) -> Option<Value> {
    let items = match value {
        Value::Array(items) => Some(items.clone()),
        Value::String(text) if text.trim_start_matches(SPACE).starts_with('[') => serde_json::from_str(text).ok(),
        Value::String(text) => Some(text.split(',').map(|item| Value::from(item.trim_matches(SPACE))).collect()),
        _ => None,
    };
    let Some(items) = items else {
        errors.push(wrong(kind, path, value));
        return None;
    };
    let before = errors.len();
    let mut read = Vec::with_capacity(items.len());
    for (i, value) in items.iter().enumerate() {
        match as_text(item, value) {
            Some(text) => read.push(Value::String(text)),
            None => errors.push(FieldError::new(format!("{path}[{i}]"), item.what, shown(value))),
        }
    }
    (errors.len() == before).then_some(Value::Array(read))
}

fn read_object(kind: &Kind, path: &str, value: &Value, errors: &mut Vec<FieldError>) -> Option<Value> {
    let parsed;
    let values = match value {
        Value::Object(values) => Some(values),
        Value::String(text) if text.trim_start_matches(SPACE).starts_with('{') => {
            parsed = serde_json::from_str::<Map<String, Value>>(text).ok();
            parsed.as_ref()
        }
        _ => None,
    };
    let Some(values) = values else {
        errors.push(wrong(kind, path, value));
        return None;
    };
    let before = errors.len();
    let read: Map<String, Value> = match kind {
        Kind::Object(fields) => {
            read_fields(fields, path, values, errors).into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        }
        Kind::Map { key, value, max } => read_map(key, value, *max, path, values, errors),
        _ => Map::new(),
    };
    (errors.len() == before).then_some(Value::Object(read))
}

fn read_map(
    key_form: &Text,
    value_form: &Text,
    max: usize,
    path: &str,
    values: &Map<String, Value>,
    errors: &mut Vec<FieldError>,
) -> Map<String, Value> {
    if values.len() > max {
        errors.push(FieldError::new(path, format!("at most {max} entries"), format!("{} entries", values.len())));
    }
    let mut read = Map::new();
    for (key, value) in values {
        let path = format!("{path}.{key}");
        if !(key_form.accepts)(key) {
            errors.push(FieldError::new(path, format!("as key {}", key_form.what), format!("`{}`", shortened(key))));
        } else if is_unset(value) {
            // Unset like everywhere: a lower layer's entry shows through.
        } else if let Some(text) = as_text(value_form, value) {
            read.insert(key.clone(), Value::String(text));
        } else {
            errors.push(FieldError::new(path, value_form.what, shown(value)));
        }
    }
    read
}

pub(in crate::cache) fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn as_text(form: &Text, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number_as_text(form.numbers, number)?,
        _ => return None,
    };
    (form.accepts)(&text).then_some(text)
}

fn number_as_text(numbers: Numbers, number: &Number) -> Option<String> {
    match numbers {
        Numbers::Refused => None,
        Numbers::Any => Some(number.to_string()),
        Numbers::Between { from, below } => {
            number.as_f64().filter(|n| *n >= f64::from(from) && *n < f64::from(below)).map(|_| number.to_string())
        }
        Numbers::Digits(digits) => {
            let whole = whole(number).filter(|n| n.checked_ilog10().is_some_and(|log| log + 1 == digits));
            whole.map(|n| n.to_string())
        }
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn as_integer(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(whole(number)?).ok(),
        Value::String(text) => plain_digits(text).then(|| text.parse().ok())?,
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let digits = (1..=6).contains(&fraction.len()) && fraction.bytes().all(|c| c.is_ascii_digit());
            (plain_digits(whole) && digits).then(|| text.parse().ok())?
        }
        _ => None,
    }
}

/// Digits without a sign or a zero in front.
fn plain_digits(text: &str) -> bool {
    text == "0" || (!text.starts_with('0') && !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()))
}

/// A whole number, however it is written: 2 and 2.0 are the same.
fn whole(number: &Number) -> Option<u64> {
    if let Some(n) = number.as_u64() {
        return Some(n);
    }
    let n = number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(n))?;
    // Below 2^53 and without a fraction, so its text is plain digits.
    format!("{n:.0}").trim_start_matches('-').parse().ok()
}

fn wrong(kind: &Kind, path: &str, value: &Value) -> FieldError {
    FieldError::new(path, kind.expected(), shown(value))
}

fn wrong_word(kind: &Kind, words: &[&str], path: &str, value: &Value) -> FieldError {
    let error = wrong(kind, path, value);
    match value.as_str().and_then(|got| nearest(got, words.iter().copied())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// A value as errors show it: short, and without the inside of objects.
pub(in crate::cache) fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("`{}`", shortened(text)),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

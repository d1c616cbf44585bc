//! The JSON Schema of the inputs, made from the field table.
//!
//! It admits exactly what reading admits field by field, lenient spellings included. What only the reader knows:
//! contradictions between fields, what stands inside a map or list written as JSON text, and that a window is not empty.

use serde_json::{Map, Value, json};

use super::fields::{Field, INPUTS, Kind, Numbers, Text};

/// The schema of `{values, secrets}` as a driver is registered with it: draft 2020-12.
#[must_use]
pub fn inputs_schema() -> Value {
    let mut values = object(INPUTS);
    values["description"] = json!("What the cache should be.");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Inputs of cache-driver",
        "type": "object",
        "properties": {
            "values": values,
            "secrets": {
                "type": "object",
                "description": "Credentials. Never logged or shown.",
                "properties": {
                    "account": {
                        "type": "object",
                        "description": "Cloud credentials in the shape that the orchestrator's account types give them.",
                    },
                    "adopt": {
                        "type": "object",
                        "description": "What cannot be read from an adopted cache.",
                        "properties": { "password": { "type": "string", "description": "The password that it has." } },
                    },
                },
            },
        },
    })
}

fn object(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        properties.insert(field.key.to_owned(), described(field));
    }
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn described(field: &Field) -> Value {
    let mut forms = forms(&field.kind);
    if !field.required {
        forms.push(unset());
    }
    json!({ "description": format!("{} Default: {}.", field.doc, field.default), "anyOf": forms })
}

fn unset() -> Value {
    json!({ "enum": [null, ""] })
}

/// Every form that a value of the kind may have.
fn forms(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Text(text) => text_forms(text),
        Kind::Word(words) => vec![json!({ "enum": words })],
        Kind::Bool => vec![json!({ "enum": [true, false, "true", "false"] })],
        Kind::Integer { min, max } => vec![
            json!({ "type": "integer", "minimum": min, "maximum": max }),
            pattern(&whole_between(u64::from(*min), u64::from(*max))),
        ],
        Kind::Number { max } => vec![
            json!({ "type": "number", "exclusiveMinimum": 0, "maximum": max }),
            pattern(&above_zero(u64::from(*max))),
        ],
        Kind::List(item) => {
            let one = format!("{SPACE}({}){SPACE}", item.pattern);
            vec![
                json!({ "type": "array", "items": { "anyOf": text_forms(item) } }),
                pattern(&format!("{one}(,{one})*")),
                json_text(r"\["),
            ]
        }
        Kind::Map { key, value, max } => {
            let mut values = text_forms(value);
            values.push(unset());
            let object = json!({
                "type": "object",
                "propertyNames": pattern(key.pattern),
                "additionalProperties": { "anyOf": values },
                "maxProperties": max,
            });
            vec![object, json_text(r"\{")]
        }
        Kind::Object(fields) => vec![object(fields), json_text(r"\{")],
    }
}

const SPACE: &str = r"[ \t\r\n]*";

fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^({pattern})$") })
}

fn json_text(first: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{SPACE}{first}"), "contentMediaType": "application/json" })
}

fn text_forms(text: &Text) -> Vec<Value> {
    let mut forms = vec![pattern(text.pattern)];
    match text.numbers {
        Numbers::Refused => {}
        Numbers::Any => forms.push(json!({ "type": "number" })),
        Numbers::Between { from, below } => {
            forms.push(json!({ "type": "number", "minimum": from, "exclusiveMaximum": below }));
        }
        Numbers::Digits(digits) => {
            let (least, next) = (10_u64.pow(digits - 1), 10_u64.pow(digits));
            forms.push(json!({ "type": "integer", "minimum": least, "maximum": next - 1 }));
        }
    }
    forms
}

/// A pattern for the whole numbers from `min` to `max`, without zeros in front.
fn whole_between(min: u64, max: u64) -> String {
    let mut parts = Vec::new();
    let mut low = min;
    while low <= max {
        // As far as numbers have as many digits as `low`.
        let digits = low.checked_ilog10().unwrap_or(0) + 1;
        let high = max.min(10_u64.pow(digits) - 1);
        parts.push(same_length(&low.to_string(), &high.to_string()));
        low = high + 1;
    }
    parts.join("|")
}

/// A pattern for the numbers from `low` to `high`, both with the same count of digits.
fn same_length(low: &str, high: &str) -> String {
    let rest = low.len().saturating_sub(1);
    if low == high {
        return low.to_owned();
    }
    let (a, b) = (low.as_bytes()[0], high.as_bytes()[0]);
    let any = |count: usize| "[0-9]".repeat(count);
    let range = |a: u8, b: u8| format!("[{}-{}]", char::from(a), char::from(b));
    if a == b {
        return format!("{}({})", char::from(a), same_length(&low[1..], &high[1..]));
    }
    let (from_zero, to_nine) = (low[1..].bytes().all(|c| c == b'0'), high[1..].bytes().all(|c| c == b'9'));
    let mut parts = Vec::new();
    let first = if from_zero { a } else { a + 1 };
    let last = if to_nine { b } else { b - 1 };
    if !from_zero {
        parts.push(format!("{}({})", char::from(a), same_length(&low[1..], &"9".repeat(rest))));
    }
    if first <= last {
        parts.push(format!("{}{}", range(first, last), any(rest)));
    }
    if !to_nine {
        parts.push(format!("{}({})", char::from(b), same_length(&"0".repeat(rest), &high[1..])));
    }
    parts.join("|")
}

/// A pattern for the numbers above 0 up to `max`, with at most six digits after the point.
fn above_zero(max: u64) -> String {
    let below_one = (0..6).map(|zeros| format!("0{{{zeros}}}[1-9][0-9]{{0,{}}}", 5 - zeros)).collect::<Vec<_>>();
    let from_one = whole_between(1, max - 1);
    format!(r"0\.({})|({from_one})(\.[0-9]{{1,6}})?|{max}(\.0{{1,6}})?", below_one.join("|"))
}

#[cfg(test)]
mod tests;

//! Messages as tables of fields: reads the JSON of a request as Google's servers do, and writes enums as numbers on demand.
//!
//! A request may use camelCase or `snake_case`, words or numbers for enums, and text for numbers. Output-only fields are accepted
//! and ignored; an unknown field is an error.

use serde_json::{Map, Value};

use super::error::ApiError;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The words of an enum and their numbers.
pub(super) type Words = &'static [(&'static str, i64)];

/// What a field holds.
#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Texts,
    Bool,
    Int,
    Number,
    /// Text to text.
    Map,
    Enum(Words),
    Enums(Words),
    Message(&'static [Field]),
    Messages(&'static [Field]),
}

/// One field of a message.
#[derive(Debug)]
pub(super) struct Field {
    /// In camelCase.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The server sets it; what a client sends is ignored.
    pub(super) output: bool,
}

/// A field that clients may set.
pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, output: false }
}

/// A field that only the server sets.
pub(super) const fn output(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, output: true }
}

/// Finds a field by either spelling of its name.
pub(super) fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.name == name || snake(field.name) == name)
}

/// `memorySizeGb` as `memory_size_gb`.
pub(super) fn snake(camel: &str) -> String {
    let mut text = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// Reads a message; `at` is what it is called in errors (`instance`).
pub(super) fn read(fields: &'static [Field], value: &Value, at: &str) -> Result<Object, ApiError> {
    let Some(given) = value.as_object() else { return Err(mismatch(at, "MESSAGE", value)) };
    let mut message = Object::new();
    for (name, value) in given {
        let Some(field) = find(fields, name) else {
            let text = format!("Invalid JSON payload received. Unknown name \"{name}\" at '{at}': Cannot find field.");
            return Err(ApiError::json(at, text));
        };
        if value.is_null() || field.output {
            continue;
        }
        if let Some(value) = read_value(&field.kind, value, &format!("{at}.{}", snake(field.name)))? {
            message.insert(field.name.to_owned(), value);
        }
    }
    Ok(message)
}

/// `None` is a value that counts as not given: empty text, an enum's zero.
fn read_value(kind: &Kind, value: &Value, at: &str) -> Result<Option<Value>, ApiError> {
    let read = match kind {
        Kind::Text => value.as_str().map(|text| (!text.is_empty()).then(|| text.into())),
        Kind::Bool => value.as_bool().map(|flag| Some(flag.into())),
        Kind::Int => integer(value).map(|number| Some(number.into())),
        Kind::Number => value.as_f64().map(|_| Some(value.clone())),
        Kind::Texts => texts(value).map(|list| (!list.is_empty()).then(|| list.into())),
        Kind::Map => value
            .as_object()
            .filter(|map| map.values().all(Value::is_string))
            .map(|map| (!map.is_empty()).then(|| Value::Object(map.clone()))),
        Kind::Enum(words) => match meaning(words, value) {
            Meaning::Word(word) => Some(Some(word.into())),
            Meaning::Zero => Some(None),
            Meaning::Unknown => None,
        },
        Kind::Enums(words) => {
            let Some(list) = value.as_array() else { return Err(mismatch(at, "TYPE_ENUM", value)) };
            let mut found = Vec::new();
            for value in list {
                match meaning(words, value) {
                    Meaning::Word(word) => found.push(Value::from(word)),
                    Meaning::Zero => {}
                    Meaning::Unknown => return Err(mismatch(at, "TYPE_ENUM", value)),
                }
            }
            return Ok((!found.is_empty()).then(|| found.into()));
        }
        Kind::Message(fields) => return read(fields, value, at).map(|message| Some(Value::Object(message))),
        Kind::Messages(fields) => {
            let Some(list) = value.as_array() else { return Err(mismatch(at, "MESSAGE", value)) };
            let mut messages = Vec::new();
            for (index, value) in list.iter().enumerate() {
                messages.push(Value::Object(read(fields, value, &format!("{at}[{index}]"))?));
            }
            return Ok((!messages.is_empty()).then(|| messages.into()));
        }
    };
    read.ok_or_else(|| mismatch(at, type_name(kind), value))
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn texts(value: &Value) -> Option<Vec<Value>> {
    value.as_array().filter(|list| list.iter().all(Value::is_string)).cloned()
}

/// What a value means to an enum.
enum Meaning {
    Word(&'static str),
    /// The enum's zero: not given.
    Zero,
    Unknown,
}

fn meaning(words: Words, value: &Value) -> Meaning {
    let found = match value {
        Value::String(text) => words.iter().find(|(word, _)| word == text),
        _ => value.as_i64().and_then(|number| words.iter().find(|(_, known)| *known == number)),
    };
    match found {
        Some((_, 0)) => Meaning::Zero,
        Some((word, _)) => Meaning::Word(word),
        None if value.as_i64() == Some(0) => Meaning::Zero,
        None if value.as_str().is_some_and(|text| text.ends_with("_UNSPECIFIED")) => Meaning::Zero,
        None => Meaning::Unknown,
    }
}

const fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Texts => "TYPE_STRING",
        Kind::Bool => "TYPE_BOOL",
        Kind::Int => "TYPE_INT32",
        Kind::Number => "TYPE_DOUBLE",
        Kind::Enum(_) | Kind::Enums(_) => "TYPE_ENUM",
        Kind::Map | Kind::Message(_) | Kind::Messages(_) => "TYPE_MESSAGE",
    }
}

fn mismatch(at: &str, type_name: &str, value: &Value) -> ApiError {
    ApiError::json(at, format!("Invalid value at '{at}' ({type_name}), {value}"))
}

/// Writes the enums of a message as their numbers. A word without a number stays a word.
pub(super) fn number_enums(fields: &'static [Field], message: &mut Object) {
    for (name, value) in message.iter_mut() {
        let Some(field) = find(fields, name) else { continue };
        match (&field.kind, value) {
            (Kind::Enum(words), value) => number(words, value),
            (Kind::Enums(words), Value::Array(list)) => list.iter_mut().for_each(|value| number(words, value)),
            (Kind::Message(fields), Value::Object(inner)) => number_enums(fields, inner),
            (Kind::Messages(fields), Value::Array(list)) => {
                list.iter_mut().filter_map(Value::as_object_mut).for_each(|inner| number_enums(fields, inner));
            }
            _ => {}
        }
    }
}

fn number(words: Words, value: &mut Value) {
    let found = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
    if let Some((_, number)) = found {
        *value = (*number).into();
    } else if value.as_str().is_some_and(|text| text.ends_with("_UNSPECIFIED")) {
        *value = 0.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TIER: Words = &[("BASIC", 1), ("STANDARD_HA", 3)];
    const FIELDS: &[Field] = &[
        field("tier", Kind::Enum(TIER)),
        field("memorySizeGb", Kind::Int),
        field("labels", Kind::Map),
        output("state", Kind::Text),
    ];

    #[test]
    fn either_spelling_words_or_numbers_and_no_output() {
        let body = json!({"tier": 3, "memory_size_gb": "4", "state": "READY", "labels": {}});
        let mut read = read(FIELDS, &body, "instance").unwrap();
        assert_eq!(Value::Object(read.clone()), json!({"tier": "STANDARD_HA", "memorySizeGb": 4}));
        number_enums(FIELDS, &mut read);
        assert_eq!(read["tier"], 3);
    }

    #[test]
    fn the_zero_of_an_enum_is_not_given() {
        for zero in [json!(0), json!("TIER_UNSPECIFIED")] {
            assert!(read(FIELDS, &json!({"tier": zero}), "instance").unwrap().is_empty());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let unknown = read(FIELDS, &json!({"size": 1}), "instance").unwrap_err();
        assert!(unknown.message.contains("Unknown name \"size\" at 'instance'"), "{unknown:?}");
        let wrong = read(FIELDS, &json!({"memorySizeGb": "big"}), "instance").unwrap_err();
        assert_eq!(wrong.message, "Invalid value at 'instance.memory_size_gb' (TYPE_INT32), \"big\"");
        assert!(read(FIELDS, &json!({"tier": "GOLD"}), "instance").is_err());
    }
}

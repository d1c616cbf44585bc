//! The one table of inputs: every key with its kind, range, default and meaning. Reading, the JSON Schema and the reference
//! pages all come from it.

mod lenient;
mod native;
mod table;
mod text;

use super::nearest;

pub(in crate::cache) use lenient::{is_unset, shown};
pub use lenient::{read_fields, read_value};
pub use native::{AWS, AZURE, GCP, native};
pub use table::INPUTS;
pub(in crate::cache) use text::seconds;
pub use text::{Numbers, Text};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text of a certain form.
    Text(&'static Text),
    /// One of some words.
    Word(&'static [&'static str]),
    /// Yes or no.
    Bool,
    /// A whole number, both ends included.
    Integer {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// A number above 0, up to `max`.
    Number {
        /// The largest.
        max: u32,
    },
    /// Several texts.
    List(&'static Text),
    /// Texts under free keys.
    Map {
        /// What a key looks like.
        key: &'static Text,
        /// What a value looks like.
        value: &'static Text,
        /// How many there may be.
        max: usize,
    },
    /// Fields of its own.
    Object(&'static [Field]),
}

/// One input.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub key: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What holds when it is unset, in words.
    pub default: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Whether the object that it is part of needs it.
    pub required: bool,
}

impl Field {
    const fn new(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Self {
        Self { key, kind, default, doc, required: false }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

impl Kind {
    /// What would be right, in words: for errors and docs.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Text(text) => text.what.to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Bool => "true or false".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number { max } => format!("a number above 0, at most {max}"),
            Self::List(item) => format!("a list, each {}", item.what),
            Self::Map { key, value, max } => {
                format!("a map of at most {max} entries, each key {}, each value {}", key.what, value.what)
            }
            Self::Object(fields) => format!("an object with {}", keys(fields)),
        }
    }
}

/// The field called `key`.
#[must_use]
pub fn find(fields: &'static [Field], key: &str) -> Option<&'static Field> {
    fields.iter().find(|field| field.key == key)
}

/// The input at a dotted key: `replicas`, `aws.node_type`, `backup.days`.
#[must_use]
pub fn find_input(dotted: &str) -> Option<&'static Field> {
    let mut fields = INPUTS;
    let mut found = None;
    for key in dotted.split('.') {
        let field = find(fields, key)?;
        fields = if let Kind::Object(inner) = field.kind { inner } else { &[] };
        found = Some(field);
    }
    found
}

/// What to do about a key that is not known: the nearest one, or all that there are.
#[must_use]
pub fn unknown_key_hint(fields: &[Field], key: &str) -> String {
    nearest(key, fields.iter().map(|field| field.key))
        .map_or_else(|| format!("the known keys are {}", keys(fields)), |near| format!("did you mean `{near}`?"))
}

fn keys(fields: &[Field]) -> String {
    fields.iter().map(|field| field.key).collect::<Vec<_>>().join(", ")
}

/// One input as the reference pages show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldDoc {
    /// Its dotted key, `aws.node_type`.
    pub key: String,
    /// What it holds, in words.
    pub kind: String,
    /// What holds when it is unset, in words.
    pub default: String,
    /// What it is for.
    pub doc: String,
}

/// Every input in the order of the docs; the fields of an object follow it under dotted keys.
#[must_use]
pub fn reference() -> Vec<FieldDoc> {
    let mut docs = Vec::new();
    describe("", INPUTS, &mut docs);
    docs
}

fn describe(prefix: &str, fields: &[Field], docs: &mut Vec<FieldDoc>) {
    for field in fields {
        let key = format!("{prefix}{}", field.key);
        let inner = format!("{key}.");
        docs.push(FieldDoc {
            key,
            kind: field.kind.expected(),
            default: field.default.to_owned(),
            doc: field.doc.to_owned(),
        });
        if let Kind::Object(fields) = field.kind {
            describe(&inner, fields, docs);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_input_stands_once_and_says_what_it_is_for() {
        let docs = reference();
        let keys: BTreeSet<&str> = docs.iter().map(|doc| doc.key.as_str()).collect();
        assert_eq!(keys.len(), docs.len());
        for doc in docs {
            assert!(doc.doc.len() > 10 && doc.doc.ends_with('.'), "{}: {}", doc.key, doc.doc);
            assert!(!doc.default.is_empty() && !doc.kind.is_empty(), "{}", doc.key);
        }
    }

    #[test]
    fn an_input_is_found_by_its_dotted_key() {
        assert_eq!(find_input("aws.node_type").unwrap().key, "node_type");
        assert_eq!(find_input("backup.days").unwrap().key, "days");
        assert!(find_input("aws.nodetype").is_none());
        assert!(find_input("replicas.count").is_none());
    }

    #[test]
    fn an_unknown_key_gets_the_nearest_or_the_whole_list() {
        assert_eq!(unknown_key_hint(AWS, "node_typ"), "did you mean `node_type`?");
        assert!(unknown_key_hint(INPUTS, "zzzzzz").contains("engine, version, mode"));
    }
}

//! A provider's block of the inputs: what the request says, else the config's defaults.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::cache::fields::{native, read_fields};
use crate::cache::{FieldError, Origin, Provider, Spec};

/// The config's defaults for a provider's block, in canonical form.
#[derive(Debug, Clone)]
pub struct Defaults {
    provider: Provider,
    values: BTreeMap<&'static str, Value>,
    errors: Vec<FieldError>,
}

impl Defaults {
    /// Reads `providers.<provider>.defaults`.
    #[must_use]
    pub fn read(provider: Provider, values: &Map<String, Value>) -> Self {
        let mut errors = Vec::new();
        let path = format!("providers.{provider}.defaults");
        let values = read_fields(native(provider), &path, values, &mut errors);
        Self { provider, values, errors }
    }

    /// What is wrong with them.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// A default.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// A field of the block with where it was set; a default was set nowhere.
    #[must_use]
    pub fn input<'a>(&'a self, spec: &'a Spec, key: &str) -> Option<(&'a Value, Option<&'a Origin>)> {
        let dotted = format!("{}.{key}", self.provider);
        let set = spec.native(self.provider, key).map(|value| (value, spec.origin_of(&dotted)));
        set.or_else(|| self.get(key).map(|value| (value, None)))
    }
}

/// Where the first of these keys was set that is set at all; a request's setting before a route's.
#[must_use]
pub fn origin<K: AsRef<str>>(spec: &Spec, keys: impl IntoIterator<Item = K>) -> Option<&Origin> {
    let mut set = keys.into_iter().filter_map(|key| spec.origin_of(key.as_ref()));
    let first = set.next()?;
    match first {
        Origin::Route(_) => Some(set.find(|origin| !matches!(origin, Origin::Route(_))).unwrap_or(first)),
        _ => Some(first),
    }
}

/// Where tags come from: the request's own, or its context.
#[must_use]
pub fn origin_of_tags(spec: &Spec) -> Option<&Origin> {
    let tags = spec.tags.keys().map(|key| format!("tags.{key}"));
    origin(spec, tags.chain(spec.context.keys().map(|key| format!("context.{key}"))))
}

/// What is wrong with a field, at the path where it was set.
pub fn wrong(
    spec: &Spec,
    key: &str,
    expected: impl Into<String>,
    got: impl fmt::Display,
    hint: Option<&str>,
) -> FieldError {
    let error = FieldError::new(spec.path_of(key), expected, got.to_string());
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// A value in an error message.
#[must_use]
pub fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

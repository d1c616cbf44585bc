//! A provider's block of the inputs: what the request says, else the config's defaults.

use std::collections::BTreeMap;

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

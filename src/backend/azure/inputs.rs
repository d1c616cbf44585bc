//! The `azure` block: what the request says, else the config's defaults.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cache::fields::{native, read_fields};
use crate::cache::{FieldError, Origin, Provider, Spec};

/// The config's defaults for the block, in canonical form.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults {
    values: BTreeMap<&'static str, Value>,
    errors: Vec<FieldError>,
}

impl Defaults {
    pub(super) fn read(values: &Map<String, Value>) -> Self {
        let mut errors = Vec::new();
        let values = read_fields(native(Provider::Azure), "providers.azure.defaults", values, &mut errors);
        Self { values, errors }
    }

    /// What is wrong with them.
    pub(super) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// A default.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// A field of the block with where it was set; a default was set nowhere.
    pub(super) fn input<'a>(&'a self, spec: &'a Spec, key: &str) -> Option<(&'a Value, Option<&'a Origin>)> {
        let set = spec.native(Provider::Azure, key).map(|value| (value, spec.origin_of(&dotted(key))));
        set.or_else(|| self.get(key).map(|value| (value, None)))
    }
}

/// A key of the block as specifications know it.
pub(super) fn dotted(key: &str) -> String {
    format!("azure.{key}")
}

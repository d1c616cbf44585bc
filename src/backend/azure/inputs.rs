//! The `azure` block of the inputs.

use serde_json::{Map, Value};

pub(super) use crate::backend::inputs::Defaults;
use crate::cache::Provider;

/// The config's defaults for the block.
pub(super) fn read(values: &Map<String, Value>) -> Defaults {
    Defaults::read(Provider::Azure, values)
}

/// A key of the block as specifications know it.
pub(super) fn dotted(key: &str) -> String {
    format!("azure.{key}")
}

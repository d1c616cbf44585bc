//! Several layers into one, the highest first.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Layer, Source};
use crate::cache::FieldError;
use crate::cache::fields::{self, INPUTS, read_fields};

/// Keys whose objects are merged entry by entry; other values hide lower layers' as a whole.
const BY_ENTRY: [&str; 6] = ["parameters", "tags", "context", "aws", "gcp", "azure"];

/// Keys that fill the same slot: in one layer only one of them may be set.
const SLOTS: [(&str, &str); 2] = [("size", "memory_gb"), ("region", "location")];

/// The winning values under dotted keys.
pub(super) fn merge(layers: &[Layer<'_>], errors: &mut Vec<FieldError>) -> BTreeMap<String, (Value, Source)> {
    let mut merged: BTreeMap<String, (Value, Source)> = BTreeMap::new();
    for layer in layers {
        let prefix = layer.origin.prefix();
        for (first, second) in SLOTS {
            let set = |key| layer.values.get(key).is_some_and(|value| !fields::is_unset(value));
            if set(first) && set(second) {
                errors.push(
                    FieldError::new(format!("{prefix}.{second}"), format!("nothing beside `{first}`"), "both")
                        .hint(format!("set `{first}` or `{second}`")),
                );
            }
        }
        for (key, value) in read_fields(INPUTS, &prefix, layer.values, errors) {
            let source = |key: &str| Source { origin: layer.origin.clone(), key: key.to_owned() };
            match value {
                Value::Object(entries) if BY_ENTRY.contains(&key) => {
                    for (entry, value) in entries {
                        let dotted = format!("{key}.{entry}");
                        merged.entry(dotted).or_insert_with_key(|dotted| (value, source(dotted)));
                    }
                }
                value => {
                    let slot = if key == "location" { "region" } else { key };
                    let beside = SLOTS[0];
                    let taken = (key == beside.0 && merged.contains_key(beside.1))
                        || (key == beside.1 && merged.contains_key(beside.0));
                    if !taken {
                        merged.entry(slot.to_owned()).or_insert_with(|| (value, source(key)));
                    }
                }
            }
        }
    }
    merged
}

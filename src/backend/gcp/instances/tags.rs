//! The request's tags as labels, in the form that Google allows, so that they can be compared with what is there.

use serde_json::{Map, Value};

use super::super::labels::{Labels, legal, legal_key};
use super::Resolving;
use crate::cache::{FieldError, Origin};

/// Keys that the driver writes itself.
const OWN: &str = "managed-by";
const OWN_PREFIX: &str = "cache-driver-";

/// Resolves `labels` from `tags` and `context`. A tag of the request's wins over the same key of the context.
pub(in crate::backend::gcp) fn labels(it: &mut Resolving<'_>) {
    let mut labels = Map::new();
    for (key, value) in &it.spec.context {
        labels.insert(key.replace('_', "-"), legal(value, '_').into());
    }
    for (key, value) in &it.spec.tags {
        let label = legal_key(key);
        if is_own(&label) {
            let path = it.spec.path_of(&format!("tags.{key}"));
            let expected = "a key that the driver does not keep for itself";
            it.errors.push(FieldError::new(path, expected, key.as_str()));
            continue;
        }
        labels.insert(label, legal(value, '_').into());
    }
    if labels.is_empty() {
        return;
    }
    let entries = it.spec.tags.keys().map(|key| format!("tags.{key}"));
    let entries = entries.chain(it.spec.context.keys().map(|key| format!("context.{key}")));
    let origins: Vec<_> = entries.filter_map(|entry| it.spec.origin_of(&entry)).collect();
    let origin = origins.iter().find(|origin| !matches!(origin, Origin::Route(_))).or(origins.first());
    it.out.put("labels", Value::Object(labels), origin.copied());
}

/// The labels that are not the driver's own.
pub(in crate::backend::gcp) fn others(labels: &Labels) -> Labels {
    labels.iter().filter(|(key, _)| !is_own(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn is_own(key: &str) -> bool {
    key == OWN || key.starts_with(OWN_PREFIX)
}

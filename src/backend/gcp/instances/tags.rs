//! The request's tags as labels, in the form that Google allows, so that they can be compared with what is there.

use serde_json::{Map, Value};

use super::super::labels::{Labels, is_ours, legal, legal_key};
use super::Resolving;
use crate::backend::inputs;
use crate::cache::FieldError;

/// Resolves `labels` from `tags` and `context`. A tag of the request's wins over the same key of the context.
pub(in crate::backend::gcp) fn labels(it: &mut Resolving<'_>) {
    let mut labels = Map::new();
    for (key, value) in &it.spec.context {
        labels.insert(key.replace('_', "-"), legal(value, '_').into());
    }
    for (key, value) in &it.spec.tags {
        let label = legal_key(key);
        if is_ours(&label) {
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
    it.out.put("labels", Value::Object(labels), inputs::origin_of_tags(it.spec));
}

/// The labels that are not the driver's own.
pub(in crate::backend::gcp) fn others(labels: &Labels) -> Labels {
    let mut others = labels.clone();
    others.retain(|key, _| !is_ours(key));
    others
}

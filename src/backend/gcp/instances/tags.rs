//! The request's tags as labels: lower case, at most 63 characters, anything but `[a-z0-9_-]` becomes `_`.

use serde_json::{Map, Value};

use super::super::labels::Labels;
use super::Resolving;
use crate::cache::{FieldError, Origin};

/// Keys that the driver writes itself.
const OWN: &str = "managed-by";
const OWN_PREFIX: &str = "cache-driver-";
const LONGEST: usize = 63;

/// Resolves `labels` from `tags` and `context`. A tag of the request's wins over the same key of the context.
pub(in crate::backend::gcp) fn labels(it: &mut Resolving<'_>) {
    let mut labels = Map::new();
    for (key, value) in &it.spec.context {
        labels.insert(key.replace('_', "-"), legal(value).into());
    }
    for (key, value) in &it.spec.tags {
        let label = legal(key);
        if is_own(&label) || !label.starts_with(|c: char| c.is_ascii_lowercase()) {
            let path = it.spec.path_of(&format!("tags.{key}"));
            let expected = "a key that begins with a letter and that the driver does not keep for itself";
            it.errors.push(FieldError::new(path, expected, key.as_str()));
            continue;
        }
        labels.insert(label, legal(value).into());
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

fn legal(text: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.chars().map(|c| c.to_ascii_lowercase()).map(|c| if fits(c) { c } else { '_' }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_few_characters() {
        assert_eq!(legal("Shop (EU).v2"), "shop__eu__v2");
        assert_eq!(legal(&"é".repeat(80)), "_".repeat(63));
    }
}

//! Tags: what a request wants, within what AWS allows.

use serde_json::{Map, Value};

use crate::backend::{Resolved, inputs};
use crate::cache::{FieldError, Spec};

/// Tags that one resource may have; two are the driver's own.
const MOST: usize = 50 - 2;
/// Keys that the driver writes.
const OWN: [&str; 2] = ["managed-by", "cache-driver-id"];

/// Resolves `tags` and `context`. A tag of the request's wins over the same key of the context.
pub(super) fn resolve(spec: &Spec, out: &mut Resolved, errors: &mut Vec<FieldError>) {
    let mut tags = Map::new();
    for (key, value) in &spec.context {
        tags.insert(key.replace('_', "-"), legal(value).into());
    }
    for (key, value) in &spec.tags {
        if key.to_ascii_lowercase().starts_with("aws:") || OWN.contains(&key.as_str()) {
            let path = spec.path_of(&format!("tags.{key}"));
            errors.push(FieldError::new(path, "a key that neither aws nor the driver keeps for itself", key.as_str()));
            continue;
        }
        tags.insert(key.clone(), legal(value).into());
    }
    if tags.len() > MOST {
        let got = format!("{}", tags.len());
        errors.push(FieldError::new(spec.path_of("tags"), format!("at most {MOST} tags, the context's included"), got));
    }
    if !tags.is_empty() {
        out.put("tags", Value::Object(tags), inputs::origin_of_tags(spec));
    }
}

/// What a tag value may hold on every AWS service; anything else becomes `_`.
fn legal(value: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    value.chars().map(|c| if fits(c) { c } else { '_' }).take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_win_over_the_context_and_reserved_keys_are_refused() {
        let mut spec = Spec::default();
        spec.context.insert("env_type".to_owned(), "production".to_owned());
        spec.context.insert("app".to_owned(), "shop (eu)".to_owned());
        spec.tags.insert("env-type".to_owned(), "prod".to_owned());
        let (mut out, mut errors) = (Resolved::default(), Vec::new());
        resolve(&spec, &mut out, &mut errors);
        assert_eq!(out.fields["tags"], serde_json::json!({"app": "shop _eu_", "env-type": "prod"}));
        assert!(errors.is_empty());
        for reserved in ["aws:name", "managed-by", "cache-driver-id"] {
            spec.tags.insert(reserved.to_owned(), "x".to_owned());
        }
        resolve(&spec, &mut out, &mut errors);
        assert_eq!(errors.len(), 3);
        assert_eq!(errors[0].path, "driver.values.tags.aws:name");
    }
}

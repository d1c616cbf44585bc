//! `updateMask`.

use serde_json::Value;

use super::schema::{Object, snake};

/// One path of a mask, its segments in camelCase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

/// The paths of a mask; either spelling is understood.
pub(super) fn parse(mask: &str) -> Vec<Path> {
    let paths = mask.split(',').map(str::trim).filter(|path| !path.is_empty());
    paths.map(|path| Path(path.split('.').map(camel).collect())).collect()
}

/// `memory_size_gb` as `memorySizeGb`.
pub(super) fn camel(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut upper = false;
    for letter in text.chars() {
        if letter == '_' {
            upper = true;
        } else {
            name.push(if upper { letter.to_ascii_uppercase() } else { letter });
            upper = false;
        }
    }
    name
}

impl Path {
    /// The field that it begins at.
    pub(super) fn head(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Whether it points into a field.
    pub(super) fn is_nested(&self) -> bool {
        self.0.len() > 1
    }

    /// As errors spell it: `persistence_config.mode`.
    pub(super) fn snake(&self) -> String {
        self.0.iter().map(|segment| snake(segment)).collect::<Vec<_>>().join(".")
    }

    /// Gives `into` what `from` has at this path, which may be nothing.
    pub(super) fn apply(&self, from: &Object, into: &mut Object) {
        apply(&self.0, from, into);
    }
}

fn apply(path: &[String], from: &Object, into: &mut Object) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        match from.get(first) {
            Some(value) => into.insert(first.clone(), value.clone()),
            None => into.remove(first),
        };
        return;
    }
    let empty = Object::new();
    let inner_from = from.get(first).and_then(Value::as_object).unwrap_or(&empty);
    let inner = into.entry(first.clone()).or_insert_with(|| Value::Object(Object::new()));
    if let Some(inner) = inner.as_object_mut() {
        apply(rest, inner_from, inner);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn only_what_a_path_names_changes_and_either_spelling_names_it() {
        for mask in ["memorySizeGb,persistenceConfig.mode", "memory_size_gb, persistence_config.mode"] {
            let from = object(&json!({"memorySizeGb": 5, "tier": "BASIC", "persistenceConfig": {"mode": "RDB"}}));
            let mut into =
                object(&json!({"memorySizeGb": 1, "tier": "X", "persistenceConfig": {"period": "ONE_HOUR"}}));
            for path in parse(mask) {
                path.apply(&from, &mut into);
            }
            let wanted =
                json!({"memorySizeGb": 5, "tier": "X", "persistenceConfig": {"mode": "RDB", "period": "ONE_HOUR"}});
            assert_eq!(Value::Object(into), wanted);
        }
    }

    #[test]
    fn what_the_body_lacks_is_cleared() {
        let mut into = object(&json!({"labels": {"a": "b"}}));
        parse("labels")[0].apply(&Object::new(), &mut into);
        assert!(into.is_empty());
        assert_eq!(parse("redisConfigs")[0].snake(), "redis_configs");
    }
}

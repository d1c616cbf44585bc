//! Whether a cache is still what its mark says, as far as that can be told without its specification.

use serde_json::{Map, Value};

use crate::backend::{Backend, Fields, Resolved};
use crate::cache::{Layer, Mark, Origin, read};

/// A field that is not as the mark has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) is: Value,
    /// Each would be right.
    pub(super) expected: Vec<Value>,
    /// What of the mark it follows from.
    pub(super) because: String,
}

/// What differs from the size and the protection in the mark. Empty too where the product cannot say what follows from them.
pub(super) fn differences(backend: &dyn Backend, mark: &Mark, there: &Fields) -> Vec<Difference> {
    let resolved = |extra: &[(&str, Value)]| {
        let mut values = Map::new();
        for key in ["engine", "mode"] {
            values.extend(there.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        values.extend(extra.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        let spec = read(&[Layer { origin: Origin::Request, values: &values }]).ok()?;
        backend.resolve(&spec).ok()
    };
    let Some(plain) = resolved(&[]) else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(capacity) = &mark.capacity {
        let key = if capacity.parse::<f64>().is_ok() { "memory_gb" } else { "size" };
        let size = (key, Value::from(capacity.as_str()));
        // Some products have other offerings for two zones.
        let sized: Vec<Resolved> =
            [resolved(std::slice::from_ref(&size)), resolved(&[size, ("high_availability", true.into())])]
                .into_iter()
                .flatten()
                .collect();
        all.extend(compare(&plain, &sized, there, &format!("size {capacity}")));
    }
    let protected = resolved(&[("deletion_protection", mark.protected.into())]);
    let because = if mark.protected { "deletion protection is on" } else { "deletion protection is off" };
    all.extend(compare(&plain, protected.as_slice(), there, because));
    all
}

/// The fields that the first of `wishes` sets beyond `plain`, where what is there is none of the wishes'.
fn compare(plain: &Resolved, wishes: &[Resolved], there: &Fields, because: &str) -> Vec<Difference> {
    let Some(first) = wishes.first() else { return Vec::new() };
    let mut all = Vec::new();
    for field in first.set.difference(&plain.set) {
        let Some(is) = there.get(field) else { continue };
        let mut expected: Vec<Value> = wishes.iter().filter_map(|wish| wish.fields.get(field).cloned()).collect();
        expected.extend(wishes.iter().flat_map(|wish| wish.list(&format!("{field}_alternatives"))).map(Value::from));
        expected.dedup();
        if !expected.is_empty() && !expected.iter().any(|value| is_same(value, is)) {
            all.push(Difference { field: field.clone(), is: is.clone(), expected, because: because.to_owned() });
        }
    }
    all
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < f64::EPSILON,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wish(fields: &Value, set: &[&str]) -> Resolved {
        let fields = fields.as_object().unwrap().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Resolved { fields, set: set.iter().map(|field| (*field).to_owned()).collect(), ..Resolved::default() }
    }

    #[test]
    fn only_what_follows_from_the_mark_is_compared_and_each_alternative_is_right() {
        let plain = wish(&json!({"engine": "valkey", "node_type": "t"}), &["engine"]);
        let sized = [
            wish(
                &json!({"engine": "valkey", "node_type": "m", "node_type_alternatives": ["n"]}),
                &["engine", "node_type"],
            ),
            wish(&json!({"engine": "valkey", "node_type": "o", "zones": 2}), &["engine", "node_type", "zones"]),
        ];
        let found = |is: &str| {
            let there: Fields = [("node_type", is), ("engine", "redis")]
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
                .collect();
            compare(&plain, &sized, &there, "size medium")
        };
        for right in ["m", "n", "o"] {
            assert_eq!(found(right), [], "{right}");
        }
        let [difference] = &found("t")[..] else { panic!() };
        assert_eq!((difference.field.as_str(), &difference.is), ("node_type", &json!("t")));
        assert_eq!(difference.expected, [json!("m"), json!("o"), json!("n")]);
        assert_eq!(compare(&plain, &sized, &Fields::new(), "size medium"), [], "what cannot be read is not compared");
        assert!(is_same(&json!(6), &json!(6.0)) && !is_same(&json!("6"), &json!(6)));
    }
}

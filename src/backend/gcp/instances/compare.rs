//! What differs between what was set and what is there: the rules that both products share.

use serde_json::Value;

use crate::backend::{Change, Class, Observed, Resolved};
use crate::cache::Version;

/// How a product compares.
pub(in crate::backend::gcp) struct Compared<'a> {
    /// Every field that can differ, with what a change of it costs at most, in the order in which changes are told.
    pub(in crate::backend::gcp) fields: &'a [(&'static str, Class)],
    /// Fields that follow from a size: compared only when the word for the size is another than that of the mark.
    pub(in crate::backend::gcp) sized: &'a [&'a str],
    /// Whether two values of a field mean the same.
    pub(in crate::backend::gcp) same: fn(&str, &Value, &Value) -> bool,
    /// What a change of a field costs.
    pub(in crate::backend::gcp) class: fn(&str, &Value, &Value, Class) -> Class,
    /// Whether a field has to be compared, though nobody asked for it, since another one needs it.
    pub(in crate::backend::gcp) needed: fn(&str, &Resolved, &Observed) -> bool,
}

/// Everything that differs.
pub(in crate::backend::gcp) fn changes(how: &Compared<'_>, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
    let mut changes = Vec::new();
    for &(field, at_most) in how.fields {
        let (Some(from), Some(to)) = (seen.fields.get(field), wanted.fields.get(field)) else { continue };
        let is_compared = wanted.asks_for(field, how.sized, seen) || (how.needed)(field, wanted, seen);
        if !is_compared || (how.same)(field, from, to) {
            continue;
        }
        let (from, to) = (from.clone(), merged(from, to));
        let class = (how.class)(field, &from, &to, at_most);
        changes.push(Change { field: field.to_owned(), from, to, class });
    }
    Change::go_along(&mut changes);
    changes
}

/// Whether two values mean the same. Of a map only the keys that are wanted count: who removes one keeps what exists.
pub(in crate::backend::gcp) fn is_same(from: &Value, to: &Value) -> bool {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => to.iter().all(|(key, value)| from.get(key) == Some(value)),
        (Value::Array(from), Value::Array(to)) => {
            from.len() == to.len()
                && to.iter().all(|item| from.contains(item))
                && from.iter().all(|item| to.contains(item))
        }
        _ => from == to,
    }
}

/// What will be there: a map keeps the keys that nobody mentions.
fn merged(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let mut all = from.clone();
    all.extend(to.iter().map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(all)
}

/// Whether two paths mean the same network. One that was wanted without a project means that of the instance.
pub(in crate::backend::gcp) fn same_network(from: &Value, to: &Value) -> bool {
    let (Some(from), Some(to)) = (from.as_str(), to.as_str()) else { return from == to };
    from == to || from.strip_suffix(to).is_some_and(|rest| rest.ends_with('/'))
}

/// What another version costs: Google upgrades in place, and never goes back.
pub(in crate::backend::gcp) fn version_class(from: &Value, to: &Value) -> Class {
    let newer =
        to.as_str().and_then(Version::parse).zip(from.as_str()).is_some_and(|(to, from)| to.compare(from).is_gt());
    if newer { Class::Disruptive } else { Class::Impossible }
}

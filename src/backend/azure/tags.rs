//! Tags: what a request wants, and the mark beside it.
//!
//! A resource has at most 50 tags; their names are compared without regard to case. A PATCH replaces all of them, so every
//! write carries everything that is to stay.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::backend::{Ownership, Resolved, inputs};
use crate::cache::{FieldError, Mark, Spec};

/// What the names of the driver's own tags begin with.
const OWN: &str = "cache-driver-";
const MANAGED_BY: &str = "managed-by";
const DRIVER: &str = "cache-driver";
/// When the cache was made: no cache of Managed Redis tells that itself.
pub(super) const BORN: &str = "cache-driver-born";
/// Which parts beside the database were wanted when it was made.
pub(super) const PARTS: &str = "cache-driver-parts";
/// When a key came into use that was made anew.
pub(super) const REKEYED: &str = "cache-driver-rekeyed";
/// Tags of a resource, without those that the driver may need.
const MOST: usize = 50 - 20;
/// What Azure allows in no name of a tag.
const FORBIDDEN: &str = "<>%&\\?/";
/// What Azure keeps for itself.
const RESERVED: [&str; 3] = ["microsoft", "azure", "windows"];

/// Resolves `tags` and `context`. A tag of the request's wins over the same key of the context.
pub(super) fn resolve(spec: &Spec, out: &mut Resolved, errors: &mut Vec<FieldError>) {
    let mut tags = Map::new();
    for (key, value) in &spec.context {
        tags.insert(key.replace('_', "-"), value.as_str().into());
    }
    for (key, value) in &spec.tags {
        let lower = key.to_ascii_lowercase();
        let reserved = RESERVED.iter().any(|word| lower.starts_with(word)) || is_own(key);
        if reserved || key.contains(|c| FORBIDDEN.contains(c)) {
            let expected = "a key that neither azure nor the driver keeps for itself, without any of <>%&\\?/";
            errors.push(FieldError::new(spec.path_of(&format!("tags.{key}")), expected, key.as_str()));
            continue;
        }
        tags.retain(|known: &String, _| !known.eq_ignore_ascii_case(key));
        tags.insert(key.clone(), value.as_str().into());
    }
    if tags.len() > MOST {
        let expected = format!("at most {MOST} tags, the context's included");
        errors.push(FieldError::new(spec.path_of("tags"), expected, tags.len().to_string()));
    }
    if !tags.is_empty() {
        out.put("tags", Value::Object(tags), inputs::origin_of_tags(spec));
    }
}

fn is_own(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with(OWN) || key == MANAGED_BY
}

/// The tags of a resource, as the cloud tells them; it says `null` for none.
pub(super) fn of(resource: &Value) -> BTreeMap<String, String> {
    let tags = resource.get("tags").and_then(Value::as_object).into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A tag by its name.
pub(super) fn get<'a>(tags: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
}

/// Whose the resource is, as its tags say.
pub(super) fn ownership(tags: &BTreeMap<String, String>) -> Ownership {
    match Mark::from_pairs(|key| get(tags, &format!("{OWN}{key}"))) {
        Ok(mark) => Ownership::Marked(Box::new(mark)),
        Err(error) => Ownership::Foreign(error),
    }
}

/// Whether they say that it is the driver's, for the resource of this id. Parts bear no more of the mark.
pub(super) fn bear(tags: &BTreeMap<String, String>, id: &str) -> bool {
    get(tags, MANAGED_BY) == Some(DRIVER) && get(tags, &format!("{OWN}id")) == Some(id)
}

/// The tags that are not the driver's.
pub(super) fn foreign(tags: &BTreeMap<String, String>) -> Map<String, Value> {
    let others = tags.iter().filter(|(key, _)| !is_own(key));
    others.map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}

/// The driver's tags that are no part of the mark and stay for life.
pub(super) fn lasting(tags: &BTreeMap<String, String>) -> Map<String, Value> {
    let kept =
        [BORN, PARTS, REKEYED].into_iter().filter_map(|key| Some((key.to_owned(), Value::from(get(tags, key)?))));
    kept.collect()
}

/// Everything that a write has to carry: others' tags, the mark, and what stays for life.
pub(super) fn all(others: &Map<String, Value>, mark: &Mark, lasting: &Map<String, Value>) -> Map<String, Value> {
    let mut tags: Map<String, Value> =
        others.iter().filter(|(key, _)| !is_own(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    tags.insert(MANAGED_BY.to_owned(), DRIVER.into());
    for (key, value) in mark.to_pairs() {
        tags.insert(format!("{OWN}{key}"), value.into());
    }
    tags.extend(lasting.iter().map(|(key, value)| (key.clone(), value.clone())));
    tags
}

/// Others' tags with those of a request over them.
pub(super) fn merged(there: Option<&Value>, wanted: Option<&Value>) -> Map<String, Value> {
    let mut tags = there.and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, value) in wanted.and_then(Value::as_object).into_iter().flatten() {
        tags.retain(|known, _| !known.eq_ignore_ascii_case(key));
        tags.insert(key.clone(), value.clone());
    }
    tags
}

/// Whether every wanted tag is there. Tags that nobody asked for are somebody else's business.
pub(super) fn covered(there: &Value, wanted: &Value) -> bool {
    let (Some(there), Some(wanted)) = (there.as_object(), wanted.as_object()) else { return there == wanted };
    let has = |key: &str, value: &Value| there.iter().any(|(k, v)| k.eq_ignore_ascii_case(key) && v == value);
    wanted.iter().all(|(key, value)| has(key, value))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::cache::{GuResId, Intent, MarkError, OnDelete, Password, State};

    fn mark() -> Mark {
        Mark {
            state: State::Retired,
            capacity: Some("12.5".to_owned()),
            password: Some(Password { key: "k1".to_owned(), generation: 3, salt: "abcdefghijklmnop".to_owned() }),
            on_delete: OnDelete::Hold,
            hold_hours: Some(8760),
            ttl: Some(std::time::Duration::from_hours(24)),
            protected: true,
            adopted: true,
            intent: Some(Intent::Settle(Timestamp::from_second(1_900_000_000).unwrap())),
            route: Some("redis".to_owned()),
            ..Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), Timestamp::UNIX_EPOCH)
        }
    }

    fn read(tags: &Map<String, Value>) -> BTreeMap<String, String> {
        of(&json!({ "tags": tags }))
    }

    #[test]
    fn a_mark_is_read_back_whatever_case_its_keys_come_in() {
        let lasting = json!({BORN: "0", PARTS: "privateEndpoint", REKEYED: "0"}).as_object().unwrap().clone();
        let written = all(&Map::new(), &mark(), &lasting);
        assert!(written.len() <= 20, "{}", written.len());
        assert_eq!(ownership(&read(&written)), Ownership::Marked(Box::new(mark())));
        let shouted = written.iter().map(|(key, value)| (key.to_uppercase(), value.clone())).collect();
        assert_eq!(ownership(&read(&shouted)), Ownership::Marked(Box::new(mark())));
        assert_eq!(super::lasting(&read(&written)), lasting);
        assert_eq!(ownership(&BTreeMap::new()), Ownership::Foreign(MarkError::Foreign));
    }

    #[test]
    fn writing_a_mark_leaves_others_tags_and_drops_what_the_new_one_lacks() {
        let old = all(json!({"team": "a"}).as_object().unwrap(), &mark(), &Map::new());
        let new = Mark { intent: None, protected: false, ..mark() };
        let rewritten = all(&foreign(&read(&old)), &new, &Map::new());
        assert_eq!(rewritten["team"], "a");
        assert!(!rewritten.contains_key("cache-driver-i") && !rewritten.contains_key("cache-driver-p"));
    }

    #[test]
    fn tags_win_over_the_context_and_reserved_keys_are_refused() {
        let mut spec = Spec::default();
        spec.context.insert("env_type".to_owned(), "production".to_owned());
        spec.tags.insert("Env-Type".to_owned(), "prod".to_owned());
        let (mut out, mut errors) = (Resolved::default(), Vec::new());
        resolve(&spec, &mut out, &mut errors);
        assert_eq!(out.fields["tags"], json!({"Env-Type": "prod"}));
        assert!(errors.is_empty());
        for reserved in ["azure-x", "Managed-By", "cache-driver-id", "a/b"] {
            spec.tags.insert(reserved.to_owned(), "x".to_owned());
        }
        resolve(&spec, &mut out, &mut errors);
        assert_eq!(errors.len(), 4);
    }

    #[test]
    fn only_wanted_tags_are_compared() {
        let there = json!({"Team": "a", "other": "b"});
        assert!(covered(&there, &json!({"team": "a"})));
        assert!(!covered(&there, &json!({"team": "b"})) && !covered(&there, &json!({"new": "a"})));
        assert_eq!(
            merged(Some(&there), Some(&json!({"team": "c"}))),
            *json!({"other": "b", "team": "c"}).as_object().unwrap()
        );
    }
}

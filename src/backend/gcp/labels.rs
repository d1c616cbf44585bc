//! The mark and the tags as labels: keys and values of `[a-z0-9_-]`, at most 63 characters each, at most 64 labels.
//!
//! The mark stands under `cache-driver-<key>`. Tags are made to fit: lower case, whatever Google does not allow becomes `-` in
//! a key and `_` in a value, a key that does not begin with a letter gets `t-` before it, both are cut at 63 characters. Of tags
//! for which there is no room the last are left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::instances::entries;
use crate::backend::Ownership;
use crate::cache::Mark;

/// Labels by key.
pub(super) type Labels = BTreeMap<String, String>;

/// What the mark's keys begin with. Labels of others never do.
const PREFIX: &str = "cache-driver-";
const MANAGED_BY: (&str, &str) = ("managed-by", "cache-driver");
const MOST: usize = 64;
const LONGEST: usize = 63;

/// The labels of a cache: `tags` as far as they fit, what `others` has that is not ours, and the mark.
pub(super) fn labels(mark: &Mark, tags: &[(String, String)], others: &Labels) -> Labels {
    let mut labels = others.clone();
    labels.retain(|key, _| !is_ours(key));
    let mut own = Labels::new();
    own.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
    own.extend(mark.to_pairs().into_iter().map(|(key, value)| (format!("{PREFIX}{key}"), encode(&value))));
    for (key, value) in tags {
        let key = legal_key(key);
        if is_ours(&key) || !labels.contains_key(&key) && labels.len() + own.len() >= MOST {
            continue;
        }
        labels.insert(key, legal(value, '_'));
    }
    labels.append(&mut own);
    labels
}

/// The labels of a resource.
pub(super) fn of(resource: &Value) -> Labels {
    entries(resource.get("labels"))
}

/// Whose it is, as its labels say.
pub(super) fn ownership(labels: &Labels) -> Ownership {
    let mark: BTreeMap<&str, String> =
        labels.iter().filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?, decode(value)))).collect();
    match Mark::from_pairs(|key| mark.get(key).map(String::as_str)) {
        Ok(mark) => Ownership::Marked(Box::new(mark)),
        Err(error) => Ownership::Foreign(error),
    }
}

/// Whether only the driver writes a label of this key.
pub(super) fn is_ours(key: &str) -> bool {
    key.starts_with(PREFIX) || key == MANAGED_BY.0
}

/// A tag's key as a label's: it begins with a letter.
pub(super) fn legal_key(key: &str) -> String {
    let key = legal(key, '-');
    if key.starts_with(|c: char| c.is_ascii_lowercase()) { key } else { legal(&format!("t-{key}"), '-') }
}

/// A text with nothing in it that a label may not have.
pub(super) fn legal(text: &str, other: char) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    text.to_lowercase().chars().map(|c| if fits(c) { c } else { other }).take(LONGEST).collect()
}

/// Marks hold `.`, which labels do not: `_` begins an escape, `__` is itself, `_d` is a dot, `_x2f_` any other character.
fn encode(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            'a'..='z' | '0'..='9' | '-' => out.push(c),
            '_' => out.push_str("__"),
            '.' => out.push_str("_d"),
            other => {
                let _ = write!(out, "_x{:x}_", u32::from(other));
            }
        }
    }
    out
}

/// Reads what [`encode`] wrote. What it did not write stays as it is: the mark then says what cannot be read.
fn decode(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((plain, escape)) = rest.split_once('_') {
        out.push_str(plain);
        let hex = escape.strip_prefix('x').and_then(|hex| hex.split_once('_'));
        let code = hex.and_then(|(hex, after)| Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, after)));
        let (c, after) = match (escape.strip_prefix('_'), escape.strip_prefix('d'), code) {
            (Some(after), _, _) => ('_', after),
            (_, Some(after), _) => ('.', after),
            (_, _, Some((c, after))) => (c, after),
            _ => return value.to_owned(),
        };
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::cache::{GuResId, Intent, MarkError, OnDelete, Password, State};

    fn any_mark() -> impl Strategy<Value = Mark> {
        let password = ("[a-z0-9-]{1,16}", any::<u16>(), "[a-z2-7]{16}").prop_map(|(key, generation, salt)| Password {
            key,
            generation: generation.into(),
            salt,
        });
        let time = (1_000_000_000_i64..9_999_999_999).prop_map(|second| Timestamp::from_second(second).unwrap());
        let intent = prop_oneof![time.clone().prop_map(Intent::Settle), time.clone().prop_map(Intent::DeleteAfter)];
        (
            ("[a-z0-9-]{3,63}", "[0-9a-f]{12}", time, proptest::option::of("[a-z0-9._]{1,8}")),
            (proptest::option::of(password), 0..4_usize, any::<bool>(), any::<bool>()),
            (proptest::option::of(intent), proptest::option::of("[a-z0-9-]{1,16}"), 0..State::ALL.len()),
            (1..=8760_u32, proptest::option::of(1..=99_999_u64)),
        )
            .prop_map(
                |(
                    (id, want, since, capacity),
                    (password, deletion, protected, adopted),
                    (intent, route, state),
                    (hours, days),
                )| {
                    let on_delete = OnDelete::ALL[deletion];
                    Mark {
                        state: State::ALL[state],
                        capacity,
                        password,
                        on_delete,
                        hold_hours: Some(hours).filter(|_| on_delete == OnDelete::Hold),
                        protected,
                        adopted,
                        intent,
                        ttl: days.map(|days| std::time::Duration::from_secs(days * 86_400)),
                        route,
                        ..Mark::new(GuResId::parse(&id).unwrap(), want, since)
                    }
                },
            )
    }

    fn mark() -> Mark {
        Mark::new(GuResId::parse("res-1").unwrap(), "0123456789ab".to_owned(), Timestamp::UNIX_EPOCH)
    }

    fn assert_legal(labels: &Labels) {
        let fits = |text: &str| {
            let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
            text.len() <= LONGEST && text.bytes().all(legal)
        };
        assert!(labels.len() <= MOST);
        for (key, value) in labels {
            assert!(fits(key) && fits(value) && key.as_bytes()[0].is_ascii_lowercase(), "{key}={value}");
        }
    }

    proptest! {
        #[test]
        fn every_mark_survives_and_every_label_is_legal(
            mark in any_mark(),
            tags in proptest::collection::vec((".{0,80}", ".{0,80}"), 0..70),
        ) {
            let labels = labels(&mark, &tags, &Labels::new());
            assert_legal(&labels);
            prop_assert_eq!(ownership(&labels), Ownership::Marked(Box::new(mark)));
        }

        #[test]
        fn any_text_survives_the_way_into_a_label_and_back(text in ".{0,20}") {
            prop_assert_eq!(decode(&encode(&text)), text);
        }

        #[test]
        fn any_label_is_read_without_a_panic(value in "[a-z0-9_-]{0,63}") {
            let _ = decode(&value);
        }
    }

    #[test]
    fn labels_of_others_are_kept_and_stale_ones_of_ours_go() {
        let protected = Mark { protected: true, ..mark() };
        let mut others = Labels::from([("team".to_owned(), "shop".to_owned()), ("goog-x".to_owned(), "1".to_owned())]);
        others.append(&mut labels(&protected, &[], &Labels::new()));
        let tags = [("Team".to_owned(), "Web".to_owned()), ("managed-by".to_owned(), "somebody".to_owned())];
        let after = labels(&mark(), &tags, &others);
        assert_eq!((after["team"].as_str(), after["goog-x"].as_str()), ("web", "1"));
        assert_eq!(after["managed-by"], "cache-driver");
        assert!(!after.contains_key("cache-driver-p"));
        assert_eq!(ownership(&after), Ownership::Marked(Box::new(mark())));
    }

    #[test]
    fn a_strangers_labels_are_foreign_and_a_broken_mark_is_garbled() {
        let foreign = Labels::from([("team".to_owned(), "shop".to_owned())]);
        assert_eq!(ownership(&foreign), Ownership::Foreign(MarkError::Foreign));
        let broken = Labels::from([("cache-driver-id".to_owned(), "res-1".to_owned())]);
        assert_eq!(ownership(&broken), Ownership::Foreign(MarkError::Garbled("w")));
    }

    #[test]
    fn tags_are_made_to_fit() {
        let tags = [("1st Team".to_owned(), "Shop (EU)".to_owned()), ("Ä".to_owned(), String::new())];
        let labels = labels(&mark(), &tags, &Labels::new());
        assert_eq!((labels["t-1st-team"].as_str(), labels["t--"].as_str()), ("shop__eu_", ""));
        assert_legal(&labels);
    }
}

//! What is wanted, in the product's own words, and how it differs from what is there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fields, Observed};
use crate::cache::Origin;
use crate::cache::product::words;

words! {
    /// What a change costs.
    Class, "change class" {
        /// Nothing happens at the cloud.
        None = "none",
        /// Applied while clients go on.
        InPlace = "in-place",
        /// A short interruption or failover.
        Disruptive = "disruptive",
        /// The cache is made anew: data and endpoint are lost.
        Replace = "replace",
        /// Cannot be done at all.
        Impossible = "impossible",
    }
}

/// One field that differs between what is wanted and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The product's own field name.
    pub field: String,
    /// What is there.
    pub from: Value,
    /// What is wanted.
    pub to: Value,
    /// What it costs.
    pub class: Class,
}

impl Change {
    /// What is made anew gets all else with it: what could not be done to the old cache can be done to the new one.
    pub fn go_along(changes: &mut [Self]) {
        if changes.iter().any(|change| change.class == Class::Replace) {
            let impossible = changes.iter_mut().filter(|change| change.class == Class::Impossible);
            impossible.for_each(|change| change.class = Class::Replace);
        }
    }
}

/// A specification in the product's own words: what a create would send.
///
/// Every backend has the fields `auth` (the word of [`Auth`](crate::cache::Auth)) and `tls` (a flag); the others are the product's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Resolved {
    /// Every field, defaults included.
    pub fields: Fields,
    /// Names of those that somebody asked for. Only these are compared with what exists.
    pub set: BTreeSet<String>,
    /// Names of those that only a route's defaults ask for. They are compared only if the config says so.
    pub by_route: BTreeSet<String>,
    /// The size as it was asked for: see [`Mark::capacity`](crate::cache::Mark::capacity).
    pub capacity: Option<String>,
    /// GiB per shard that the offering really has.
    pub memory_gb: Option<f64>,
    /// What the caller should know, though nothing is wrong.
    pub warnings: Vec<String>,
}

impl Resolved {
    /// Puts a field. `origin` is where it was set; `None` for a default of the product.
    pub fn put(&mut self, field: &str, value: impl Into<Value>, origin: Option<&Origin>) {
        self.fields.insert(field.to_owned(), value.into());
        match origin {
            Some(Origin::Route(_)) => self.by_route.insert(field.to_owned()),
            Some(_) => self.set.insert(field.to_owned()),
            None => false,
        };
    }

    /// Whether somebody asked for a field. One that follows from a size (`sized`) is asked for only when the word for the size is
    /// another than that of the mark: a changed table of sizes moves no existing cache.
    #[must_use]
    pub fn asks_for(&self, field: &str, sized: &[&str], seen: &Observed) -> bool {
        let same_capacity =
            || self.capacity.is_some() && seen.mark().is_some_and(|mark| mark.capacity == self.capacity);
        self.set.contains(field) && !(sized.contains(&field) && same_capacity())
    }

    /// A field as text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// A field as a number.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.as_i64()
    }

    /// A field as yes or no.
    #[must_use]
    pub fn flag(&self, field: &str) -> Option<bool> {
        self.fields.get(field)?.as_bool()
    }

    /// A field as a list of texts; empty if it is none.
    #[must_use]
    pub fn list(&self, field: &str) -> Vec<String> {
        let items = self.fields.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

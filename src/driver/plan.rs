//! What a PUT would do.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::{Change, Class, Fields, Pace, Step};
use crate::cache::product::words;
use crate::cache::{CacheName, GuResId, Product, Provider};

words! {
    /// What a PUT would do, in one word.
    Action, "action" {
        /// Make it.
        Create = "create",
        /// Nothing.
        None = "none",
        /// Change it.
        Update = "update",
        /// Remove it and make it anew.
        Replace = "replace",
        /// Remove it.
        Delete = "delete",
        /// Take it over.
        Adopt = "adopt",
        /// Refuse.
        Refuse = "refuse",
    }
}

/// One change with the id that allows it once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlannedChange {
    /// Put this into `allow` to have a change of class `replace` made. It allows this change of this resource only.
    pub id: String,
    /// The product's own field.
    pub field: String,
    /// What is there.
    #[schema(value_type = Value)]
    pub from: Value,
    /// What is wanted.
    #[schema(value_type = Value)]
    pub to: Value,
    /// What it costs.
    pub class: Class,
}

impl PlannedChange {
    /// The change of this resource, with its id.
    #[must_use]
    pub fn new(id: &GuResId, change: &Change) -> Self {
        Self {
            id: change_id(id, change),
            field: change.field.clone(),
            from: change.from.clone(),
            to: change.to.clone(),
            class: change.class,
        }
    }
}

/// The id of a change: made from the resource, the field, and both values, so that it allows one change once.
#[must_use]
pub fn change_id(id: &GuResId, change: &Change) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [id.as_str(), &change.field, &change.from.to_string(), &change.to.to_string()] {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let hash = context.finish();
    let number = hash.as_ref()[..5].iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{}-{number:010x}", change.field.replace('_', "-"))
}

/// A call that the plan would make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlannedStep {
    /// The cloud call, in the cloud's own name.
    pub call: String,
    /// Why it is made.
    pub why: String,
    /// Whether the cloud works on after it.
    #[schema(value_type = String)]
    pub pace: Pace,
}

impl From<&Step> for PlannedStep {
    fn from(step: &Step) -> Self {
        Self { call: step.call.to_owned(), why: step.why.clone(), pace: step.pace }
    }
}

/// What a PUT would do, without doing it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Plan {
    /// In one word.
    pub action: Action,
    /// The cloud.
    pub provider: Provider,
    /// The product.
    pub product: Product,
    /// The name at the cloud.
    #[schema(value_type = String)]
    pub name: CacheName,
    /// The calls, in order.
    pub steps: Vec<PlannedStep>,
    /// What differs from what is there.
    pub changes: Vec<PlannedChange>,
    /// The whole specification in the product's own words, defaults included.
    #[schema(value_type = Object)]
    pub resolved: Fields,
    /// GiB per shard that the offering has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_gb: Option<f64>,
    /// What the caller should know.
    pub warnings: Vec<String>,
    /// Why it is refused, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_id_allows_one_change_of_one_resource() {
        let id = |text: &str| GuResId::parse(text).unwrap();
        let change =
            |field: &str, from: Value, to: Value| Change { field: field.into(), from, to, class: Class::Replace };
        let one = change_id(&id("res-1"), &change("node_type", json!("a"), json!("b")));
        assert_eq!(one, change_id(&id("res-1"), &change("node_type", json!("a"), json!("b"))));
        for other in [
            change_id(&id("res-2"), &change("node_type", json!("a"), json!("b"))),
            change_id(&id("res-1"), &change("engine", json!("a"), json!("b"))),
            change_id(&id("res-1"), &change("node_type", json!("b"), json!("a"))),
            change_id(&id("res-1"), &change("node_type", json!("a"), json!("c"))),
        ] {
            assert_ne!(one, other);
        }
    }
}

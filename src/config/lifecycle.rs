//! `[lifecycle]`: patience, grace times and what happens in doubt.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::scalar;
use crate::cache::{Product, Provider};

/// Patience, grace times and what happens in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifecycle {
    /// Whether changed defaults and sizes reach caches that exist. Default `create`: they do not.
    pub defaults_apply: DefaultsApply,
    /// What DELETE answers when nothing could be looked up. Default `fail`.
    pub delete_unverifiable: DeleteUnverifiable,
    /// Pause between two looks at a cache that is being worked on in the background. Default `10s`.
    #[serde(with = "scalar::duration")]
    pub poll_interval: Duration,
    /// Caches that are worked on in the background at the same time; the others wait for their next request.
    /// Default 1024.
    #[serde(deserialize_with = "scalar::read")]
    pub background_tasks: usize,
    /// Bounds of `Retry-After`.
    pub retry_after: RetryAfter,
    /// How long a cache that was replaced on another provider still runs. Default `24h`.
    #[serde(with = "scalar::duration")]
    pub replace_grace: Duration,
    /// How long the old password still works after a rotation. Default `1h`.
    #[serde(with = "scalar::duration")]
    pub rotate_grace: Duration,
    /// Per product: when an operation that is still not done counts as failed.
    pub deadlines: BTreeMap<Product, Deadlines>,
}

/// Whether changed defaults and sizes reach caches that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultsApply {
    /// Defaults are looked at when a cache is made, and never again.
    Create,
    /// Each PUT brings the cache in line with the defaults of the day.
    Always,
}

/// What DELETE answers when nothing could be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeleteUnverifiable {
    /// RES-103: somebody must look.
    Fail,
    /// 204, with a warning in the log.
    Succeed,
}

/// Bounds of `Retry-After`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryAfter {
    /// The shortest. Default `5s`.
    #[serde(with = "scalar::duration")]
    pub min: Duration,
    /// The longest. Default `1m`.
    #[serde(with = "scalar::duration")]
    pub max: Duration,
}

/// When an operation that is still not done counts as failed (RES-108).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deadlines {
    /// From the request until the cache is ready.
    #[serde(with = "scalar::duration")]
    pub create: Duration,
    /// For one update.
    #[serde(with = "scalar::duration")]
    pub update: Duration,
    /// Until the cache is gone.
    #[serde(with = "scalar::duration")]
    pub delete: Duration,
}

impl Lifecycle {
    /// The deadlines of a product.
    #[must_use]
    pub fn deadlines_of(&self, product: Product) -> Deadlines {
        self.deadlines.get(&product).copied().unwrap_or_else(|| Deadlines::of(product))
    }
}

impl Deadlines {
    /// The built-in deadlines: AWS as Terraform's provider has them (60, 40, 45 minutes; creates that took an hour have
    /// been seen), Google Cloud as Terraform's for its slowest product (60, 120, 30), Azure an hour throughout.
    #[must_use]
    pub const fn of(product: Product) -> Self {
        let (create, update, delete) = match product.provider() {
            Provider::Aws => (60, 40, 45),
            Provider::Gcp => (60, 120, 30),
            Provider::Azure => (60, 60, 60),
        };
        Self {
            create: Duration::from_mins(create),
            update: Duration::from_mins(update),
            delete: Duration::from_mins(delete),
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self { create: hour, update: hour, delete: hour }
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            defaults_apply: DefaultsApply::Create,
            delete_unverifiable: DeleteUnverifiable::Fail,
            poll_interval: Duration::from_secs(10),
            background_tasks: 1024,
            retry_after: RetryAfter::default(),
            replace_grace: Duration::from_hours(24),
            rotate_grace: Duration::from_hours(1),
            deadlines: Product::ALL.iter().map(|product| (*product, Deadlines::of(*product))).collect(),
        }
    }
}

impl Default for RetryAfter {
    fn default() -> Self {
        Self { min: Duration::from_secs(5), max: Duration::from_mins(1) }
    }
}

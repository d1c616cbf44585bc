//! Sizes in words, and what each product offers for them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::product::words;
use super::{Capacity, Product, UnknownWord};

words! {
    /// A size in words. What it promises is the same on every cloud.
    Size, "size" {
        /// 0.5 GiB.
        Nano = "nano",
        /// 1 GiB.
        Small = "small",
        /// 3 GiB.
        Medium = "medium",
        /// 6 GiB.
        Large = "large",
        /// 12 GiB.
        Xlarge = "xlarge",
        /// 24 GiB.
        Xlarge2 = "2xlarge",
    }
}

impl Size {
    /// The GiB that it promises, per shard.
    #[must_use]
    pub const fn promised_gb(self) -> f64 {
        match self {
            Self::Nano => 0.5,
            Self::Small => 1.0,
            Self::Medium => 3.0,
            Self::Large => 6.0,
            Self::Xlarge => 12.0,
            Self::Xlarge2 => 24.0,
        }
    }
}

/// One way to get a size from a product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offering {
    /// The product's own fields, under the names of the native blocks (`node_type = "cache.m7g.large"`).
    pub fields: BTreeMap<String, Value>,
    /// What it really has per shard, in GiB as the vendor states it.
    pub memory_gb: f64,
}

/// More memory was asked for than the product's largest row has.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{product} offers at most {largest_gb} GiB per shard by size ({asked_gb} asked for)")]
pub struct TooBig {
    /// The product.
    pub product: Product,
    /// GiB that were asked for.
    pub asked_gb: f64,
    /// GiB of its largest row.
    pub largest_gb: f64,
}

/// What each product offers for each size. Comes from `config/sizes.toml`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeTable {
    products: BTreeMap<Product, Rows>,
}

/// The rows of one product.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Rows {
    plain: BTreeMap<Size, Vec<Offering>>,
    /// With high availability, where that needs other offerings.
    ha: BTreeMap<Size, Vec<Offering>>,
}

impl SizeTable {
    /// The offerings for a capacity, best first. A memory in GiB is rounded up to the smallest row that holds it.
    ///
    /// With `high_availability` the row is the product's own for that, where it has one.
    pub fn offerings(
        &self,
        product: Product,
        capacity: Capacity,
        high_availability: bool,
    ) -> Result<&[Offering], TooBig> {
        todo!()
    }
}

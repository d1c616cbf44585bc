//! Sizes in words, and what each product offers for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{find, native, read_value};
use super::product::words;
use super::{Capacity, FieldError, Product};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offering {
    /// What it really has per shard, in GiB as the vendor states it.
    pub memory_gb: f64,
    /// Why it has less than its size promises, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_because: Option<String>,
    /// The product's own fields, under the names of the native blocks (`node_type = "cache.m7g.large"`).
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
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

impl TooBig {
    /// The same as an error of the field at `path`.
    #[must_use]
    pub fn field_error(&self, path: impl Into<String>) -> FieldError {
        FieldError::new(path, format!("at most {} for {}", self.largest_gb, self.product), self.asked_gb.to_string())
            .hint("spread the data with `mode = cluster` and `shards`, or name the product's own node type or SKU")
    }
}

/// What each product offers for each size. Comes from `config/sizes.toml`, or a file of the same form.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SizeTable {
    products: BTreeMap<Product, Rows>,
}

/// The rows of one product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Rows {
    /// With high availability, where that needs other offerings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    high_availability: BTreeMap<Size, Vec<Offering>>,
    #[serde(flatten)]
    plain: BTreeMap<Size, Vec<Offering>>,
}

impl SizeTable {
    /// The table that is built in.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(include_str!("../../config/sizes.toml")).expect("the embedded sizes table is whole")
    }

    /// Reads a table and checks that it is whole: every product has every size, with ascending memory that keeps the
    /// promise, made of fields that the native blocks know. The error names product and size.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let products: BTreeMap<Product, Rows> = toml::from_str(toml).map_err(|error| error.message().to_owned())?;
        let table = Self { products };
        for product in Product::ALL {
            let rows = table.products.get(product).ok_or_else(|| format!("{product}: no sizes"))?;
            for high_availability in [false, true] {
                rows.check(*product, high_availability)?;
            }
        }
        Ok(table)
    }

    /// The offerings for a capacity, best first. A memory in GiB is rounded up to the smallest row that holds it.
    ///
    /// With `high_availability` it is the product's row for that, where it has one.
    pub fn offerings(
        &self,
        product: Product,
        capacity: Capacity,
        high_availability: bool,
    ) -> Result<&[Offering], TooBig> {
        let rows = &self.products[&product];
        match capacity {
            Capacity::Size(size) => Ok(rows.row(size, high_availability)),
            Capacity::MemoryGb(asked_gb) => {
                let mut sizes = Size::ALL.iter().map(|size| rows.row(*size, high_availability));
                sizes.find(|row| row.iter().all(|offering| offering.memory_gb >= asked_gb)).ok_or_else(|| {
                    let largest = rows.row(Size::Xlarge2, high_availability);
                    TooBig { product, asked_gb, largest_gb: least(largest) }
                })
            }
        }
    }

    /// The memory in GiB that goes with a value of a product's own field, if the field says it or the table knows.
    #[must_use]
    pub fn memory_of(&self, product: Product, field: &str, value: &Value) -> Option<f64> {
        match field {
            "memory_size_gb" | "max_storage_gb" => value.as_f64(),
            "memory_size_mb" => value.as_f64().map(|mb| mb / 1024.0),
            _ => {
                let rows = self.products.get(&product)?;
                let mut all = rows.plain.values().chain(rows.high_availability.values()).flatten();
                all.find(|offering| offering.fields.get(field) == Some(value)).map(|offering| offering.memory_gb)
            }
        }
    }
}

impl Rows {
    fn row(&self, size: Size, high_availability: bool) -> &[Offering] {
        let special = self.high_availability.get(&size).filter(|_| high_availability);
        special.or_else(|| self.plain.get(&size)).map_or(&[], Vec::as_slice)
    }

    fn check(&self, product: Product, high_availability: bool) -> Result<(), String> {
        let mut before = 0.0;
        for size in Size::ALL {
            let row = self.row(*size, high_availability);
            if row.is_empty() {
                return Err(format!("{product}: nothing for size {size}"));
            }
            for offering in row {
                offering.check(product, *size)?;
            }
            let memory = least(row);
            if memory < before {
                return Err(format!("{product}: size {size} has less memory than the size below it"));
            }
            before = memory;
        }
        Ok(())
    }
}

impl Offering {
    fn check(&self, product: Product, size: Size) -> Result<(), String> {
        let promised = size.promised_gb();
        if self.memory_gb < promised && self.short_because.is_none() {
            let gb = self.memory_gb;
            return Err(format!("{product}: size {size} promises {promised} GiB, and an offering has {gb}"));
        }
        if self.fields.is_empty() {
            return Err(format!("{product}: an offering for size {size} has no fields"));
        }
        let known = native(product.provider());
        for (key, value) in &self.fields {
            let field = find(known, key);
            let field = field.ok_or_else(|| format!("{product}: `{key}` is no field of {}", product.provider()))?;
            if read_value(&field.kind, key, value, &mut Vec::new()).as_ref() != Some(value) {
                return Err(format!("{product}: `{key}` of size {size} is not {}", field.kind.expected()));
            }
        }
        Ok(())
    }
}

/// What every offering of a row has at least.
fn least(row: &[Offering]) -> f64 {
    row.iter().map(|offering| offering.memory_gb).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        let table = SizeTable::embedded();
        for product in Product::ALL {
            for size in Size::ALL {
                for high_availability in [false, true] {
                    let row = table.offerings(*product, Capacity::Size(*size), high_availability).unwrap();
                    assert!(row.iter().all(|offering| offering.memory_gb >= size.promised_gb()), "{product} {size}");
                }
            }
        }
    }

    #[test]
    fn a_memory_is_rounded_up_to_the_smallest_row_that_holds_it() {
        let table = SizeTable::embedded();
        let first = |product, gb, ha| table.offerings(product, Capacity::MemoryGb(gb), ha).unwrap()[0].clone();
        assert_eq!(first(Product::AwsReplicationGroup, 0.5, false).fields["node_type"], "cache.t4g.micro");
        assert_eq!(first(Product::AwsReplicationGroup, 1.38, false).fields["node_type"], "cache.t4g.medium");
        assert_eq!(first(Product::GcpRedis, 2.0, false).fields["memory_size_gb"], 3);
        assert_eq!(first(Product::GcpValkey, 1.0, false).fields["node_type"], "SHARED_CORE_NANO");
        assert_eq!(first(Product::GcpValkey, 1.0, true).fields["node_type"], "STANDARD_SMALL");
        assert_eq!(first(Product::AzureClassicRedis, 24.0, true).fields["sku"], "Premium_P3");
    }

    #[test]
    fn too_much_memory_names_the_largest_that_there_is() {
        let table = SizeTable::embedded();
        let too_big = table.offerings(Product::AzureManagedRedis, Capacity::MemoryGb(25.0), false).unwrap_err();
        assert_eq!(too_big.to_string(), "azure/managed-redis offers at most 24 GiB per shard by size (25 asked for)");
        let error = too_big.field_error("driver.values.memory_gb");
        assert_eq!(error.expected, "at most 24 for azure/managed-redis");
        assert!(error.hint.unwrap().contains("cluster"));
    }

    #[test]
    fn memory_is_told_by_the_field_or_by_the_table() {
        let table = SizeTable::embedded();
        let memory = |product, field, value: Value| table.memory_of(product, field, &value);
        assert_eq!(memory(Product::AwsReplicationGroup, "node_type", "cache.r6g.xlarge".into()), Some(26.32));
        assert_eq!(memory(Product::GcpRedis, "memory_size_gb", 5.into()), Some(5.0));
        assert_eq!(memory(Product::GcpMemcached, "memory_size_mb", 1536.into()), Some(1.5));
        assert_eq!(memory(Product::AwsReplicationGroup, "node_type", "cache.x9.large".into()), None);
    }

    #[test]
    fn a_table_that_is_not_whole_is_refused_by_product_and_size() {
        let whole = include_str!("../../config/sizes.toml");
        let refused = |from: &str, to: &str, reason: &str| {
            assert!(whole.contains(from));
            let error = SizeTable::parse(&whole.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(reason), "{error}");
        };
        refused("[\"gcp/redis\"]", "[\"gcp/radish\"]", "gcp/radish");
        refused(
            "memory_size_gb = 12, memory_gb = 12",
            "memory_size_gb = 12, memory_gb = 11",
            "size xlarge promises 12 GiB",
        );
        refused("Balanced_B20", "B20", "`sku` of size 2xlarge");
        refused("cpu_count = 4", "cpus = 4", "`cpus` is no field of gcp");
        refused(
            "xlarge = [{ sku = \"Basic_C4\", memory_gb = 13 }]",
            "",
            "azure/classic-redis: nothing for size xlarge",
        );
        refused(
            "node_type = \"STANDARD_SMALL\", memory_gb = 6.5",
            "node_type = \"STANDARD_SMALL\", memory_gb = 60",
            "below it",
        );
    }
}

//! `sizes`: what each size in words is at each product.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use super::Failed;
use super::documents::{Output, print};
use super::start;
use crate::cache::{Capacity, Product, Size, SizeTable};
use crate::config;

/// Options of `sizes`.
#[derive(Debug, Args)]
pub(super) struct Sizes {
    /// Only this product, such as `aws/replication-group`. May be given several times.
    #[arg(long = "product", value_name = "PRODUCT")]
    products: Vec<Product>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// A configuration file, for its `sizes_file`. Without one, the table that is built in.
    #[arg(long = "config", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Sizes {
    pub(super) fn run(&self) -> Result<(), Failed> {
        let loaded = config::load(&self.files, config::process_env().into_iter())?;
        let table = start::sizes(&loaded.config)?;
        let wanted = |product: &&Product| self.products.is_empty() || self.products.contains(product);
        let products: Vec<Product> = Product::ALL.iter().filter(wanted).copied().collect();
        match self.output {
            Output::Json => {
                // As `GET /sizes` has it.
                let all =
                    serde_json::to_value(&table).map_err(|error| Failed::run("the sizes cannot be shown", &error))?;
                let kept: Map<String, Value> =
                    products.iter().map(|product| (product.to_string(), all[product.as_str()].clone())).collect();
                print(&kept)
            }
            Output::Text => {
                for product in products {
                    print_product(&table, product);
                }
                Ok(())
            }
        }
    }
}

/// One line for each size, and one for what differs with high availability.
fn print_product(table: &SizeTable, product: Product) {
    say!("{product}");
    say!("  {:<8} {:>8} {:>8}  offering, best first", "size", "promised", "GiB");
    for size in Size::ALL {
        let plain = row(table, product, *size, false);
        let available = row(table, product, *size, true);
        line(size.as_str(), &size.promised_gb().to_string(), &plain);
        if available != plain {
            line("", "with HA", &available);
        }
    }
}

fn line(size: &str, promised: &str, (memory, offerings): &(String, String)) {
    say!("  {size:<8} {promised:>8} {memory:>8}  {offerings}");
}

/// What the best offering really has, and all offerings in the product's own words.
fn row(table: &SizeTable, product: Product, size: Size, high_availability: bool) -> (String, String) {
    let offerings = table.offerings(product, Capacity::Size(size), high_availability).unwrap_or_default();
    let told = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let each: Vec<String> = offerings
        .iter()
        .map(|offering| {
            let fields: Vec<String> =
                offering.fields.iter().map(|(key, value)| format!("{key} {}", told(value))).collect();
            let short = offering.short_because.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            format!("{}{short}", fields.join(", "))
        })
        .collect();
    let memory = offerings.first().map_or_else(String::new, |offering| offering.memory_gb.to_string());
    (memory, each.join(" | "))
}

//! The products that the contract is tested for.

#[cfg(all(feature = "aws", feature = "sandbox"))]
mod aws;
#[cfg(all(feature = "azure", feature = "sandbox"))]
mod azure;
#[cfg(all(feature = "gcp", feature = "sandbox"))]
mod gcp;
mod imagined;
#[cfg(all(any(feature = "aws", feature = "gcp", feature = "azure"), feature = "sandbox"))]
mod retold;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cache_driver::backend::enabled;
use cache_driver::cache::{Product, SizeTable};
use cache_driver::clock::{Clock, ManualClock, Timestamp};
use cache_driver::config::Providers;

use crate::harness::Harness;

type Run = fn(Arc<dyn Harness>) -> Pin<Box<dyn Future<Output = ()> + Send>>;
type Started = Pin<Box<dyn Future<Output = Arc<dyn Harness>> + Send>>;

/// A product, or a shape of one that deserves the whole suite.
pub(crate) struct Entry {
    /// As `contract!` names it.
    pub(crate) name: &'static str,
    /// The product, if it is a real one.
    pub(crate) product: Option<Product>,
    start: fn() -> Started,
}

/// Every product over its emulator, under its provider's feature.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry {
            name: "imagined_by_driver",
            product: None,
            start: || Box::pin(async { imagined::start(Product::AwsReplicationGroup) }),
        },
        Entry {
            name: "imagined_by_cloud",
            product: None,
            start: || Box::pin(async { imagined::start(Product::AzureManagedRedis) }),
        },
        #[cfg(all(feature = "aws", feature = "sandbox"))]
        Entry {
            name: "aws_standard",
            product: Some(Product::AwsReplicationGroup),
            start: || Box::pin(aws::start(aws::Shape::Standard)),
        },
        #[cfg(all(feature = "aws", feature = "sandbox"))]
        Entry {
            name: "aws_cluster",
            product: Some(Product::AwsReplicationGroup),
            start: || Box::pin(aws::start(aws::Shape::Cluster)),
        },
        #[cfg(all(feature = "aws", feature = "sandbox"))]
        Entry {
            name: "aws_open",
            product: Some(Product::AwsReplicationGroup),
            start: || Box::pin(aws::start(aws::Shape::Open)),
        },
        #[cfg(all(feature = "gcp", feature = "sandbox"))]
        Entry {
            name: "gcp_redis",
            product: Some(Product::GcpRedis),
            start: || Box::pin(gcp::start(gcp::Shape::Redis)),
        },
        #[cfg(all(feature = "gcp", feature = "sandbox"))]
        Entry {
            name: "gcp_redis_cluster",
            product: Some(Product::GcpRedisCluster),
            start: || Box::pin(gcp::start(gcp::Shape::RedisCluster)),
        },
        #[cfg(all(feature = "gcp", feature = "sandbox"))]
        Entry {
            name: "gcp_valkey",
            product: Some(Product::GcpValkey),
            start: || Box::pin(gcp::start(gcp::Shape::Valkey)),
        },
        #[cfg(all(feature = "gcp", feature = "sandbox"))]
        Entry {
            name: "gcp_valkey_cluster",
            product: Some(Product::GcpValkey),
            start: || Box::pin(gcp::start(gcp::Shape::ValkeyCluster)),
        },
        #[cfg(all(feature = "gcp", feature = "sandbox"))]
        Entry {
            name: "gcp_memcached",
            product: Some(Product::GcpMemcached),
            start: || Box::pin(gcp::start(gcp::Shape::Memcached)),
        },
        #[cfg(all(feature = "azure", feature = "sandbox"))]
        Entry {
            name: "azure_managed",
            product: Some(Product::AzureManagedRedis),
            start: || Box::pin(azure::start(azure::Shape::Managed)),
        },
        #[cfg(all(feature = "azure", feature = "sandbox"))]
        Entry {
            name: "azure_managed_cluster",
            product: Some(Product::AzureManagedRedis),
            start: || Box::pin(azure::start(azure::Shape::ManagedCluster)),
        },
        #[cfg(all(feature = "azure", feature = "sandbox"))]
        Entry {
            name: "azure_classic",
            product: Some(Product::AzureClassicRedis),
            start: || Box::pin(azure::start(azure::Shape::Classic)),
        },
    ]
}

/// Starts a product by its name.
pub(crate) async fn start(name: &str) -> Arc<dyn Harness> {
    let entry = all().into_iter().find(|entry| entry.name == name);
    (entry.unwrap_or_else(|| panic!("no harness is called {name}")).start)().await
}

/// Runs a test. A product's excuse for it has to be true.
pub(crate) async fn judge(test: &str, harness: Arc<dyn Harness>, run: Run) {
    let excuse = harness.excused().iter().find(|(excused, _)| *excused == test);
    let Some((_, reason)) = excuse else { return run(harness).await };
    let outcome = tokio::spawn(run(harness)).await;
    assert!(outcome.is_err(), "{test} passes: take back the excuse `{reason}`");
    eprintln!("excused: {reason}");
}

/// What stands still, and where all begins.
pub(crate) fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_second(1_767_607_200).unwrap())
}

#[test]
fn every_product_of_the_registry_has_a_harness() {
    let mut providers = Providers::default();
    (providers.aws.enabled, providers.gcp.enabled, providers.azure.enabled) = (true, true, true);
    let clock: Arc<dyn Clock> = Arc::new(clock());
    let registered = enabled(&providers, &SizeTable::embedded(), &clock).products();
    let mut tested: Vec<Product> = all().into_iter().filter_map(|entry| entry.product).collect();
    tested.sort();
    tested.dedup();
    // Without the emulators there is nothing to test the real products against.
    if cfg!(feature = "sandbox") {
        assert_eq!(tested, registered);
    }
}

#[tokio::test]
async fn excuses_are_only_for_tests_that_exist() {
    let suite = include_str!("../main.rs");
    for entry in all() {
        for (test, reason) in (entry.start)().await.excused() {
            let (area, name) = test.split_once("::").unwrap();
            let is_listed = suite.contains(&format!("{area} {{")) && suite.contains(&format!(" {name}\n"));
            assert!(is_listed && !reason.is_empty(), "{}: {test}", entry.name);
        }
        assert!(suite.contains(&format!(" {}\n", entry.name)), "{} is not in `contract!`", entry.name);
    }
}

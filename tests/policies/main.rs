//! What products say they have to be allowed is what they call: whole lives of each over its emulated cloud, every call of
//! which is looked up in a table of the permissions that the vendors name for it.
//!
//! That `policy` prints these permissions, `tests/cli/policy.rs` shows.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "it says in a test what an assertion would say")]
#![expect(dead_code, reason = "lives are borrowed from the contract suite, which has more than are needed here")]

#[path = "../contract/changes.rs"]
mod changes;
#[path = "../contract/connection.rs"]
mod connection;
#[path = "../contract/diagnose.rs"]
mod diagnose;
#[path = "../contract/harness.rs"]
mod harness;
#[path = "../contract/leftovers.rs"]
mod leftovers;
#[path = "../contract/life.rs"]
mod life;
#[path = "../contract/list.rs"]
mod list;
#[path = "../contract/observe.rs"]
mod observe;
#[path = "../contract/preflight.rs"]
mod preflight;
#[path = "../contract/products/mod.rs"]
mod products;
mod table;
#[path = "../contract/whole.rs"]
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;

use cache_driver::backend::{Goal, Kind, Pace, Permission, Phase};
use cache_driver::cache::{Intent, Mark, Password, Product, Provider};
use cache_driver::clock::Timestamp;
use harness::Harness;
use secrecy::SecretString;
use serde_json::{Value, json};
use table::Table;

type Life = for<'a> fn(&'a dyn Harness) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

macro_rules! lives {
    ($($area:ident::$name:ident)+) => {
        [$((concat!(stringify!($area), "::", stringify!($name)), (|harness| Box::pin($area::$name(harness))) as Life)),+]
    };
}

/// Creations, every change, rotation, adoption, detaching, removal, with what goes wrong on the way.
const LIVES: [(&str, Life); 14] = lives! {
    whole::a_cache_goes_the_whole_way
    whole::each_change_can_be_made_in_place
    whole::a_password_is_rotated_and_settled
    whole::every_mark_is_written_and_read_back
    whole::a_foreign_cache_is_taken_over_by_its_mark_alone
    whole::a_final_snapshot_is_taken_where_it_is_offered
    whole::a_shell_is_removed_and_made_anew
    changes::a_cache_made_with_everything_set_shows_none
    connection::it_tells_where_and_how_to_connect
    diagnose::a_failed_creation_has_the_clouds_cause
    diagnose::a_failed_change_has_the_clouds_cause
    list::it_shows_every_cache_with_whose_it_is
    preflight::all_is_well_and_nothing_is_changed
    leftovers::nothing_is_left_over_while_a_cache_has_it_and_what_is_left_can_be_removed
};

/// Lives that no contract test leads: what a cache is made with, and what it is changed to, one after the other.
fn further(product: Product) -> Vec<Vec<Value>> {
    let group = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network";
    let subnet = format!("{group}/virtualNetworks/v/subnets/caches");
    let object = "11111111-2222-3333-4444-555555555555";
    match product {
        Product::AwsReplicationGroup => vec![vec![json!({"replicas": 2}), json!({"replicas": 1})]],
        Product::GcpRedis => vec![vec![json!({"version": "6.x"}), json!({"version": "7.2"})]],
        Product::GcpMemcached => vec![
            vec![json!({"version": "1.5"}), json!({"version": "1.6.15"})],
            vec![
                json!({"parameters": {"listen-backlog": "9000"}}),
                json!({"parameters": {"max-item-size": "1048576"}}),
            ],
        ],
        Product::GcpValkey | Product::GcpRedisCluster => {
            vec![vec![json!({"gcp": {"server_ca_mode": "GOOGLE_MANAGED_SHARED_CA"}})]]
        }
        Product::AzureManagedRedis => vec![
            vec![json!({"azure": {
                "private_endpoint_subnet_id": subnet,
                "private_dns_zone_id": format!("{group}/privateDnsZones/privatelink.redis.azure.net"),
            }})],
            vec![
                json!({"auth": "iam", "azure": {"object_ids": [object]}}),
                json!({"auth": "iam", "azure": {"object_ids": [object.replace('1', "2")]}}),
            ],
        ],
        Product::AzureClassicRedis => vec![vec![json!({"azure": {"sku": "Premium_P1", "subnet_id": subnet}})]],
        _ => Vec::new(),
    }
}

/// A cache is looked at before, made, connected to, changed and removed.
async fn lead(harness: &dyn Harness, wishes: &[Value]) {
    let at = life::at(harness, "res-1");
    let first = &wishes[0];
    let findings = harness.backend().preflight(&at, &life::resolved(harness, first).fields).await;
    assert!(findings.iter().all(|finding| !finding.is_problem()), "{first}: {findings:?}");
    let (at, mark, seen) = life::ready(harness, "res-1", first).await;
    harness.backend().connection(&at, &seen).await.unwrap();
    // The contract suite rotates passwords that the driver makes; Azure's keys and Google's tokens are made by the cloud.
    let product = at.place.product;
    let is_made =
        product.provider() == Provider::Azure || matches!(product, Product::GcpValkey | Product::GcpRedisCluster);
    if is_made && seen.fields.get("auth") == Some(&json!("password")) {
        let password = Password { key: "k1".to_owned(), generation: 1, salt: "abcdefghijklmnop".to_owned() };
        let intent = Some(Intent::Settle(Timestamp::from_second(1_900_000_000).unwrap()));
        let mark = Mark { password: Some(password), intent, ..mark };
        let secret = SecretString::from("unused");
        let goal = Goal::Rotated { mark: &mark, password: &secret };
        let (seen, made) = life::led(harness, &at, |seen| harness.backend().steps(&goal, seen)).await;
        let settled = Mark { intent: None, ..seen.mark().unwrap().clone() };
        let goal = Goal::Settled { mark: &settled, password: &secret };
        let (_, ended) = life::led(harness, &at, |seen| harness.backend().steps(&goal, seen)).await;
        assert!(!made.is_empty() && !ended.is_empty(), "{product}: {made:?}, then {ended:?}");
    }
    for wish in &wishes[1..] {
        let mark = life::mark(harness, "res-1", wish);
        let seen = life::changed(harness, &at, wish, &mark).await;
        assert_eq!(harness.backend().changes(&life::resolved(harness, wish), &seen), [], "{wish}");
    }
    for _ in 0..60 {
        let seen = life::look(harness, &at).await;
        if seen.phase == Phase::Absent {
            return;
        }
        for step in harness.backend().steps(&Goal::Removed { final_snapshot: None }, &seen) {
            match harness.backend().apply(&at, &step).await {
                Ok(()) if step.pace != Pace::Long => {}
                Ok(()) => break,
                Err(error) => {
                    assert_eq!(error.kind, Kind::Busy, "{error}");
                    break;
                }
            }
        }
        harness.minutes(3);
    }
    panic!("{first}: it is never gone");
}

/// The names of all calls that whole lives of a cloud's products make, by product, with what the product says.
async fn calls(provider: Provider) -> BTreeMap<Product, (BTreeSet<String>, &'static [Permission])> {
    let mut all: BTreeMap<Product, (BTreeSet<String>, &'static [Permission])> = BTreeMap::new();
    for entry in products::all() {
        let Some(product) = entry.product.filter(|product| product.provider() == provider) else { continue };
        let mut note = |harness: &dyn Harness| {
            let permissions = harness.backend().capabilities().permissions;
            let (calls, _) = all.entry(product).or_insert_with(|| (BTreeSet::new(), permissions));
            calls.extend(harness.calls().into_iter().map(|called| called.call));
        };
        for (name, life) in LIVES {
            let harness = products::start(entry.name).await;
            if !harness.excused().iter().any(|(excused, _)| *excused == name) {
                life(harness.as_ref()).await;
            }
            note(harness.as_ref());
        }
        let fixed = products::start(entry.name).await.fixed().into_iter().map(|(values, _)| values);
        let keys = fixed.filter(|values| values.get("encryption_key").is_some());
        for wishes in keys.map(|values| vec![values]).chain(further(product)) {
            let harness = products::start(entry.name).await;
            lead(harness.as_ref(), &wishes).await;
            note(harness.as_ref());
        }
    }
    all
}

async fn judge(provider: Provider, table: &Table) {
    let all = calls(provider).await;
    let never: Vec<&&str> = table
        .calls
        .iter()
        .map(|(call, _)| call)
        .filter(|call| !all.values().any(|(made, _)| made.contains(**call)))
        .collect();
    assert!(never.is_empty(), "the table knows calls that nobody makes: {never:?}");
    for (product, (calls, permissions)) in all {
        let unknown: Vec<&String> = calls.iter().filter(|call| table.needs(call).is_none()).collect();
        assert!(unknown.is_empty(), "{product}: no permission is known for the calls {unknown:?}");
        let needed: BTreeSet<&str> = calls.iter().flat_map(|call| table.needs(call).unwrap()).copied().collect();
        let said: BTreeSet<&str> = permissions.iter().map(|permission| permission.action).collect();
        let lacking: Vec<&&str> = needed.difference(&said).collect();
        assert!(lacking.is_empty(), "{product} calls what it does not say it has to be allowed: {lacking:?}");
        let idle: Vec<&&str> = said.difference(&needed).filter(|action| !table.is_excepted(action)).collect();
        assert!(
            idle.is_empty(),
            "{product} says it has to be allowed what it never calls: {idle:?}; it calls {calls:?}"
        );
        for (action, reason) in table.exceptions {
            let needless = needed.contains(action) && !table.only_for_some(action);
            assert!(!needless && !reason.is_empty(), "{product} calls {action}: it is no exception");
        }
    }
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_to_aws_are_what_its_policy_allows() {
    judge(Provider::Aws, &table::AWS).await;
}

#[cfg(feature = "gcp")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_to_google_cloud_are_what_its_role_allows() {
    judge(Provider::Gcp, &table::GCP).await;
}

#[cfg(feature = "azure")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_to_azure_are_what_its_role_allows() {
    judge(Provider::Azure, &table::AZURE).await;
}

#[test]
fn each_exception_is_of_a_permission_that_some_product_names() {
    let mut providers = cache_driver::config::Providers::default();
    (providers.aws.enabled, providers.gcp.enabled, providers.azure.enabled) = (true, true, true);
    let clock: std::sync::Arc<dyn cache_driver::clock::Clock> = std::sync::Arc::new(products::clock());
    let registry = cache_driver::backend::enabled(&providers, &cache_driver::cache::SizeTable::embedded(), &clock);
    let named: BTreeSet<&str> =
        registry.all().flat_map(|backend| backend.capabilities().permissions).map(|one| one.action).collect();
    for (provider, table) in [(Provider::Aws, table::AWS), (Provider::Gcp, table::GCP), (Provider::Azure, table::AZURE)]
    {
        if registry.provider(provider).is_ok() {
            for (action, _) in table.exceptions {
                assert!(named.contains(action), "{action}");
            }
        }
    }
}

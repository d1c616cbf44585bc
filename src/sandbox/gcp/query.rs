//! Query parameters: read in either spelling, and refused where the method has no such parameter.

use std::collections::BTreeMap;

use super::call::{BackupVerb, Call, Method, Verb};
use super::error::ApiError;
use super::mask::camel;
use super::product::Product;

/// What every method takes.
const EVERYWHERE: [&str; 15] = [
    "$.xgafv",
    "$alt",
    "$fields",
    "$key",
    "$prettyPrint",
    "accessToken",
    "alt",
    "callback",
    "fields",
    "key",
    "oauthToken",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "uploadProtocol",
];

/// The parameters of a query, by their names in camelCase.
pub(super) fn read(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (camel(&name), value.into_owned())).collect()
}

/// Refuses a parameter that the method does not have.
pub(super) fn check(call: &Call) -> Result<(), ApiError> {
    let own = parameters(call.method);
    let unknown = call.query.keys().find(|name| !EVERYWHERE.contains(&name.as_str()) && !own.contains(&name.as_str()));
    match unknown {
        Some(name) => Err(ApiError::unknown_parameter(name)),
        None => Ok(()),
    }
}

fn parameters(method: Method) -> &'static [&'static str] {
    match method {
        Method::ListLocations => &["filter", "pageSize", "pageToken", "extraLocationTypes"],
        Method::ListOperations => &["filter", "pageSize", "pageToken", "returnPartialSuccess"],
        Method::GetLocation
        | Method::SharedAuthority
        | Method::GetOperation
        | Method::DeleteOperation
        | Method::CancelOperation
        | Method::Backups(BackupVerb::GetCollection | BackupVerb::Get | BackupVerb::Export) => &[],
        Method::Backups(BackupVerb::ListCollections | BackupVerb::List) => &["pageSize", "pageToken"],
        Method::Backups(BackupVerb::Delete) => &["requestId"],
        Method::Of(product, verb) => of_product(product, verb),
    }
}

fn of_product(product: Product, verb: Verb) -> &'static [&'static str] {
    match (product, verb) {
        (Product::Redis | Product::Memcache, Verb::Create) => &["instanceId"],
        (Product::Cluster, Verb::Create) => &["clusterId", "requestId"],
        (Product::Valkey, Verb::Create) => &["instanceId", "requestId"],
        (Product::Redis | Product::Memcache, Verb::Patch) => &["updateMask"],
        (_, Verb::Patch) => &["updateMask", "requestId"],
        (Product::Cluster | Product::Valkey, Verb::Delete) => &["requestId"],
        (_, Verb::DeleteUser) => &["requestId", "force"],
        (Product::Redis | Product::Cluster, Verb::List) => &["pageSize", "pageToken"],
        (_, Verb::List | Verb::ListUsers | Verb::ListTokens) => &["pageSize", "pageToken", "filter", "orderBy"],
        _ => &[],
    }
}

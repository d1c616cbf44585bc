//! The rules of the products in one place, and what is needed to apply them.

use super::error::ApiError;
use super::product::Product;
use super::schema::Object;
use super::store::{Key, Resource};
use super::{cluster, common, memcache, redis, valkey};
use crate::clock::Timestamp;

/// What outputs are made from.
pub(super) struct Env<'a> {
    pub(super) ca: &'a str,
    pub(super) now: Timestamp,
}

/// Sets what was not given.
pub(super) fn complete(fields: &mut Object, key: &Key) {
    match key.product {
        Product::Redis => redis::complete(fields, key),
        Product::Cluster => cluster::complete(fields),
        Product::Valkey => valkey::complete(fields),
        Product::Memcache => memcache::complete(fields, key),
    }
}

/// Whether complete fields are allowed, by themselves and after those `before`.
pub(super) fn check(fields: &Object, key: &Key, before: Option<&Object>) -> Result<(), ApiError> {
    common::labels(key.product, fields)?;
    common::window(key.product, fields)?;
    match key.product {
        Product::Redis => redis::check(fields, key, before),
        Product::Cluster => cluster::check(fields, key),
        Product::Valkey => valkey::check(fields, key, before),
        Product::Memcache => memcache::check(fields, key),
    }
}

/// Adds what a done create or update brings.
pub(super) fn finish(resource: &mut Resource, env: &Env<'_>) {
    match resource.key.product {
        Product::Redis => redis::finish(resource, env),
        Product::Cluster => cluster::finish(resource),
        Product::Valkey => valkey::finish(resource, env),
        Product::Memcache => memcache::finish(resource, env),
    }
}

//! From the portable words to what `CreateReplicationGroup` takes.

mod security;
mod topology;
mod upkeep;

use std::fmt;

use serde_json::Value;

use super::super::inputs::{Defaults, dotted};
use super::super::{network, tags};
use crate::backend::Resolved;
use crate::backend::inputs::{self, shown};
use crate::cache::{FieldError, Origin, Product, Provider, SizeTable, Spec};
use crate::config::Aws;

/// Fields of the block that belong to serverless caches and memcached.
const OF_OTHERS: [&str; 7] =
    ["subnet_ids", "az_mode", "node_count", "max_storage_gb", "min_storage_gb", "max_ecpu", "min_ecpu"];

/// Fields of the block that need no thought.
const AS_THEY_ARE: [&str; 5] =
    ["port", "network_type", "ip_discovery", "auto_minor_version_upgrade", "notification_topic_arn"];

/// What resolving needs besides the specification.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) config: &'a Aws,
    pub(super) defaults: &'a Defaults,
    pub(super) sizes: &'a SizeTable,
    /// What the names of parameter groups begin with.
    pub(super) prefix: &'a str,
}

/// One specification on its way.
struct Resolving<'a> {
    setting: Setting<'a>,
    spec: &'a Spec,
    out: Resolved,
    errors: Vec<FieldError>,
}

/// Resolves a specification, or reports everything that the product cannot serve.
pub(super) fn resolve(setting: Setting<'_>, spec: &Spec) -> Result<Resolved, Vec<FieldError>> {
    let mut it = Resolving { setting, spec, out: Resolved::default(), errors: setting.defaults.errors().to_vec() };
    for key in OF_OTHERS {
        if let Some(value) = spec.native(Provider::Aws, key) {
            it.wrong(&dotted(key), format!("unset for {}", Product::AwsReplicationGroup), shown(value), None);
        }
    }
    it.software();
    it.mode();
    it.nodes();
    it.node_type();
    it.security();
    network::resolve(setting.config, setting.defaults, spec, &mut it.out, &mut it.errors);
    it.parameters();
    it.backup();
    it.maintenance();
    it.restore();
    tags::resolve(spec, &mut it.out, &mut it.errors);
    for key in AS_THEY_ARE {
        if let Some((value, origin)) = setting.defaults.input(spec, key) {
            it.out.put(key, value.clone(), origin);
        }
    }
    if it.errors.is_empty() { Ok(it.out) } else { Err(it.errors) }
}

impl<'a> Resolving<'a> {
    /// Reports a field, at the path where it was set.
    fn wrong(&mut self, key: &str, expected: impl Into<String>, got: impl fmt::Display, hint: Option<&str>) {
        self.errors.push(inputs::wrong(self.spec, key, expected, got, hint));
    }

    /// Where the first of these keys was set that is set at all; a request's setting before a route's.
    fn origin(&self, keys: &[&str]) -> Option<&'a Origin> {
        inputs::origin(self.spec, keys)
    }

    /// A field of the `aws` block.
    fn native(&self, key: &str) -> Option<(&'a Value, Option<&'a Origin>)> {
        self.setting.defaults.input(self.spec, key)
    }
}

#[cfg(test)]
mod tests;

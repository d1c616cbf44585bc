//! From the portable words to what a creation takes.

mod network;
mod security;
mod topology;
mod upkeep;

use std::fmt;

use serde_json::Value;

use super::dialect::Dialect;
use crate::backend::Resolved;
use crate::backend::gcp::inputs::{Defaults, dotted};
use crate::backend::inputs::{self, shown};
use crate::cache::{Apply, FieldError, Origin, Provider, SizeTable, Spec};
use crate::config::Gcp;

/// Fields of the block that belong to Redis instances and memcached.
const OF_OTHERS: [&str; 12] = [
    "connect_mode",
    "tier",
    "memory_size_gb",
    "node_count",
    "cpu_count",
    "memory_size_mb",
    "read_replicas",
    "reserved_ip_range",
    "secondary_ip_range",
    "alternative_zone",
    "zones",
    "display_name",
];

/// What resolving needs besides the specification.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) config: &'a Gcp,
    pub(super) defaults: &'a Defaults,
    pub(super) sizes: &'a SizeTable,
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
        if let Some(value) = spec.native(Provider::Gcp, key) {
            it.wrong(&dotted(key), format!("unset for {}", setting.dialect.product()), shown(value), None);
        }
    }
    if spec.apply == Some(Apply::MaintenanceWindow) {
        let hint = "google makes every change at once; leave `apply` out";
        it.wrong("apply", format!("now for {}", setting.dialect.product()), Apply::MaintenanceWindow, Some(hint));
    }
    it.software();
    it.mode();
    it.nodes();
    it.node_type();
    it.security();
    it.network();
    it.parameters();
    it.persistence();
    it.backup();
    it.maintenance();
    it.restore();
    it.tags();
    let protection = spec.deletion_protection.unwrap_or(false);
    it.out.put("deletion_protection_enabled", protection, spec.origin_of("deletion_protection"));
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

    /// A field of the `gcp` block.
    fn native(&self, key: &str) -> Option<(&'a Value, Option<&'a Origin>)> {
        self.setting.defaults.input(self.spec, key)
    }

    /// The region that the cache will be in, as far as that is known.
    fn region(&self) -> Option<&'a str> {
        self.spec.region.as_deref().or(self.setting.config.region.as_deref())
    }
}

#[cfg(test)]
mod tests;

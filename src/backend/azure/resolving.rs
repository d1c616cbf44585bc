//! What resolving is made of, for both products.

use std::fmt;

use serde_json::Value;

use super::inputs::{Defaults, dotted};
use super::tags;
use crate::backend::Resolved;
use crate::backend::inputs;
pub(super) use crate::backend::inputs::shown;
use crate::cache::{Apply, Capacity, Engine, FieldError, Origin, Product, Provider, Size, SizeTable, Spec};

/// What resolving needs besides the specification.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) defaults: &'a Defaults,
    pub(super) sizes: &'a SizeTable,
}

/// One specification on its way.
pub(super) struct Resolving<'a> {
    pub(super) product: Product,
    pub(super) setting: Setting<'a>,
    pub(super) spec: &'a Spec,
    pub(super) out: Resolved,
    pub(super) errors: Vec<FieldError>,
}

impl<'a> Resolving<'a> {
    pub(super) fn new(product: Product, setting: Setting<'a>, spec: &'a Spec) -> Self {
        let errors = setting.defaults.errors().to_vec();
        Self { product, setting, spec, out: Resolved::default(), errors }
    }

    /// The fields, or everything that the product cannot serve.
    pub(super) fn finish(mut self) -> Result<Resolved, Vec<FieldError>> {
        tags::resolve(self.spec, &mut self.out, &mut self.errors);
        if self.errors.is_empty() { Ok(self.out) } else { Err(self.errors) }
    }

    /// Reports a field, at the path where it was set.
    pub(super) fn wrong(&mut self, key: &str, expected: impl Into<String>, got: impl fmt::Display, hint: Option<&str>) {
        self.errors.push(inputs::wrong(self.spec, key, expected, got, hint));
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.out.warnings.push(warning.into());
    }

    /// A field of the `azure` block.
    pub(super) fn native(&self, key: &str) -> Option<(&'a Value, Option<&'a Origin>)> {
        self.setting.defaults.input(self.spec, key)
    }

    /// Fields of the block that the product does not have, each with why.
    pub(super) fn refuse_natives(&mut self, fields: &[(&str, &str)]) {
        for (key, why) in fields {
            if let Some(value) = self.spec.native(Provider::Azure, key) {
                self.wrong(&dotted(key), format!("unset for {}", self.product), shown(value), Some(why));
            }
        }
    }

    /// `engine`: there is one.
    pub(super) fn engine(&mut self) {
        let engine = self.spec.engine.unwrap_or(Engine::Redis);
        if engine != Engine::Redis {
            self.wrong("engine", format!("redis for {}", self.product), engine, Some("azure offers redis only"));
            return;
        }
        // `auto` is a choice of the product's, though somebody wrote it.
        let origin = self.spec.engine.and_then(|_| self.spec.origin_of("engine"));
        self.out.put("engine", Engine::Redis.as_str(), origin);
    }

    /// `sku`: the request's own, else by size, else the config's own, else by the default size.
    pub(super) fn sku(&mut self, available: bool, is_known: fn(&str) -> bool, all: fn() -> String) {
        let product = self.product;
        let own = self.spec.native(Provider::Azure, "sku");
        let default = self.setting.defaults.get("sku").filter(|_| self.spec.capacity.is_none());
        if let Some(value) = own.or(default) {
            let sku = shown(value);
            let key =
                if own.is_some() { self.spec.path_of("azure.sku") } else { "providers.azure.defaults.sku".to_owned() };
            if super::sku::is_retired(&sku) {
                let error = FieldError::new(key, format!("a sku of {product}"), sku.as_str());
                self.errors.push(error.hint(
                    "azure makes no new Enterprise caches; choose Balanced, MemoryOptimized or ComputeOptimized",
                ));
                return;
            }
            if !is_known(&sku) {
                self.errors.push(FieldError::new(key, format!("a sku of {product}: {}", all()), sku.as_str()));
                return;
            }
            let origin = own.and_then(|_| self.spec.origin_of("azure.sku"));
            self.out.memory_gb = self.setting.sizes.memory_of(product, "sku", value);
            self.out.put("sku", sku.as_str(), origin);
            if let (Some(_), Some(capacity)) = (own, self.spec.capacity) {
                self.warn(format!("azure.sku {sku} wins over the size {capacity}"));
            }
            return;
        }
        let key = if matches!(self.spec.capacity, Some(Capacity::MemoryGb(_))) { "memory_gb" } else { "size" };
        let capacity = self.spec.capacity.unwrap_or(Capacity::Size(Size::Small));
        match self.setting.sizes.offerings(product, capacity, available) {
            Err(too_big) => self.errors.push(too_big.field_error(self.spec.path_of(key))),
            Ok(offerings) => {
                let Some(first) = offerings.first() else { return };
                let Some(sku) = first.fields.get("sku") else { return };
                self.out.put("sku", sku.clone(), self.spec.capacity.and_then(|_| self.spec.origin_of(key)));
                self.out.memory_gb = Some(first.memory_gb);
                self.out.capacity = self.spec.capacity.map(|capacity| capacity.to_string());
            }
        }
    }

    /// What neither product has.
    pub(super) fn refuse_upkeep(&mut self) {
        if let Some(backup) = self.spec.backup.filter(|backup| backup.days > 0) {
            let hint = "azure exports to a storage account of yours only; `persistence` keeps data over a restart";
            self.wrong("backup.days", format!("0 or unset for {}", self.product), backup.days, Some(hint));
        }
        if let Some(window) = self.spec.maintenance_window {
            let hint = "this version of the driver sets no schedule for azure's updates";
            self.wrong("maintenance_window", format!("unset for {}", self.product), window, Some(hint));
        }
        if self.spec.apply == Some(Apply::MaintenanceWindow) {
            let hint = "azure makes changes at once";
            self.wrong("apply", format!("now for {}", self.product), "maintenance_window", Some(hint));
        }
        if let Some(from) = &self.spec.restore_from {
            let hint = "azure imports from a storage account of yours only, which this version does not do";
            self.wrong("restore_from", format!("unset for {}", self.product), from, Some(hint));
        }
    }

    /// `public_network_access`, which is off unless asked for.
    pub(super) fn public_access(&mut self) -> bool {
        let (public, origin) = match self.native("public_access") {
            Some((value, origin)) => (*value == Value::Bool(true), origin),
            None => (false, None),
        };
        self.out.put("public_network_access", if public { "Enabled" } else { "Disabled" }, origin);
        if public {
            self.warn("the cache is reachable from the internet by whoever has its password");
        }
        public
    }
}

//! One specification on its way to the fields of an instance.

use std::fmt;

use serde_json::Value;

use super::super::inputs::{Defaults, dotted};
use crate::backend::Resolved;
use crate::backend::inputs;
pub(in crate::backend::gcp) use crate::backend::inputs::shown;
use crate::cache::{Apply, FieldError, Mode, Origin, Product, Provider, SizeTable, Spec};
use crate::config::Gcp;

/// What resolving needs besides the specification.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend::gcp) struct Setting<'a> {
    pub(in crate::backend::gcp) product: Product,
    pub(in crate::backend::gcp) config: &'a Gcp,
    pub(in crate::backend::gcp) defaults: &'a Defaults,
    pub(in crate::backend::gcp) sizes: &'a SizeTable,
}

/// One specification on its way.
#[derive(Debug)]
pub(in crate::backend::gcp) struct Resolving<'a> {
    pub(in crate::backend::gcp) setting: Setting<'a>,
    pub(in crate::backend::gcp) spec: &'a Spec,
    pub(in crate::backend::gcp) out: Resolved,
    pub(in crate::backend::gcp) errors: Vec<FieldError>,
}

impl<'a> Resolving<'a> {
    pub(in crate::backend::gcp) fn new(setting: Setting<'a>, spec: &'a Spec) -> Self {
        Self { setting, spec, out: Resolved::default(), errors: setting.defaults.errors().to_vec() }
    }

    /// The fields, or everything that the product cannot serve.
    pub(in crate::backend::gcp) fn finish(self) -> Result<Resolved, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(self.out) } else { Err(self.errors) }
    }

    /// Reports a field, at the path where it was set.
    pub(in crate::backend::gcp) fn wrong(
        &mut self,
        key: &str,
        expected: impl Into<String>,
        got: impl fmt::Display,
        hint: Option<&str>,
    ) {
        self.errors.push(inputs::wrong(self.spec, key, expected, got, hint));
    }

    /// Where the first of these keys was set that is set at all; a request's setting before a route's.
    pub(in crate::backend::gcp) fn origin(&self, keys: &[&str]) -> Option<&'a Origin> {
        inputs::origin(self.spec, keys)
    }

    /// A field of the `gcp` block: what was asked for, else the config's default.
    pub(in crate::backend::gcp) fn native(&self, key: &str) -> Option<(&'a Value, Option<&'a Origin>)> {
        self.setting.defaults.input(self.spec, key)
    }

    /// A field of the `gcp` block that somebody asked for.
    pub(in crate::backend::gcp) fn asked(&self, key: &str) -> Option<&'a Value> {
        self.spec.native(Provider::Gcp, key)
    }

    /// Reports fields of the block that belong to other products.
    pub(in crate::backend::gcp) fn refuse(&mut self, keys: &[&str]) {
        for key in keys {
            if let Some(value) = self.asked(key) {
                self.wrong(&dotted(key), format!("unset for {}", self.setting.product), shown(value), None);
            }
        }
    }

    /// `engine` and `mode`, of which an instance has one each; and when changes are made, of which Google leaves no choice.
    pub(in crate::backend::gcp) fn kind(&mut self) {
        let product = self.setting.product;
        let only = product.engines().first().copied();
        if let Some(engine) = self.spec.engine.filter(|engine| !product.engines().contains(engine)) {
            let expected = only.map_or("unset", |only| only.as_str());
            self.wrong("engine", format!("{expected} for {product}"), engine, None);
        } else if let Some(engine) = only {
            // `auto` is a choice of the product's, though somebody wrote it.
            let origin = self.spec.engine.and_then(|_| self.spec.origin_of("engine"));
            self.out.put("engine", engine.as_str(), origin);
        }
        match self.spec.mode {
            None | Some(Mode::Standard) => self.out.put("mode", Mode::Standard.as_str(), self.spec.origin_of("mode")),
            Some(mode) => self.wrong("mode", format!("standard for {product}"), mode, None),
        }
        if let Some(apply) = self.spec.apply.filter(|apply| *apply != Apply::Now) {
            let hint = "google makes every change at once; the window is for its own maintenance only";
            self.wrong("apply", format!("now for {product}"), apply, Some(hint));
        }
    }

    /// Reports zones outside the region, at the key where they stand.
    pub(in crate::backend::gcp) fn zones_in_region(&mut self, key: &str) {
        let Some((value, _)) = self.native(key) else { return };
        let Some(region) = self.spec.region.as_deref().or(self.setting.config.region.as_deref()) else { return };
        let zones = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let is_elsewhere = |zone: &&str| zone.rsplit_once('-').is_none_or(|(of, _)| of != region);
        let elsewhere: Vec<&str> = zones.iter().filter_map(Value::as_str).filter(is_elsewhere).collect();
        if !elsewhere.is_empty() {
            self.wrong(&dotted(key), format!("in the region {region}"), elsewhere.join(", "), None);
        }
    }

    /// Fields of the block that need no thought.
    pub(in crate::backend::gcp) fn as_they_are(&mut self, keys: &[&str]) {
        for key in keys {
            if let Some((value, origin)) = self.native(key) {
                self.out.put(key, value.clone(), origin);
            }
        }
    }
}

//! Engine, version, mode, nodes and their size.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Resolving, shown};
use crate::backend::gcp::psc::dialect::{Dialect, Versions};
use crate::cache::{Capacity, Mode, Provider, Size, Version};

/// Shards times nodes of each, as Google's quota has it. <https://cloud.google.com/memorystore/docs/valkey/quotas>
const MOST_NODES: u32 = 250;
/// Replicas of a shard. <https://cloud.google.com/memorystore/docs/valkey/product-overview>
const MOST_REPLICAS: u32 = 5;

const SINGLE_ZONE: &str = "SINGLE_ZONE";
const MULTI_ZONE: &str = "MULTI_ZONE";

impl Resolving<'_> {
    fn dialect(&self) -> &Dialect {
        self.setting.dialect
    }

    /// `engine` and `engine_version`.
    pub(super) fn software(&mut self) {
        let (product, engine) = (self.dialect().product(), self.dialect().engine());
        if let Some(other) = self.spec.engine.filter(|wanted| *wanted != engine) {
            self.wrong("engine", format!("{engine} for {product}"), other, None);
        }
        let origin = self.spec.engine.and_then(|_| self.spec.origin_of("engine"));
        self.out.put("engine", engine.as_str(), origin);
        match self.setting.dialect.versions {
            Versions::Given(given) => {
                if let Some(version) = self.spec.version.as_ref().filter(|version| !version.covers(given)) {
                    let hint = "google chooses the version; leave `version` out";
                    self.wrong("version", format!("{given} for {product}"), version, Some(hint));
                }
            }
            Versions::Chosen { least, known, .. } => self.version(least, known),
        }
    }

    fn version(&mut self, least: &str, known: &[&str]) {
        let Some(version) = &self.spec.version else {
            self.out.put("engine_version", self.setting.config.versions.valkey.as_str(), None);
            return;
        };
        let product = self.dialect().product();
        if version.compare(least) == Ordering::Less {
            self.wrong("version", format!("at least {least} for {product}"), version, None);
            return;
        }
        let Some(full) = full(version, known) else {
            let hint = "google chooses the patch level";
            self.wrong("version", "a major and a minor version, such as 8.0", version, Some(hint));
            return;
        };
        self.out.put("engine_version", full, self.spec.origin_of("version"));
    }

    fn is_cluster(&self) -> bool {
        self.spec.mode.unwrap_or(self.dialect().mode()) == Mode::Cluster
    }

    /// `mode`.
    pub(super) fn mode(&mut self) {
        let able = &self.setting.dialect.capabilities;
        let mode = self.spec.mode.unwrap_or(self.dialect().mode());
        if able.modes.contains(&mode) {
            self.out.put("mode", mode.as_str(), self.spec.origin_of("mode"));
        } else {
            let words: Vec<&str> = able.modes.iter().map(|mode| mode.as_str()).collect();
            self.wrong("mode", format!("{} for {}", words.join(" or "), able.product), mode, None);
        }
    }

    /// Shards, replicas and zones.
    pub(super) fn nodes(&mut self) {
        let available = self.spec.high_availability == Some(true);
        let shards = self.spec.shards.unwrap_or(1);
        if shards > 1 && !self.is_cluster() {
            self.wrong("shards", "1 in standard mode", shards, Some("set `mode` to cluster"));
        }
        let replicas = self.spec.replicas.unwrap_or(u32::from(available));
        if available && replicas == 0 {
            self.wrong("replicas", "at least 1 with high availability", replicas, None);
        }
        if replicas > MOST_REPLICAS {
            self.wrong("replicas", format!("at most {MOST_REPLICAS} per shard"), replicas, None);
        } else if shards.saturating_mul(replicas + 1) > MOST_NODES {
            let got = format!("{shards} shards of {} nodes", replicas + 1);
            self.wrong("shards", format!("at most {MOST_NODES} nodes in all"), got, None);
        }
        let of_availability = self.spec.origin_of("high_availability");
        self.out.put("high_availability", available, of_availability);
        self.out.put("shard_count", shards, self.spec.origin_of("shards"));
        // High availability asks for one at least; how many a cache may have beyond that, it does not say.
        self.out.put("replica_count", replicas, self.spec.origin_of("replicas"));
        self.zones(available);
    }

    fn zones(&mut self, available: bool) {
        let zone = self.native("zone");
        let native = |key: &str| self.spec.native(Provider::Gcp, key).is_some();
        let (sets_zone, sets_word) = (native("zone"), native("zone_distribution"));
        // A default of the config gives way to high availability.
        let distribution = self.native("zone_distribution").filter(|_| sets_word || !available);
        let word = match (distribution.and_then(|(word, _)| word.as_str()), zone) {
            (Some(SINGLE_ZONE), _) => SINGLE_ZONE,
            (None, Some(_)) if !available => SINGLE_ZONE,
            _ => MULTI_ZONE,
        };
        if word == SINGLE_ZONE && available {
            let hint = "high availability spreads the nodes over zones";
            self.wrong("gcp.zone_distribution", "MULTI_ZONE with high availability", word, Some(hint));
        } else if word == SINGLE_ZONE && zone.is_none() {
            self.wrong("gcp.zone_distribution", "MULTI_ZONE, or a zone beside it", word, Some("set gcp.zone"));
        } else if let (MULTI_ZONE, Some((zone, _)), true) = (word, zone, sets_zone) {
            let why = if available { "unset with high availability" } else { "unset with MULTI_ZONE" };
            self.wrong("gcp.zone", why, shown(zone), Some("google picks the zones itself"));
        }
        let asked = distribution.and_then(|(_, origin)| origin).filter(|_| sets_word);
        let implied = if word == SINGLE_ZONE { zone.and_then(|(_, origin)| origin) } else { None };
        let implied = implied.or_else(|| self.spec.origin_of("high_availability").filter(|_| available));
        self.out.put("zone_distribution", word, asked.or(implied));
        if let Some((zone, origin)) = zone.filter(|_| word == SINGLE_ZONE) {
            self.out.put("zone", zone.clone(), origin);
        }
    }

    /// `node_type`: the request's own, else by size, else the config's own, else by the default size.
    pub(super) fn node_type(&mut self) {
        let own = self.spec.native(Provider::Gcp, "node_type");
        let default = self.setting.defaults.get("node_type").filter(|_| self.spec.capacity.is_none());
        if let Some(node_type) = own.or(default) {
            let named = self.prefixed(&shown(node_type));
            let origin = own.and_then(|_| self.spec.origin_of("gcp.node_type"));
            let product = self.dialect().product();
            self.out.memory_gb = self.setting.sizes.memory_of(product, "node_type", &Value::from(named.as_str()));
            self.out.put("node_type", named, origin);
            if let (Some(own), Some(capacity)) = (own, self.spec.capacity) {
                self.out.warnings.push(format!("gcp.node_type {} wins over the size {capacity}", shown(own)));
            }
        } else {
            self.sized();
        }
        let node_type = self.out.text("node_type").unwrap_or_default().to_owned();
        if node_type.contains("CUSTOM_") && self.is_cluster() {
            self.wrong("gcp.node_type", "no custom node type in cluster mode", &node_type, None);
        }
        if node_type.ends_with("SHARED_CORE_NANO") && self.spec.high_availability == Some(true) {
            self.out.warnings.push(format!("google gives no service level for {node_type}, also with replicas"));
        }
    }

    /// The name under which this product has a node type: Redis Cluster's begin with `REDIS_`.
    fn prefixed(&self, node_type: &str) -> String {
        let bare = node_type.strip_prefix("REDIS_").unwrap_or(node_type);
        format!("{}{bare}", self.dialect().node_prefix)
    }

    fn sized(&mut self) {
        let key = match self.spec.capacity {
            Some(Capacity::MemoryGb(_)) => "memory_gb",
            _ => "size",
        };
        let capacity = self.spec.capacity.unwrap_or(Capacity::Size(Size::Small));
        let available = self.spec.high_availability == Some(true);
        match self.setting.sizes.offerings(self.dialect().product(), capacity, available) {
            Err(too_big) => self.errors.push(too_big.field_error(self.spec.path_of(key))),
            Ok(offerings) => {
                let Some(first) = offerings.first() else { return };
                let Some(node_type) = first.fields.get("node_type") else { return };
                let origin = self.spec.capacity.and_then(|_| self.spec.origin_of(key));
                self.out.put("node_type", node_type.clone(), origin);
                self.out.memory_gb = Some(first.memory_gb);
                self.out.capacity = self.spec.capacity.map(|capacity| capacity.to_string());
            }
        }
    }
}

/// A version with major and minor part: `8` is the first that Google has of 8. None if it says more than those two.
fn full(version: &Version, known: &[&str]) -> Option<String> {
    let text = version.as_str();
    match text.split('.').collect::<Vec<_>>().as_slice() {
        [major] | [major, "x"] => {
            let first = known.iter().find(|known| version.covers(known));
            Some(first.map_or_else(|| format!("{major}.0"), |first| (*first).to_owned()))
        }
        [_, _] => Some(text.to_owned()),
        _ => None,
    }
}

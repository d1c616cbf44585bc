//! Engine, version, mode, nodes and their size.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Resolving, shown};
use crate::cache::{Capacity, Engine, Mode, Product, Provider, Size};

const PRODUCT: Product = Product::AwsReplicationGroup;
/// Nodes that a group may have with a raised quota; 90 without.
const MOST_NODES: u32 = 500;

impl Resolving<'_> {
    /// `engine` and `engine_version`.
    pub(super) fn software(&mut self) {
        let engine = self.spec.engine.unwrap_or(Engine::Valkey);
        if !PRODUCT.engines().contains(&engine) {
            self.wrong(
                "engine",
                format!("valkey or redis for {PRODUCT}"),
                engine,
                Some("memcached is the product aws/memcached"),
            );
            return;
        }
        // `auto` is a choice of the product's, though somebody wrote it.
        let origin = self.spec.engine.and_then(|_| self.spec.origin_of("engine"));
        self.out.put("engine", engine.as_str(), origin);
        let Some(version) = &self.spec.version else {
            let versions = &self.setting.config.versions;
            let pinned = if engine == Engine::Redis { &versions.redis } else { &versions.valkey };
            self.out.put("engine_version", pinned.as_str(), None);
            return;
        };
        match engine {
            Engine::Redis if version.compare("7.1") == Ordering::Greater => {
                self.wrong(
                    "version",
                    "at most 7.1 with redis on aws",
                    version,
                    Some("newer versions are engine valkey"),
                );
            }
            Engine::Valkey if version.compare("7.2") == Ordering::Less => {
                self.wrong("version", "at least 7.2 with valkey", version, Some("older versions are engine redis"));
            }
            _ => self.out.put("engine_version", version.as_str(), self.spec.origin_of("version")),
        }
        if engine == Engine::Redis && version.compare("6") == Ordering::Less {
            let warning =
                format!("redis {version} is past its support on aws, which charges extra for it; choose 7.1 or valkey");
            self.out.warnings.push(warning);
        }
    }

    fn is_cluster(&self) -> bool {
        self.spec.mode == Some(Mode::Cluster)
    }

    /// `mode`.
    pub(super) fn mode(&mut self) {
        let mode = self.spec.mode.unwrap_or(Mode::Standard);
        if PRODUCT.modes().contains(&mode) {
            self.out.put("mode", mode.as_str(), self.spec.origin_of("mode"));
        } else {
            self.wrong(
                "mode",
                format!("standard or cluster for {PRODUCT}"),
                mode,
                Some("serverless is the product aws/serverless"),
            );
        }
    }

    /// Shards, replicas, failover and zones.
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
        if shards.saturating_mul(replicas + 1) > MOST_NODES {
            let got = format!("{shards} shards of {} nodes", replicas + 1);
            self.wrong("shards", format!("at most {MOST_NODES} nodes in all"), got, None);
        }
        self.out.put("num_node_groups", shards, self.spec.origin_of("shards"));
        // High availability asks for one at least; how many a cache may have beyond that, it does not say.
        self.out.put("replicas_per_node_group", replicas, self.spec.origin_of("replicas"));

        let origin = self.spec.origin_of("high_availability");
        let (multi_az, zones_from) = match self.native("multi_az") {
            Some((value, from)) => (*value == Value::Bool(true), from),
            None => (available, origin),
        };
        if multi_az && replicas == 0 {
            self.wrong(
                "aws.multi_az",
                "false without replicas",
                true,
                Some("set `high_availability`, or `replicas` to at least 1"),
            );
        }
        self.out.put("multi_az", multi_az, zones_from);
        if self.is_cluster() {
            // Cluster mode does not come without it.
            self.out.put("automatic_failover", true, None);
        } else {
            self.out.put("automatic_failover", available || multi_az, origin.or(zones_from));
        }
        self.zones(replicas);
    }

    fn zones(&mut self, replicas: u32) {
        let Some((Value::Array(zones), origin)) = self.native("availability_zones") else { return };
        let nodes = usize::try_from(replicas).unwrap_or(usize::MAX).saturating_add(1);
        if self.is_cluster() {
            self.wrong(
                "aws.availability_zones",
                "unset in cluster mode",
                zones.len(),
                Some("aws spreads the shards itself"),
            );
        } else if zones.len() != nodes {
            let expected = format!("as many zones as nodes, {nodes}; a zone may be named twice");
            self.wrong("aws.availability_zones", expected, zones.len(), None);
        } else {
            self.out.put("availability_zones", zones.clone(), origin);
        }
    }

    /// `node_type`: the request's own, else by size, else the config's own, else by the default size.
    pub(super) fn node_type(&mut self) {
        let own = self.spec.native(Provider::Aws, "node_type");
        let default = self.setting.defaults.get("node_type").filter(|_| self.spec.capacity.is_none());
        if let Some(node_type) = own.or(default) {
            let origin = own.and_then(|_| self.spec.origin_of("aws.node_type"));
            self.out.put("node_type", node_type.clone(), origin);
            self.out.memory_gb = self.setting.sizes.memory_of(PRODUCT, "node_type", node_type);
            if let (Some(own), Some(capacity)) = (own, self.spec.capacity) {
                self.out.warnings.push(format!("aws.node_type {} wins over the size {capacity}", shown(own)));
            }
        } else {
            self.sized();
        }
        self.data_tiering();
        self.burstable();
    }

    fn sized(&mut self) {
        let key = match self.spec.capacity {
            Some(Capacity::MemoryGb(_)) => "memory_gb",
            _ => "size",
        };
        let capacity = self.spec.capacity.unwrap_or(Capacity::Size(Size::Small));
        let available = self.spec.high_availability == Some(true);
        match self.setting.sizes.offerings(PRODUCT, capacity, available) {
            Err(too_big) => self.errors.push(too_big.field_error(self.spec.path_of(key))),
            Ok(offerings) => {
                let types: Vec<&Value> =
                    offerings.iter().filter_map(|offering| offering.fields.get("node_type")).collect();
                let Some((first, others)) = types.split_first() else { return };
                self.out.put("node_type", (*first).clone(), self.spec.capacity.and_then(|_| self.spec.origin_of(key)));
                if !others.is_empty() {
                    let others: Vec<Value> = others.iter().map(|node_type| (*node_type).clone()).collect();
                    self.out.put("node_type_alternatives", others, None);
                }
                self.out.memory_gb = offerings.first().map(|offering| offering.memory_gb);
                self.out.capacity = self.spec.capacity.map(|capacity| capacity.to_string());
            }
        }
    }

    fn data_tiering(&mut self) {
        let Some((value, origin)) = self.native("data_tiering") else { return };
        let tiers = self.out.text("node_type").is_some_and(|node_type| node_type.starts_with("cache.r6gd."));
        if *value == Value::Bool(true) && !tiers {
            self.wrong(
                "aws.data_tiering",
                "false without r6gd nodes",
                true,
                Some("set aws.node_type, such as cache.r6gd.xlarge"),
            );
        } else {
            self.out.put("data_tiering", value.clone(), origin);
        }
    }

    fn burstable(&mut self) {
        let node_type = self.out.text("node_type").unwrap_or_default();
        if node_type.starts_with("cache.t") && self.spec.high_availability == Some(true) {
            self.out
                .warnings
                .push(format!("{node_type} is burstable: under lasting load it becomes slow, also with replicas"));
        }
    }
}

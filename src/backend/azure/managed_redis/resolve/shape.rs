//! Mode, size, copies, and how keys are spread.

use serde_json::Value;

use super::super::super::inputs::dotted;
use super::super::super::resolving::Resolving;
use super::super::super::sku;
use super::super::changes::mode_of;
use crate::cache::{Mode, Product};

const PRODUCT: Product = Product::AzureManagedRedis;

pub(super) fn resolve(it: &mut Resolving<'_>) {
    mode(it);
    copies(it);
    it.sku(it.spec.high_availability == Some(true), sku::is_managed, sku::managed);
    policy(it);
}

fn mode(it: &mut Resolving<'_>) {
    let mode = it.spec.mode.unwrap_or(Mode::Standard);
    if PRODUCT.modes().contains(&mode) {
        it.out.put("mode", mode.as_str(), it.spec.origin_of("mode"));
    } else {
        it.wrong("mode", format!("standard or cluster for {PRODUCT}"), mode, Some("azure has no serverless cache"));
    }
    if let Some(shards) = it.spec.shards.filter(|shards| *shards > 1) {
        let hint = "the sku decides over shards; set `size`, `memory_gb` or azure.sku";
        it.wrong("shards", format!("unset for {PRODUCT}"), shards, Some(hint));
    }
}

/// `high_availability`: one copy or none.
fn copies(it: &mut Resolving<'_>) {
    if let Some(replicas) = it.spec.replicas.filter(|replicas| *replicas > 1) {
        let hint = "high availability is one copy, in another zone where the region has some";
        it.wrong("replicas", format!("0 or 1 for {PRODUCT}"), replicas, Some(hint));
    }
    let available = it.spec.high_availability.or_else(|| it.spec.replicas.map(|replicas| replicas > 0));
    let origin = it.spec.origin_of("high_availability").or_else(|| it.spec.origin_of("replicas"));
    let available = if available == Some(true) { "Enabled" } else { "Disabled" };
    it.out.put("high_availability", available, origin);
}

/// `clustering_policy`: what fits the mode and asks least of clients.
fn policy(it: &mut Resolving<'_>) {
    let mode = it.spec.mode.unwrap_or(Mode::Standard);
    let Some(sku) = it.out.text("sku").map(str::to_owned) else { return };
    let fits = sku::fits_unclustered(&sku);
    if let Some((Value::String(policy), origin)) = it.native("clustering_policy") {
        let (key, policy) = (dotted("clustering_policy"), policy.clone());
        // The block's own fields win over what is only the default; against what was said they cannot both be right.
        if mode_of(&policy) != mode && it.spec.mode.is_some() {
            let expected = if mode == Mode::Cluster {
                "OSSCluster in cluster mode"
            } else {
                "NoCluster or EnterpriseCluster in standard mode"
            };
            it.wrong(&key, expected, &policy, Some("clients of a cluster have to know it: set `mode` as well"));
        } else if policy == "NoCluster" && !fits {
            let hint = "without clustering a cache holds up to 25 GB";
            it.wrong(&key, format!("EnterpriseCluster or OSSCluster with {sku}"), &policy, Some(hint));
        } else {
            it.out.put("mode", mode_of(&policy).as_str(), it.spec.origin_of("mode"));
            it.out.put("clustering_policy", policy, origin);
        }
        return;
    }
    let policy = match mode {
        Mode::Cluster => "OSSCluster",
        _ if fits => "NoCluster",
        _ => {
            it.warn(format!(
                "{sku} is more than 25 GB, so its keys are spread: commands on several keys work only within one hash slot"
            ));
            "EnterpriseCluster"
        }
    };
    it.out.put("clustering_policy", policy, None);
}

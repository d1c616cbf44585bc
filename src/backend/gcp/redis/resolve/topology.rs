//! Tier, replicas, memory, zones and network.

use serde_json::Value;

use super::super::super::inputs::dotted;
use super::super::super::instances::{Resolving, network as vpc, shown};
use super::super::{AUTO, BASIC, DIRECT_PEERING, LEAST_WITH_READS, STANDARD};
use crate::backend::Resolved;
use crate::cache::{Capacity, Size};

/// Versions without read replicas.
const WITHOUT_READS: [&str; 2] = ["3.2", "4.0"];

/// `tier`, `read_replicas` and `replica_count`.
///
/// One replica that answers no reads is what the standard tier has by itself. More than one, or one that is read from,
/// is Google's "read replicas", which cannot be turned off again.
pub(super) fn nodes(it: &mut Resolving<'_>) {
    let spec = it.spec;
    let available = spec.high_availability == Some(true);
    let reads_asked = it.native("read_replicas").map(|(value, origin)| (*value == Value::Bool(true), origin));
    let replicated = available || spec.replicas.is_some_and(|n| n > 0);
    let nobody_said = spec.high_availability.is_none() && spec.replicas.is_none();
    let tier = match (it.asked("tier"), it.native("tier")) {
        (Some(tier), _) => Some((shown(tier), spec.origin_of(&dotted("tier")))),
        (None, Some((tier, origin))) if nobody_said => Some((shown(tier), origin)),
        _ => None,
    };
    let (tier, tier_from) = tier.unwrap_or_else(|| {
        let reads = reads_asked.is_some_and(|(reads, _)| reads);
        let tier = if replicated || reads { STANDARD } else { BASIC };
        let origin = it.origin(&["high_availability", "replicas"]);
        (tier.to_owned(), origin.or_else(|| reads_asked.filter(|_| reads).and_then(|(_, origin)| origin)))
    });
    let standard = tier != BASIC;
    if !standard && replicated {
        let hint = "leave gcp.tier out: high availability and replicas choose it";
        it.wrong(&dotted("tier"), format!("{STANDARD} with replicas"), &tier, Some(hint));
    }
    let replicas = spec.replicas.unwrap_or(u32::from(standard));
    if standard && replicas == 0 {
        let hint = "every instance of that tier has a replica";
        it.wrong("replicas", format!("at least 1 in tier {STANDARD}"), replicas, Some(hint));
    }
    let (reads, reads_from) = match reads_asked {
        Some((reads, origin)) => (reads, origin),
        None => (replicas > 1, spec.origin_of("replicas").filter(|_| replicas > 1)),
    };
    if reads && !standard {
        it.wrong(&dotted("read_replicas"), format!("false in tier {BASIC}"), reads, Some("set `high_availability`"));
    }
    if !reads && replicas > 1 {
        let hint = "google has several replicas only where they answer reads";
        it.wrong(&dotted("read_replicas"), "true with more than one replica", reads, Some(hint));
    }
    let version = it.out.text("engine_version").unwrap_or_default().to_owned();
    if reads && WITHOUT_READS.contains(&version.as_str()) {
        it.wrong("version", "at least 5.0 where replicas answer reads", version, None);
    }
    it.out.put("tier", tier, tier_from);
    it.out.put("read_replicas", reads, reads_from);
    // High availability asks for one at least; how many there may be beyond that, it does not say.
    it.out.put("replica_count", replicas, spec.origin_of("replicas"));
    if let Some(range) = it.asked("secondary_ip_range").filter(|_| !reads) {
        it.wrong(&dotted("secondary_ip_range"), "unset where replicas answer no reads", shown(range), None);
    }
    if reads {
        // `auto` is for instances that were made without them.
        let (range, origin) = match it.native("secondary_ip_range") {
            Some((range, origin)) => (range.clone(), origin),
            None => (AUTO.into(), None),
        };
        it.out.put("secondary_ip_range", range, origin);
    }
}

/// `memory_size_gb`: the request's own, else by size, else the config's own, else by the default size.
pub(super) fn memory(it: &mut Resolving<'_>) {
    let own = it.asked("memory_size_gb");
    let default = it.setting.defaults.get("memory_size_gb").filter(|_| it.spec.capacity.is_none());
    let asked_by = it.spec.origin_of(&dotted("memory_size_gb"));
    if let Some(gb) = own.or(default).and_then(Value::as_i64) {
        it.out.put("memory_size_gb", gb, asked_by);
        if let (Some(_), Some(capacity)) = (own, it.spec.capacity) {
            it.out.warnings.push(format!("gcp.memory_size_gb {gb} wins over the size {capacity}"));
        }
    } else {
        sized(it);
    }
    let reads = it.out.flag("read_replicas") == Some(true);
    if let Some(gb) = it.out.number("memory_size_gb").filter(|gb| reads && *gb < LEAST_WITH_READS) {
        let why = "where replicas answer reads";
        if own.is_some() {
            it.wrong(&dotted("memory_size_gb"), format!("at least {LEAST_WITH_READS} {why}"), gb, None);
        } else {
            it.out.warnings.push(format!("{gb} GB become {LEAST_WITH_READS} GB, the least {why}"));
            it.out.fields.insert("memory_size_gb".to_owned(), LEAST_WITH_READS.into());
        }
    }
    it.out.memory_gb = memory_gb(&it.out);
}

fn memory_gb(out: &Resolved) -> Option<f64> {
    out.fields.get("memory_size_gb").and_then(Value::as_f64)
}

fn sized(it: &mut Resolving<'_>) {
    let key = match it.spec.capacity {
        Some(Capacity::MemoryGb(_)) => "memory_gb",
        _ => "size",
    };
    let capacity = it.spec.capacity.unwrap_or(Capacity::Size(Size::Small));
    let available = it.spec.high_availability == Some(true);
    match it.setting.sizes.offerings(it.setting.product, capacity, available) {
        Err(too_big) => {
            let path = it.spec.path_of(key);
            it.errors.push(too_big.field_error(path).hint("up to 300 GB go as gcp.memory_size_gb"));
        }
        Ok(offerings) => {
            let Some(gb) = offerings.first().and_then(|offering| offering.fields.get("memory_size_gb")) else { return };
            it.out.put("memory_size_gb", gb.clone(), it.spec.capacity.and_then(|_| it.spec.origin_of(key)));
            it.out.capacity = it.spec.capacity.map(|capacity| capacity.to_string());
        }
    }
}

/// `alternative_zone`, which is that of the replica.
pub(super) fn zones(it: &mut Resolving<'_>) {
    it.zones_in_region("zone");
    it.zones_in_region("alternative_zone");
    let zone = it.native("zone").map(|(zone, _)| zone.clone());
    let Some((alternative, origin)) = it.native("alternative_zone") else { return };
    if it.out.text("tier") == Some(BASIC) {
        // A default of the config for replicated instances is none for the others.
        if it.asked("alternative_zone").is_some() {
            let hint = Some("set `high_availability`");
            it.wrong(&dotted("alternative_zone"), format!("unset in tier {BASIC}"), shown(alternative), hint);
        }
    } else if zone.as_ref() == Some(alternative) {
        it.wrong(&dotted("alternative_zone"), "another zone than gcp.zone", shown(alternative), None);
    } else {
        it.out.put("alternative_zone", alternative.clone(), origin);
    }
}

/// `network` and `connect_mode`.
pub(super) fn network(it: &mut Resolving<'_>) {
    let (mode, origin) = match it.native("connect_mode") {
        Some((mode, origin)) => (shown(mode), origin),
        None => (DIRECT_PEERING.to_owned(), None),
    };
    let projects = vpc(it);
    if let Some((host, own)) = projects.filter(|(host, own)| mode == DIRECT_PEERING && host != own) {
        let keys = ["connect_mode", "network_project", "network"];
        let key = keys.into_iter().find(|key| it.asked(key).is_some()).unwrap_or("network");
        let hint = "a shared vpc network of another project needs gcp.connect_mode PRIVATE_SERVICE_ACCESS";
        let expected = format!("a network of the instance's own project, {own}, with {DIRECT_PEERING}");
        it.wrong(&dotted(key), expected, format!("a network of {host}"), Some(hint));
    }
    if let Some(range) =
        it.asked("reserved_ip_range").map(shown).filter(|range| mode == DIRECT_PEERING && !range.contains('/'))
    {
        let expected = format!("addresses such as 10.0.0.0/29 with {DIRECT_PEERING}");
        it.wrong(&dotted("reserved_ip_range"), expected, range, Some("names of ranges go with PRIVATE_SERVICE_ACCESS"));
    }
    it.out.put("connect_mode", mode, origin);
}

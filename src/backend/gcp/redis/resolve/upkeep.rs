//! Parameters, persistence, maintenance, and what Redis instances do not have.

use serde_json::json;

use super::super::super::inputs::dotted;
use super::super::super::instances::{Resolving, shown};
use crate::cache::Persistence;

const EVICTION: &str = "maxmemory-policy";
/// Google's windows last an hour, no less and no more.
const WINDOW: u32 = 60;
const USUAL_PERIOD: &str = "TWENTY_FOUR_HOURS";

/// `parameters`, which are Google's `redisConfigs`.
pub(super) fn parameters(it: &mut Resolving<'_>) {
    let mut parameters = it.spec.parameters.clone();
    if let Some(policy) = it.spec.eviction_policy {
        let before = parameters.insert(EVICTION.to_owned(), policy.as_str().to_owned());
        if let Some(other) = before.filter(|other| other != policy.as_str()) {
            let expected = format!("unset beside eviction_policy {policy}");
            it.wrong(&format!("parameters.{EVICTION}"), expected, other, None);
        }
    }
    if parameters.is_empty() {
        return;
    }
    let keys: Vec<String> = parameters.keys().map(|name| format!("parameters.{name}")).collect();
    let keys: Vec<&str> = std::iter::once("eviction_policy").chain(keys.iter().map(String::as_str)).collect();
    let origin = it.origin(&keys).or_else(|| it.spec.origin_of("parameters"));
    it.out.put("parameters", json!(parameters), origin);
}

/// `persistence` and `rdb_period`.
pub(super) fn persistence(it: &mut Resolving<'_>) {
    let persistence = it.spec.persistence.unwrap_or(Persistence::None);
    let origin = it.spec.origin_of("persistence");
    match persistence {
        Persistence::Aof => {
            let hint = "gcp/valkey and gcp/redis-cluster have aof";
            it.wrong("persistence", "none or rdb for gcp/redis", persistence, Some(hint));
        }
        Persistence::Rdb => {
            it.out.put("persistence", persistence.as_str(), origin);
            match it.native("rdb_period") {
                Some((period, origin)) => it.out.put("rdb_period", period.clone(), origin),
                None => it.out.put("rdb_period", USUAL_PERIOD, None),
            }
        }
        Persistence::None => {
            it.out.put("persistence", persistence.as_str(), origin);
            if let Some(period) = it.asked("rdb_period") {
                let hint = Some("set `persistence` to rdb");
                it.wrong(&dotted("rdb_period"), "unset without persistence", shown(period), hint);
            }
        }
    }
}

/// `maintenance_window`.
pub(super) fn maintenance(it: &mut Resolving<'_>) {
    let Some(window) = it.spec.maintenance_window else { return };
    if window.minutes == WINDOW {
        it.out.put("maintenance_window", window.to_string(), it.spec.origin_of("maintenance_window"));
    } else {
        it.wrong("maintenance_window", "a window of one hour for gcp/redis", window, None);
    }
}

/// What there is only with a bucket of one's own, or not at all.
pub(super) fn not_offered(it: &mut Resolving<'_>) {
    if let Some(backup) = it.spec.backup.filter(|backup| backup.days > 0) {
        let hint = "redis instances have no backups; `persistence: rdb` keeps the data over a restart";
        it.wrong("backup.days", "0 or unset for gcp/redis", backup.days, Some(hint));
    }
    if let Some(window) = it.spec.backup.and_then(|backup| backup.window) {
        it.wrong("backup.window", "unset for gcp/redis", window, None);
    }
    if let Some(from) = it.spec.restore_from.clone() {
        let hint = "import the file with `gcloud redis instances import` when the instance is ready";
        it.wrong("restore_from", "unset for gcp/redis in this version", from, Some(hint));
    }
}

//! Parameters, backups, maintenance, and the snapshot that a cache begins with.

use serde_json::{Map, Value};

use super::super::super::parameter_groups::{self, Made};
use super::{Resolving, shown};
use crate::cache::{DailyWindow, Mode, Persistence, Provider, WeeklyWindow};

const DAY: u32 = 24 * 60;
/// `SnapshotRetentionLimit` at most.
const MOST_DAYS: u32 = 35;
/// Both kinds of window last an hour at least.
const SHORTEST: u32 = 60;

const EVICTION: &str = "maxmemory-policy";

impl Resolving<'_> {
    /// `parameter_group`, and the `parameters` that the driver's own group has.
    pub(super) fn parameters(&mut self) {
        if let Some(persistence) = self.spec.persistence.filter(|persistence| *persistence != Persistence::None) {
            let hint = "elasticache keeps nothing on disk; `backup` takes daily snapshots";
            self.wrong("persistence", "none on aws", persistence, Some(hint));
        }
        let cluster = self.spec.mode == Some(Mode::Cluster);
        let mut parameters = self.spec.parameters.clone();
        if let Some(value) = parameters.get(parameter_groups::CLUSTER) {
            let hint = "set `mode` instead";
            let key = format!("parameters.{}", parameter_groups::CLUSTER);
            self.wrong(&key, "unset", value.clone(), Some(hint));
        }
        if let Some(policy) = self.spec.eviction_policy {
            match parameters.insert(EVICTION.to_owned(), policy.as_str().to_owned()) {
                Some(other) if other != policy.as_str() => {
                    self.wrong(
                        &format!("parameters.{EVICTION}"),
                        format!("unset beside eviction_policy {policy}"),
                        other,
                        None,
                    );
                }
                _ => {}
            }
        }
        let Some(engine) = super::super::convert::engine(&self.out.fields) else { return };
        let family = parameter_groups::family(engine, self.out.text("engine_version").unwrap_or_default());
        let own = self.spec.native(Provider::Aws, "parameter_group");
        if let (Some(own), false) = (own, parameters.is_empty()) {
            let hint = "put the parameters into that group, or leave the group out";
            self.wrong("aws.parameter_group", "unset beside `parameters` or `eviction_policy`", shown(own), Some(hint));
        }
        if parameters.is_empty() {
            match self.native("parameter_group") {
                Some((name, origin)) => self.out.put("parameter_group", shown(name).to_ascii_lowercase(), origin),
                None => self.out.put("parameter_group", parameter_groups::default_name(&family, cluster), None),
            }
            return;
        }
        let origin = self.origin(&["parameters", "eviction_policy"]);
        let origin =
            origin.or_else(|| parameters.keys().find_map(|name| self.spec.origin_of(&format!("parameters.{name}"))));
        let made = Made::new(self.setting.prefix, &family, cluster, parameters.clone());
        self.out.put("parameter_group", made.name, origin);
        let parameters: Map<String, Value> = parameters.into_iter().map(|(name, value)| (name, value.into())).collect();
        self.out.put("parameters", Value::Object(parameters), origin);
    }

    /// `snapshot_retention_limit` and `snapshot_window`.
    pub(super) fn backup(&mut self) {
        let Some(backup) = self.spec.backup else { return };
        if backup.days > MOST_DAYS {
            self.wrong("backup.days", format!("at most {MOST_DAYS} on aws"), backup.days, None);
        } else {
            self.out.put("snapshot_retention_limit", backup.days, self.origin(&["backup.days", "backup"]));
        }
        let Some(window) = backup.window else { return };
        if window.minutes < SHORTEST {
            self.wrong("backup.window", "an hour at least on aws", window, None);
        } else {
            self.out.put("snapshot_window", window.to_string(), self.origin(&["backup.window", "backup"]));
        }
    }

    /// `maintenance_window`.
    pub(super) fn maintenance(&mut self) {
        let Some(window) = self.spec.maintenance_window else { return };
        if window.minutes < SHORTEST {
            self.wrong("maintenance_window", "an hour at least on aws", window, None);
        } else if let Some(backup) =
            self.spec.backup.and_then(|backup| backup.window).filter(|backup| overlap(window, *backup))
        {
            self.wrong("maintenance_window", format!("a window apart from that of the backup, {backup}"), window, None);
        } else {
            self.out.put("maintenance_window", window.to_string(), self.spec.origin_of("maintenance_window"));
        }
    }

    /// `snapshot_name` or `snapshot_arns`.
    pub(super) fn restore(&mut self) {
        let Some(from) = self.spec.restore_from.as_deref() else { return };
        let origin = self.spec.origin_of("restore_from");
        if from.starts_with("arn:") && from.contains(":s3:::") {
            self.out.put("snapshot_arns", vec![from], origin);
        } else if let Some((_, name)) = from.split_once(":snapshot:").filter(|_| from.starts_with("arn:")) {
            self.out.put("snapshot_name", name, origin);
        } else if from.contains([':', '/']) {
            let expected = "the name or arn of an elasticache snapshot, or the arn of an rdb file in s3";
            self.wrong("restore_from", expected, from, None);
        } else {
            self.out.put("snapshot_name", from, origin);
        }
    }
}

/// Whether a weekly window and a daily one have a minute in common.
fn overlap(weekly: WeeklyWindow, daily: DailyWindow) -> bool {
    // Both as minutes after midnight of the weekly window's day; from the day before on, because the daily one may run on.
    let end = weekly.start + weekly.minutes;
    let days = (0..=end / DAY + 1).map(|day| day * DAY + daily.start);
    days.into_iter().any(|start| start < end + DAY && weekly.start + DAY < start + daily.minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_overlap_also_over_midnight() {
        let overlap = |weekly: &str, daily: &str| overlap(weekly.parse().unwrap(), daily.parse().unwrap());
        assert!(overlap("sun:03:00-sun:04:00", "03:30-04:30"));
        assert!(overlap("sun:00:30-sun:01:30", "23:30-01:00"));
        assert!(overlap("sun:23:30-mon:01:00", "00:00-01:00"));
        assert!(!overlap("sun:03:00-sun:04:00", "04:00-05:00"));
        assert!(!overlap("sun:03:00-sun:04:00", "02:00-03:00"));
        assert!(!overlap("sun:23:00-mon:00:30", "01:00-02:00"));
    }
}

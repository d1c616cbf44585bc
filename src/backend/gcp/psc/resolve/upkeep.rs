//! Parameters, persistence, backups, maintenance, what a new cache is filled from, and labels.

use serde_json::{Map, Value, json};

use super::security::is_path;
use super::{Resolving, shown};
use crate::backend::gcp::psc::{BACKUP_HOUR, RDB_PERIOD};
use crate::backend::inputs;
use crate::cache::{Persistence, Provider, WeeklyWindow};

const HOUR: u32 = 60;

const EVICTION: &str = "maxmemory-policy";

impl Resolving<'_> {
    /// `parameters`, the eviction policy among them.
    pub(super) fn parameters(&mut self) {
        let mut parameters = self.spec.parameters.clone();
        if let Some(policy) = self.spec.eviction_policy {
            match parameters.insert(EVICTION.to_owned(), policy.as_str().to_owned()) {
                Some(other) if other != policy.as_str() => {
                    let expected = format!("unset beside eviction_policy {policy}");
                    self.wrong(&format!("parameters.{EVICTION}"), expected, other, None);
                }
                _ => {}
            }
        }
        if parameters.is_empty() {
            return;
        }
        let origin = self.origin(&["parameters", "eviction_policy"]);
        let origin =
            origin.or_else(|| parameters.keys().find_map(|name| self.spec.origin_of(&format!("parameters.{name}"))));
        self.out.put("parameters", json!(parameters), origin);
    }

    /// `persistence`, and how often.
    pub(super) fn persistence(&mut self) {
        let mode = self.spec.persistence.unwrap_or(Persistence::None);
        self.out.put("persistence", mode.as_str(), self.spec.origin_of("persistence"));
        for (key, of_mode, default) in
            [("rdb_period", Persistence::Rdb, RDB_PERIOD), ("aof_fsync", Persistence::Aof, "everysec")]
        {
            if mode == of_mode {
                let (value, origin) = self.native(key).map_or((default.to_owned(), None), |(v, o)| (shown(v), o));
                self.out.put(key, value, origin);
            } else if let Some(value) = self.spec.native(Provider::Gcp, key) {
                let expected = format!("unset without persistence {of_mode}");
                self.wrong(&format!("gcp.{key}"), expected, shown(value), None);
            }
        }
    }

    /// `backup_days`, 0 for none, and the hour at which they are taken.
    pub(super) fn backup(&mut self) {
        let Some(backup) = self.spec.backup else { return };
        // Google keeps them for a year at most, and so does the field.
        self.out.put("backup_days", backup.days, self.origin(&["backup.days", "backup"]));
        let Some(window) = backup.window else {
            self.out.put("backup_hour", BACKUP_HOUR, None);
            return;
        };
        if window.start % HOUR == 0 {
            self.out.put("backup_hour", window.start / HOUR, self.origin(&["backup.window", "backup"]));
        } else {
            self.wrong("backup.window", "a window that begins at a full hour", window, None);
        }
    }

    /// `maintenance_window`. Google's last an hour, from a full hour on.
    pub(super) fn maintenance(&mut self) {
        let Some(window) = self.spec.maintenance_window else { return };
        if window.start % HOUR != 0 || window.minutes < HOUR {
            let expected = "a window of at least an hour that begins at a full hour";
            self.wrong("maintenance_window", expected, window, None);
            return;
        }
        if window.minutes > HOUR {
            let warning = format!("google uses the first hour of the maintenance window {window}");
            self.out.warnings.push(warning);
        }
        let window = WeeklyWindow { minutes: HOUR, ..window };
        self.out.put("maintenance_window", window.to_string(), self.spec.origin_of("maintenance_window"));
    }

    /// `managed_backup` or `gcs_uris`.
    pub(super) fn restore(&mut self) {
        let Some(from) = self.spec.restore_from.as_deref() else { return };
        let origin = self.spec.origin_of("restore_from");
        let path = from.strip_prefix("//").and_then(|from| from.split_once('/')).map_or(from, |(_, path)| path);
        if from.starts_with("gs://") {
            self.out.put("gcs_uris", vec![from], origin);
        } else if is_path(path, &["projects", "locations", "backupCollections", "backups"]) {
            self.out.put("managed_backup", from, origin);
        } else {
            let expected = "projects/…/locations/…/backupCollections/…/backups/…, or gs://… of an rdb file";
            self.wrong("restore_from", expected, from, None);
        }
    }

    /// `tags`, of the request's `tags` and `context`. A tag wins over the same key of the context.
    pub(super) fn tags(&mut self) {
        let mut tags = Map::new();
        for (key, value) in &self.spec.context {
            tags.insert(key.replace('_', "-"), value.as_str().into());
        }
        for (key, value) in &self.spec.tags {
            if key == "managed-by" || key.starts_with("cache-driver-") {
                self.wrong(&format!("tags.{key}"), "a key that the driver does not keep for itself", key, None);
                continue;
            }
            tags.insert(key.clone(), value.as_str().into());
        }
        if tags.is_empty() {
            return;
        }
        self.out.put("tags", Value::Object(tags), inputs::origin_of_tags(self.spec));
    }
}

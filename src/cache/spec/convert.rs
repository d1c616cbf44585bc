//! Between canonical JSON values and the typed fields.

use std::collections::BTreeMap;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde_json::{Map, Value, json};

use super::Spec;
use crate::cache::{Backup, Capacity, Provider, Version};

impl Spec {
    /// Sets the field at a dotted key to a value in canonical form.
    pub(super) fn put(&mut self, key: &str, value: &Value) {
        match key {
            "provider" => self.provider = word(value),
            "product" => self.product = word(value),
            "profile" => self.profile = text(value),
            "engine" => self.engine = word(value),
            "version" => self.version = value.as_str().and_then(Version::parse),
            "mode" => self.mode = word(value),
            "size" => self.capacity = word(value).map(Capacity::Size),
            "memory_gb" => self.capacity = value.as_f64().map(Capacity::MemoryGb),
            "high_availability" => self.high_availability = value.as_bool(),
            "replicas" => self.replicas = whole(value),
            "shards" => self.shards = whole(value),
            "tls" => self.tls = value.as_bool(),
            "auth" => self.auth = word(value),
            "encryption_key" => self.encryption_key = text(value),
            "eviction_policy" => self.eviction_policy = word(value),
            "persistence" => self.persistence = word(value),
            "backup" => self.backup = backup(value),
            "maintenance_window" => self.maintenance_window = word(value),
            "apply" => self.apply = word(value),
            "on_delete" => self.on_delete = word(value),
            "delete_hold_hours" => self.delete_hold_hours = whole(value),
            "deletion_protection" => self.deletion_protection = value.as_bool(),
            "allow" => self.allow = texts(value),
            "on_provider_change" => self.on_provider_change = word(value),
            "adopt" => self.adopt = text(value),
            "rotate" => self.rotate = whole(value),
            "restore_from" => self.restore_from = text(value),
            "name_salt" => self.name_salt = text(value),
            "ttl" => self.ttl = word(value),
            "region" => self.region = text(value),
            "account" => self.account = text(value),
            dotted => self.put_entry(dotted, value),
        }
    }

    fn put_entry(&mut self, dotted: &str, value: &Value) {
        let Some((key, entry)) = dotted.split_once('.') else { return };
        let map = match key {
            "parameters" => &mut self.parameters,
            "tags" => &mut self.tags,
            "context" => &mut self.context,
            provider => {
                let Ok(provider) = provider.parse::<Provider>() else { return };
                self.native.entry(provider).or_default().insert(entry.to_owned(), value.clone());
                return;
            }
        };
        map.extend(text(value).map(|text| (entry.to_owned(), text)));
    }

    /// The set fields in canonical form. Reading them gives the same specification again.
    pub(super) fn set_fields(&self) -> Map<String, Value> {
        let mut set = Map::new();
        let mut add = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                set.insert(key.to_owned(), value);
            }
        };
        add("provider", self.provider.map(written));
        add("product", self.product.map(written));
        add("profile", self.profile.as_ref().map(written));
        add("engine", self.engine.map(written));
        add("version", self.version.as_ref().map(written));
        add("mode", self.mode.map(written));
        match self.capacity {
            Some(Capacity::Size(size)) => add("size", Some(written(size))),
            Some(Capacity::MemoryGb(gb)) => add("memory_gb", Some(json!(gb))),
            None => {}
        }
        add("high_availability", self.high_availability.map(Value::from));
        add("replicas", self.replicas.map(Value::from));
        add("shards", self.shards.map(Value::from));
        add("tls", self.tls.map(Value::from));
        add("auth", self.auth.map(written));
        add("encryption_key", self.encryption_key.as_ref().map(written));
        add("eviction_policy", self.eviction_policy.map(written));
        add("parameters", (!self.parameters.is_empty()).then(|| json!(self.parameters)));
        add("persistence", self.persistence.map(written));
        add("backup", self.backup.map(|backup| backup_value(&backup)));
        add("maintenance_window", self.maintenance_window.map(written));
        add("apply", self.apply.map(written));
        add("on_delete", self.on_delete.map(written));
        add("delete_hold_hours", self.delete_hold_hours.map(Value::from));
        add("deletion_protection", self.deletion_protection.map(Value::from));
        add("allow", (!self.allow.is_empty()).then(|| json!(self.allow)));
        add("on_provider_change", self.on_provider_change.map(written));
        add("adopt", self.adopt.as_ref().map(written));
        add("rotate", self.rotate.map(Value::from));
        add("restore_from", self.restore_from.as_ref().map(written));
        add("name_salt", self.name_salt.as_ref().map(written));
        add("ttl", self.ttl.map(written));
        add("tags", (!self.tags.is_empty()).then(|| json!(self.tags)));
        add("context", (!self.context.is_empty()).then(|| json!(self.context)));
        add("region", self.region.as_ref().map(written));
        add("account", self.account.as_ref().map(written));
        for (provider, block) in &self.native {
            add(provider.as_str(), Some(json!(block)));
        }
        set
    }
}

/// What may change without another cache, or another shape of it, being wanted: permissions, policies for later, and
/// what the mark carries by itself.
const NOT_WANTED: [&str; 11] = [
    "profile",
    "account",
    "apply",
    "allow",
    "adopt",
    "name_salt",
    "on_provider_change",
    "on_delete",
    "delete_hold_hours",
    "deletion_protection",
    "ttl",
];

impl Spec {
    /// 12 hex digits that tell whether the same cache is wanted: the same for every spelling of the same set fields.
    ///
    /// Counted is all that shapes the cache at its cloud (also tags, context and the password's generation); native
    /// blocks only of the chosen provider, where one is set. Left out are permissions (`allow`, `account`), policies
    /// (`profile`, `apply`, `adopt`, `name_salt`, `on_provider_change`) and how it ends (`on_delete`, `ttl`, protection).
    #[must_use]
    pub fn want_hash(&self) -> String {
        let mut set = self.set_fields();
        set.retain(|key, _| !NOT_WANTED.contains(&key.as_str()));
        if let Some(chosen) = self.provider {
            set.retain(|key, _| key == chosen.as_str() || !is_block(key));
        }
        // Sorted, because the order of a JSON map depends on a feature of the library.
        let sorted: BTreeMap<String, Value> = set.into_iter().collect();
        let hash = digest::digest(&digest::SHA256, json!(sorted).to_string().as_bytes());
        hash.as_ref()[..6].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }
}

fn is_block(key: &str) -> bool {
    Provider::WORDS.contains(&key)
}

fn word<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

fn whole(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|n| n.try_into().ok())
}

fn backup(value: &Value) -> Option<Backup> {
    Some(Backup { days: whole(value.get("days")?)?, window: value.get("window").and_then(word) })
}

fn backup_value(backup: &Backup) -> Value {
    match backup.window {
        Some(window) => json!({ "days": backup.days, "window": window.to_string() }),
        None => json!({ "days": backup.days }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "goes into `Option::map` for copies and references alike")]
fn written<T: ToString>(value: T) -> Value {
    Value::String(value.to_string())
}

/// A duration in the largest unit that has no rest, so that `24h` and `1d` are the same.
pub(in crate::cache) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, char); 4] = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let unit = UNITS.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

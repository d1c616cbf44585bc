//! Cache parameter groups: AWS's own, and those that the driver makes and shares between caches.
//!
//! A group that the driver makes is named by what is in it, so that caches with the same parameters share one, no group
//! ever changes, and none has to be looked for.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::{CacheParameterGroupStatus, Event, ParameterNameValue, SourceType, Tag};
use serde_json::{Value, json};

use super::error::{classify, is_one_of};
use crate::backend::{BackendError, Kind, Leftover, Pace, Resolved, Result, Step};
use crate::cache::Engine;

/// The call that makes a group.
pub(super) const CREATE: &str = "CreateCacheParameterGroup";
/// The call that fills a group.
pub(super) const FILL: &str = "ModifyCacheParameterGroup";
/// The call that removes a group.
const DELETE: &str = "DeleteCacheParameterGroup";
/// What is written on a group that the driver makes. AWS offers no way to change it.
const DESCRIPTION: &str = "shared by caches with the same parameters; made by cache-driver";
const KIND: &str = "parameter group";
/// For how many minutes a group is young.
const YOUNG: i32 = 60;
/// Parameters that one call may set, by the API's reference.
const PER_CALL: usize = 20;
/// The parameter that says whether a group is for cluster mode.
pub(super) const CLUSTER: &str = "cluster-enabled";

/// The family of an engine version, as `CacheParameterGroupFamily` spells it.
pub(super) fn family(engine: Engine, version: &str) -> String {
    let mut parts = version.split('.');
    let major = parts.next().unwrap_or_default();
    match (engine, major) {
        (Engine::Redis, "6") => "redis6.x".to_owned(),
        (Engine::Redis, "2" | "3" | "4" | "5") => format!("redis{major}.{}", parts.next().unwrap_or("0")),
        _ => format!("{engine}{major}"),
    }
}

/// The group that AWS has for a family.
pub(super) fn default_name(family: &str, cluster: bool) -> String {
    format!("default.{family}{}", if cluster { ".cluster.on" } else { "" })
}

/// A group that the driver makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) family: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Made {
    /// The group of these parameters.
    pub(super) fn new(prefix: &str, family: &str, cluster: bool, mut parameters: BTreeMap<String, String>) -> Self {
        if cluster {
            parameters.insert(CLUSTER.to_owned(), "yes".to_owned());
        }
        let mut context = digest::Context::new(&digest::SHA256);
        for text in
            std::iter::once(family).chain(parameters.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]))
        {
            context.update(text.as_bytes());
            context.update(&[0]);
        }
        let hash = context.finish();
        let hash = u64::from_be_bytes(hash.as_ref()[..8].try_into().expect("a digest has eight bytes"));
        // A name may hold letters, digits and hyphens only: `redis6.x` would be refused.
        let name = format!("{prefix}-{}-{hash:016x}", family.replace('.', "-"));
        Self { name, family: family.to_owned(), parameters }
    }

    /// The calls that make it. Both can be repeated.
    pub(super) fn steps(&self, tags: &[(String, String)]) -> [Step; 2] {
        let shared: BTreeMap<&str, &str> = tags
            .iter()
            .filter(|(key, _)| key == "managed-by")
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let step = |call, why: String, fields: Value| Step {
            call,
            why,
            pace: Pace::Instant,
            fields: fields.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect(),
            mark: None,
            secret: None,
        };
        [
            step(
                CREATE,
                format!("the parameters need a parameter group of family {}", self.family),
                json!({"name": self.name, "family": self.family, "tags": shared}),
            ),
            step(
                FILL,
                format!(
                    "set {} in the parameter group",
                    self.parameters.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
                json!({"name": self.name, "parameters": self.parameters}),
            ),
        ]
    }
}

/// The parameters of a resolved specification, if it wants a group of its own.
pub(super) fn parameters(resolved: &Resolved) -> Option<BTreeMap<String, String>> {
    let parameters = resolved.fields.get("parameters")?.as_object()?;
    Some(parameters.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
}

/// Whether the driver gave this name: its prefix, a family, a hash.
fn is_made(prefix: &str, name: &str) -> bool {
    let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| rest.contains('-')) && has_hash(name)
}

/// Whether a name ends as those that the driver gives.
pub(super) fn has_hash(name: &str) -> bool {
    let hash = name.rsplit('-').next().unwrap_or_default();
    hash.len() == 16 && hash.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

/// The groups that the driver made and that no cache has, but those of the last hour: a request may be about to use them.
pub(super) async fn unused(client: &Client, prefix: &str) -> Result<Vec<Leftover>> {
    let mut names = BTreeSet::new();
    let mut pages = client.describe_cache_parameter_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("DescribeCacheParameterGroups", error))?;
        for group in page.cache_parameter_groups() {
            let name = group.cache_parameter_group_name().filter(|name| is_made(prefix, name));
            names.extend(name.filter(|_| group.description() == Some(DESCRIPTION)).map(str::to_owned));
        }
    }
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut pages =
        client.describe_events().source_type(SourceType::CacheParameterGroup).duration(YOUNG).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("DescribeEvents", error))?;
        for name in page.events().iter().filter_map(Event::source_identifier) {
            names.remove(name);
        }
    }
    // Last, so that what has come to use one is seen.
    let mut pages = client.describe_cache_clusters().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("DescribeCacheClusters", error))?;
        for cluster in page.cache_clusters() {
            let group = cluster.cache_parameter_group().and_then(CacheParameterGroupStatus::cache_parameter_group_name);
            names.remove(group.unwrap_or_default());
        }
    }
    Ok(names.into_iter().map(|name| Leftover { kind: KIND, name }).collect())
}

/// Removes a group that the driver made. AWS keeps one that is in use.
pub(super) async fn remove(client: &Client, prefix: &str, name: &str) -> Result<()> {
    if !is_made(prefix, name) {
        let message = format!("the parameter group {name} is not one that this driver makes");
        return Err(BackendError::new(Kind::Refused, DELETE, message));
    }
    match client.delete_cache_parameter_group().cache_parameter_group_name(name).send().await {
        Err(error) if is_one_of(&error, &["CacheParameterGroupNotFound"]) => Ok(()),
        removed => removed.map(drop).map_err(|error| classify(DELETE, error)),
    }
}

/// Makes the group. That it exists is success: its name says what is in it.
pub(super) async fn create(client: &Client, step: &Step) -> Result<()> {
    let tags = step.fields.get("tags").and_then(Value::as_object).into_iter().flatten();
    let tags = tags.filter_map(|(key, value)| Some(Tag::builder().key(key).value(value.as_str()?).build()));
    let created = client
        .create_cache_parameter_group()
        .set_cache_parameter_group_name(text(step, "name").map(str::to_owned))
        .set_cache_parameter_group_family(text(step, "family").map(str::to_owned))
        .description(DESCRIPTION)
        .set_tags(Some(tags.collect()))
        .send()
        .await;
    match created {
        Err(error) if is_one_of(&error, &["CacheParameterGroupAlreadyExists"]) => Ok(()),
        created => created.map(drop).map_err(|error| classify(CREATE, error)),
    }
}

/// Sets those parameters that are not as wanted yet. A group that is in use refuses some even if nothing would change.
pub(super) async fn fill(client: &Client, step: &Step) -> Result<()> {
    let name = text(step, "name").unwrap_or_default();
    let mut wanted: BTreeMap<String, String> = step
        .fields
        .get("parameters")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let mut pages =
        client.describe_cache_parameters().cache_parameter_group_name(name).source("user").into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("DescribeCacheParameters", error))?;
        for parameter in page.parameters() {
            if let (Some(name), Some(value)) = (parameter.parameter_name(), parameter.parameter_value())
                && wanted.get(name).is_some_and(|wanted| wanted == value)
            {
                wanted.remove(name);
            }
        }
    }
    let wanted: Vec<ParameterNameValue> = wanted
        .into_iter()
        .map(|(name, value)| ParameterNameValue::builder().parameter_name(name).parameter_value(value).build())
        .collect();
    for some in wanted.chunks(PER_CALL) {
        client
            .modify_cache_parameter_group()
            .cache_parameter_group_name(name)
            .set_parameter_name_values(Some(some.to_vec()))
            .send()
            .await
            .map_err(|error| classify(FILL, error))?;
    }
    Ok(())
}

fn text<'a>(step: &'a Step, field: &str) -> Option<&'a str> {
    step.fields.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn each_version_has_its_family() {
        for (engine, version, expected) in [
            (Engine::Valkey, "7.2", "valkey7"),
            (Engine::Valkey, "7.2.6", "valkey7"),
            (Engine::Valkey, "8.1", "valkey8"),
            (Engine::Valkey, "9.0.0", "valkey9"),
            (Engine::Redis, "7.1", "redis7"),
            (Engine::Redis, "6.x", "redis6.x"),
            (Engine::Redis, "6.2.6", "redis6.x"),
            (Engine::Redis, "5.0.6", "redis5.0"),
        ] {
            assert_eq!(family(engine, version), expected, "{engine} {version}");
        }
    }

    #[test]
    fn a_group_is_named_by_what_is_in_it_and_by_nothing_else() {
        let lru = || parameters(&[("maxmemory-policy", "allkeys-lru")]);
        let name = |family: &str, cluster, parameters| Made::new("cache", family, cluster, parameters).name;
        assert_eq!(name("valkey8", false, lru()), name("valkey8", false, lru()));
        let others = [
            name("valkey7", false, lru()),
            name("valkey8", true, lru()),
            name("valkey8", false, parameters(&[("maxmemory-policy", "allkeys-lfu")])),
            name("valkey8", false, parameters(&[("maxmemory-policy", "allkeys-lru"), ("timeout", "10")])),
        ];
        for other in others {
            assert_ne!(other, name("valkey8", false, lru()));
        }
    }

    #[test]
    fn a_name_of_a_group_is_legal() {
        let made = Made::new("cache", "redis6.x", true, parameters(&[("maxmemory-policy", "noeviction")]));
        assert!(made.name.starts_with("cache-redis6-x-"), "{}", made.name);
        assert!(made.name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-'));
        assert_eq!(made.parameters.get(CLUSTER).map(String::as_str), Some("yes"));
        assert_eq!(default_name("redis6.x", true), "default.redis6.x.cluster.on");
    }

    #[test]
    fn a_group_is_the_drivers_by_prefix_and_hash() {
        let made = Made::new("cache-driver", "valkey8", false, parameters(&[("maxmemory-policy", "noeviction")]));
        assert!(is_made("cache-driver", &made.name), "{}", made.name);
        for other in [
            "default.valkey8",
            "cache-driver",
            "cache-driver-valkey8",
            "cache-driver-0123456789abcdef",
            "cache-driver-valkey8-0123456789ABCDEF",
            "shop-valkey8-0123456789abcdef",
        ] {
            assert!(!is_made("cache-driver", other), "{other}");
        }
    }

    #[test]
    fn a_shared_group_does_not_bear_the_id_of_one_cache() {
        let made = Made::new("cache", "valkey8", false, parameters(&[("maxmemory-policy", "noeviction")]));
        let tags =
            [("managed-by".to_owned(), "cache-driver".to_owned()), ("cache-driver-id".to_owned(), "abc".to_owned())];
        let [create, fill] = made.steps(&tags);
        assert_eq!(create.fields["tags"], json!({"managed-by": "cache-driver"}));
        assert_eq!(fill.fields["parameters"], json!({"maxmemory-policy": "noeviction"}));
        assert!(create.pace == Pace::Instant && fill.pace == Pace::Instant);
    }
}

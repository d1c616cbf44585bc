//! In which subscriptions, resource groups and locations caches may be made.

use serde_json::Value;

use super::inputs::{Defaults, dotted};
use crate::backend::{At, BackendError, Kind, Result as BackendResult};
use crate::cache::{CacheName, FieldError, Place, Product, Provider, Spec};
use crate::config::Azure;

/// Where a call goes, as far as an error has to name it.
#[derive(Debug, Clone)]
pub(super) struct Situation<'a> {
    pub(super) subscription: &'a str,
    pub(super) group: &'a str,
    pub(super) location: &'a str,
    /// Other locations of the config.
    pub(super) elsewhere: Vec<&'a str>,
    /// Whether the product is at the end of its life.
    pub(super) retired: bool,
}

impl<'a> Situation<'a> {
    /// The situation of a place. What the place leaves open is the config's.
    pub(super) fn of(config: &'a Azure, at: &'a At) -> BackendResult<Self> {
        let missing = |what: &str, key: &str| {
            BackendError::new(Kind::Prerequisite, "place", format!("no {what} is told for {}", at.place.name))
                .hint(format!("set azure.{key}, or providers.azure.{key} in the config"))
        };
        let subscription = at.place.account.as_deref().or(config.subscription_id.as_deref());
        let group = at.place.group.as_deref().or(config.resource_group.as_deref());
        let location = at.place.location.as_str();
        Ok(Self {
            subscription: subscription.ok_or_else(|| missing("subscription", "subscription_id"))?,
            group: group.ok_or_else(|| missing("resource group", "resource_group"))?,
            location,
            elsewhere: config.allowed_locations().filter(|other| !same_location(other, location)).collect(),
            retired: at.place.product == Product::AzureClassicRedis,
        })
    }

    /// Path of the subscription.
    pub(super) fn subscription_path(&self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }

    /// Path of the resource group.
    pub(super) fn group_path(&self) -> String {
        format!("{}/resourceGroups/{}", self.subscription_path(), self.group)
    }

    /// Where else there may be room.
    pub(super) fn other_room(&self) -> String {
        let regions = if self.elsewhere.is_empty() {
            "another region (providers.azure.locations in the config)".to_owned()
        } else {
            format!("another region ({})", self.elsewhere.join(", "))
        };
        let sizes = if self.retired {
            "another `size`, or the product azure/managed-redis"
        } else {
            "another `size`, or as `azure.sku` one of another family (MemoryOptimized_M10, ComputeOptimized_X3 …)"
        };
        format!(
            "azure has too little room for it in {} now: try {regions}, which helps more often than {sizes}",
            self.location
        )
    }

    /// How to register a resource provider.
    pub(super) fn registration(&self, namespace: &str) -> String {
        format!("run `az provider register --namespace {namespace} --subscription {}`, once", self.subscription)
    }

    /// What to say of a failure that only the state of the resource shows.
    pub(super) fn unexplained(&self, status: &str) -> String {
        format!(
            "azure says `{status}`; the reason was told to the process that began the operation only, and the activity \
             log of the resource group {} was not asked",
            self.group
        )
    }

    /// How to make the resource group.
    pub(super) fn make_group(&self) -> String {
        format!(
            "run `az group create --name {} --location {} --subscription {}`, or name another group as \
             azure.resource_group",
            self.group, self.location, self.subscription
        )
    }
}

/// `westeurope` and `West Europe` are the same place.
pub(super) fn same_location(a: &str, b: &str) -> bool {
    let letters = |text: &str| {
        let letters = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase());
        letters.collect::<String>()
    };
    letters(a) == letters(b)
}

/// Where a cache of this specification goes: what it names, else what the config names.
pub(super) fn place(
    config: &Azure,
    defaults: &Defaults,
    product: Product,
    spec: &Spec,
    name: &CacheName,
) -> Result<Place, Vec<FieldError>> {
    let mut errors = Vec::new();
    let subscriptions: Vec<&str> = config.allowed_subscriptions().collect();
    let groups: Vec<&str> = config.allowed_resource_groups().collect();
    let account =
        chosen(spec, defaults, "subscription_id", "subscriptions", &subscriptions, &mut errors).map(str::to_owned);
    let group = chosen(spec, defaults, "resource_group", "resource_groups", &groups, &mut errors).map(str::to_owned);
    let location = location(config, spec, &mut errors);
    if !is_name(name.as_str()) {
        let expected = "the name of a cache: letters, digits and single hyphens between them, at most 60";
        errors.push(FieldError::new(spec.path_of("adopt"), expected, name.as_str()));
    }
    match (account, group, location) {
        (Some(account), Some(group), Some(location)) if errors.is_empty() => {
            let location = location.to_owned();
            Ok(Place { product, account: Some(account), location, group: Some(group), name: name.clone() })
        }
        _ => Err(errors),
    }
}

/// Names of both products: those of Managed Redis are the shorter ones.
fn is_name(name: &str) -> bool {
    let parts =
        |name: &str| name.split('-').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric()));
    (1..=60).contains(&name.len()) && parts(name)
}

/// One of what the config allows, in the config's spelling; the first by default.
fn chosen<'a>(
    spec: &Spec,
    defaults: &Defaults,
    key: &str,
    list: &str,
    allowed: &[&'a str],
    errors: &mut Vec<FieldError>,
) -> Option<&'a str> {
    let listed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    let expected = format!("one of the config's ({listed})");
    let wanted = spec.native(Provider::Azure, key).or_else(|| defaults.get(key)).and_then(Value::as_str);
    let Some(wanted) = wanted else {
        let first = allowed.first().copied();
        if first.is_none() {
            let hint = format!("set providers.azure.{key} in the config");
            errors.push(FieldError::new(spec.path_of(&dotted(key)), expected, "nothing").hint(hint));
        }
        return first;
    };
    let found = allowed.iter().find(|known| known.eq_ignore_ascii_case(wanted)).copied();
    if found.is_none() {
        let hint = format!("add it to providers.azure.{list} in the config");
        errors.push(FieldError::new(spec.path_of(&dotted(key)), expected, wanted).hint(hint));
    }
    found
}

fn location<'a>(config: &'a Azure, spec: &Spec, errors: &mut Vec<FieldError>) -> Option<&'a str> {
    let allowed: Vec<&str> = config.allowed_locations().collect();
    let listed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    let expected = format!("a location of the config ({listed})");
    let Some(wanted) = spec.region.as_deref().or(config.location.as_deref()) else {
        let hint = "set `region`, or providers.azure.location in the config";
        errors.push(FieldError::new(spec.path_of("region"), expected, "nothing").hint(hint));
        return None;
    };
    let found = allowed.iter().find(|known| same_location(known, wanted)).copied();
    if found.is_none() {
        let hint = "add it to providers.azure.locations in the config";
        errors.push(FieldError::new(spec.path_of("region"), expected, wanted).hint(hint));
    }
    found
}

/// Every place in which this config may have made a cache.
pub(super) fn places(config: &Azure, product: Product, name: &CacheName) -> Vec<Place> {
    let mut places = Vec::new();
    for subscription in config.allowed_subscriptions() {
        for group in config.allowed_resource_groups() {
            for location in config.allowed_locations() {
                places.push(Place {
                    product,
                    account: Some(subscription.to_owned()),
                    location: location.to_owned(),
                    group: Some(group.to_owned()),
                    name: name.clone(),
                });
            }
        }
    }
    places
}

/// The resource group in the path of a resource.
pub(super) fn group_in(id: &str) -> Option<&str> {
    let mut parts = id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case("resourceGroups"))?;
    parts.next().filter(|group| !group.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cache::{Layer, Origin, read};

    const PRODUCT: Product = Product::AzureManagedRedis;
    const OTHER: &str = "22222222-2222-2222-2222-222222222222";

    fn config() -> Azure {
        Azure {
            subscription_id: Some("11111111-1111-1111-1111-111111111111".to_owned()),
            subscriptions: vec![OTHER.to_owned()],
            resource_group: Some("caches".to_owned()),
            resource_groups: vec!["Others".to_owned()],
            location: Some("westeurope".to_owned()),
            locations: vec!["northeurope".to_owned()],
            ..Azure::default()
        }
    }

    fn placed(values: Value) -> Result<Place, Vec<FieldError>> {
        let Value::Object(values) = values else { panic!("an object") };
        let spec = read(&[Layer { origin: Origin::Request, values: &values }]).unwrap();
        place(
            &config(),
            &super::super::inputs::read(&serde_json::Map::new()),
            PRODUCT,
            &spec,
            &CacheName::existing("cache-abc"),
        )
    }

    #[test]
    fn a_place_is_made_of_what_the_config_allows_in_its_spelling() {
        let usual = placed(json!({})).unwrap();
        assert_eq!((usual.location.as_str(), usual.group.as_deref()), ("westeurope", Some("caches")));
        let azure = json!({"subscription_id": OTHER, "resource_group": "others"});
        let other = placed(json!({"region": "North Europe", "azure": azure})).unwrap();
        assert_eq!((other.location.as_str(), other.group.as_deref()), ("northeurope", Some("Others")));
        assert_eq!(other.account.as_deref(), Some(OTHER));
        let places = places(&config(), PRODUCT, &CacheName::existing("cache-abc"));
        assert_eq!(places.len(), 8);
        assert!(places.contains(&usual) && places.contains(&other));
    }

    #[test]
    fn whatever_the_config_does_not_allow_is_named_with_its_path() {
        let azure = json!({"subscription_id": "33333333-3333-3333-3333-333333333333", "resource_group": "mine"});
        let errors = placed(json!({"region": "eastus", "azure": azure})).unwrap_err();
        let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
        assert_eq!(
            paths,
            ["driver.values.azure.subscription_id", "driver.values.azure.resource_group", "driver.values.region"]
        );
        assert!(errors[2].expected.contains("westeurope, northeurope"));
        let spec = Spec::default();
        let name = CacheName::existing("cache-abc");
        let bare =
            place(&Azure::default(), &super::super::inputs::read(&serde_json::Map::new()), PRODUCT, &spec, &name)
                .unwrap_err();
        assert_eq!(bare.len(), 3);
    }

    #[test]
    fn the_group_is_read_from_a_path_however_it_is_written() {
        assert_eq!(group_in("/subscriptions/s/resourcegroups/G/providers/x"), Some("G"));
        assert_eq!(group_in("/subscriptions/s"), None);
    }
}

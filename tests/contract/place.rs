//! `Backend::place` and `Backend::places`.

use serde_json::json;

use crate::harness::Harness;
use crate::life::{name, spec};

pub(crate) async fn a_location_that_is_not_allowed_is_an_error(harness: &dyn Harness) {
    let spec = spec(harness, &json!({"region": harness.elsewhere()}));
    let errors = harness.backend().place(&spec, &name("res-1")).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["driver.values.region"]);
    assert!(errors[0].got.contains(harness.elsewhere()), "{errors:?}");
    for allowed in harness.locations() {
        assert!(errors[0].expected.contains(allowed), "it says what would have been right: {errors:?}");
    }
}

pub(crate) async fn a_cache_is_always_placed_where_it_is_looked_for(harness: &dyn Harness) {
    let (backend, name) = (harness.backend(), name("res-1"));
    let places = backend.places(&name);
    let default = backend.place(&spec(harness, &json!({})), &name).unwrap();
    assert_eq!(default.location, harness.locations()[0]);
    for location in harness.locations() {
        let place = backend.place(&spec(harness, &json!({"region": location})), &name).unwrap();
        assert_eq!((place.location.as_str(), place.product), (location, backend.capabilities().product));
        assert!(places.contains(&place), "{place:?} is not among {places:?}");
    }
    assert!(places.contains(&default));
}

pub(crate) async fn every_place_is_another_and_has_the_same_name(harness: &dyn Harness) {
    let name = name("res-1");
    let places = harness.backend().places(&name);
    assert!(places.len() >= harness.locations().len());
    assert!(places.iter().all(|place| place.name == name && place.location != harness.elsewhere()));
    assert!(places.iter().all(|place| place.product == harness.backend().capabilities().product));
    for (index, place) in places.iter().enumerate() {
        assert!(!places[..index].contains(place), "{place:?} is there twice");
    }
}

pub(crate) async fn placing_calls_no_cloud(harness: &dyn Harness) {
    let (backend, spec, name) = (harness.backend(), spec(harness, &json!({})), name("res-1"));
    assert_eq!(backend.place(&spec, &name), backend.place(&spec, &name));
    assert_eq!(backend.places(&name), backend.places(&name));
    assert_eq!(harness.calls(), []);
}

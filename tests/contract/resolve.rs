//! `Backend::resolve`.

use std::collections::BTreeSet;

use cache_driver::cache::{Auth, Layer, Origin, read};
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::life::{merged, resolved, spec, spec_from};

fn route() -> Origin {
    Origin::Route("redis".to_owned())
}

/// Everything that this suite sets, with the field that it sets.
fn settings(harness: &dyn Harness) -> Vec<(Value, &'static str)> {
    let altered = harness.alterations().into_iter().map(|alteration| (alteration.values, alteration.field));
    altered.chain(harness.fixed()).collect()
}

/// The base alone, and with each change.
fn inputs(harness: &dyn Harness) -> Vec<Value> {
    std::iter::once(json!({})).chain(settings(harness).into_iter().map(|(values, _)| values)).collect()
}

pub(crate) async fn the_same_specification_resolves_to_the_same_fields(harness: &dyn Harness) {
    for values in inputs(harness) {
        let spec = spec(harness, &values);
        let (one, other) = (harness.backend().resolve(&spec), harness.backend().resolve(&spec));
        assert_eq!(one, other, "{values}");
        assert_eq!(one.unwrap(), resolved(harness, &values), "{values}");
    }
    assert_eq!(harness.calls(), [], "resolving calls no cloud");
}

pub(crate) async fn every_product_says_auth_and_tls(harness: &dyn Harness) {
    for values in inputs(harness) {
        let resolved = resolved(harness, &values);
        assert!(resolved.text("auth").is_some_and(|word| word.parse::<Auth>().is_ok()), "{values}");
        assert!(resolved.flag("tls").is_some(), "{values}");
    }
}

pub(crate) async fn each_field_that_cannot_be_served_is_named_at_its_own_path(harness: &dyn Harness) {
    for (values, key) in harness.unserved() {
        for origin in [Origin::Request, route(), Origin::Profile("production".to_owned())] {
            let spec = spec_from(origin.clone(), &merged(&harness.base(), &values));
            let Err(errors) = harness.backend().resolve(&spec) else { panic!("{values} was taken") };
            let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
            assert_eq!(paths, [format!("{}.{key}", origin.prefix())], "{values}");
            assert!(errors.iter().all(|error| !error.expected.is_empty() && !error.got.is_empty()), "{errors:?}");
        }
    }
}

pub(crate) async fn all_fields_that_cannot_be_served_are_named_at_once(harness: &dyn Harness) {
    let unserved = harness.unserved();
    assert!(unserved.len() > 1, "one wrong field alone cannot be told from all");
    let all = unserved.iter().fold(json!({}), |all, (values, _)| merged(&all, values));
    let errors = harness.backend().resolve(&spec(harness, &all)).unwrap_err();
    let paths: BTreeSet<String> = errors.into_iter().map(|error| error.path).collect();
    let expected: BTreeSet<String> = unserved.iter().map(|(_, key)| format!("driver.values.{key}")).collect();
    assert_eq!(paths, expected);
}

pub(crate) async fn what_a_request_sets_is_set_and_what_a_route_sets_is_the_routes(harness: &dyn Harness) {
    for (values, field) in settings(harness) {
        let values = merged(&harness.base(), &values);
        for origin in [Origin::Request, Origin::Developer, Origin::Profile("p".to_owned())] {
            let resolved = harness.backend().resolve(&spec_from(origin.clone(), &values)).unwrap();
            assert!(resolved.set.contains(field), "{origin:?} {values}: {:?}", resolved.set);
            assert!(resolved.by_route.is_empty(), "{origin:?} {values}: {:?}", resolved.by_route);
            assert!(resolved.set.iter().all(|field| resolved.fields.contains_key(field)), "{:?}", resolved.set);
        }
        let resolved = harness.backend().resolve(&spec_from(route(), &values)).unwrap();
        assert!(resolved.by_route.contains(field), "{values}: {:?}", resolved.by_route);
        assert!(resolved.set.is_empty(), "{values}: {:?}", resolved.set);
        assert!(resolved.by_route.iter().all(|field| resolved.fields.contains_key(field)), "{:?}", resolved.by_route);
    }
}

pub(crate) async fn a_default_of_the_product_was_set_by_nobody(harness: &dyn Harness) {
    let base = harness.base();
    let asked = base.as_object().map_or(0, serde_json::Map::len);
    let of_request = resolved(harness, &json!({}));
    let of_route = harness.backend().resolve(&spec_from(route(), &base)).unwrap();
    assert_eq!(of_request.fields, of_route.fields, "who asks makes no difference to what a new cache is");
    assert!(of_request.by_route.is_empty() && of_route.set.is_empty());
    assert_eq!((of_request.set.len(), of_route.by_route.len()), (asked, asked), "{of_request:?}");
    assert!(of_request.fields.len() > asked, "there are defaults");
}

pub(crate) async fn a_request_wins_over_a_route(harness: &dyn Harness) {
    for (input, field) in settings(harness) {
        let values = merged(&harness.base(), &input);
        let values = values.as_object().unwrap();
        let layers = [Layer { origin: Origin::Request, values }, Layer { origin: route(), values }];
        let resolved = harness.backend().resolve(&read(&layers).unwrap()).unwrap();
        assert!(resolved.set.contains(field), "{input}");
        assert!(!resolved.by_route.contains(field), "{input}");
    }
}

pub(crate) async fn a_size_is_kept_as_it_was_asked_for(harness: &dyn Harness) {
    let sized = resolved(harness, &json!({"size": "medium"}));
    assert_eq!(sized.capacity.as_deref(), Some("medium"));
    assert!(sized.memory_gb.is_some_and(|gb| gb > 2.5), "{:?}", sized.memory_gb);
    assert_eq!(resolved(harness, &json!({"memory_gb": 3})).capacity.as_deref(), Some("3"));
    assert_eq!(resolved(harness, &json!({})).capacity, None, "a default was asked for by nobody");
}

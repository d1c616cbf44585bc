//! `Backend::changes`.

use std::collections::BTreeMap;

use cache_driver::backend::{Change, Class, Fields, Observed};
use cache_driver::cache::Origin;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::life::{created, look, merged, ready, resolved, spec_from};

/// Everything that this suite changes, set from the beginning.
fn everything(harness: &dyn Harness) -> Value {
    harness.alterations().iter().fold(json!({}), |all, alteration| merged(&all, &alteration.values))
}

fn compared(harness: &dyn Harness, values: &Value, seen: &Observed) -> Vec<Change> {
    harness.backend().changes(&resolved(harness, values), seen)
}

pub(crate) async fn a_cache_made_from_the_same_specification_shows_none(harness: &dyn Harness) {
    let altered = harness.alterations().into_iter().map(|alteration| alteration.values);
    for (number, values) in std::iter::once(json!({})).chain(altered).enumerate() {
        let resource = format!("res-{number}");
        let (at, _) = created(harness, &resource, &values).await;
        assert_eq!(compared(harness, &values, &look(harness, &at).await), [], "{values}, while it is made");
        let (_, _, seen) = ready(harness, &format!("{resource}-b"), &values).await;
        assert_eq!(compared(harness, &values, &seen), [], "{values}");
    }
}

pub(crate) async fn a_cache_made_with_everything_set_shows_none(harness: &dyn Harness) {
    let all = everything(harness);
    let (_, _, seen) = ready(harness, "res-1", &all).await;
    assert_eq!(compared(harness, &all, &seen), []);
}

pub(crate) async fn fields_that_nobody_set_are_not_compared(harness: &dyn Harness) {
    let (_, _, seen) = ready(harness, "res-1", &everything(harness)).await;
    let wanted = harness.backend().resolve(&spec_from(Origin::Request, &json!({}))).unwrap();
    assert!(wanted.set.is_empty(), "{:?}", wanted.set);
    let differs =
        wanted.fields.iter().filter(|(field, value)| seen.fields.get(*field).is_some_and(|has| has != *value));
    assert!(differs.count() > 0, "the defaults are something else than what is there");
    assert_eq!(harness.backend().changes(&wanted, &seen), []);
}

pub(crate) async fn fields_that_only_a_route_set_are_not_compared(harness: &dyn Harness) {
    let (_, _, seen) = ready(harness, "res-1", &json!({})).await;
    for alteration in harness.alterations() {
        let spec = spec_from(Origin::Route("redis".to_owned()), &merged(&harness.base(), &alteration.values));
        let wanted = harness.backend().resolve(&spec).unwrap();
        assert_eq!(harness.backend().changes(&wanted, &seen), [], "{}", alteration.values);
    }
}

pub(crate) async fn fields_that_cannot_be_read_are_not_compared(harness: &dyn Harness) {
    let (_, _, seen) = ready(harness, "res-1", &json!({})).await;
    let blind = Observed { fields: Fields::new(), ..seen.clone() };
    for alteration in harness.alterations() {
        assert_eq!(compared(harness, &alteration.values, &blind), [], "{}", alteration.values);
        let mut squinting = seen.clone();
        squinting.fields.remove(alteration.field);
        let shown = compared(harness, &alteration.values, &squinting);
        assert!(shown.iter().all(|change| change.field != alteration.field), "{shown:?}");
    }
}

pub(crate) async fn each_change_shows_with_what_it_costs_and_no_more_than_announced(harness: &dyn Harness) {
    let (_, _, seen) = ready(harness, "res-1", &json!({})).await;
    let announced: BTreeMap<&str, Class> = harness.backend().capabilities().changes.iter().copied().collect();
    for alteration in harness.alterations() {
        let shown = compared(harness, &alteration.values, &seen);
        let found = shown.iter().find(|change| change.field == alteration.field);
        let found = found.unwrap_or_else(|| panic!("{}: {shown:?}", alteration.values));
        assert_eq!(found.class, alteration.class, "{}", alteration.values);
        let wanted = resolved(harness, &alteration.values);
        assert_eq!(Some(&found.from), seen.fields.get(alteration.field), "{}", alteration.values);
        assert_eq!(Some(&found.to), wanted.fields.get(alteration.field), "{}", alteration.values);
        for change in &shown {
            let most = announced.get(change.field.as_str());
            assert!(most.is_some_and(|most| change.class <= *most), "{change:?} is announced as {most:?}");
            assert_ne!(change.from, change.to, "{change:?}");
        }
    }
}

pub(crate) async fn comparing_is_pure(harness: &dyn Harness) {
    let (_, _, seen) = ready(harness, "res-1", &json!({})).await;
    let calls = harness.calls();
    let all = everything(harness);
    let first = compared(harness, &all, &seen);
    assert!(!first.is_empty());
    assert_eq!(compared(harness, &all, &seen), first);
    assert_eq!(harness.calls(), calls);
}

//! `Backend::leftovers` and `Backend::clear`.

use cache_driver::backend::{At, Kind, Leftover, Scope};
use serde_json::json;

use crate::harness::Harness;
use crate::life::{at, ready, removed};

fn scope(at: &At) -> Scope {
    Scope {
        account: at.place.account.clone(),
        location: at.place.location.clone(),
        credentials: at.credentials.clone(),
    }
}

async fn left(harness: &dyn Harness, at: &At) -> Vec<Leftover> {
    let before = harness.mutations();
    let left = harness.backend().leftovers(&scope(at)).await.unwrap();
    assert_eq!(harness.mutations(), before, "looking changes nothing");
    left
}

pub(crate) async fn nothing_is_left_over_while_a_cache_has_it_and_what_is_left_can_be_removed(harness: &dyn Harness) {
    // What some products keep beside the cache.
    let alteration = harness.alterations().into_iter().find(|alteration| alteration.field == "parameter_group");
    let values = alteration.map_or(json!({}), |alteration| alteration.values);
    let keeps_parameters = values != json!({});
    let (at, ..) = ready(harness, "res-1", &values).await;
    assert_eq!(left(harness, &at).await, []);
    harness.minutes(120);
    assert_eq!(left(harness, &at).await, [], "a cache has it");
    let (young, ..) = ready(harness, "res-2", &json!({})).await;
    removed(harness, &at, None).await;
    let leftovers = left(harness, &young).await;
    assert_eq!(leftovers.len(), usize::from(keeps_parameters), "{leftovers:?}");
    for leftover in &leftovers {
        harness.backend().clear(&scope(&at), leftover).await.unwrap();
        harness.backend().clear(&scope(&at), leftover).await.unwrap_or_else(|error| panic!("gone is success: {error}"));
    }
    assert_eq!(left(harness, &young).await, []);
    if let Some(leftover) = leftovers.first() {
        // Made anew, and used.
        ready(harness, "res-3", &values).await;
        assert_eq!(harness.backend().clear(&scope(&at), leftover).await.unwrap_err().kind, Kind::Busy);
        // Made anew, and not used: a request may be about to.
        let third = crate::life::at(harness, "res-3");
        removed(harness, &third, None).await;
        assert_eq!(left(harness, &young).await, [], "it is young");
    }
}

pub(crate) async fn what_the_product_does_not_make_is_not_removed(harness: &dyn Harness) {
    let before = harness.mutations();
    let scope = scope(&at(harness, "res-1"));
    for name in ["default.valkey8", "cache-driver", "somebodys-group-0123456789abcdef"] {
        let leftover = Leftover { kind: "parameter group", name: name.to_owned() };
        assert_eq!(harness.backend().clear(&scope, &leftover).await.unwrap_err().kind, Kind::Refused, "{name}");
    }
    assert_eq!(harness.mutations(), before);
}

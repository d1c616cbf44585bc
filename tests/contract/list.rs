//! `Backend::list`.

use std::collections::BTreeSet;

use cache_driver::backend::{At, Kind, Listed, Ownership, Phase, Scope};
use cache_driver::cache::{Mark, MarkError};
use serde_json::json;

use crate::harness::{Hand, Harness, Trouble};
use crate::life::{at, created, creation, look, mark, name, ready, run, spec};

fn scope(at: &At) -> Scope {
    Scope { account: None, location: at.place.location.clone(), credentials: at.credentials.clone() }
}

async fn listed(harness: &dyn Harness, at: &At) -> Vec<Listed> {
    harness.backend().list(&scope(at)).await.unwrap()
}

/// The mark of a cache that bears one.
#[track_caller]
fn mark_of(cache: &Listed) -> &Mark {
    cache.mark().unwrap_or_else(|| panic!("{cache:?}"))
}

fn by_resource(caches: &mut [Listed]) {
    caches.sort_by(|a, b| mark_of(a).id.cmp(&mark_of(b).id));
}

pub(crate) async fn it_shows_every_cache_with_whose_it_is(harness: &dyn Harness) {
    assert_eq!(listed(harness, &at(harness, "res-1")).await, []);
    let (stripped, ..) = ready(harness, "res-1", &json!({})).await;
    assert!(harness.meddle(&stripped, Hand::StripsMark).await);
    let (garbled, ..) = ready(harness, "res-2", &json!({})).await;
    let has_garbled = harness.meddle(&garbled, Hand::GarblesMark).await;
    assert!(has_garbled || harness.is_imagined());
    let (own, own_mark, seen) = ready(harness, "res-3", &json!({})).await;
    let (young, young_mark) = created(harness, "res-4", &json!({})).await;
    let made = harness.mutations();

    let mut found = listed(harness, &own).await;
    assert_eq!(harness.mutations(), made, "looking changes nothing");
    assert_eq!(found.len(), 4, "{found:?}");
    let of = |at: &At| found.iter().find(|cache| cache.place.name == at.place.name).unwrap().ownership.clone();
    assert_eq!(of(&stripped), Ownership::Foreign(MarkError::Foreign));
    assert!(!has_garbled || matches!(of(&garbled), Ownership::Foreign(MarkError::Garbled(_))), "{found:?}");
    found.retain(|cache| [&own, &young].iter().any(|at| at.place.name == cache.place.name));
    by_resource(&mut found);
    let [first, second] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((mark_of(first), &first.place.name), (&own_mark, &own.place.name));
    assert_eq!((mark_of(second), &second.place.name), (&young_mark, &young.place.name));
    assert_eq!((first.phase, &first.status), (seen.phase, &seen.status));
    assert_eq!((second.phase, first.created_at), (Phase::Creating, seen.created_at));
    assert_eq!(first.place.account.as_deref(), Some(seen.account.as_str()));
    // What was listed can be looked at.
    let again = At { place: first.place.clone(), credentials: own.credentials.clone() };
    assert_eq!(look(harness, &again).await.mark(), Some(&own_mark));
}

/// More than the largest page of any cloud that is asked.
const MANY: usize = 105;

async fn make_many(harness: &dyn Harness) -> (At, BTreeSet<String>) {
    let mut names = BTreeSet::new();
    for number in 0..MANY {
        let (at, _) = created(harness, &format!("res-{number}"), &json!({})).await;
        names.insert(at.place.name.to_string());
    }
    (at(harness, "res-0"), names)
}

pub(crate) async fn it_shows_more_than_a_page(harness: &dyn Harness) {
    let (at, names) = make_many(harness).await;
    let found = listed(harness, &at).await;
    assert_eq!(found.len(), MANY, "none twice");
    assert_eq!(found.into_iter().map(|cache| cache.place.name.to_string()).collect::<BTreeSet<_>>(), names);
}

pub(crate) async fn it_shows_one_location_of_one_account(harness: &dyn Harness) {
    let (here, own) = created(harness, "res-1", &json!({})).await;
    let far = json!({"region": harness.locations()[1]});
    let place = harness.backend().place(&spec(harness, &far), &name("res-2")).unwrap();
    let there = At { place, credentials: here.credentials.clone() };
    let theirs = mark(harness, "res-2", &json!({}));
    run(harness, &there, &creation(harness, &json!({}), &theirs)).await;
    let (credentials, account) = harness.strangers();
    let strangers = At { credentials, ..at(harness, "res-3") };
    let strange = mark(harness, "res-3", &json!({}));
    run(harness, &strangers, &creation(harness, &json!({}), &strange)).await;

    // Where an account is named, others may have rights in the same.
    let is_shared = account == harness.backend().account(&here).await.unwrap();
    let beside = |mark| if is_shared { vec![&own, &strange] } else { vec![mark] };
    for (at, marks) in [(&here, beside(&own)), (&there, vec![&theirs]), (&strangers, beside(&strange))] {
        let mut found = listed(harness, at).await;
        by_resource(&mut found);
        assert_eq!(found.iter().map(mark_of).collect::<Vec<_>>(), marks);
        let account = harness.backend().account(at).await.unwrap();
        for cache in &found {
            assert_eq!((&cache.place.location, cache.place.account.as_ref()), (&at.place.location, Some(&account)));
        }
        let named = Scope { account: Some(account), ..scope(at) };
        let mut again = harness.backend().list(&named).await.unwrap();
        by_resource(&mut again);
        assert_eq!(again, found);
        let nobodys = Scope { account: Some("999999999999".to_owned()), ..scope(at) };
        if !harness.is_imagined() {
            match harness.backend().list(&nobodys).await {
                Ok(found) => assert_eq!(found, [], "it is not that account's"),
                Err(error) => assert_eq!(error.kind, Kind::Credentials, "{error}"),
            }
        }
    }
}

pub(crate) async fn it_is_an_error_and_not_short_when_a_page_is_missing(harness: &dyn Harness) {
    let (at, names) = make_many(harness).await;
    assert!(harness.trouble(Trouble::PageLost).await);
    assert_eq!(harness.backend().list(&scope(&at)).await.unwrap_err().kind, Kind::Unavailable);
    assert_eq!(listed(harness, &at).await.len(), names.len());
}

//! `Backend::observe`.

use cache_driver::backend::{Kind, Ownership, Phase};
use cache_driver::cache::MarkError;
use serde_json::json;

use crate::harness::{Hand, Harness, Trouble};
use crate::life::{at, created, failed, look, ready, removed, resolved, settled};

pub(crate) async fn a_cache_that_is_not_there_is_absent_and_no_error(harness: &dyn Harness) {
    let at = at(harness, "res-1");
    let seen = look(harness, &at).await;
    assert_eq!((seen.phase, &seen.ownership, &seen.endpoint), (Phase::Absent, &None, &None));
    assert!(seen.fields.is_empty() && seen.mark().is_none() && seen.resource_id.is_none());
    assert_eq!(seen.account, harness.backend().account(&at).await.unwrap());
    assert_eq!(harness.mutations(), 0, "{:?}", harness.calls());
}

pub(crate) async fn a_cache_that_was_just_created_shows_its_mark(harness: &dyn Harness) {
    let (at, mark) = created(harness, "res-1", &json!({})).await;
    let seen = look(harness, &at).await;
    assert_eq!(seen.phase, Phase::Creating, "{}", seen.status);
    assert_eq!(seen.mark(), Some(&mark));
    assert_eq!(seen.endpoint, None, "an endpoint before it answers leads nowhere");
}

pub(crate) async fn a_ready_cache_shows_where_and_what_it_is(harness: &dyn Harness) {
    let began = harness.now();
    let (at, mark, seen) = ready(harness, "res-1", &json!({})).await;
    let endpoint = seen.endpoint.as_ref().unwrap();
    assert!(!endpoint.host.is_empty() && endpoint.port > 0);
    assert_eq!(seen.mark(), Some(&mark));
    assert_eq!(seen.account, harness.backend().account(&at).await.unwrap());
    assert!(seen.resource_id.as_ref().is_some_and(|id| id.contains(at.place.name.as_str())), "{:?}", seen.resource_id);
    assert!(seen.created_at.is_some_and(|born| born >= began && born <= harness.now()), "{:?}", seen.created_at);
    assert!(!seen.status.is_empty());
    let wanted = resolved(harness, &json!({}));
    for field in ["auth", "tls"] {
        assert_eq!(seen.fields.get(field), wanted.fields.get(field), "{field}");
    }
}

pub(crate) async fn what_the_cloud_does_by_itself_is_busy(harness: &dyn Harness) {
    let (at, mark, before) = ready(harness, "res-1", &json!({})).await;
    assert!(harness.meddle(&at, Hand::OwnBusiness).await);
    let seen = look(harness, &at).await;
    assert_eq!(seen.phase, Phase::Busy, "{}", seen.status);
    assert_eq!((seen.mark(), &seen.endpoint), (Some(&mark), &before.endpoint), "it still answers");
    assert_eq!(settled(harness, &at).await.phase, Phase::Ready);
}

pub(crate) async fn a_status_that_nobody_knows_is_busy(harness: &dyn Harness) {
    let (at, mark, _) = ready(harness, "res-1", &json!({})).await;
    assert!(harness.meddle(&at, Hand::UnknownStatus).await);
    let seen = look(harness, &at).await;
    assert_eq!((seen.phase, seen.mark()), (Phase::Busy, Some(&mark)), "{}", seen.status);
}

pub(crate) async fn a_cache_without_a_mark_is_foreign(harness: &dyn Harness) {
    let (at, _, _) = ready(harness, "res-1", &json!({})).await;
    assert!(harness.meddle(&at, Hand::StripsMark).await);
    let seen = look(harness, &at).await;
    assert_eq!(seen.ownership, Some(Ownership::Foreign(MarkError::Foreign)));
    assert_eq!((seen.phase, seen.mark()), (Phase::Ready, None));
}

pub(crate) async fn a_mark_that_cannot_be_read_is_garbled(harness: &dyn Harness) {
    let (at, _, _) = ready(harness, "res-1", &json!({})).await;
    if !harness.meddle(&at, Hand::GarblesMark).await {
        assert!(harness.is_imagined());
        return;
    }
    let seen = look(harness, &at).await;
    assert!(matches!(seen.ownership, Some(Ownership::Foreign(MarkError::Garbled(_)))), "{:?}", seen.ownership);
    assert_eq!(seen.mark(), None);
}

pub(crate) async fn a_failed_creation_leaves_a_shell_or_nothing(harness: &dyn Harness) {
    assert!(harness.trouble(Trouble::CreationFails).await);
    let (at, mark) = created(harness, "res-1", &json!({})).await;
    let seen = failed(harness, &at).await;
    assert_eq!(seen.mark(), Some(&mark).filter(|_| seen.phase == Phase::Shell), "{}", seen.status);
    assert_eq!(seen.endpoint, None);
}

pub(crate) async fn a_cloud_that_does_not_answer_is_an_error_and_not_an_absence(harness: &dyn Harness) {
    let (at, _, before) = ready(harness, "res-1", &json!({})).await;
    for (trouble, kind) in [
        (Trouble::Throttled, Kind::Unavailable),
        (Trouble::Down, Kind::Unavailable),
        (Trouble::HungUp, Kind::Unavailable),
        (Trouble::Denied, Kind::Credentials),
        (Trouble::Expired, Kind::Credentials),
    ] {
        assert!(harness.trouble(trouble).await);
        let error = harness.backend().observe(&at).await.unwrap_err();
        assert_eq!(error.kind, kind, "{trouble:?}: {error}");
        assert!(!error.operation.is_empty() && !error.message.is_empty());
        assert_eq!(look(harness, &at).await, before, "after {trouble:?}");
    }
}

pub(crate) async fn looking_changes_nothing(harness: &dyn Harness) {
    let at = at(harness, "res-1");
    look(harness, &at).await;
    let (at, _) = created(harness, "res-1", &json!({})).await;
    let made = harness.mutations();
    assert!(made > 0);
    look(harness, &at).await;
    harness.minutes(1);
    look(harness, &at).await;
    assert_eq!(harness.mutations(), made, "{:?}", harness.calls());
    settled(harness, &at).await;
    // Parts that it lacked were made meanwhile.
    let made = harness.mutations();
    assert!(harness.meddle(&at, Hand::OwnBusiness).await);
    assert_eq!(look(harness, &at).await, look(harness, &at).await);
    settled(harness, &at).await;
    assert!(harness.meddle(&at, Hand::StripsMark).await);
    look(harness, &at).await;
    assert_eq!(harness.mutations(), made, "{:?}", harness.calls());
    removed(harness, &at, None).await;
    let gone = harness.mutations();
    look(harness, &at).await;
    assert_eq!(harness.mutations(), gone);
}

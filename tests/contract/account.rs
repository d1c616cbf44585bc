//! `Backend::account`.

use cache_driver::backend::{At, Kind};

use crate::harness::{Harness, Trouble};
use crate::life::at;

pub(crate) async fn it_is_asked_once_and_then_remembered(harness: &dyn Harness) {
    let at = at(harness, "res-1");
    let first = harness.backend().account(&at).await.unwrap();
    assert!(!first.is_empty());
    let calls = harness.calls();
    assert!(calls.iter().all(|called| !called.mutating), "{calls:?}");
    assert_eq!(harness.backend().account(&at).await.unwrap(), first);
    assert_eq!(harness.calls(), calls, "the second time no cloud is called");
}

pub(crate) async fn other_credentials_are_asked_anew(harness: &dyn Harness) {
    let own = at(harness, "res-1");
    let (credentials, account) = harness.strangers();
    let strangers = At { credentials, ..own.clone() };
    let first = harness.backend().account(&own).await.unwrap();
    assert_eq!(harness.backend().account(&strangers).await.unwrap(), account);
    assert_ne!(first, account);
    assert_eq!(harness.backend().account(&own).await.unwrap(), first);
}

pub(crate) async fn a_refusal_is_not_remembered(harness: &dyn Harness) {
    let at = at(harness, "res-1");
    if !harness.stage(Trouble::Denied).await {
        return;
    }
    let denied = harness.backend().account(&at).await.unwrap_err();
    assert_eq!(denied.kind, Kind::Credentials, "{denied}");
    assert!(harness.backend().account(&at).await.is_ok());
}

//! `Backend::account`.

use cache_driver::backend::{At, Credentials, Finding, Given, Kind};
use cache_driver::cache::Provider;
use serde_json::json;

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

pub(crate) async fn credentials_that_are_none_here_are_refused(harness: &dyn Harness) {
    if harness.is_imagined() {
        return;
    }
    let own = at(harness, "res-1");
    let foreign = match own.place.provider() {
        Provider::Aws => json!({"access_token": "synthetic"}),
        Provider::Gcp | Provider::Azure => json!({"AccessKeyId": "AKIASYNTHETIC", "SecretAccessKey": "synthetic"}),
    };
    let foreign = Given::recognise(foreign.as_object().unwrap()).unwrap();
    for credentials in [Credentials::Given(foreign.into()), Credentials::Named("nobody".to_owned())] {
        let at = At { credentials, ..own.clone() };
        for error in [harness.backend().observe(&at).await.err(), harness.backend().account(&at).await.err()] {
            let error = error.unwrap_or_else(|| panic!("{:?} were taken", at.credentials));
            assert_eq!(error.kind, Kind::Credentials, "{error}");
        }
        assert!(harness.backend().preflight(&at, &[].into()).await.iter().any(Finding::is_problem));
    }
    assert_eq!(harness.calls(), [], "the cloud need not be asked");
}

//! `Backend::preflight`.

use cache_driver::backend::Finding;

use crate::harness::{Harness, Trouble};
use crate::life::at;

pub(crate) async fn all_is_well_and_nothing_is_changed(harness: &dyn Harness) {
    let findings = harness.backend().preflight(&at(harness, "res-1"), &[].into()).await;
    assert!(!findings.is_empty());
    for finding in &findings {
        assert!(!finding.is_problem(), "{finding:?}");
        assert!(!finding.subject.is_empty() && !finding.message.is_empty(), "{finding:?}");
    }
    assert_eq!(harness.mutations(), 0, "{:?}", harness.calls());
}

pub(crate) async fn a_missing_prerequisite_is_found(harness: &dyn Harness) {
    if !harness.stage(Trouble::PrerequisiteMissing).await {
        return;
    }
    let findings = harness.backend().preflight(&at(harness, "res-1"), &[].into()).await;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.is_problem()).collect();
    let [bad] = bad.as_slice() else { panic!("{findings:?}") };
    assert!(bad.mend.as_ref().is_some_and(|how| how.len() > 20), "it says how to mend it: {bad:?}");
    assert_eq!(harness.mutations(), 0, "{:?}", harness.calls());
}

pub(crate) async fn missing_permissions_are_found(harness: &dyn Harness) {
    assert!(harness.trouble(Trouble::Denied).await);
    let findings = harness.backend().preflight(&at(harness, "res-1"), &[].into()).await;
    assert!(findings.iter().any(Finding::is_problem), "{findings:?}");
}

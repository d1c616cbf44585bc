//! `Backend::capabilities`.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::harness::Harness;
use crate::life::{created, settled};

pub(crate) async fn they_are_whole_and_say_each_thing_once(harness: &dyn Harness) {
    let can = harness.backend().capabilities();
    assert!(!can.engines.is_empty() && can.engines.iter().all(|engine| can.product.engines().contains(engine)));
    assert!(!can.modes.is_empty() && can.modes.iter().all(|mode| can.product.modes().contains(mode)));
    assert!(!can.on_delete.is_empty() && !can.permissions.is_empty());
    for typical in [can.typical.create, can.typical.update, can.typical.delete] {
        assert!(typical > Duration::ZERO && typical < Duration::from_hours(3), "{typical:?}");
    }
    let fields: BTreeSet<&str> = can.changes.iter().map(|(field, _)| *field).collect();
    assert!(!fields.is_empty() && fields.len() == can.changes.len());
    let permissions: BTreeSet<&str> = can.permissions.iter().map(|permission| permission.action).collect();
    assert_eq!(permissions.len(), can.permissions.len());
}

pub(crate) async fn they_stay_the_same(harness: &dyn Harness) {
    let before = format!("{:?}", harness.backend().capabilities());
    let (at, _) = created(harness, "res-1", &serde_json::json!({})).await;
    settled(harness, &at).await;
    assert_eq!(format!("{:?}", harness.backend().capabilities()), before);
}

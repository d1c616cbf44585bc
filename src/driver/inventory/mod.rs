//! Every cache that this driver owns, over all clouds, accounts and regions of its config, and what is odd about each.
//!
//! Changes nothing. A place that could not be listed is told, and does not hide the others.

mod findings;
mod places;
mod recent;
mod shape;
mod unreadable;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Driver;
use super::lifecycle::{Task, due};
use crate::backend::{Ownership, Phase};
use crate::cache::{CacheName, Code, GuResId, OnDelete, Product, Provider, State};
pub use findings::{Finding, FindingKind};
use findings::{Known, findings, orphaned};
pub(super) use places::{Listable, Located, bounded};
pub(super) use recent::Recent;
pub use unreadable::Unreadable;

/// Every cache that this driver owns.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Inventory {
    /// When it was looked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many places were listed: products in accounts and regions.
    pub places: usize,
    /// The caches, by cloud, region, account, resource and name.
    pub caches: Vec<Entry>,
    /// Caches that are the driver's, and whose mark cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Places that could not be listed.
    pub failures: Vec<PlaceFailure>,
}

/// A place that could not be listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlaceFailure {
    /// The cloud.
    pub provider: Provider,
    /// The product.
    pub product: Product,
    /// Account id, project or subscription, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    pub location: String,
    /// With whose rights: `own`, or the name of an account of the config.
    pub credentials: String,
    /// What kind of error.
    pub error: Code,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether it may go better next time, though nobody changes anything.
    pub retryable: bool,
}

/// One cache.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Entry {
    /// The resource that it serves.
    #[schema(value_type = String)]
    pub id: GuResId,
    /// The cloud.
    pub provider: Provider,
    /// The product.
    pub product: Product,
    /// Its name at the cloud.
    #[schema(value_type = String)]
    pub name: CacheName,
    /// Account id, project or subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    pub location: String,
    /// Azure resource group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The route that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Whether the driver still answers for it.
    pub state: State,
    /// What it does at the moment.
    pub phase: Phase,
    /// The cloud's own word for that.
    pub status: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// How old it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// The size as it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// What a DELETE does.
    pub on_delete: OnDelete,
    /// Whether DELETE is refused.
    pub protected: bool,
    /// Whether it existed before this driver.
    pub adopted: bool,
    /// What will be done to it though nobody asks, and when.
    pub due: Vec<Upcoming>,
    /// What is odd about it.
    pub findings: Vec<Finding>,
    /// Why nobody may come back for it, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphan: Option<String>,
}

/// Something that will be done, and from when on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Upcoming {
    /// What.
    pub task: Task,
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl Driver {
    /// Looks at every place of the config, or of one cloud, for caches that bear a mark of this driver.
    pub async fn inventory(&self, only: Option<Provider>) -> Inventory {
        let listing = self.locate_all(only).await;
        let driver = self.clone();
        let mut caches = bounded(listing.caches, move |located| {
            let driver = driver.clone();
            async move { driver.entry(located).await }
        })
        .await;
        caches.sort_by(|a, b| sorted(a).cmp(&sorted(b)));
        tell_doubles(&mut caches);
        let (places, unreadable, failures) = (listing.places, listing.unreadable, listing.failures);
        Inventory { at: self.clock().now(), places, caches, unreadable, failures }
    }

    async fn entry(&self, located: Located) -> Entry {
        let Located { backend, at, mut mark, mut phase, mut status, mut created_at, mut fields } = located;
        let mut unseen = None;
        if matches!(phase, Phase::Absent | Phase::Creating | Phase::Deleting | Phase::Shell) {
            // There is not yet, or no longer, anything to compare.
            fields = None;
        } else if fields.is_none() {
            match backend.observe(&at).await {
                Ok(seen) => {
                    // What was there may have gone, or been taken by another, since it was listed.
                    if let Some(Ownership::Marked(now)) = seen.ownership
                        && now.id == mark.id
                    {
                        (mark, phase, status) = (*now, seen.phase, seen.status);
                        created_at = seen.created_at.or(created_at);
                        fields = Some(seen.fields);
                    }
                }
                Err(error) => unseen = Some(error.to_string()),
            }
        }
        let now = self.clock().now();
        let limits = self.config().lifecycle.deadlines_of(at.place.product);
        let due = due(&mark, phase, created_at, limits.create);
        let known = Known {
            place: &at.place,
            mark: &mark,
            phase,
            status: &status,
            due: &due,
            shape: fields.map(|fields| shape::differences(backend.as_ref(), &mark, &fields)),
            unseen: unseen.as_deref(),
            names: &self.names(&mark.id, None),
            made_here: self.made(&mark, &at.place.name),
            routes: &self.config().routes,
            limits,
            now,
        };
        let findings = findings(&known);
        let orphan = orphaned(&known, &findings);
        let place = at.place;
        Entry {
            provider: place.provider(),
            product: place.product,
            name: place.name,
            account: place.account,
            location: place.location,
            group: place.group,
            state: mark.state,
            phase,
            status,
            created_at,
            age_seconds: created_at.map(|born| now.duration_since(born).as_secs().max(0)),
            size: mark.capacity,
            on_delete: mark.on_delete,
            protected: mark.protected,
            adopted: mark.adopted,
            due: due.iter().map(|due| Upcoming { task: due.task, at: due.at }).collect(),
            findings,
            orphan,
            route: mark.route,
            id: mark.id,
        }
    }
}

impl Inventory {
    /// Tells which of the caches in use serve resources that are in nobody's list.
    pub fn compare(&mut self, known: &BTreeSet<GuResId>) {
        for entry in self.caches.iter_mut().filter(|entry| entry.state == State::Owned && !known.contains(&entry.id)) {
            let message = "its resource is not in the list of those in use".to_owned();
            entry.orphan.get_or_insert_with(|| message.clone());
            entry.findings.push(Finding { kind: FindingKind::Unknown, message });
        }
    }
}

/// Tells which caches in use serve one resource. While one takes the place of another, that is as it should be.
fn tell_doubles(caches: &mut [Entry]) {
    let mut places: BTreeMap<GuResId, Vec<String>> = BTreeMap::new();
    let in_use = |entry: &Entry| entry.state == State::Owned && entry.phase != Phase::Deleting;
    for entry in caches.iter().filter(|entry| in_use(entry)) {
        let place = format!("{} {} in {}", entry.product, entry.name, entry.location);
        places.entry(entry.id.clone()).or_default().push(place);
    }
    for entry in caches.iter_mut().filter(|entry| in_use(entry)) {
        let Some(all) = places.get(&entry.id).filter(|all| all.len() > 1) else { continue };
        let message = format!("{} caches in use serve its resource: {}", all.len(), all.join(", "));
        entry.findings.push(Finding { kind: FindingKind::Double, message });
    }
}

/// In the order in which people look for them.
fn sorted(entry: &Entry) -> (Provider, &str, Option<&str>, &GuResId, &CacheName) {
    (entry.provider, &entry.location, entry.account.as_deref(), &entry.id, &entry.name)
}

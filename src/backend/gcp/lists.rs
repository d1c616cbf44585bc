//! Lists: of caches for whoever asks, of caches for all looks together, of operations.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::Api;
use super::budget::Purpose;
use super::call::Call;
use super::collection::Collection;
use super::labels;
use super::remedy::About;
use super::snapshots::key;
use crate::backend::{BackendError, Credentials, Kind, Listed, Observed, Phase, Result, Scope};
use crate::cache::{CacheName, Place};

/// The most that a page may hold.
const PAGE: &str = "1000";
/// Pages that are read at most.
const PAGES: usize = 50;
/// While no more caches than this are looked at within an interval, each is looked at directly.
const FEW: usize = 3;

/// Everything that the pages of a list showed.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) resources: Vec<Value>,
    unreachable: BTreeSet<String>,
}

impl Api {
    /// Everything in the scope's location, page by page. A location that did not answer is an error, never an absence.
    pub(super) async fn list(&self, scope: &Scope, collection: Collection) -> Result<Vec<Value>> {
        let project = self.project_of(scope.account.as_deref(), &scope.credentials).await?;
        let listed = self.everything(&scope.credentials, &project, &scope.location, collection).await?;
        if let Some(location) = listed.unreachable.first() {
            let message = format!("the location {location} did not answer");
            return Err(BackendError::new(Kind::Unavailable, collection.list(), message));
        }
        Ok(listed.resources)
    }

    /// The caches of [`Api::list`]. `observed` reads a resource as a look at it would; of one that cannot be read only a look
    /// tells more.
    pub(super) async fn caches(
        &self,
        scope: &Scope,
        collection: Collection,
        observed: impl Fn(&Value, &str) -> Option<Observed>,
    ) -> Result<Vec<Listed>> {
        let project = self.project_of(scope.account.as_deref(), &scope.credentials).await?;
        let mut caches = Vec::new();
        for resource in self.list(scope, collection).await? {
            let key = resource.get("name").and_then(Value::as_str).and_then(key).unwrap_or_default();
            let [location, _, id] = key.split('/').collect::<Vec<_>>()[..] else { continue };
            let place = Place {
                product: collection.product(),
                account: Some(project.clone()),
                location: location.to_owned(),
                group: None,
                name: CacheName::existing(id),
            };
            let ownership = labels::ownership(&labels::of(&resource));
            let seen = observed(&resource, &project);
            let cache = if let Some(Observed { phase, status, created_at, fields, .. }) = seen {
                Listed { place, ownership, phase, status, created_at, fields: Some(fields) }
            } else {
                let (phase, status) = (Phase::Busy, String::new());
                Listed { place, ownership, phase, status, created_at: None, fields: None }
            };
            caches.push(cache);
        }
        Ok(caches)
    }

    /// The cache from the list that all looks share. `None`: it has to be looked at directly.
    pub(super) async fn shared(
        &self,
        credentials: &Credentials,
        project: &str,
        collection: Collection,
        name: &str,
    ) -> Option<Value> {
        let key = key(name)?;
        let watch = self.snapshots.watch(credentials.into(), project, collection);
        let crowd = self.snapshots.crowd(&watch, key, self.clock.now());
        let counted = self.quota_project.as_deref().unwrap_or(project);
        if crowd <= FEW && self.budget.has_room(counted, collection, Purpose::Look) {
            return None;
        }
        let mut snapshot = self.snapshots.fresh(&watch, self.clock.now());
        if snapshot.is_none() {
            // One lists, the others wait for it.
            let _turn = watch.listing.lock().await;
            let now = self.clock.now();
            snapshot = self.snapshots.fresh(&watch, now);
            if snapshot.is_none() && self.snapshots.may_begin(&watch, now) {
                let begun = self.snapshots.begin(&watch, now);
                match self.everything(credentials, project, "-", collection).await {
                    Ok(listed) => snapshot = Some(watch.keep(begun, listed.resources, listed.unreachable)),
                    Err(error) => tracing::debug!(%error, "the list for all looks failed; each looks for itself"),
                }
            }
        }
        let snapshot = snapshot?;
        if self.snapshots.is_outdated(&snapshot, name) {
            return None;
        }
        snapshot.get(key).cloned()
    }

    async fn everything(
        &self,
        credentials: &Credentials,
        project: &str,
        location: &str,
        collection: Collection,
    ) -> Result<Pages> {
        let about = self.about(collection, project, location, None);
        let path = format!("projects/{project}/locations/{location}/{}", collection.noun());
        let list = Call::reading(collection.list(), &path, Purpose::Other);
        self.pages(credentials, &about, &list, collection.noun()).await
    }

    /// What a list shows under `field`, page by page.
    pub(super) async fn pages(
        &self,
        credentials: &Credentials,
        about: &About<'_>,
        list: &Call<'_>,
        field: &str,
    ) -> Result<Pages> {
        let mut listed = Pages { resources: Vec::new(), unreachable: BTreeSet::new() };
        let mut token = String::new();
        for _ in 0..PAGES {
            let mut call = Call { service: list.service, ..Call::reading(list.operation, list.path, Purpose::Other) };
            call.query.push(("pageSize", PAGE.to_owned()));
            if !token.is_empty() {
                call.query.push(("pageToken", std::mem::take(&mut token)));
            }
            let mut page = self.call(credentials, about, &call).await?.told()?;
            if let Some(Value::Array(items)) = page.get_mut(field).map(Value::take) {
                for item in items {
                    if let Some(location) = placeholder(&item) {
                        listed.unreachable.insert(location.to_owned());
                    } else {
                        listed.resources.push(item);
                    }
                }
            }
            let unreachable = page.get("unreachable").and_then(Value::as_array).into_iter().flatten();
            listed.unreachable.extend(unreachable.filter_map(Value::as_str).map(location_of).map(str::to_owned));
            match page.get("nextPageToken").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => next.clone_into(&mut token),
                _ => return Ok(listed),
            }
        }
        let message = format!("the list has more than {PAGES} pages");
        Err(BackendError::new(Kind::Unavailable, list.operation, message))
    }
}

/// The location that a placeholder stands for: `projects/p/locations/l/instances/-` means that `l` did not answer.
fn placeholder(resource: &Value) -> Option<&str> {
    let name = resource.get("name")?.as_str()?;
    name.ends_with("/-").then(|| location_of(name))
}

/// `l` of `projects/p/locations/l/…`, and of `l`.
fn location_of(name: &str) -> &str {
    key(name).unwrap_or(name).split('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_location_is_told_however_it_is_spelled() {
        for name in
            ["europe-west3", "projects/p/locations/europe-west3", "projects/p/locations/europe-west3/instances/-"]
        {
            assert_eq!(location_of(name), "europe-west3");
        }
        assert_eq!(placeholder(&json!({"name": "projects/p/locations/l/instances/-"})), Some("l"));
        assert_eq!(placeholder(&json!({"name": "projects/p/locations/l/instances/i-"})), None);
    }
}

//! Google's REST APIs, as the products call them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::collection::Collection;
use crate::backend::{At, BackendError, Diagnosis, Kind, Owned, Result, Scope};
use crate::clock::Clock;
use crate::config::Gcp;

/// A call that may change something.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    /// Its name: API, collection, method, as Google's discovery documents spell them (`redis.instances.patch`).
    pub(super) operation: &'static str,
    /// `POST`, `PATCH` or `DELETE`.
    pub(super) method: reqwest::Method,
    /// Behind `v1/`: `projects/p/locations/l/instances/i:upgrade`.
    pub(super) path: String,
    /// Query, not yet encoded. A `requestId` is added by the client where `with_request_id` is set.
    pub(super) query: Vec<(&'static str, String)>,
    /// Whether the method takes a `requestId`, which makes it safe to repeat.
    pub(super) with_request_id: bool,
    /// JSON.
    pub(super) body: Option<&'a Value>,
}

/// Google's APIs, with whoever's credentials.
#[derive(Debug)]
pub(super) struct Api {
    _clock: Arc<dyn Clock>,
}

fn nothing(operation: &'static str) -> BackendError {
    BackendError::new(Kind::Unavailable, operation, "not here yet")
}

#[expect(clippy::unused_async, reason = "the rooms behind it are being built")]
impl Api {
    pub(super) fn new(_config: &Gcp, clock: Arc<dyn Clock>, _user_agent: &str) -> Self {
        Self { _clock: clock }
    }

    /// The project of the place; where it names none, that of the credentials.
    pub(super) async fn project(&self, _at: &At) -> Result<String> {
        Err(nothing("project"))
    }

    /// `projects/{project}/locations/{location}`.
    pub(super) async fn parent(&self, at: &At) -> Result<String> {
        Ok(format!("projects/{}/locations/{}", self.project(at).await?, at.place.location))
    }

    /// The cache's own resource, as JSON. `None` if it is not there. While many caches of a project are pending, the answer
    /// comes from one list for all of them, never older than the last change that this process made to this cache; that
    /// it is not there is only told by a direct look. Out of budget: `Kind::Unavailable`.
    pub(super) async fn look(&self, _at: &At, _collection: Collection) -> Result<Option<Value>> {
        Err(nothing("get"))
    }

    /// Anything below the service. `None` if it is not there.
    pub(super) async fn get(
        &self,
        _at: &At,
        _collection: Collection,
        operation: &'static str,
        _path: &str,
    ) -> Result<Option<Value>> {
        Err(nothing(operation))
    }

    /// A call that may change something. Gives the long-running operation (or whatever was answered). Afterwards no look
    /// at this cache is answered from before. Errors are classified; `ALREADY_EXISTS` is `Kind::Taken`.
    pub(super) async fn send(&self, _at: &At, _collection: Collection, request: Request<'_>) -> Result<Value> {
        Err(nothing(request.operation))
    }

    /// The same, where it is a success that the thing is absent (`None`).
    pub(super) async fn send_if_there(
        &self,
        _at: &At,
        _collection: Collection,
        request: Request<'_>,
    ) -> Result<Option<Value>> {
        Err(nothing(request.operation))
    }

    /// Everything in the scope's location, page by page. A location that did not answer is an error, never an absence.
    pub(super) async fn list(&self, _scope: &Scope, _collection: Collection) -> Result<Vec<Value>> {
        Err(nothing("list"))
    }

    /// The marked caches of [`Api::list`]; `phase` tells state and status from a resource.
    pub(super) async fn owned(
        &self,
        _scope: &Scope,
        _collection: Collection,
        _phase: fn(&Value) -> (crate::backend::Phase, String),
    ) -> Result<Vec<Owned>> {
        Err(nothing("list"))
    }

    /// Why an operation on the cache failed, from its long-running operations since `since`, newest first.
    pub(super) async fn diagnose(&self, _at: &At, _collection: Collection, _since: Timestamp) -> Result<Diagnosis> {
        Err(nothing("operations.list"))
    }
}

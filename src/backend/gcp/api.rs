//! Google's REST APIs, as the products call them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use uuid::Uuid;

use super::budget::{Budget, Purpose};
use super::call::Call;
use super::collection::Collection;
use super::credentials::Identities;
use super::http::Http;
use super::memory::Memory;
use super::operations;
use super::remedy::About;
use super::snapshots::Snapshots;
use crate::backend::{At, BackendError, Calls, Credentials, Diagnosis, Fields, Kind, Result};
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
    pub(super) clock: Arc<dyn Clock>,
    pub(super) http: Arc<Http>,
    pub(super) identities: Identities,
    pub(super) budget: Budget,
    pub(super) quota_project: Option<String>,
    pub(super) max_attempts: u32,
    pub(super) patience: Duration,
    pub(super) snapshots: Snapshots,
    project: Option<String>,
    network: Option<String>,
    memory: Memory,
}

impl Api {
    pub(super) fn new(config: &Gcp, clock: Arc<dyn Clock>, user_agent: &str, calls: Calls) -> Self {
        let http = Arc::new(Http::new(config, user_agent, calls));
        let budget = Budget::new(config, clock.clone());
        let network = config.network.as_ref().map(|network| match &config.network_project {
            Some(project) if !network.contains('/') => format!("projects/{project}/global/networks/{network}"),
            _ => network.clone(),
        });
        Self {
            identities: Identities::new(config, http.clone(), clock.clone()),
            snapshots: Snapshots::new(budget.interval()),
            memory: Memory::default(),
            http,
            budget,
            clock,
            quota_project: config.quota_project.clone(),
            max_attempts: config.max_attempts.max(1),
            patience: config.timeouts.operation,
            project: config.project.clone(),
            network,
        }
    }

    /// The project of the place, once there is a token: a project that is named says nothing of the credentials.
    pub(super) async fn account(&self, at: &At) -> Result<String> {
        self.identities.token(&at.credentials).await?;
        self.project(at).await
    }

    /// The project of the place; where it names none, that of the credentials.
    pub(super) async fn project(&self, at: &At) -> Result<String> {
        self.project_of(at.place.account.as_deref(), &at.credentials).await
    }

    pub(super) async fn project_of(&self, named: Option<&str>, credentials: &Credentials) -> Result<String> {
        if let Some(project) = named {
            return Ok(project.to_owned());
        }
        if let Some(project) = self.identities.project(credentials, false).await? {
            return Ok(project);
        }
        if let Some(project) = &self.project {
            return Ok(project.clone());
        }
        if let Some(project) = self.identities.project(credentials, true).await? {
            return Ok(project);
        }
        let message = "neither the request, nor its credentials, nor the config name a project";
        Err(BackendError::new(Kind::Credentials, "project", message)
            .hint("set gcp.project in the request, or providers.gcp.project in the config"))
    }

    /// `projects/{project}/locations/{location}`.
    pub(super) async fn parent(&self, at: &At) -> Result<String> {
        Ok(format!("projects/{}/locations/{}", self.project(at).await?, at.place.location))
    }

    /// The full name of the cache.
    pub(super) async fn name(&self, at: &At, collection: Collection) -> Result<String> {
        Ok(name(&self.project(at).await?, at, collection))
    }

    /// The cache's own resource, as JSON. `None` if it is not there. While many caches of a project are pending, the answer
    /// comes from one list for all of them, never older than the last change that this process made to this cache; that
    /// it is not there is only told by a direct look. Out of budget: `Kind::Unavailable`.
    pub(super) async fn look(&self, at: &At, collection: Collection) -> Result<Option<Value>> {
        let project = self.project(at).await?;
        let name = name(&project, at, collection);
        if Budget::is_scarce(collection)
            && let Some(resource) = self.shared(&at.credentials, &project, collection, &name).await
        {
            return Ok(Some(resource));
        }
        self.look_anew(at, collection).await
    }

    /// The same, never from a list.
    pub(super) async fn look_anew(&self, at: &At, collection: Collection) -> Result<Option<Value>> {
        let project = self.project(at).await?;
        let name = name(&project, at, collection);
        let about = self.about(collection, &project, &at.place.location, None);
        let call = Call::reading(collection.get(), &name, Purpose::Look);
        Ok(self.call(&at.credentials, &about, &call).await?.if_there())
    }

    /// Anything below the service. `None` if it is not there.
    pub(super) async fn get(
        &self,
        at: &At,
        collection: Collection,
        operation: &'static str,
        path: &str,
    ) -> Result<Option<Value>> {
        let project = self.project(at).await?;
        let about = self.about(collection, &project, &at.place.location, None);
        let call = Call::reading(operation, path, Purpose::Other);
        Ok(self.call(&at.credentials, &about, &call).await?.if_there())
    }

    /// A call that may change something. Gives the long-running operation (or whatever was answered). Afterwards no look
    /// at this cache is answered from before. Errors are classified; `ALREADY_EXISTS` is `Kind::Taken`.
    pub(super) async fn send(&self, at: &At, collection: Collection, request: Request<'_>) -> Result<Value> {
        self.change(at, collection, request).await?.told()
    }

    /// The same, where it is a success that the thing is absent (`None`).
    pub(super) async fn send_if_there(
        &self,
        at: &At,
        collection: Collection,
        request: Request<'_>,
    ) -> Result<Option<Value>> {
        Ok(self.change(at, collection, request).await?.if_there())
    }

    async fn change(&self, at: &At, collection: Collection, request: Request<'_>) -> Result<super::call::Answer> {
        let project = self.project(at).await?;
        let about = self.about(collection, &project, &at.place.location, request.body);
        let mut query = request.query;
        if request.with_request_id {
            query.push(("requestId", Uuid::new_v4().to_string()));
        }
        let method = request.operation.rsplit('.').next().unwrap_or_default();
        // Those of the cache itself; tokens and backups are no instances.
        let is_creation = matches!(method, "create" | "delete") && request.operation.split('.').count() == 3;
        let call = Call {
            operation: request.operation,
            service: None,
            method: request.method,
            path: &request.path,
            query,
            body: request.body,
            repeatable: request.with_request_id,
            purpose: if is_creation { Purpose::Creation } else { Purpose::Other },
        };
        let changing = self.snapshots.changing(name(&project, at, collection), self.clock.now());
        let answer = self.call(&at.credentials, &about, &call).await;
        drop(changing);
        answer
    }

    /// Why an operation on the cache failed, from its long-running operations since `since`, newest first.
    pub(super) async fn diagnose(&self, at: &At, collection: Collection, since: Timestamp) -> Result<Diagnosis> {
        let project = self.project(at).await?;
        let about = self.about(collection, &project, &at.place.location, None);
        let path = format!("projects/{project}/locations/{}/operations", at.place.location);
        let list = Call::reading(collection.operations(), &path, Purpose::Other);
        let listed = self.pages(&at.credentials, &about, &list, "operations").await?;
        let name = name(&project, at, collection);
        Ok(operations::judge(&listed.resources, &name, since, &about))
    }

    /// What was remembered under this key, with the same credentials. The key has to hold what changes with a new life of
    /// the cache: its uid or its time of creation.
    pub(super) fn remembered(&self, at: &At, key: &str) -> Option<Value> {
        self.memory.value(&at.credentials, key)
    }

    /// Remembers what is no secret, for up to an hour.
    pub(super) fn remember(&self, at: &At, key: &str, value: Value) {
        self.memory.keep(&at.credentials, key, value);
    }

    /// A secret that was remembered under this key, with the same credentials.
    pub(super) fn remembered_secret(&self, at: &At, key: &str) -> Option<SecretString> {
        self.memory.secret(&at.credentials, key)
    }

    /// Remembers a secret for five minutes.
    pub(super) fn remember_secret(&self, at: &At, key: &str, secret: SecretString) {
        self.memory.keep_secret(&at.credentials, key, secret);
    }

    /// What a call is about. The network is the one that is sent, else the config's.
    pub(super) fn about<'a>(
        &self,
        collection: Collection,
        project: &'a str,
        location: &'a str,
        body: Option<&Value>,
    ) -> About<'a> {
        let network = body.and_then(network).or_else(|| self.network.clone());
        About { collection, project, location, network }
    }

    /// The same for a cache that is to be made with these fields.
    pub(super) fn about_wanted<'a>(
        &self,
        collection: Collection,
        project: &'a str,
        location: &'a str,
        wanted: &Fields,
    ) -> About<'a> {
        let named = wanted.get("network").and_then(Value::as_str).map(str::to_owned);
        About { collection, project, location, network: named.or_else(|| self.network.clone()) }
    }
}

fn name(project: &str, at: &At, collection: Collection) -> String {
    format!("projects/{project}/locations/{}/{}/{}", at.place.location, collection.noun(), at.place.name)
}

/// The VPC network somewhere in a request's body.
fn network(body: &Value) -> Option<String> {
    match body {
        Value::Object(fields) => {
            let named = ["authorizedNetwork", "network"].iter().find_map(|name| fields.get(*name)?.as_str());
            named.map(str::to_owned).or_else(|| fields.values().find_map(network))
        }
        Value::Array(items) => items.iter().find_map(network),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_network_is_found_wherever_it_stands() {
        let path = "projects/p/global/networks/n";
        for body in [
            json!({"tier": "BASIC", "authorizedNetwork": path}),
            json!({"pscConfigs": [{"network": path}]}),
            json!({"endpoints": [{"connections": [{"pscAutoConnection": {"projectId": "p", "network": path}}]}]}),
        ] {
            assert_eq!(network(&body).as_deref(), Some(path), "{body}");
        }
        assert_eq!(network(&json!({"labels": {"a": "b"}})), None);
    }
}

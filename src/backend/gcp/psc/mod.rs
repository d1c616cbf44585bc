//! Redis Cluster and Valkey: reached by Private Service Connect, changed one path at a time, with tokens for clients.
//!
//! What both share. [`Dialect`] is what tells them apart.

mod apply;
mod changes;
mod convert;
mod dialect;
#[cfg(test)]
mod fixtures;
mod look;
mod observe;
mod policy;
mod resolve;
mod resource;
mod steps;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use dialect::{Calls, Dialect, Versions};

use super::prerequisites::Needs;
use super::{Shared, place};
use crate::backend::{
    At, Backend, BackendError, Capabilities, Change, Class, Connection, ConnectionPassword, Diagnosis, Fields, Finding,
    Goal, Kind, Listed, Observed, Resolved, Result, Scope, Step, Typical,
};
use crate::cache::{Auth, CacheName, FieldError, Mode, OnDelete, Place, Spec};
use resource::Resource;

/// What DELETE can do.
pub(super) const ON_DELETE: &[OnDelete] = OnDelete::ALL;
/// What a change can be about.
pub(super) const CHANGES: &[(&str, Class)] = changes::FIELDS;
/// "10–15 min" for creations and removals, as users tell; labels and the like take a minute or two, scaling much longer.
pub(super) const TYPICAL: Typical =
    Typical { create: Duration::from_mins(12), update: Duration::from_mins(15), delete: Duration::from_mins(10) };

/// How often snapshots are taken, unless it is asked for.
const RDB_PERIOD: &str = "TWENTY_FOUR_HOURS";
/// The hour (UTC) at which backups are taken, unless one is asked for: Google has no default of its own.
const BACKUP_HOUR: u64 = 3;

/// Drives Redis Cluster or Valkey.
#[derive(Debug)]
pub(super) struct Psc {
    shared: Arc<Shared>,
    dialect: &'static Dialect,
}

impl Psc {
    pub(super) fn new(shared: Arc<Shared>, dialect: &'static Dialect) -> Self {
        Self { shared, dialect }
    }

    /// The full name of the cache.
    async fn name(&self, at: &At) -> Result<String> {
        self.shared.api.name(at, self.dialect.collection).await
    }

    /// What a look found, with how it stands with clients' tokens.
    async fn seen(&self, at: &At, found: Option<Value>) -> Result<Observed> {
        let project = self.shared.api.project(at).await?;
        let Some(found) = found else { return Ok(Observed::absent(project)) };
        let resource: Resource = read(self.dialect.calls.get, found)?;
        let tokens = self.standing(at, &resource).await?;
        Ok(observe::observed(self.dialect, &resource, tokens.as_ref(), project, self.shared.clock.now()))
    }
}

/// Reads an answer. What does not fit at all says nothing about the cache.
fn read<T: DeserializeOwned>(call: &'static str, answer: Value) -> Result<T> {
    serde_json::from_value(answer)
        .map_err(|error| BackendError::new(Kind::Unavailable, call, "an answer that cannot be read").source(error))
}

#[async_trait]
impl Backend for Psc {
    fn capabilities(&self) -> &Capabilities {
        &self.dialect.capabilities
    }

    fn resolve(&self, spec: &Spec) -> std::result::Result<Resolved, Vec<FieldError>> {
        let Shared { config, defaults, sizes, .. } = self.shared.as_ref();
        resolve::resolve(resolve::Setting { dialect: self.dialect, config, defaults, sizes }, spec)
    }

    fn place(&self, spec: &Spec, name: &CacheName) -> std::result::Result<Place, Vec<FieldError>> {
        place::place(&self.shared.config, self.dialect.product(), spec, name)
    }

    fn places(&self, name: &CacheName) -> Vec<Place> {
        place::places(&self.shared.config, self.dialect.product(), name)
    }

    async fn account(&self, at: &At) -> Result<String> {
        self.shared.api.account(at).await
    }

    async fn observe(&self, at: &At) -> Result<Observed> {
        self.seen(at, self.shared.api.look(at, self.dialect.collection).await?).await
    }

    async fn observe_anew(&self, at: &At) -> Result<Observed> {
        self.seen(at, self.shared.api.look_anew(at, self.dialect.collection).await?).await
    }

    fn staleness(&self) -> Duration {
        self.shared.api.budget.interval()
    }

    fn changes(&self, wanted: &Resolved, seen: &Observed) -> Vec<Change> {
        changes::changes(wanted, seen)
    }

    fn steps(&self, goal: &Goal<'_>, seen: &Observed) -> Vec<Step> {
        steps::steps(self.dialect, goal, seen)
    }

    async fn apply(&self, at: &At, step: &Step) -> Result<()> {
        self.make(at, step).await
    }

    async fn connection(&self, at: &At, seen: &Observed) -> Result<Connection> {
        let get = self.dialect.calls.get;
        let lacks = |what: &str| BackendError::new(Kind::Busy, get, format!("the cache shows no {what} yet"));
        let text = |field: &str| seen.fields.get(field).and_then(Value::as_str);
        let endpoint = seen.endpoint.clone().ok_or_else(|| lacks("endpoint"))?;
        let auth: Auth = text("auth").and_then(|auth| auth.parse().ok()).ok_or_else(|| lacks("authorization mode"))?;
        let tls = seen.fields.get("tls") == Some(&true.into());
        let password = match auth {
            Auth::Password => ConnectionPassword::Told(self.password(at, seen).await?),
            // With IAM the password is an OAuth token of whoever connects.
            Auth::Iam | Auth::None => ConnectionPassword::None,
        };
        let ca_cert = if tls { self.authority(at, seen).await? } else { None };
        let product = self.dialect.product();
        let of_table = || self.shared.sizes.memory_of(product, "node_type", seen.fields.get("node_type")?);
        Ok(Connection {
            endpoint,
            reader: seen.reader.clone(),
            tls,
            ca_cert,
            auth,
            username: None,
            password,
            cluster_mode: text("mode") == Some(Mode::Cluster.as_str()),
            engine: self.dialect.engine(),
            engine_version: text("engine_version").or(self.dialect.given_version()).map(str::to_owned),
            memory_gb: seen.fields.get("memory_gb").and_then(Value::as_f64).or_else(of_table),
        })
    }

    async fn diagnose(&self, at: &At, since: Timestamp) -> Result<Diagnosis> {
        self.shared.api.diagnose(at, self.dialect.collection, since).await
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Listed>> {
        let now = self.shared.clock.now();
        // How it stands with tokens would be two calls for each, of a quota of sixty a minute.
        let observed = |resource: &Value, project: &str| {
            let resource = Resource::deserialize(resource).ok()?;
            Some(observe::observed(self.dialect, &resource, None, project.to_owned(), now))
        };
        self.shared.api.caches(scope, self.dialect.collection, observed).await
    }

    async fn preflight(&self, at: &At, wanted: &Fields) -> Vec<Finding> {
        let api = &self.shared.api;
        let needs = Needs {
            collection: self.dialect.collection,
            permissions: self.dialect.capabilities.permissions,
            peering: false,
        };
        let mut findings = api.prerequisites(at, &needs, wanted).await;
        if !findings.iter().any(Finding::is_problem)
            && let Ok(project) = api.project(at).await
        {
            let about = api.about_wanted(needs.collection, &project, &at.place.location, wanted);
            findings.push(self.policy(at, &about).await);
        }
        findings
    }
}

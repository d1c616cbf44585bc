//! What a call gets to work with, and the steps that all kinds of resources share.

use serde_json::Value;

use super::durations::Pace;
use super::error::ArmError;
use super::id::Id;
use super::kind::Kind;
use super::locations::Location;
use super::operations::{Family, Operation};
use super::request::Parsed;
use super::resource::{Act, Failure, Resource, Work};
use super::store::State;
use super::{classic, clusters, databases, parts, private_endpoints, trouble};
use crate::clock::Timestamp;
use crate::random::Random;

/// A fault wants what this call starts to end badly.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) on: Trigger,
    pub(super) failure: Failure,
    /// It fails so soon, instead of at its end.
    pub(super) after: Option<u64>,
}

/// What kind of work a planned failure is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    Create,
    Update,
    /// Whatever needs machines: a create, or another size.
    Machines,
}

impl Trigger {
    fn hits(self, act: &Act) -> bool {
        match (self, act) {
            (Self::Create | Self::Machines, Act::Create) | (Self::Update, Act::Update { .. }) => true,
            (Self::Machines, Act::Update { scaling, .. }) => *scaling,
            _ => false,
        }
    }
}

/// One call, the state, and the time.
pub(super) struct Context<'a> {
    pub(super) state: &'a mut State,
    pub(super) request: &'a Parsed,
    /// The API version, checked.
    pub(super) version: &'a str,
    pub(super) now: Timestamp,
    pub(super) pace: Pace,
    pub(super) random: &'a dyn Random,
    pub(super) planned: Option<Planned>,
}

impl Context<'_> {
    /// A resource as the version of this call shows it.
    pub(super) fn show(&self, resource: &Resource) -> Value {
        show(self.state, resource, self.version)
    }

    /// The resource, or the error that ARM has for its absence.
    pub(super) fn existing(&self, id: &Id) -> Result<&Resource, ArmError> {
        self.state.resources.get(&id.key()).ok_or_else(|| self.absent(id))
    }

    /// Why there is no such resource.
    fn absent(&self, id: &Id) -> ArmError {
        let root = id.root();
        let there = |id: &Id| self.state.resources.contains_key(&id.key());
        match id.kind {
            // These are no resources of ARM's own: it knows their cache only.
            _ if id.kind.is_classic() && !there(&root) => ArmError::not_found(&root),
            Kind::Assignment if there(&root) => ArmError::problem(),
            Kind::Database | Kind::Assignment if !there(&root) => ArmError::no_parent(id.kind, "read", &root.shown()),
            Kind::Cluster if !self.state.went_lately(&id.key(), self.now) => ArmError::not_found(id),
            Kind::Cluster | Kind::Database => ArmError::missing(),
            _ => ArmError::not_found(id),
        }
    }

    /// What a resource is to be made a part of must be there, and idle.
    pub(super) fn idle_parent(&self, id: &Id) -> Result<(), ArmError> {
        let Some(parent) = id.parent() else { return Ok(()) };
        if !self.state.resources.contains_key(&parent.key()) {
            if id.kind.is_classic() {
                return Err(ArmError::not_found(&parent));
            }
            return Err(ArmError::no_parent(id.kind, "write", &parent.shown()));
        }
        self.idle(&id.root())
    }

    /// Nothing may go on with a resource and its parts.
    pub(super) fn idle(&self, id: &Id) -> Result<(), ArmError> {
        if self.state.is_busy(&id.key()) { Err(ArmError::busy(&id.shown())) } else { Ok(()) }
    }

    /// `If-None-Match: *` is for new resources only.
    pub(super) fn may_exist(&self, id: &Id) -> Result<(), ArmError> {
        let only_new = self.request.header("if-none-match").is_some_and(|tag| tag.trim() == "*");
        if only_new && self.state.resources.contains_key(&id.key()) {
            return Err(ArmError::exists(&id.shown()));
        }
        Ok(())
    }

    /// Starts work on a resource and gives the operation that tells of it.
    pub(super) fn begin(&mut self, id: &Id, act: Act, seconds: u64, family: Family) -> Operation {
        let key = id.key();
        self.state.remember(&key);
        let location = self.state.resources.get(&key).map(|resource| resource.location);
        let planned = self.planned.take_if(|planned| planned.on.hits(&act));
        let seconds = planned.as_ref().and_then(|planned| planned.after).unwrap_or(seconds);
        let operation = Operation::start(self, family, id.clone(), location.unwrap_or(Location::NONE));
        let failure = planned.map(|planned| worded(planned.failure, family, &operation.id));
        let work = Work { act, due: self.pace.due(self.now, seconds), operation: Some(operation.id.clone()), failure };
        if let Some(resource) = self.state.resources.get_mut(&key) {
            resource.work = Some(work);
        }
        self.state.note(operation.clone());
        operation
    }

    /// Adds a resource, still to be created.
    pub(super) fn add(&mut self, resource: Resource, seconds: u64, family: Family) -> Operation {
        let id = resource.id.clone();
        let key = id.key();
        self.state.remember(&key);
        self.state.deleted.remove(&key);
        self.state.resources.insert(key.clone(), resource);
        let before = self.state.previous.remove(&key);
        let operation = self.begin(&id, Act::Create, seconds, family);
        self.state.previous.extend(before.map(|before| (key, before)));
        operation
    }

    /// The operation that a resource's work goes by.
    pub(super) fn running(&self, id: &Id) -> Option<Operation> {
        let work = self.state.resources.get(&id.key())?.work.as_ref()?;
        self.state.operations.get(work.operation.as_ref()?).cloned()
    }

    /// A resource by id, after this call changed it.
    pub(super) fn shown(&self, id: &Id) -> Value {
        self.state.resources.get(&id.key()).map(|resource| self.show(resource)).unwrap_or_default()
    }
}

/// A resource as a version shows it.
pub(super) fn show(state: &State, resource: &Resource, version: &str) -> Value {
    match resource.id.kind {
        Kind::Cluster => clusters::show(state, resource, version),
        Kind::Database => databases::show(resource),
        Kind::Classic => classic::show(state, resource, false),
        Kind::PrivateEndpoint => private_endpoints::show(state, resource),
        _ => parts::show(resource),
    }
}

/// Classic operations tell little and always the same.
fn worded(failure: Failure, family: Family, operation: &str) -> Failure {
    if family != Family::Classic || failure.message.is_empty() {
        return failure;
    }
    let message = format!(
        "An error occurred during the long running operation. {} Request Id: {operation}, Correlation id: {operation}",
        failure.message
    );
    let code = match failure.code.as_str() {
        trouble::ANY_FAILURE => "AzureCacheForRedisLongRunningOperationFailure".to_owned(),
        _ => failure.code,
    };
    Failure { code, message }
}

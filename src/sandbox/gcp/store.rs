//! Everything that the emulated Google Cloud remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::SecretString;

use super::backups::Collections;
use super::error::{ApiError, Failure};
use super::operation::Operations;
use super::prerequisites::Prerequisites;
use super::product::Product;
use super::quota::Quota;
use super::schema::Object;
use super::tokens::Bearers;
use crate::clock::Timestamp;
use crate::sandbox::Listening;

/// Where a resource is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) product: Product,
    pub(super) project: String,
    pub(super) location: String,
    pub(super) id: String,
}

impl Key {
    /// `projects/…/locations/…/instances/…`.
    pub(super) fn name(&self) -> String {
        let Self { product, project, location, id } = self;
        format!("projects/{project}/locations/{location}/{}/{id}", product.collection())
    }

    /// Its server's name in the data plane: unique over everything.
    pub(super) fn server(&self) -> String {
        format!("{}-{}-{}-{}", self.product.prefix().replace('.', "-"), self.project, self.location, self.id)
    }
}

/// A user of token authentication.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) state: &'static str,
    pub(super) tokens: BTreeMap<String, Token>,
}

/// A token of a user.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) state: &'static str,
    pub(super) secret: SecretString,
    pub(super) created: Timestamp,
}

/// A change to users or tokens under way.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) change: TokenChange,
    pub(super) due: Timestamp,
    pub(super) operation: String,
    /// The end of the task waits for the data plane.
    pub(super) settling: bool,
}

/// What a task does.
#[derive(Debug, Clone)]
pub(super) enum TokenChange {
    AddUser { user: String },
    DeleteUser { user: String },
    AddToken { user: String, token: String },
    DeleteToken { user: String, token: String },
}

/// What an update leads to.
#[derive(Debug, Clone)]
pub(super) struct Update {
    /// The fields afterwards.
    pub(super) target: Object,
    /// The AUTH string afterwards.
    pub(super) auth_string: Option<SecretString>,
    /// The paths of the mask, as errors spell them.
    pub(super) paths: Vec<String>,
    /// The state meanwhile.
    pub(super) state: &'static str,
    /// The state stays `UPDATING` for a while after the operation is done.
    pub(super) lingers: bool,
}

/// What is going on with a resource.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Create,
    Update(Box<Update>),
    /// The operation is done and the state does not say so yet.
    Linger {
        paths: Vec<String>,
    },
    Delete,
    /// Something of the cloud's own; the word is its state.
    Hold {
        state: String,
    },
}

/// An act, when it ends, and the operations that tell of it.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) act: Act,
    pub(super) due: Timestamp,
    pub(super) operations: Vec<String>,
    /// It ends badly, for this cause.
    pub(super) failure: Option<Failure>,
}

/// An instance or cluster.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) key: Key,
    /// As shown, but for the state.
    pub(super) fields: Object,
    /// From which its addresses follow.
    pub(super) number: u32,
    pub(super) work: Option<Work>,
    pub(super) auth_string: Option<SecretString>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) tasks: Vec<Task>,
    /// Where its server listens, if there is a data plane.
    pub(super) listening: Option<Listening>,
    /// The end of the work waits for the data plane.
    pub(super) settling: bool,
}

impl Resource {
    /// The word for its state.
    pub(super) fn state(&self) -> &str {
        match self.work.as_ref().map(|work| &work.act) {
            Some(Act::Create) => "CREATING",
            Some(Act::Update(update)) => update.state,
            Some(Act::Linger { .. }) => "UPDATING",
            Some(Act::Delete) => "DELETING",
            Some(Act::Hold { state }) => state,
            None => self.key.product.ready(),
        }
    }

    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    /// Whether the service authenticates clients by tokens of users.
    pub(super) fn has_token_auth(&self) -> bool {
        self.text("authorizationMode").ends_with("TOKEN_AUTH")
    }
}

/// A request id that was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) at: Timestamp,
    pub(super) operation: String,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) resources: BTreeMap<Key, Resource>,
    /// Each resource as it was before its last change (`None`: it was not there), for stale reads.
    pub(super) previous: BTreeMap<Key, Option<Resource>>,
    pub(super) operations: Operations,
    pub(super) collections: Collections,
    /// By product, project, location and request id.
    pub(super) requests: BTreeMap<(Product, String, String, String), Seen>,
    pub(super) prerequisites: Prerequisites,
    /// Paths of networks that somebody has looked at.
    pub(super) seen_networks: BTreeSet<String>,
    pub(super) bearers: Bearers,
    pub(super) quota: Quota,
    /// The most that a page holds, if that is less than the services promise.
    pub(super) page_size: Option<usize>,
    /// How many resources were ever made.
    pub(super) made: u32,
    /// How far the sandbox's time is ahead of the clock's.
    pub(super) ahead: Duration,
}

impl State {
    /// Remembers a resource as it is, before it changes.
    pub(super) fn remember(&mut self, key: &Key) {
        self.previous.insert(key.clone(), self.resources.get(key).cloned());
    }

    pub(super) fn resource(&self, key: &Key) -> Result<&Resource, ApiError> {
        self.resources.get(key).ok_or_else(|| missing(key))
    }

    pub(super) fn resource_mut(&mut self, key: &Key) -> Result<&mut Resource, ApiError> {
        self.resources.get_mut(key).ok_or_else(|| missing(key))
    }
}

fn missing(key: &Key) -> ApiError {
    if key.product == Product::Memcache {
        return ApiError::new("NOT_FOUND", format!("Instance {} not found", key.name()));
    }
    let error = ApiError::not_found(&key.name());
    // Clusters and Valkey say no more than the sentence.
    if key.product.is_psc() { ApiError { details: Vec::new(), ..error } } else { error }
}

/// A project's number; it follows from the name.
pub(super) fn project_number(project: &str) -> u64 {
    if let Ok(number) = project.parse() {
        return number;
    }
    let sum = project
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    100_000_000_000 + sum % 900_000_000_000
}

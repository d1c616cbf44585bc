//! What is asked of the driver, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::{DriverError, Hint, Outputs};
use crate::backend::Given;
use crate::cache::{GuResId, Intent, Mark, Product, Spec, State};

/// What every request brings.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which resource.
    pub id: GuResId,
    /// The route that it came in by, unless it was the generic one.
    pub route: Option<String>,
    /// The resource type, as far as the request or its route tells.
    pub resource_type: Option<String>,
    /// The cookie as it came.
    pub cookie: Option<String>,
    /// The cloud credentials that came with it.
    pub credentials: Option<Arc<Given>>,
    /// Id of the request, for the log.
    pub request_id: String,
    /// Who calls, for the log.
    pub who: String,
}

/// A PUT: make it so.
#[derive(Debug, Clone)]
pub struct Put {
    /// What every request brings.
    pub call: Call,
    /// What is wanted.
    pub spec: Spec,
    /// Where new caches of this specification go.
    pub product: Product,
    /// The password of a cache that is to be adopted.
    pub adopted_password: Option<SecretString>,
    /// What routing noticed and the caller should know.
    pub warnings: Vec<String>,
}

/// What the driver answers.
#[derive(Debug)]
pub enum Outcome {
    /// It is as wanted.
    Ready(Box<Ready>),
    /// Something runs; the same request again will tell more.
    Pending(Box<Pending>),
    /// Something else runs, which this request would lead away from.
    Conflict(Box<Pending>),
    /// The driver no longer answers for it: it is gone, or never was, or stays as its mark says.
    Gone(Left),
    /// There is no such resource.
    NotFound,
}

/// What a DELETE leaves, as `on_delete` says. Of several caches of a resource, what stays under the driver's care counts most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Left {
    /// Nothing.
    #[default]
    Nothing,
    /// A cache that nobody will remove.
    Detached,
    /// A cache that a sweep removes once this time has come.
    Held(Timestamp),
}

impl Left {
    /// What the mark says.
    pub(super) fn of(mark: &Mark) -> Self {
        match (mark.state, mark.intent) {
            (State::Owned, _) => Self::Nothing,
            (State::Held | State::Retired, Some(Intent::DeleteAfter(at))) => Self::Held(at),
            (State::Held | State::Retired | State::Detached, _) => Self::Detached,
        }
    }
}

/// A cache that can be used.
#[derive(Debug)]
pub struct Ready {
    /// The resource type to answer with.
    pub resource_type: String,
    /// What the application gets.
    pub outputs: Outputs,
    /// The cookie to set.
    pub cookie: String,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

/// A cache that something happens to.
#[derive(Debug)]
pub struct Pending {
    /// What happens, and for how long.
    pub hint: Hint,
    /// For how long a cache may still be created by what goes on in the background.
    pub creates: Option<Duration>,
    /// Whether the cloud has taken a call of a removal: from then on nobody can take the cache back.
    pub(super) removes: bool,
    /// What the mark of the cache said when this was answered.
    pub(super) marked: Marked,
    /// When to ask again.
    pub retry_after: Duration,
    /// The cookie to set.
    pub cookie: String,
}

/// What a mark said, as far as one was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Marked {
    /// What it wanted.
    pub(super) want: Option<String>,
    /// Whether the driver answered for the cache.
    pub(super) state: Option<State>,
    /// Since when its operation ran.
    pub(super) since: Option<Timestamp>,
}

/// A refusal, with the cookie to set if something exists.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: DriverError,
    /// The cookie to set.
    pub cookie: Option<String>,
}

impl<E: Into<DriverError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), cookie: None }
    }
}

//! One resource: what it is, what is being done to it, and the server behind it.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::id::Id;
use super::kind::Kind;
use super::locations::Location;
use crate::clock::Timestamp;
use crate::sandbox::Listening;

/// Fields of a JSON object.
pub(super) type Fields = Map<String, Value>;

/// The two words for how it stands with a resource. Classic caches and small resources show the first only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) provisioning: String,
    pub(super) resource: String,
}

impl Standing {
    pub(super) fn new(provisioning: &str, resource: &str) -> Self {
        Self { provisioning: provisioning.to_owned(), resource: resource.to_owned() }
    }

    pub(super) fn running() -> Self {
        Self::new("Succeeded", "Running")
    }
}

/// What goes on with a resource.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Create,
    /// It becomes `fields`.
    Update {
        fields: Box<Fields>,
        scaling: bool,
    },
    Delete,
    /// Something of the cloud's own.
    Hold(Standing),
}

/// How something ends that does not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: String,
    /// Empty: the operation says `Failed` and nothing else, which the service is known to do.
    pub(super) message: String,
}

/// Something that takes its time.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) act: Act,
    pub(super) due: Timestamp,
    /// The operation that tells callers about it.
    pub(super) operation: Option<String>,
    pub(super) failure: Option<Failure>,
}

/// The two access keys of a cache. Both are valid.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) primary: SecretString,
    pub(super) secondary: SecretString,
}

/// A resource.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) id: Id,
    pub(super) location: Location,
    /// What it is, without how it stands: `sku`, `tags`, `properties` and so on.
    pub(super) fields: Fields,
    pub(super) standing: Standing,
    pub(super) work: Option<Work>,
    /// Its work is due, and the data plane is at it.
    pub(super) settling: bool,
    pub(super) keys: Option<Keys>,
    /// The server does not know the keys yet.
    pub(super) rekeyed: bool,
    pub(super) listening: Option<Listening>,
}

impl Resource {
    pub(super) fn new(id: Id, location: Location, fields: Fields) -> Self {
        Self {
            id,
            location,
            fields,
            standing: Standing::running(),
            work: None,
            settling: false,
            keys: None,
            rekeyed: false,
            listening: None,
        }
    }

    /// How it stands now.
    pub(super) fn standing(&self) -> Standing {
        let classic = self.id.kind.is_classic();
        match self.work.as_ref().map(|work| &work.act) {
            None => self.standing.clone(),
            Some(Act::Create) if matches!(self.id.kind, Kind::ClassicPolicy | Kind::ClassicAssignment) => {
                Standing::new("Updating", "Updating")
            }
            Some(Act::Create) => Standing::new("Creating", "Creating"),
            Some(Act::Update { scaling: true, .. }) if classic => Standing::new("Scaling", "Scaling"),
            Some(Act::Update { scaling: true, .. }) => Standing::new("Updating", "Scaling"),
            Some(Act::Update { .. }) => Standing::new("Updating", "Updating"),
            Some(Act::Delete) => Standing::new("Deleting", "Deleting"),
            Some(Act::Hold(standing)) => standing.clone(),
        }
    }

    pub(super) fn is_creating(&self) -> bool {
        matches!(&self.work, Some(Work { act: Act::Create, .. }))
    }

    pub(super) fn is_deleting(&self) -> bool {
        matches!(&self.work, Some(Work { act: Act::Delete, .. }))
    }

    /// Its creation failed: a shell that can only be deleted.
    pub(super) fn is_shell(&self) -> bool {
        self.work.is_none() && self.standing.resource == "CreateFailed"
    }

    /// A property, if it is text.
    pub(super) fn property(&self, name: &str) -> &str {
        text(properties(&self.fields), name).unwrap_or_default()
    }
}

/// The `properties` of something; nothing if there are none.
pub(super) fn properties(fields: &Fields) -> Option<&Fields> {
    fields.get("properties")?.as_object()
}

/// A text in an object that may not be there.
pub(super) fn text<'a>(object: Option<&'a Fields>, name: &str) -> Option<&'a str> {
    object?.get(name)?.as_str()
}

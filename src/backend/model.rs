//! The plain data that crosses the trait: what is wanted, what is there, what differs, what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Credentials, Kind};
use crate::cache::product::words;
use crate::cache::{Auth, Engine, Event, Mark, MarkError, Mode, OnDelete, Origin, Place, Product};

/// A product's own fields by name, as plain data. Names are the product's own (`node_type`, `subnet_group`).
pub type Fields = BTreeMap<String, Value>;

/// Where to act, and with whose rights.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct At {
    /// Where the cache is, or will be.
    pub place: Place,
    /// With whose rights.
    pub credentials: Credentials,
}

/// What a product can do. The same for as long as the process lives.
#[derive(Debug, Clone)]
pub struct Capabilities {
    /// Which product.
    pub product: Product,
    /// Engines that it offers, its default first.
    pub engines: &'static [Engine],
    /// Modes that it offers, its default first.
    pub modes: &'static [Mode],
    /// What DELETE can do.
    pub on_delete: &'static [OnDelete],
    /// Who makes the password.
    pub password: PasswordMaker,
    /// Whether an existing cache can be taken over.
    pub adopts: bool,
    /// How long things take when all goes well.
    pub typical: Typical,
    /// Every field that a change can be about, and what a change of it costs at most.
    pub changes: &'static [(&'static str, Class)],
    /// The permissions that the driver needs for it, in the cloud's own spelling.
    pub permissions: &'static [&'static str],
}

/// Who makes the password of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordMaker {
    /// The driver derives it and hands it to the cloud.
    Driver,
    /// The cloud makes it, and it is read back.
    Cloud,
    /// There is none.
    Nobody,
}

/// How long operations take when all goes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typical {
    /// From the create call to a cache that answers.
    pub create: Duration,
    /// A change in place.
    pub update: Duration,
    /// From the delete call until it is gone.
    pub delete: Duration,
}

words! {
    /// What a change costs.
    Class, "change class" {
        /// Nothing happens at the cloud.
        None = "none",
        /// Applied while clients go on.
        InPlace = "in-place",
        /// A short interruption or failover.
        Disruptive = "disruptive",
        /// The cache is made anew: data and endpoint are lost.
        Replace = "replace",
        /// Cannot be done at all.
        Impossible = "impossible",
    }
}

/// One field that differs between what is wanted and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The product's own field name.
    pub field: String,
    /// What is there.
    pub from: Value,
    /// What is wanted.
    pub to: Value,
    /// What it costs.
    pub class: Class,
}

/// A specification in the product's own words: what a create would send.
///
/// Every backend has the fields `auth` (the word of [`Auth`]) and `tls` (a flag); the others are the product's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Resolved {
    /// Every field, defaults included.
    pub fields: Fields,
    /// Names of those that somebody asked for. Only these are compared with what exists.
    pub set: BTreeSet<String>,
    /// Names of those that only a route's defaults ask for. They are compared only if the config says so.
    pub by_route: BTreeSet<String>,
    /// The size as it was asked for: see [`Mark::capacity`].
    pub capacity: Option<String>,
    /// GiB per shard that the offering really has.
    pub memory_gb: Option<f64>,
    /// What the caller should know, though nothing is wrong.
    pub warnings: Vec<String>,
}

impl Resolved {
    /// Puts a field. `origin` is where it was set; `None` for a default of the product.
    pub fn put(&mut self, field: &str, value: impl Into<Value>, origin: Option<&Origin>) {
        self.fields.insert(field.to_owned(), value.into());
        match origin {
            Some(Origin::Route(_)) => self.by_route.insert(field.to_owned()),
            Some(_) => self.set.insert(field.to_owned()),
            None => false,
        };
    }

    /// A field as text.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// A field as a number.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.as_i64()
    }

    /// A field as yes or no.
    #[must_use]
    pub fn flag(&self, field: &str) -> Option<bool> {
        self.fields.get(field)?.as_bool()
    }

    /// A field as a list of texts; empty if it is none.
    #[must_use]
    pub fn list(&self, field: &str) -> Vec<String> {
        let items = self.fields.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

words! {
    /// What state a cache is in, in words that fit every cloud.
    Phase, "phase" {
        /// There is none.
        Absent = "absent",
        /// It is being made.
        Creating = "creating",
        /// It answers, and nothing runs.
        Ready = "ready",
        /// It answers, and a change runs.
        Changing = "changing",
        /// It answers, and the cloud is busy by itself (a snapshot, maintenance); changes have to wait.
        Busy = "busy",
        /// It is being removed.
        Deleting = "deleting",
        /// Its creation failed for good and it never answered. It holds nothing.
        Shell = "shell",
        /// The cloud calls it failed; it may hold data.
        Failed = "failed",
    }
}

/// Whose cache it is, as its mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// It bears this mark.
    Marked(Box<Mark>),
    /// It bears no mark of this driver, or one that cannot be read.
    Foreign(MarkError),
}

/// Host and port of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// What is there, as one look at the cloud showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// What state it is in.
    pub phase: Phase,
    /// The cloud's own word for it (`modifying`).
    pub status: String,
    /// Whose it is. `None` while absent.
    pub ownership: Option<Ownership>,
    /// What can be read of it, under the same names as in [`Resolved::fields`]. What cannot be read is not there.
    pub fields: Fields,
    /// Account id, project or subscription that it was seen in.
    pub account: String,
    /// ARN or full path.
    pub resource_id: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Where clients connect, once that is known.
    pub endpoint: Option<Endpoint>,
    /// Where clients may read, where that is elsewhere.
    pub reader: Option<Endpoint>,
    /// What the cloud has accepted and not yet done, in its own words.
    pub pending: Vec<String>,
    /// Parts beside the cache itself (user, group, database): kind and name.
    pub parts: Vec<(String, String)>,
}

impl Observed {
    /// Nothing is there.
    #[must_use]
    pub fn absent(account: impl Into<String>) -> Self {
        Self {
            phase: Phase::Absent,
            status: String::new(),
            ownership: None,
            fields: Fields::new(),
            account: account.into(),
            resource_id: None,
            created_at: None,
            endpoint: None,
            reader: None,
            pending: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// The mark, if it bears one.
    #[must_use]
    pub fn mark(&self) -> Option<&Mark> {
        match &self.ownership {
            Some(Ownership::Marked(mark)) => Some(mark),
            _ => None,
        }
    }
}

/// Where to get to.
#[derive(Debug, Clone)]
pub enum Goal<'a> {
    /// The cache exists as resolved. From absent: create it. Else: make exactly these changes.
    Present {
        /// What is wanted.
        resolved: &'a Resolved,
        /// What differs and may be changed now. Empty when creating.
        changes: &'a [Change],
        /// The mark to write with or before the first change.
        mark: &'a Mark,
        /// The password to create it with, where the driver makes it.
        password: Option<&'a SecretString>,
        /// Tags that say what never changes: (key, value).
        tags: &'a [(String, String)],
        /// Whether interrupting changes wait for the maintenance window.
        at_maintenance: bool,
    },
    /// Only the mark is rewritten: adopted, detached, protected, retired.
    Marked {
        /// The mark to write.
        mark: &'a Mark,
    },
    /// The password of the mark's generation is valid beside the previous one.
    Rotated {
        /// The mark to write.
        mark: &'a Mark,
        /// The new password.
        password: &'a SecretString,
    },
    /// Only the password of the mark's generation is valid.
    Settled {
        /// The mark to write.
        mark: &'a Mark,
        /// The password that stays.
        password: &'a SecretString,
    },
    /// It is gone, with everything that belongs to it.
    Removed {
        /// Name of the snapshot to take first.
        final_snapshot: Option<String>,
    },
}

/// Whether a call ends before the cloud has done what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// Done when the call returns.
    Instant,
    /// The cloud goes on working; nothing else can be asked of the cache meanwhile.
    Long,
}

/// One call to the cloud.
#[derive(Debug, Clone)]
pub struct Step {
    /// The call, in the cloud's own name (`ModifyReplicationGroup`).
    pub call: &'static str,
    /// Why, in words for the plan.
    pub why: String,
    /// Whether the cloud goes on working after it.
    pub pace: Pace,
    /// What to send, in the product's own names.
    pub fields: Fields,
    /// The mark to write with it.
    pub mark: Option<Mark>,
    /// The secret to send with it.
    pub secret: Option<SecretString>,
}

/// The secret half of a connection.
#[derive(Debug, Clone)]
pub enum ConnectionPassword {
    /// None is needed.
    None,
    /// The driver derives it from the mark.
    Derived,
    /// The cloud told it.
    Told(SecretString),
}

/// How clients connect.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where clients connect.
    pub endpoint: Endpoint,
    /// Where clients may read.
    pub reader: Option<Endpoint>,
    /// Whether the endpoint speaks TLS.
    pub tls: bool,
    /// All valid CAs (PEM), only where a client needs one.
    pub ca_cert: Option<String>,
    /// How clients prove who they are.
    pub auth: Auth,
    /// The user, where it is not the default one.
    pub username: Option<String>,
    /// The password.
    pub password: ConnectionPassword,
    /// Whether clients must speak the cluster protocol.
    pub cluster_mode: bool,
    /// What answers.
    pub engine: Engine,
    /// Its version, as the cloud tells it.
    pub engine_version: Option<String>,
    /// GiB per shard.
    pub memory_gb: Option<f64>,
}

/// Why something failed, as far as the cloud wrote it down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// The cause, in one sentence, if one is known.
    pub cause: Option<String>,
    /// What kind of failure the cause is.
    pub kind: Option<Kind>,
    /// What the cloud wrote down, newest first.
    pub events: Vec<Event>,
}

/// Where to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Account id, project or subscription; `None` is that of the credentials.
    pub account: Option<String>,
    /// Region or location.
    pub location: String,
    /// With whose rights.
    pub credentials: Credentials,
}

/// A marked cache that a list showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Owned {
    /// Where it is.
    pub place: Place,
    /// Its mark.
    pub mark: Mark,
    /// What state it is in.
    pub phase: Phase,
    /// The cloud's own word for it.
    pub status: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// One thing that a look at the account found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// Whether it is in order.
    pub ok: bool,
    /// What was seen, and how to mend it.
    pub message: String,
}

//! Moves everything on to where it should be by now. No timers: whoever asks first after a deadline finds it passed.

use secrecy::SecretString;

use super::kind::Kind;
use super::operations::Outcome;
use super::resource::{Act, Failure, Fields, Resource, Standing, Work, properties, text};
use super::store::State;
use super::trouble;
use crate::cache::Engine;
use crate::clock::Timestamp;
use crate::sandbox::{Listening, ServerSpec};

/// What the data plane has to do before a resource's work is over, or for its new keys.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) key: String,
    pub(super) deed: Deed,
}

/// One thing for the data plane to do.
#[derive(Debug)]
pub(super) enum Deed {
    /// Start a server, or with `again` first stop it, because how it listens has changed.
    Start {
        spec: Box<ServerSpec>,
        passwords: Vec<SecretString>,
        again: bool,
    },
    Passwords {
        name: String,
        passwords: Vec<SecretString>,
    },
    Stop {
        names: Vec<String>,
    },
}

/// Does all that is due by `now`, and says what is left to the data plane (nothing, if there is none).
pub(super) fn advance(state: &mut State, now: Timestamp, listens: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    // What is due first happens first: a database goes before its cluster.
    let mut ready: Vec<(Timestamp, String)> = Vec::new();
    for (key, resource) in &state.resources {
        match &resource.work {
            Some(work) if !resource.settling && work.due <= now => ready.push((work.due, key.clone())),
            _ => {}
        }
    }
    ready.sort();
    for (_, key) in ready {
        let Some(deed) = left_to_data_plane(state, &key).filter(|_| listens) else {
            complete(state, &key, Ok(None));
            continue;
        };
        if let Some(resource) = state.resources.get_mut(&key) {
            resource.settling = true;
        }
        effects.push(Effect { key, deed });
    }
    for (key, resource) in &mut state.resources {
        if !resource.rekeyed || resource.settling {
            continue;
        }
        resource.rekeyed = false;
        if listens && resource.listening.is_some() {
            let deed = Deed::Passwords { name: server_name(key), passwords: passwords(resource, &resource.fields) };
            effects.push(Effect { key: key.clone(), deed });
        }
    }
    effects
}

/// The name of a resource's server: its id, with nothing in it that a file name may not have.
pub(super) fn server_name(key: &str) -> String {
    key.trim_start_matches('/').replace("/providers/microsoft.cache", "").replace('/', "_")
}

fn left_to_data_plane(state: &State, key: &str) -> Option<Deed> {
    let resource = state.resources.get(key)?;
    let work = resource.work.as_ref()?;
    match &work.act {
        Act::Delete => {
            let parts = state.parts(key);
            let all = parts.iter().map(String::as_str).chain([key]);
            let with_server = |key: &&str| state.resources.get(*key).is_some_and(|it| it.listening.is_some());
            let names: Vec<String> = all.filter(with_server).map(server_name).collect();
            (!names.is_empty()).then_some(Deed::Stop { names })
        }
        _ if work.failure.is_some() || resource.keys.is_none() => None,
        Act::Create => Some(start(key, resource, &resource.fields, false)),
        Act::Update { fields, .. } => {
            let how = |fields: &Fields| server(resource, fields);
            if how(&resource.fields) != how(fields) {
                return Some(start(key, resource, fields, true));
            }
            let closed = |fields: &Fields| is_closed(resource.id.kind, fields);
            (closed(&resource.fields) != closed(fields))
                .then(|| Deed::Passwords { name: server_name(key), passwords: passwords(resource, fields) })
        }
        Act::Hold(_) => None,
    }
}

fn start(key: &str, resource: &Resource, fields: &Fields, again: bool) -> Deed {
    let (tls, cluster) = server(resource, fields);
    let passwords = passwords(resource, fields);
    let spec = ServerSpec {
        name: server_name(key),
        engine: Engine::Redis,
        password: passwords.first().cloned(),
        tls,
        cluster,
    };
    Deed::Start { spec: Box::new(spec), passwords, again }
}

/// Whether TLS and the cluster protocol are spoken.
fn server(resource: &Resource, fields: &Fields) -> (bool, bool) {
    let own = properties(fields);
    if resource.id.kind == Kind::Database {
        return (text(own, "clientProtocol") != Some("Plaintext"), text(own, "clusteringPolicy") == Some("OSSCluster"));
    }
    // There is one server, and it is the one behind the TLS port.
    (true, own.is_some_and(|own| own.contains_key("shardCount")))
}

/// Whether access keys are turned off.
fn is_closed(kind: Kind, fields: &Fields) -> bool {
    let own = properties(fields);
    match kind {
        Kind::Database => text(own, "accessKeysAuthentication") == Some("Disabled"),
        _ => {
            own.and_then(|own| own.get("disableAccessKeyAuthentication")).and_then(serde_json::Value::as_bool)
                == Some(true)
        }
    }
}

/// What AUTH takes: both keys. With access keys turned off one password is left that nobody knows, since none at all would mean
/// that no password is asked for; tokens of Entra are not understood by the servers here.
fn passwords(resource: &Resource, fields: &Fields) -> Vec<SecretString> {
    use secrecy::ExposeSecret as _;

    let Some(keys) = &resource.keys else { return Vec::new() };
    if is_closed(resource.id.kind, fields) {
        let both = format!("{}:{}", keys.primary.expose_secret(), keys.secondary.expose_secret());
        return vec![both.into()];
    }
    vec![keys.primary.clone(), keys.secondary.clone()]
}

/// Ends a resource's work, well or badly. `server` is where its server listens now, if that changed.
pub(super) fn complete(state: &mut State, key: &str, server: Result<Option<Listening>, String>) {
    state.remember(key);
    let Some(resource) = state.resources.get_mut(key) else { return };
    resource.settling = false;
    let Some(Work { act, due, operation, failure }) = resource.work.take() else { return };
    let failure = match server {
        Ok(listening) => {
            resource.listening = listening.or(resource.listening.take());
            failure
        }
        Err(message) => failure.or(Some(Failure { code: trouble::ANY_FAILURE.to_owned(), message })),
    };
    match (act, &failure) {
        (Act::Create, Some(_)) => resource.standing = Standing::new("Failed", "CreateFailed"),
        (Act::Update { .. }, Some(_)) => resource.standing = Standing::new("Failed", "UpdateFailed"),
        (Act::Create, None) => resource.standing = Standing::running(),
        (Act::Update { fields, .. }, None) => {
            resource.fields = *fields;
            resource.standing = Standing::running();
        }
        (Act::Delete, _) => remove(state, key, due),
        (Act::Hold(_), _) => {}
    }
    if let Some(operation) = operation.and_then(|id| state.operations.get_mut(&id)) {
        operation.ended = Some(due);
        operation.outcome = failure.map_or(Outcome::Succeeded, Outcome::Failed);
    }
}

/// Takes a resource away with all its parts.
pub(super) fn remove(state: &mut State, key: &str, at: Timestamp) {
    for part in state.parts(key) {
        state.remember(&part);
        state.resources.remove(&part);
        state.deleted.insert(part, at);
    }
    state.resources.remove(key);
    state.deleted.insert(key.to_owned(), at);
}

//! Moves everything on to where it should be by now. No timers: whoever asks first after a deadline finds it passed.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::backups;
use super::context::uuid;
use super::durations::{self, Pace};
use super::error::Failure;
use super::finish::{Env, finish};
use super::operation::{Outcome, empty};
use super::product::Product;
use super::resources::{response, typed};
use super::store::{Act, Key, Resource, State, Task, TokenChange, Update, User, Work};
use super::users::show_user;
use crate::cache::Engine;
use crate::clock::Timestamp;
use crate::random::Random;
use crate::sandbox::{Listening, ServerSpec};

/// What the servers have to do before something is over.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) key: Key,
    /// The operation of the task that waits for it; the resource's work if there is none.
    pub(super) task: Option<String>,
    pub(super) deed: Deed,
}

/// One thing for the servers to do.
#[derive(Debug)]
pub(super) enum Deed {
    Start { spec: Box<ServerSpec>, passwords: Vec<SecretString> },
    Passwords { passwords: Vec<SecretString> },
    Stop,
}

/// What all of it needs.
pub(super) struct World<'a> {
    pub(super) now: Timestamp,
    pub(super) pace: Pace,
    pub(super) listens: bool,
    pub(super) random: &'a dyn Random,
    pub(super) ca: &'a str,
}

/// Does all that is due, and says what is left to the servers (nothing, if there are none).
pub(super) fn advance(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    backups::advance(state, world.now);
    let mut effects = Vec::new();
    loop {
        let due: Vec<Key> = state
            .resources
            .values()
            .filter(|resource| is_due(resource, world.now))
            .map(|resource| resource.key.clone())
            .collect();
        if due.is_empty() {
            break;
        }
        for key in due {
            let Some(resource) = state.resources.get_mut(&key) else { continue };
            if !work_is_due(resource, world.now) {
                next_task(state, &key, world, &mut effects);
            } else if let Some(deed) = left_to_servers(resource, world.random).filter(|_| world.listens) {
                resource.settling = true;
                effects.push(Effect { key, task: None, deed });
            } else {
                complete(state, &key, Ok(None), world);
            }
        }
    }
    state.operations.expire(world.now);
    let oldest = world.now.checked_sub(SignedDuration::from_hours(2)).unwrap_or(Timestamp::MIN);
    state.requests.retain(|_, seen| seen.at > oldest);
    effects
}

fn work_is_due(resource: &Resource, now: Timestamp) -> bool {
    !resource.settling && resource.work.as_ref().is_some_and(|work| work.due <= now)
}

fn task_is_due(resource: &Resource, now: Timestamp) -> bool {
    // One after the other, or two would not know of each other's passwords.
    resource.tasks.first().is_some_and(|task| !task.settling && task.due <= now)
}

fn is_due(resource: &Resource, now: Timestamp) -> bool {
    work_is_due(resource, now) || task_is_due(resource, now)
}

fn left_to_servers(resource: &Resource, random: &dyn Random) -> Option<Deed> {
    let work = resource.work.as_ref()?;
    if work.failure.is_some() {
        return None;
    }
    match &work.act {
        Act::Create => {
            let passwords = passwords(resource, &resource.users, resource.auth_string.as_ref(), random);
            let spec = ServerSpec {
                name: resource.key.server(),
                engine: match resource.key.product {
                    Product::Redis | Product::Cluster => Engine::Redis,
                    Product::Valkey => Engine::Valkey,
                    Product::Memcache => Engine::Memcached,
                },
                password: passwords.first().cloned(),
                tls: resource.text("transitEncryptionMode").ends_with("SERVER_AUTHENTICATION"),
                cluster: match resource.key.product {
                    Product::Cluster => true,
                    Product::Valkey => resource.text("mode") == "CLUSTER",
                    Product::Redis | Product::Memcache => false,
                },
            };
            Some(Deed::Start { spec: Box::new(spec), passwords })
        }
        Act::Update(update) => {
            let changed = resource.auth_string.is_some() != update.auth_string.is_some();
            (changed && resource.listening.is_some()).then(|| Deed::Passwords {
                passwords: passwords(resource, &resource.users, update.auth_string.as_ref(), random),
            })
        }
        Act::Delete if resource.listening.is_some() => Some(Deed::Stop),
        Act::Delete | Act::Linger { .. } | Act::Hold { .. } => None,
    }
}

/// What opens the door. None means that nothing is asked for; where something is and nobody has it yet, it is a secret.
fn passwords(
    resource: &Resource,
    users: &BTreeMap<String, User>,
    auth_string: Option<&SecretString>,
    random: &dyn Random,
) -> Vec<SecretString> {
    if !resource.key.product.is_psc() {
        return auth_string.into_iter().cloned().collect();
    }
    if resource.text("authorizationMode").ends_with("DISABLED") {
        return Vec::new();
    }
    let tokens = users.values().flat_map(|user| user.tokens.values()).filter(|token| token.state == "ACTIVE");
    let mut secrets: Vec<SecretString> = tokens.map(|token| token.secret.clone()).collect();
    if secrets.is_empty() {
        secrets.push(SecretString::from(uuid(random)));
    }
    secrets
}

fn next_task(state: &mut State, key: &Key, world: &World<'_>, effects: &mut Vec<Effect>) {
    let Some(resource) = state.resources.get_mut(key) else { return };
    let Some(task) = resource.tasks.first() else { return };
    let (operation, mut users) = (task.operation.clone(), resource.users.clone());
    apply(&task.change, &mut users);
    let touches_tokens = !matches!(task.change, TokenChange::AddUser { .. });
    if !world.listens || !touches_tokens || resource.listening.is_none() {
        complete_task(state, key, &operation, Ok(()));
        return;
    }
    let deed = Deed::Passwords { passwords: passwords(resource, &users, None, world.random) };
    if let Some(task) = resource.tasks.first_mut() {
        task.settling = true;
    }
    effects.push(Effect { key: key.clone(), task: Some(operation), deed });
}

fn apply(change: &TokenChange, users: &mut BTreeMap<String, User>) {
    match change {
        TokenChange::AddUser { user } => {
            if let Some(user) = users.get_mut(user) {
                user.state = "ACTIVE";
            }
        }
        TokenChange::DeleteUser { user } => {
            users.remove(user);
        }
        TokenChange::AddToken { user, token } => {
            if let Some(token) = users.get_mut(user).and_then(|user| user.tokens.get_mut(token)) {
                token.state = "ACTIVE";
            }
        }
        TokenChange::DeleteToken { user, token } => {
            if let Some(user) = users.get_mut(user) {
                user.tokens.remove(token);
            }
        }
    }
}

/// Ends a change of users or tokens.
pub(super) fn complete_task(state: &mut State, key: &Key, operation: &str, done: Result<(), String>) {
    let Some(resource) = state.resources.get_mut(key) else { return };
    let Some(at) = resource.tasks.iter().position(|task| task.operation == operation) else { return };
    let Task { change, due, .. } = resource.tasks.remove(at);
    let outcome = if let Err(cause) = done {
        Outcome::Error(Failure::new(13, cause))
    } else {
        apply(&change, &mut resource.users);
        match &change {
            TokenChange::AddUser { .. } => response(resource),
            TokenChange::AddToken { user, .. } => match resource.users.get(user) {
                Some(found) => typed(key.product, "TokenAuthUser", show_user(key, user, found)),
                None => empty(),
            },
            TokenChange::DeleteUser { .. } | TokenChange::DeleteToken { .. } => empty(),
        }
    };
    state.operations.end(key.product.api(), operation, due, outcome);
}

/// Ends a resource's work, well or badly. `server` is where its server listens now, if that changed.
pub(super) fn complete(state: &mut State, key: &Key, server: Result<Option<Listening>, String>, world: &World<'_>) {
    state.remember(key);
    let Some(resource) = state.resources.get_mut(key) else { return };
    resource.settling = false;
    let Some(Work { act, due, operations, failure }) = resource.work.take() else { return };
    let failure = match server {
        Ok(Some(listening)) => {
            resource.listening = Some(listening);
            failure
        }
        Ok(None) => failure,
        Err(cause) => failure.or_else(|| Some(Failure::new(13, cause))),
    };
    let env = Env { ca: world.ca, now: due };
    let mut gone = false;
    let outcome = match (act, failure) {
        // Nothing stays of it; only the operation tells why.
        (Act::Create, Some(failure)) => {
            gone = true;
            Some(Outcome::Error(failure))
        }
        (Act::Create, None) => {
            finish(resource, &env);
            Some(response(resource))
        }
        (Act::Update(_) | Act::Delete, Some(failure)) => Some(Outcome::Error(failure)),
        (Act::Update(update), None) => {
            let Update { target, auth_string, paths, lingers, .. } = *update;
            resource.fields = target;
            resource.auth_string = auth_string;
            finish(resource, &env);
            if lingers {
                let until = world.pace.due(due, durations::LINGER);
                resource.work =
                    Some(Work { act: Act::Linger { paths }, due: until, operations: Vec::new(), failure: None });
            }
            Some(response(resource))
        }
        (Act::Delete, None) => {
            gone = true;
            Some(empty())
        }
        (Act::Linger { .. } | Act::Hold { .. }, _) => None,
    };
    if gone {
        for task in std::mem::take(&mut resource.tasks) {
            let cut_short = Outcome::Error(Failure::new(10, "The target of the operation was deleted."));
            state.operations.end(key.product.api(), &task.operation, due, cut_short);
        }
        state.resources.remove(key);
    }
    if let Some(outcome) = outcome {
        for operation in operations {
            state.operations.end(key.product.api(), &operation, due, outcome.clone());
        }
    }
}

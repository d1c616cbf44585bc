//! `/_sandbox/state`: everything there is, as JSON and without a secret in the clear.

use aws_lc_rs::digest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::backups::show as show_backup;
use super::context::hex_of;
use super::resources::show;
use super::store::{Resource, State};

/// All projects and locations.
pub(super) fn report(state: &State) -> Value {
    json!({
        "caches": state.resources.values().map(cache).collect::<Vec<_>>(),
        "backups": backups(state),
        "operations": state.operations.to_json(),
        "missing": state.prerequisites.missing,
        "denied": state.prerequisites.denied,
        "unreachable": state.prerequisites.unreachable,
        "quota_enforced": state.quota.enforced,
    })
}

fn cache(resource: &Resource) -> Value {
    let key = &resource.key;
    let users: Vec<Value> = resource
        .users
        .iter()
        .map(|(name, user)| {
            let tokens: Vec<String> = user.tokens.values().map(|token| sha256(token.secret.expose_secret())).collect();
            json!({ "name": name, "state": user.state, "token_sha256": tokens })
        })
        .collect();
    json!({
        "service": key.product.api().name(),
        "collection": key.product.collection(),
        "project": key.project,
        "location": key.location,
        "id": key.id,
        "state": resource.state(),
        "until": resource.work.as_ref().map(|work| work.due),
        "resource": show(resource),
        "auth_string_set": resource.auth_string.is_some(),
        "auth_string_sha256": resource.auth_string.as_ref().map(|secret| sha256(secret.expose_secret())),
        "token_auth_users": users,
        "endpoint": resource.listening.as_ref().map(|server| json!({ "host": server.host, "port": server.port })),
    })
}

/// Every backup in every collection.
fn backups(state: &State) -> Vec<Value> {
    let mut all = Vec::new();
    for ((api, name), collection) in &state.collections {
        for (id, backup) in &collection.backups {
            all.push(json!({
                "service": api.name(),
                "collection": name,
                "project": collection.of.project,
                "location": collection.of.location,
                "of": collection.of.id,
                "id": id,
                "state": backup.state,
                "backup": show_backup(backup),
            }));
        }
    }
    all
}

fn sha256(text: &str) -> String {
    hex_of(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

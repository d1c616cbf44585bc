//! `/_sandbox/state`: everything there is, as JSON and without a secret in the clear.

use aws_lc_rs::digest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::context;
use super::kind::Kind;
use super::resource::Resource;
use super::store::State;
use super::versions;

/// All subscriptions.
pub(super) fn report(state: &State) -> Value {
    let mut caches = Vec::new();
    let mut others = Vec::new();
    for resource in state.resources.values() {
        match resource.id.kind {
            Kind::Cluster | Kind::Classic => caches.push(cache(state, resource)),
            Kind::Database => {}
            _ => others.push(context::show(state, resource, versions::STRICT)),
        }
    }
    json!({ "caches": caches, "others": others })
}

/// A cache as ARM shows it, with what ARM does not show beside it.
fn cache(state: &State, resource: &Resource) -> Value {
    let database = state.resources.get(&resource.id.child(Kind::Database, "default").key());
    let with_keys = database.unwrap_or(resource);
    let standing = resource.standing();
    let mut shown = context::show(state, resource, versions::STRICT);
    let endpoint = with_keys.listening.as_ref().map(|server| json!({ "host": server.host, "port": server.port }));
    let keys = with_keys.keys.as_ref();
    let digests = keys.map(|keys| json!({ "primary": sha256(&keys.primary), "secondary": sha256(&keys.secondary) }));
    shown["subscription"] = json!(resource.id.subscription);
    shown["resourceGroup"] = json!(resource.id.group);
    shown["resourceState"] = json!(standing.resource);
    shown["until"] = json!(resource.work.as_ref().map(|work| work.due));
    shown["database"] = database.map(|database| context::show(state, database, versions::STRICT)).unwrap_or_default();
    shown["endpoint"] = endpoint.unwrap_or_default();
    shown["keys_sha256"] = digests.unwrap_or_default();
    shown
}

fn sha256(text: &SecretString) -> String {
    use std::fmt::Write as _;

    let digest = digest::digest(&digest::SHA256, text.expose_secret().as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        hex
    })
}

//! How clients connect to a Redis instance.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::super::Shared;
use super::super::instances::{lacks, read, valid};
use super::{COLLECTION, steps};
use crate::backend::{At, Connection, ConnectionPassword, Observed, Result};
use crate::cache::{Auth, Engine};

const GET_AUTH_STRING: &str = "redis.instances.getAuthString";

/// The password as Google tells it. It makes it itself, and nobody can choose it.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct InstanceAuthString {
    auth_string: String,
}

/// `path` is that of the instance.
pub(super) async fn connection(shared: &Shared, at: &At, path: &str, seen: &Observed) -> Result<Connection> {
    let get = steps::CALLS.get;
    let text = |field: &str| seen.fields.get(field).and_then(Value::as_str);
    let endpoint = seen.endpoint.clone().ok_or_else(|| lacks(get, "endpoint"))?;
    let tls = seen.fields.get("tls").and_then(Value::as_bool).ok_or_else(|| lacks(get, "mode of encryption"))?;
    let auth: Auth = text("auth").and_then(|auth| auth.parse().ok()).unwrap_or(Auth::None);
    let mut ca_cert = None;
    if tls {
        let shown = seen.fields.get("server_ca_certs").cloned().unwrap_or_default();
        let valid = valid(&shown, shared.clock.now());
        ca_cert = Some(valid.ok_or_else(|| lacks(get, "valid certificate authority"))?);
    }
    let password = match auth {
        Auth::Password => ConnectionPassword::Told(auth_string(shared, at, path).await?),
        Auth::None | Auth::Iam => ConnectionPassword::None,
    };
    Ok(Connection {
        endpoint,
        reader: seen.reader.clone(),
        tls,
        ca_cert,
        auth,
        username: None,
        password,
        cluster_mode: false,
        engine: Engine::Redis,
        engine_version: text("engine_version").map(str::to_owned),
        memory_gb: seen.fields.get("memory_size_gb").and_then(Value::as_f64),
    })
}

async fn auth_string(shared: &Shared, at: &At, path: &str) -> Result<SecretString> {
    let told = shared.api.get(at, COLLECTION, GET_AUTH_STRING, &format!("{path}/authString")).await?;
    let told: InstanceAuthString = read(GET_AUTH_STRING, &told.unwrap_or_default())?;
    if told.auth_string.is_empty() {
        return Err(lacks(GET_AUTH_STRING, "password"));
    }
    Ok(SecretString::from(told.auth_string))
}

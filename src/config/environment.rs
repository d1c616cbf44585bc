//! The environment as a layer: `CACHE_DRIVER__SERVER__LISTEN` is `server.listen`.
//!
//! A single underscore separates nothing: Kubernetes puts `CACHE_DRIVER_PORT=tcp://…` into every pod beside a Service
//! that is called `cache-driver`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use figment::value::{Dict, Tag, Value};

use super::layer::{self, Layer};
use super::problem::{Origin, Problem};
use super::providers::AzureWorkload;
use crate::cache::Product;

const HEAD: &str = "CACHE_DRIVER__";
const FILES: &str = "CACHE_DRIVER_CONFIG";
/// Where Azure Workload Identity puts a pod's identity: token file, tenant, client.
const WORKLOAD: [&str; 3] = ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"];

/// Tables whose keys are names that somebody has chosen, which may hold `-` where a variable cannot.
const NAMED: [&[&str]; 7] = [
    &["routes"],
    &["profiles"],
    &["regions"],
    &["providers", "aws", "accounts"],
    &["providers", "gcp", "accounts"],
    &["providers", "azure", "accounts"],
    HEADERS,
];

/// Headers, whose values are texts whatever they begin with.
const HEADERS: &[&str] = &["telemetry", "otlp", "headers"];

/// Keys that are texts whatever they begin with: anything, PEM, an IPv6 address.
const ALWAYS_TEXT: [&str; 3] = ["client_secret", "cache_ca", "listen"];

/// What this driver reads of the environment of the process: the only place that does.
#[must_use]
pub fn process_env() -> Vec<(String, String)> {
    // `vars` would panic at the first variable of anybody that is not Unicode.
    ours(std::env::vars_os())
}

/// A variable that a command reads beside the configuration. One that is not Unicode or is empty is none.
#[must_use]
pub fn process_var(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok().filter(|value| !value.is_empty())
}

/// Where the process looks for programs: `PATH`.
#[must_use]
pub fn process_path() -> Option<OsString> {
    std::env::var_os("PATH")
}

fn ours(all: impl Iterator<Item = (OsString, OsString)>) -> Vec<(String, String)> {
    let names = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = names.filter(|(name, _)| name == FILES || name.starts_with(HEAD) || WORKLOAD.contains(&name.as_str()));
    ours.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect()
}

/// The files that `CACHE_DRIVER_CONFIG` names, separated by colons.
pub(super) fn files(env: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let list = env.get(FILES).map_or("", String::as_str);
    list.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

/// The workload identity of the pod, if it was given one.
pub(super) fn workload_identity(env: &BTreeMap<String, String>) -> Option<AzureWorkload> {
    let [token_file, tenant_id, client_id] =
        WORKLOAD.map(|name| env.get(name).filter(|text| !text.is_empty()).cloned());
    Some(AzureWorkload { token_file: token_file?.into(), tenant_id, client_id })
}

/// The variables that set keys, as one layer. An empty variable sets nothing.
pub(super) fn layer(name: String, env: &BTreeMap<String, String>) -> (Layer, Vec<Problem>) {
    let mut layer = Layer { name, values: Dict::new(), origins: BTreeMap::new() };
    let mut problems = Vec::new();
    for (variable, text) in env {
        let Some(rest) = variable.strip_prefix(HEAD) else { continue };
        if text.is_empty() {
            continue;
        }
        let path = path(rest);
        let refuse = |reason: String| Problem::new(path.join("."), reason).at(Origin::Variable(variable.clone()));
        if path.iter().any(String::is_empty) {
            problems.push(refuse("a part of the name is empty".to_owned()));
            continue;
        }
        match value(&path, text) {
            Err(reason) => problems.push(refuse(reason)),
            Ok(value) => match insert(&mut layer.values, &path, value) {
                Ok(()) => {
                    layer.origins.insert(path, Origin::Variable(variable.clone()));
                }
                Err(above) => problems.push(refuse(format!("`{above}` is set as a whole, by another variable"))),
            },
        }
    }
    (layer, problems)
}

/// The key that a variable's name stands for. In a chosen name `_` stands for `-`.
fn path(rest: &str) -> Vec<String> {
    let mut path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
    for table in NAMED {
        if path.iter().take(table.len()).eq(table)
            && let Some(name) = path.get_mut(table.len())
        {
            *name = name.replace('_', "-");
        }
    }
    if path.starts_with(&["lifecycle".to_owned(), "deadlines".to_owned()])
        && let Some(name) = path.get_mut(2)
        && let Some(product) = Product::ALL.iter().find(|p| p.as_str().replace(['/', '-'], "_") == *name)
    {
        product.as_str().clone_into(name);
    }
    path
}

fn value(path: &[String], text: &str) -> Result<Value, String> {
    let is_header = path.len() == HEADERS.len() + 1 && path.iter().zip(HEADERS).all(|(key, of)| key == of);
    let always_text = is_header || path.last().is_some_and(|key| ALWAYS_TEXT.contains(&key.as_str()));
    if always_text || !text.trim_start().starts_with(['[', '{']) {
        return Ok(Value::String(Tag::Default, text.to_owned()));
    }
    if let Ok(json) = serde_json::from_str(text) {
        return Ok(layer::value_from_json(json));
    }
    let toml = layer::value_from_toml(text.trim());
    toml.map_err(|reason| format!("starts like a list or table, but is neither JSON nor TOML: {reason}"))
}

/// Puts a value into nested tables; the error is the path that is something else than a table.
fn insert(values: &mut Dict, path: &[String], value: Value) -> Result<(), String> {
    let Some((key, above)) = path.split_last() else { return Ok(()) };
    let mut table = values;
    for (depth, step) in above.iter().enumerate() {
        let next = table.entry(step.clone()).or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
        match next {
            Value::Dict(_, inner) => table = inner,
            _ => return Err(path[..=depth].join(".")),
        }
    }
    table.insert(key.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn of_the_process_only_our_variables_are_read_and_foreign_bytes_do_no_harm() {
        let garbage = OsString::from_vec(vec![0xff, 0xfe]);
        let all = [
            ("CACHE_DRIVER__PREFIX".into(), "a".into()),
            ("CACHE_DRIVER_CONFIG".into(), "b".into()),
            ("CACHE_DRIVER_PORT".into(), "tcp://10.0.0.1:80".into()),
            ("OTHER".into(), garbage.clone()),
            (garbage, "c".into()),
        ];
        let expected = [("CACHE_DRIVER__PREFIX", "a"), ("CACHE_DRIVER_CONFIG", "b")];
        assert_eq!(ours(all.into_iter()), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_variable_finds_its_key() {
        for (variable, key) in [
            ("SERVER__LISTEN", "server.listen"),
            ("ROUTES__MY_CACHE__DEFAULTS__NODE_TYPE", "routes.my-cache.defaults.node_type"),
            ("PROFILES__PRE_PROD__MEMORY_GB", "profiles.pre-prod.memory_gb"),
            ("PROVIDERS__AWS__ACCOUNTS__A_B__ROLE_ARN", "providers.aws.accounts.a-b.role_arn"),
            ("TELEMETRY__OTLP__HEADERS__X_API_KEY", "telemetry.otlp.headers.x-api-key"),
            ("PROVIDERS__AWS__SUBNET_GROUP", "providers.aws.subnet_group"),
            ("LIFECYCLE__DEADLINES__GCP_REDIS_CLUSTER__CREATE", "lifecycle.deadlines.gcp/redis-cluster.create"),
        ] {
            assert_eq!(path(variable).join("."), key);
        }
    }
}

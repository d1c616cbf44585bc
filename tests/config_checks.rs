//! What keeps the driver from starting, the sandbox's overlay, and whether the files under `config/` are true.

#![expect(clippy::unwrap_used, reason = "`unwrap` says in a test what an assertion would say")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cache_driver::cache::Provider;
use cache_driver::config::{self, Config, Emulators};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const GCP_KEY: &str = r#"{"type": "service_account", "client_email": "e", "private_key": "k", "token_uri": "u"}"#;
const EVERY: &[Provider] = Provider::ALL;

/// A configuration that nothing is wrong with, plus some TOML.
fn with(toml: &str) -> Config {
    let dir = TempDir::new().unwrap();
    let base = format!(
        "secrets.keyring = [{{ id = \"k1\", key = \"{KEY}\" }}]\n[providers.aws]\nenabled = true\nregion = \"eu-central-1\""
    );
    let files = [("base.toml", base.as_str()), ("more.toml", toml)].map(|(name, text)| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    config::load(&files, std::iter::empty()).unwrap().config
}

fn problems(config: &Config, compiled: &[Provider]) -> Vec<String> {
    config::validate(config, compiled).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_only(problems: &[String], parts: &[&str]) {
    assert_eq!(problems.len(), 1, "{problems:#?}");
    for part in parts {
        assert!(problems[0].contains(part), "no {part:?} in {}", problems[0]);
    }
}

#[test]
fn a_whole_configuration_is_accepted() {
    assert_eq!(problems(&with(""), EVERY), Vec::<String>::new());
    assert_eq!(problems(&with("[routes.redis]\nproduct = \"aws/replication-group\""), EVERY), Vec::<String>::new());
}

#[test]
fn an_enabled_provider_that_is_not_compiled_in_names_the_feature() {
    let config = with("[providers.gcp]\nenabled = true\nproject = \"p\"\nregion = \"r\"");
    assert_only(
        &problems(&config, &[Provider::Aws, Provider::Azure]),
        &["providers.gcp.enabled", "rebuild with `--features gcp`", "compiled in: aws, azure"],
    );
}

#[test]
fn a_route_to_a_provider_that_is_not_enabled_is_refused() {
    let config = with("[routes.x]\nresource_type = \"x\"\nprovider = \"azure\"");
    assert_only(&problems(&config, EVERY), &["routes.x.provider", "set `providers.azure.enabled = true`"]);
    let config = with("[routes.x]\nresource_type = \"x\"\nproduct = \"gcp/redis\"");
    assert_only(&problems(&config, EVERY), &["routes.x.product", "gcp is not enabled"]);
}

#[test]
fn with_no_provider_or_no_key_it_says_what_to_set() {
    let config = with("[providers.aws]\nenabled = false");
    assert_only(
        &problems(&config, &[Provider::Aws]),
        &["providers.aws.enabled", "no provider is enabled", "--sandbox"],
    );
    let config = with("secrets.keyring = []");
    assert_only(&problems(&config, EVERY), &["secrets.keyring", "openssl rand -hex 32"]);
}

#[test]
fn an_enabled_provider_needs_its_place() {
    let mut config = with("");
    config.providers.aws.region = None;
    config.providers.azure.enabled = true;
    let account = "[providers.azure.accounts.a]\ntenant_id = \"t\"\nclient_id = \"c\"";
    config.providers.azure.accounts = with(account).providers.azure.accounts;
    let found = problems(&config, EVERY).join("\n");
    for path in [
        "providers.aws.region",
        "providers.azure.subscription_id",
        "providers.azure.location",
        "accounts.a.client_secret",
    ] {
        assert!(found.contains(path), "{found}");
    }
}

#[test]
fn an_address_that_others_can_reach_needs_a_word_of_consent() {
    for address in ["0.0.0.0:8080", "[::]:8080", "10.0.0.1:80"] {
        let public = format!("[server]\nlisten = \"{address}\"");
        assert_only(&problems(&with(&public), EVERY), &["server.listen", "allow_public_without_auth = true"]);
        assert!(problems(&with(&format!("{public}\nallow_public_without_auth = true")), EVERY).is_empty());
    }
    for address in ["127.0.0.2:0", "[::1]:8080"] {
        assert!(problems(&with(&format!("[server]\nlisten = \"{address}\"")), EVERY).is_empty());
    }
}

#[test]
fn a_cross_check_names_the_file_that_is_at_fault() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.toml");
    std::fs::write(&path, "[server]\nlisten = \"0.0.0.0:80\"\n").unwrap();
    let error = config::load(&[path], std::iter::empty()).unwrap().check(EVERY).unwrap_err().to_string();
    assert!(error.contains("a.toml:2:1: server.listen: "), "{error}");
    assert!(error.contains("\n  providers.aws.enabled: no provider is enabled"), "{error}");
}

fn at(url: &str) -> Emulators {
    Emulators { aws: Some(url.to_owned()), gcp: Some(url.to_owned()), azure: Some(url.to_owned()) }
}

#[test]
fn the_sandbox_takes_the_place_of_every_real_cloud() {
    let config = with(
        "[lifecycle]\npoll_interval = \"10s\"\n[sandbox]\nspeed = 100\n\
         [providers.aws]\nendpoint_url = \"https://real.example\"\nsts_endpoint_url = \"https://real.example\"\n\
         [providers.gcp]\nenabled = true",
    );
    let url = "http://127.0.0.1:9000".to_owned();
    let config = config::sandbox_overlay(config, at(&url), Some("PEM".to_owned()), &[Provider::Aws], [7; 32]);
    let aws = &config.providers.aws;
    assert_eq!((aws.endpoint_url.as_ref(), aws.sts_endpoint_url.as_ref()), (Some(&url), None));
    assert_eq!((aws.region.as_deref(), aws.subnet_group.as_deref()), (Some("eu-central-1"), Some("sandbox")));
    assert_eq!(aws.security_group_ids, ["sg-0123456789abcdef0"]);
    assert_eq!(aws.cache_ca.as_deref(), Some("PEM"));
    assert!(aws.static_credentials.as_ref().unwrap().access_key_id.starts_with("SANDBOX"));
    assert!(!config.providers.gcp.enabled, "a cloud that is not compiled in is off");
    assert_eq!(config.routes["redis"].provider, Some(Provider::Aws));
    assert_eq!(config.secrets.keyring.len(), 1);
    assert_eq!(config.secrets.active().unwrap().bytes.expose(), [7; 32]);
    assert_eq!(config.lifecycle.poll_interval, Duration::from_millis(100));
    assert_eq!(problems(&config, &[Provider::Aws]), Vec::<String>::new());

    let untouched = config::sandbox_overlay(Config::default(), Emulators::default(), None, EVERY, [7; 32]);
    assert_eq!(untouched.providers.enabled().count(), 0);
}

#[test]
fn inputs_that_stand_in_the_configuration_can_be_visited() {
    let config = with(
        "[routes.redis.defaults]\nsize = \"small\"\n[profiles.production]\nreplicas = 1\n\
         [providers.aws.defaults]\nnode_type = \"cache.t4g.small\"",
    );
    let layers: Vec<_> = config.value_layers().filter(|layer| !layer.values.is_empty()).collect();
    let seen: Vec<_> = layers.iter().map(|layer| (layer.path.as_str(), layer.block)).collect();
    assert_eq!(
        seen,
        [
            ("routes.redis.defaults", None),
            ("profiles.production", None),
            ("providers.aws.defaults", Some(Provider::Aws)),
        ],
    );
    assert_eq!(layers[1].values["replicas"], 1);
}

/// The built-in file with every key that is commented out put in, and its files made.
fn everything_on(dir: &Path) -> String {
    let text = include_str!("../config/default.toml");
    let mut lines = Vec::new();
    for line in text.lines() {
        // Where a value can stand in the file or in another one, both together are refused.
        if line.starts_with("#cache_ca_file") || line.starts_with("#client_secret_file") {
            continue;
        }
        let is_key = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty());
        lines.push(is_key.unwrap_or(line).to_owned());
    }
    for name in ["aws-ca.pem", "azure-ca.pem", "gcp-ca.pem", "otlp-ca.pem"] {
        std::fs::write(dir.join(name), "text").unwrap();
    }
    std::fs::write(dir.join("gcp-production.json"), GCP_KEY).unwrap();
    std::fs::write(dir.join("otlp-headers"), "x-team: shops").unwrap();
    lines.join("\n").replace("/etc/cache-driver", dir.to_str().unwrap())
}

#[test]
fn every_key_in_the_defaults_file_is_known_also_those_commented_out() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("all.toml");
    std::fs::write(&path, everything_on(dir.path())).unwrap();
    let config = config::load(&[path], std::iter::empty()).unwrap_or_else(|error| panic!("{error}")).config;
    assert_eq!(config.providers.aws.accounts.len(), 1);
    assert_eq!(config.profiles["production"]["size"], "large");
}

#[test]
fn every_key_of_the_configuration_stands_in_the_defaults_file() {
    let mut described = BTreeSet::new();
    let mut section = String::new();
    for line in include_str!("../config/default.toml").lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if line.starts_with(' ') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').replace('"', "");
            described.insert(section.clone());
        } else if let Some((key, _)) = line.split_once(" = ") {
            described.insert(if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") });
        }
    }
    let mut keys = Vec::new();
    collect(&serde_json::to_value(Config::default()).unwrap(), "", &mut keys);
    assert!(keys.len() > 80, "{keys:?}");
    let missing: Vec<_> = keys.iter().filter(|key| !described.contains(*key)).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
}

fn collect(value: &Value, at: &str, keys: &mut Vec<String>) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                collect(value, &path, keys);
            }
        }
        _ => keys.push(at.to_owned()),
    }
}

#[test]
fn the_example_files_load_and_let_the_driver_start() {
    let dir = TempDir::new().unwrap();
    for name in ["k1", "k2", "azure-production", "orchestrator-2026.sha256"] {
        std::fs::write(dir.path().join(name), KEY).unwrap();
    }
    std::fs::write(dir.path().join("gcp-production.json"), GCP_KEY).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(examples).unwrap() {
        let from = entry.unwrap().path();
        let name = from.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&from).unwrap().replace("/etc/cache-driver", dir.path().to_str().unwrap());
        let path: PathBuf = dir.path().join(&name);
        std::fs::write(&path, text).unwrap();
        let mut loaded = config::load(&[path], std::iter::empty()).unwrap_or_else(|error| panic!("{name}: {error}"));
        if name == "sandbox.toml" {
            loaded.config = config::sandbox_overlay(loaded.config, at("http://127.0.0.1:9000"), None, EVERY, [7; 32]);
        }
        loaded.check(EVERY).unwrap_or_else(|error| panic!("{name}: {error}"));
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["aws.toml", "azure.toml", "gcp.toml", "multi-cloud.toml", "sandbox.toml"]);
}

proptest! {
    /// Whatever stands in whichever key: it loads, or it is refused without a panic and without being shown.
    #[test]
    fn any_value_in_any_key_is_read_or_refused_without_being_shown(
        key in proptest::sample::select(leaf_keys()),
        wrap in proptest::sample::select(vec!["{}", "\"{}\"", "[{}]", "[\"{}\"]", "{ a = {} }", "{\"a\": \"{}\"}"]),
        noise in "[\\PC\n]{0,12}",
    ) {
        let canary = "qz8canary8zq";
        let value = wrap.replace("{}", &format!("{canary}{noise}"));
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("a.toml");
        std::fs::write(&path, format!("{key} = {value}")).unwrap();
        let variable = format!("CACHE_DRIVER__{}", key.replace('.', "__").replace(['-', '/', '"'], "_"));
        for (files, env) in [(vec![path], None), (vec![], Some((variable, value)))] {
            if let Err(error) = config::load(&files, env.into_iter()) {
                prop_assert!(!error.to_string().contains(canary), "{}", error);
            }
        }
    }

    #[test]
    fn any_text_as_a_file_is_read_or_refused_without_a_panic(text in "[\\PC\n]{0,80}") {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("a.toml");
        std::fs::write(&path, text).unwrap();
        let _ = config::load(&[path], std::iter::empty());
    }
}

/// Every key that a file can set, with table names quoted where TOML wants it.
fn leaf_keys() -> Vec<String> {
    let mut keys = Vec::new();
    collect(&serde_json::to_value(Config::default()).unwrap(), "", &mut keys);
    let quoted = |key: &String| key.split('.').map(quote).collect::<Vec<_>>().join(".");
    keys.iter().map(quoted).collect()
}

fn quote(part: &str) -> String {
    if part.contains('/') { format!("\"{part}\"") } else { part.to_owned() }
}

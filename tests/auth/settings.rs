//! What the configuration of this says, and what it refuses.

use std::path::PathBuf;

use cache_driver::cache::Provider;
use cache_driver::config::{self, Config, Problem, Require};
use tempfile::TempDir;

const CANARY: &str = "c4n4ryc4n4ry";
/// The SHA-256 of `tok`.
const HASH: &str = "1a7674eb4ee78df7e1ac439a93c3fa8e3c945784d4dec9fd8e3011738b2f1d62";

/// A configuration with nothing else to refuse, and this TOML, in which `DIR` is a directory of these files.
fn load(toml: &str, files: &[(&str, &str)]) -> Result<Config, String> {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let path: PathBuf = dir.path().join("config.toml");
    let key = "0a".repeat(32);
    let base = format!(
        "secrets.keyring = [{{ id = \"k1\", key = \"{key}\" }}]\nproviders.aws.enabled = true\n\
         providers.aws.region = \"r\"\n"
    );
    std::fs::write(&path, base + &toml.replace("DIR", dir.path().to_str().unwrap())).unwrap();
    config::load(&[path], std::iter::empty()).map(|loaded| loaded.config).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(toml: &str, parts: &[&str]) {
    let text = load(toml, &[]).expect_err("it loads");
    assert!(parts.iter().all(|part| text.contains(part)), "not all of {parts:?} in {text}");
    assert!(!text.contains(CANARY), "{text}");
}

fn problems(config: &Config) -> Vec<String> {
    config::validate(config, &[Provider::Aws]).iter().map(Problem::to_string).collect()
}

#[test]
fn a_whole_rule_is_read() {
    let toml = format!(
        "[server]\nlisten = \"0.0.0.0:8443\"\n\
         [server.tls]\ncert_file = \"DIR/tls.crt\"\nkey_file = \"DIR/tls.key\"\nreload_interval = \"5m\"\n\
         [server.auth]\nrequire = \"all\"\n\
         tokens = [{{ id = \"a\", sha256 = \"{HASH}\" }}, {{ id = \"b\", sha256_file = \"DIR/b.sha256\" }}]\n\
         path_secrets = [{{ id = \"p\", sha256 = \"{}\" }}]\n\
         allow_ips = [\"humanitec\", \"10.0.0.0/8\", \"2001:db8::1\"]\ntrusted_proxies = [\"10.0.0.0/8\"]\n\
         [server.auth.mtls]\nclient_ca_file = \"DIR/ca.pem\"\nnames = [\"a.example\"]\n\
         [server.auth.operators]\naccess = \"open\"\ntokens = [{{ id = \"a\", sha256 = \"{HASH}\" }}]\n",
        HASH.to_uppercase()
    );
    let config = load(&toml, &[("b.sha256", &format!("{HASH}  -\n"))]).unwrap();
    let auth = &config.server.auth;
    assert_eq!(auth.require, Require::All);
    for secret in auth.tokens.iter().chain(&auth.path_secrets).chain(&auth.operators.tokens) {
        assert!(secret.matches("tok") && !secret.matches("tok\n") && !secret.matches(""), "{secret:?}");
    }
    assert_eq!(problems(&config), Vec::<String>::new());
    let shown = format!("{auth:?}{}", serde_json::to_string(&config).unwrap());
    assert!(!shown.contains(&HASH[..8]), "hashes are nobody's business: {shown}");
    assert!(shown.contains("10.0.0.0/8") && shown.contains("2001:db8::1/128") && shown.contains("humanitec"));
}

#[test]
fn what_is_no_rule_is_refused_without_being_shown() {
    let token = |inside: &str| format!("[server.auth]\ntokens = [{{ {inside} }}]\n");
    refused(&token(&format!("id = \"a\", sha256 = \"{CANARY}\"")), &["server.auth.tokens", "64 hex digits"]);
    refused(&token(&format!("id = \"A b\", sha256 = \"{HASH}\"")), &["server.auth.tokens", "`id`"]);
    refused(&token("id = \"a\""), &["`sha256` or `sha256_file`", "cache-driver token"]);
    refused(&token(&format!("id = \"a\", sha256 = \"{HASH}\", sha256_file = \"/x\"")), &["one is enough"]);
    refused(&token("id = \"a\", sha256_file = \"/no/such/file\""), &["cannot read /no/such/file"]);
    refused(&token(&format!("id = \"a\", token = \"{CANARY}\"")), &["unknown key"]);
    let twice = format!(
        "[server.auth]\ntokens = [{{ id = \"a\", sha256 = \"{HASH}\" }}, {{ id = \"a\", sha256 = \"{HASH}\" }}]\n"
    );
    refused(&twice, &["server.auth.tokens.1.id", "same id"]);
    for (list, text) in [
        ("allow_ips", "c4n4ryc4n4ry.example"),
        ("allow_ips", "10.0.0.1/8"),
        ("allow_ips", "10.0.0.0/40"),
        ("trusted_proxies", "humanitec"),
        ("trusted_proxies", "0.0.0.0/0"),
        ("trusted_proxies", "::/0"),
    ] {
        refused(&format!("[server.auth]\n{list} = [\"{text}\"]\n"), &[&format!("server.auth.{list}")]);
    }
    refused("[server.auth]\nrequire = \"some\"\n", &["server.auth.require", "any, all"]);
    refused("[server.auth]\ntoken = []\n", &["server.auth.token", "did you mean `tokens`?"]);
    refused("[server.auth.operators]\naccess = \"closed\"\n", &["server.auth.operators.access", "callers, open"]);
}

#[test]
fn the_hash_of_nothing_or_of_a_route_is_no_secret() {
    // Of "", of "\n" and of "redis".
    for hash in [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
        "34fb46c847bb9df96e5205a39d382f648a6e8dce1e014cd85b4ca6a88d88ed03",
    ] {
        let toml = format!("[server.auth]\npath_secrets = [{{ id = \"a\", sha256 = \"{hash}\" }}]\n");
        refused(&toml, &["server.auth.path_secrets.0.sha256", "no secret"]);
    }
}

#[test]
fn parts_that_belong_together_are_missed() {
    for (toml, parts) in [
        ("[server.tls]\ncert_file = \"/x\"\n", &["server.tls.key_file", "is missing"][..]),
        ("[server.tls]\nkey_file = \"/x\"\n", &["server.tls.cert_file", "is missing"]),
        ("[server.tls]\nreload_interval = \"0s\"\n", &["server.tls.reload_interval"]),
        ("[server.auth.mtls]\nclient_ca_file = \"/x\"\n", &["server.tls.cert_file", "mtls"]),
        ("[server.auth.mtls]\nnames = [\"a\"]\n", &["server.auth.mtls.client_ca_file"]),
        ("[server.auth.jwt]\norg_ids = [\"a\"]\n", &["server.auth.jwt.keys_files"]),
        ("[server.auth.jwt]\nkeys_files = [\"/no/such\"]\n", &["server.auth.jwt.keys_files.0", "/no/such"]),
        ("[server.auth.jwt]\nkeys_files = [\"/no/such\"]\n", &["server.auth.jwt.org_ids"]),
    ] {
        refused(toml, parts);
    }
    let operators = format!("[server.auth.operators]\ntokens = [{{ id = \"a\", sha256 = \"{HASH}\" }}]\n");
    refused(&operators, &["server.auth.operators.tokens", "keep nobody out"]);
    let both = format!(
        "[server.auth]\nrequire = \"all\"\ntokens = [{{ id = \"a\", sha256 = \"{HASH}\" }}]\n\
         [server.auth.jwt]\nkeys_files = [\"/no/such\"]\norg_ids = [\"a\"]\n"
    );
    refused(&both, &["server.auth.require", "one header `Authorization`"]);
}

#[test]
fn a_file_of_keys_must_hold_rsa_public_keys() {
    let toml = "[server.auth.jwt]\nkeys_files = [\"DIR/key.pem\"]\norg_ids = [\"a\"]\n";
    // An Ed25519 key (RFC 8410, section 10.1).
    let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let rubbish = format!("-----BEGIN PUBLIC KEY-----\n{CANARY}\n-----END PUBLIC KEY-----\n");
    for (pem, why) in [
        (ed25519, "no RSA key of 2048 to 8192 bits"),
        (CANARY, "has no `-----BEGIN PUBLIC KEY-----`"),
        (&rubbish, "server.auth.jwt.keys_files.0"),
        ("", "is empty"),
    ] {
        let text = load(toml, &[("key.pem", pem)]).expect_err(why);
        assert!(text.contains(why) && text.contains("keys_files") && !text.contains(CANARY), "{text}");
    }
}

#[test]
fn an_address_that_others_can_reach_needs_callers_that_prove_who_they_are() {
    let public = "[server]\nlisten = \"0.0.0.0:8080\"\n";
    let refused = |rule: &str| problems(&load(&format!("{public}{rule}"), &[]).unwrap());
    let found = refused("");
    assert!(found.len() == 1 && found[0].contains("server.auth.tokens"), "{found:?}");
    // Those addresses serve every customer of Humanitec.
    let found = refused("[server.auth]\nallow_ips = [\"humanitec\"]\n");
    assert!(found.len() == 1 && found[0].contains("alone does not tell callers apart"), "{found:?}");
    for list in ["tokens", "path_secrets"] {
        let rule = format!("[server.auth]\n{list} = [{{ id = \"a\", sha256 = \"{HASH}\" }}]\n");
        assert_eq!(refused(&rule), Vec::<String>::new());
    }
    let mtls = "[server.tls]\ncert_file = \"/x\"\nkey_file = \"/x\"\n[server.auth.mtls]\nclient_ca_file = \"/x\"\n";
    assert_eq!(refused(mtls), Vec::<String>::new());
}

#[test]
fn the_environment_sets_a_rule_too() {
    let env = [
        ("CACHE_DRIVER__SERVER__AUTH__TOKENS", format!("[{{\"id\": \"a\", \"sha256\": \"{HASH}\"}}]")),
        ("CACHE_DRIVER__SERVER__AUTH__ALLOW_IPS", "[\"humanitec\"]".to_owned()),
        ("CACHE_DRIVER__SERVER__AUTH__REQUIRE", "all".to_owned()),
        ("CACHE_DRIVER__SERVER__TLS__RELOAD_INTERVAL", "10s".to_owned()),
    ];
    let loaded = config::load(&[], env.into_iter().map(|(name, value)| (name.to_owned(), value))).unwrap();
    let auth = &loaded.config.server.auth;
    assert!(auth.tokens[0].matches("tok"));
    assert_eq!((auth.require, auth.allow_ips.len()), (Require::All, 1));
}

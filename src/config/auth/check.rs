//! What the types of these sections cannot say.

use std::collections::BTreeSet;
use std::time::Duration;

use super::HashedSecret;
use super::jwt::JwtKey;
use crate::config::check::RESERVED;
use crate::config::{Config, Problem, Require, files};

/// Reads the files of keys that the section names.
pub(in crate::config) fn read_files(config: &mut Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let jwt = &mut config.server.auth.jwt;
    for (index, file) in jwt.keys_files.iter().enumerate() {
        let path = format!("server.auth.jwt.keys_files.{index}");
        match files::read("keys_files", file).and_then(|pem| JwtKey::read(&pem)) {
            Ok(keys) => jwt.keys.extend(keys),
            Err(reason) => problems.push(Problem::new(path, reason)),
        }
    }
    problems
}

/// Whether the keys agree with each other.
pub(in crate::config) fn check(config: &Config) -> Vec<Problem> {
    let (auth, tls) = (&config.server.auth, &config.server.tls);
    let mut problems = Vec::new();
    let lists =
        [("tokens", &auth.tokens), ("path_secrets", &auth.path_secrets), ("operators.tokens", &auth.operators.tokens)];
    for (name, secrets) in lists {
        problems.extend(secrets_of(config, &format!("server.auth.{name}"), secrets));
    }
    let mut refuse = |wrong: bool, path: &str, reason: &str, hint: &str| {
        if wrong {
            problems.push(Problem::new(path, reason).hint(hint));
        }
    };
    refuse(
        auth.require == Require::All && !auth.tokens.is_empty() && !auth.jwt.keys_files.is_empty(),
        "server.auth.require",
        "\"all\" asks for a token and a JWT, and a request has one header `Authorization`",
        "configure one of the two, or set `require = \"any\"`",
    );
    for (index, network) in auth.trusted_proxies.iter().enumerate() {
        refuse(
            network.is_everything(),
            &format!("server.auth.trusted_proxies.{index}"),
            "every caller would be believed about its own address",
            "list the addresses of the proxies in front of this driver",
        );
    }
    refuse(
        !auth.jwt.keys_files.is_empty() && auth.jwt.org_ids.is_empty(),
        "server.auth.jwt.org_ids",
        "is missing, and `keys_files` is set",
        "name the organisations whose Operator may call",
    );
    refuse(
        !auth.jwt.org_ids.is_empty() && auth.jwt.keys_files.is_empty(),
        "server.auth.jwt.keys_files",
        "is missing, and `org_ids` is set",
        "name the PEM file of the public key that is registered for the Operator",
    );
    refuse(
        !auth.mtls.names.is_empty() && auth.mtls.client_ca_file.is_none(),
        "server.auth.mtls.client_ca_file",
        "is missing, and `names` is set",
        "name the PEM file of the authority that signs the clients' certificates",
    );
    refuse(
        !auth.operators.tokens.is_empty() && auth.jwt.keys_files.is_empty() && !auth.proves_callers(),
        "server.auth.operators.tokens",
        "keep nobody out: callers may use the operators' paths too, and everybody is one",
        "set `server.auth.tokens`, `path_secrets`, `jwt` or `mtls` as well",
    );
    refuse(
        auth.mtls.client_ca_file.is_some() && tls.cert_file.is_none(),
        "server.tls.cert_file",
        "is missing, and `server.auth.mtls` asks clients for certificates",
        "a client shows its certificate in a TLS handshake of this driver, which needs a certificate for that",
    );
    refuse(
        tls.cert_file.is_some() && tls.key_file.is_none(),
        "server.tls.key_file",
        "is missing, and `cert_file` is set",
        "name the PEM file of the private key",
    );
    refuse(
        tls.key_file.is_some() && tls.cert_file.is_none(),
        "server.tls.cert_file",
        "is missing, and `key_file` is set",
        "name the PEM file of the certificate",
    );
    refuse(
        tls.reload_interval < Duration::from_secs(1),
        "server.tls.reload_interval",
        "must be at least 1s",
        "the files are read each time",
    );
    problems
}

/// Names that occur twice, and secrets that are none.
fn secrets_of(config: &Config, path: &str, secrets: &[HashedSecret]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    let reserved = RESERVED.iter().map(|(name, _)| *name);
    let known: Vec<&str> = reserved.chain(config.routes.keys().map(String::as_str)).chain([""]).collect();
    for (index, secret) in secrets.iter().enumerate() {
        if !ids.insert(&secret.id) {
            problems.push(Problem::new(format!("{path}.{index}.id"), "an earlier one has the same id"));
        }
        if known.iter().any(|word| secret.matches(word) || secret.matches(&format!("{word}\n"))) {
            let reason = "is the hash of nothing, or of a name that is no secret";
            let hint = "`cache-driver token` makes a secret and its hash";
            problems.push(Problem::new(format!("{path}.{index}.sha256"), reason).hint(hint));
        }
    }
    problems
}

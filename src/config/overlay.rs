//! What the sandbox changes about a configuration.

use std::time::Duration;

use secrecy::SecretString;

use super::{Config, Key, KeyBytes, Secrets, StaticCredentials};
use crate::cache::Provider;

/// The configuration with the emulated clouds in the place of the real ones.
///
/// Each compiled provider whose emulator's URL is given is enabled, every other is switched off: no call leaves the
/// machine. What is left empty of places and networks is filled; identities are made up, never the machine's own;
/// the keyring holds only `key`, which must be random and is thrown away with the process. `cache_ca` is the CA of
/// the emulated caches' certificates, as PEM.
#[must_use]
pub fn sandbox_overlay(
    mut config: Config,
    aws_url: Option<String>,
    cache_ca: Option<String>,
    compiled: &[Provider],
    key: [u8; 32],
) -> Config {
    let providers = &mut config.providers;
    providers.gcp.enabled = false;
    providers.azure.enabled = false;

    let aws = &mut providers.aws;
    aws.enabled = aws_url.is_some() && compiled.contains(&Provider::Aws);
    aws.endpoint_url = aws_url;
    aws.sts_endpoint_url = None;
    aws.ca_file = None;
    aws.ca_pem = None;
    aws.cache_ca = cache_ca;
    aws.cache_ca_file = None;
    aws.region.get_or_insert_with(|| "eu-central-1".to_owned());
    aws.subnet_group.get_or_insert_with(|| "sandbox".to_owned());
    if aws.security_group_ids.is_empty() {
        aws.security_group_ids.push("sg-0123456789abcdef0".to_owned());
    }
    aws.static_credentials = Some(StaticCredentials {
        access_key_id: "SANDBOXAKIA000000000".to_owned(),
        secret_access_key: SecretString::from("sandbox"),
        session_token: None,
    });

    config.secrets = Secrets { keyring: vec![Key { id: "sandbox".to_owned(), bytes: KeyBytes::from(key) }] };

    let speed = config.sandbox.speed.max(1.0);
    let lifecycle = &mut config.lifecycle;
    lifecycle.poll_interval = lifecycle.poll_interval.div_f64(speed).max(Duration::from_millis(20));
    // `Retry-After` is whole seconds.
    lifecycle.retry_after.min = lifecycle.retry_after.min.div_f64(speed).max(Duration::from_secs(1));
    lifecycle.retry_after.max = lifecycle.retry_after.max.div_f64(speed).max(lifecycle.retry_after.min);
    config
}

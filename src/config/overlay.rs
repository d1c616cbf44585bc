//! What the sandbox changes about a configuration.

use std::time::Duration;

use secrecy::SecretString;

use super::{Aws, Azure, Config, Gcp, Key, KeyBytes, Secrets, StaticCredentials};
use crate::cache::Provider;

/// Where the emulated clouds answer. A cloud without an address is switched off.
#[derive(Debug, Clone, Default)]
pub struct Emulators {
    /// The emulated AWS.
    pub aws: Option<String>,
    /// The emulated Google Cloud.
    pub gcp: Option<String>,
    /// The emulated Azure.
    pub azure: Option<String>,
}

/// The configuration with the emulated clouds in the place of the real ones.
///
/// Each compiled provider whose emulator's URL is given is enabled, every other is switched off: no call leaves the
/// machine. What is left empty of places and networks is filled; identities are made up, never the machine's own; a
/// route without a provider gets the first of them; the keyring holds only `key`, which must be random and is thrown
/// away with the process. `cache_ca` is the CA of the emulated caches' certificates, as PEM.
#[must_use]
pub fn sandbox_overlay(
    mut config: Config,
    emulators: Emulators,
    cache_ca: Option<String>,
    compiled: &[Provider],
    key: [u8; 32],
) -> Config {
    let speed = config.sandbox.speed.max(1.0);
    let of = |provider: Provider, url: Option<String>| url.filter(|_| compiled.contains(&provider));
    let providers = &mut config.providers;
    aws(&mut providers.aws, of(Provider::Aws, emulators.aws), cache_ca.clone());
    gcp(&mut providers.gcp, of(Provider::Gcp, emulators.gcp), speed);
    azure(&mut providers.azure, of(Provider::Azure, emulators.azure), cache_ca);

    let first = config.providers.enabled().next();
    for route in config.routes.values_mut() {
        route.provider = route.provider.or(first);
    }
    config.secrets = Secrets { keyring: vec![Key { id: "sandbox".to_owned(), bytes: KeyBytes::from(key) }] };

    let lifecycle = &mut config.lifecycle;
    lifecycle.poll_interval = lifecycle.poll_interval.div_f64(speed).max(Duration::from_millis(20));
    // `Retry-After` is whole seconds.
    lifecycle.retry_after.min = lifecycle.retry_after.min.div_f64(speed).max(Duration::from_secs(1));
    lifecycle.retry_after.max = lifecycle.retry_after.max.div_f64(speed).max(lifecycle.retry_after.min);
    config
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 1, and too much is the most there is"
)]
fn whole(speed: f64) -> u32 {
    speed.ceil() as u32
}

fn fill(place: &mut Option<String>, with: &str) {
    place.get_or_insert_with(|| with.to_owned());
}

fn aws(aws: &mut Aws, url: Option<String>, cache_ca: Option<String>) {
    aws.enabled = url.is_some();
    aws.endpoint_url = url;
    aws.sts_endpoint_url = None;
    aws.ca_file = None;
    aws.ca_pem = None;
    aws.cache_ca = cache_ca;
    aws.cache_ca_file = None;
    fill(&mut aws.region, "eu-central-1");
    fill(&mut aws.subnet_group, "sandbox");
    if aws.security_group_ids.is_empty() {
        aws.security_group_ids.push("sg-0123456789abcdef0".to_owned());
    }
    aws.static_credentials = Some(StaticCredentials {
        access_key_id: "SANDBOXAKIA000000000".to_owned(),
        secret_access_key: SecretString::from("sandbox"),
        session_token: None,
    });
}

fn gcp(gcp: &mut Gcp, url: Option<String>, speed: f64) {
    gcp.enabled = url.is_some();
    gcp.endpoint_url = url;
    gcp.ca_file = None;
    gcp.ca_pem = None;
    gcp.quota_project = None;
    gcp.static_token = Some(SecretString::from("sandbox"));
    // What happens in a minute there happens in a second here.
    for quota in [&mut gcp.requests_per_minute, &mut gcp.creations_per_minute] {
        *quota = quota.saturating_mul(whole(speed));
    }
    fill(&mut gcp.project, "sandbox-project");
    fill(&mut gcp.region, "europe-west3");
}

fn azure(azure: &mut Azure, url: Option<String>, cache_ca: Option<String>) {
    azure.enabled = url.is_some();
    azure.endpoint_url = url;
    azure.ca_file = None;
    azure.ca_pem = None;
    azure.cache_ca = cache_ca;
    azure.cache_ca_file = None;
    azure.static_token = Some(SecretString::from("sandbox"));
    fill(&mut azure.subscription_id, "00000000-0000-4000-8000-000000000001");
    fill(&mut azure.resource_group, "sandbox");
    fill(&mut azure.location, "westeurope");
}

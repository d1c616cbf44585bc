//! Clients: one connector for the process, one client per credentials and region.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::{AppName, BehaviorVersion};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_elasticache::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_elasticache::config::{Region, SharedHttpClient};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider as TlsProvider, TlsContext, TrustStore};
use aws_smithy_types::timeout::TimeoutConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::credentials::{Identities, Identity};
use super::error::classify;
use super::watch::{Watch, watched};
use crate::backend::{At, BackendError, Calls, Credentials, Kind, Result, Who};
use crate::config::Aws;
use crate::kept::Kept;

/// Clients that are kept.
const CLIENTS: usize = 256;
/// How long an unused client is kept.
const IDLE: Duration = Duration::from_hours(1);

/// Makes clients and keeps them. Nothing is connected or loaded before the first call.
#[derive(Debug)]
pub(super) struct Clients {
    identities: Identities,
    http: OnceLock<std::result::Result<SharedHttpClient, &'static str>>,
    ca_pem: Option<String>,
    endpoint_url: Option<String>,
    sts_endpoint_url: Option<String>,
    timeouts: TimeoutConfig,
    max_attempts: u32,
    app_name: Option<AppName>,
    watch: Watch,
    elasticache: Kept<(Who, String), aws_sdk_elasticache::Client>,
    account_ids: Kept<Who, String>,
}

impl Clients {
    pub(super) fn new(config: &Aws, user_agent: &str, calls: Calls) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(config.timeouts.connect)
            .operation_attempt_timeout(config.timeouts.attempt)
            .operation_timeout(config.timeouts.operation)
            .build();
        Self {
            identities: Identities::new(config, timeouts.clone()),
            http: OnceLock::new(),
            ca_pem: config.ca_pem.clone(),
            endpoint_url: config.endpoint_url.clone(),
            sts_endpoint_url: config.sts_endpoint_url.clone().or_else(|| config.endpoint_url.clone()),
            timeouts,
            max_attempts: config.max_attempts.max(1),
            app_name: AppName::new(user_agent.replace('/', "-")).ok(),
            watch: Watch::new(calls),
            elasticache: Kept::used_within(IDLE, CLIENTS),
            account_ids: Kept::written_within(IDLE, CLIENTS),
        }
    }

    /// A client of ElastiCache.
    pub(super) async fn elasticache(
        &self,
        credentials: &Credentials,
        region: &str,
    ) -> Result<aws_sdk_elasticache::Client> {
        let key = (Who::from(credentials), region.to_owned());
        if let Some(client) = self.elasticache.get(&key) {
            return Ok(client);
        }
        let http = self.http().map_err(no_connector)?;
        let identity = self.identity(credentials, region, &http).await?;
        let mut config = aws_sdk_elasticache::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(region.to_owned()))
            .identity_cache(identity.cache)
            .timeout_config(self.timeouts.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(self.max_attempts))
            // The SDK's budget of retries is otherwise one for all tenants.
            .retry_partition(RetryPartition::custom(format!("elasticache-{region}-{}", key.0)).build())
            .retry_classifier(super::retry::CustomerThrottling)
            .interceptor(self.watch.clone());
        // Not `credentials_provider`: that wraps it anew, and the identity cache takes it for another.
        config.set_credentials_provider(Some(identity.provider));
        config.set_endpoint_url(self.endpoint_url.clone());
        config.set_app_name(self.app_name.clone());
        let client = aws_sdk_elasticache::Client::from_conf(config.build());
        self.elasticache.insert(key, client.clone());
        Ok(client)
    }

    /// Whose the credentials are, as STS says. Asked once per credentials and hour.
    pub(super) async fn account(&self, at: &At) -> Result<String> {
        let who = Who::from(&at.credentials);
        if let Some(account) = self.account_ids.get(&who) {
            return Ok(account);
        }
        let http = self.http().map_err(no_connector)?;
        let region = &at.place.location;
        let identity = self.identity(&at.credentials, region, &http).await?;
        let client = self.sts(&identity, region, http, &who);
        let told = client.get_caller_identity().send().await.map_err(|error| classify("GetCallerIdentity", error))?;
        let account = told
            .account
            .ok_or_else(|| BackendError::new(Kind::Unavailable, "GetCallerIdentity", "the answer names no account"))?;
        self.account_ids.insert(who, account.clone());
        Ok(account)
    }

    /// Whose the credentials are and how IAM calls them, asked anew: account and ARN.
    pub(super) async fn caller(&self, at: &At) -> Result<(String, String)> {
        let http = self.http().map_err(no_connector)?;
        let identity = self.identity(&at.credentials, &at.place.location, &http).await?;
        let client = self.sts(&identity, &at.place.location, http, &Who::from(&at.credentials));
        let told = client.get_caller_identity().send().await.map_err(|error| classify("GetCallerIdentity", error))?;
        Ok((told.account.unwrap_or_default(), told.arn.unwrap_or_default()))
    }

    /// The keys behind credentials, for calls that no SDK crate here makes.
    pub(super) async fn keys(&self, at: &At) -> Result<aws_credential_types::Credentials> {
        let http = self.http().map_err(no_connector)?;
        let identity = self.identity(&at.credentials, &at.place.location, &http).await?;
        identity.provider.provide_credentials().await.map_err(|_| {
            BackendError::new(Kind::Credentials, "GetCallerIdentity", "the credentials could not be loaded")
        })
    }

    async fn identity(&self, credentials: &Credentials, region: &str, http: &SharedHttpClient) -> Result<Identity> {
        let sts = |own: &Identity| self.sts(own, region, http.clone(), &Who::Own);
        // What finds the driver's own identity makes clients of its own.
        let seeking = watched(http, self.watch.clone());
        self.identities.get(credentials, region, &seeking, sts).await
    }

    fn sts(&self, identity: &Identity, region: &str, http: SharedHttpClient, who: &Who) -> aws_sdk_sts::Client {
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(region.to_owned()))
            .identity_cache(identity.cache.clone())
            .timeout_config(self.timeouts.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(self.max_attempts))
            .retry_partition(RetryPartition::custom(format!("sts-{region}-{who}")).build())
            .interceptor(self.watch.clone());
        config.set_credentials_provider(Some(identity.provider.clone()));
        config.set_endpoint_url(self.sts_endpoint_url.clone());
        config.set_app_name(self.app_name.clone());
        aws_sdk_sts::Client::from_conf(config.build())
    }

    fn http(&self) -> std::result::Result<SharedHttpClient, &'static str> {
        self.http.get_or_init(|| connector(self.ca_pem.as_deref(), self.is_plain())).clone()
    }

    /// Whether nothing is called over TLS: the emulators.
    fn is_plain(&self) -> bool {
        let plain = |url: &Option<String>| url.as_deref().is_some_and(|url| url.starts_with("http://"));
        plain(&self.endpoint_url) && plain(&self.sts_endpoint_url)
    }
}

fn no_connector(why: &'static str) -> BackendError {
    BackendError::new(Kind::Prerequisite, "connect", why).hint("check providers.aws.ca_file")
}

fn connector(ca_pem: Option<&str>, is_plain: bool) -> std::result::Result<SharedHttpClient, &'static str> {
    // A debug build of the SDK panics where the machine has no CA bundle, which no emulator needs.
    let mut trusted = if is_plain { TrustStore::empty() } else { TrustStore::default() };
    if let Some(pem) = ca_pem {
        check(pem)?;
        trusted.add_pem_certificate(pem);
    }
    let tls = TlsContext::builder().with_trust_store(trusted).build().map_err(|_| "tls cannot be set up")?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(TlsProvider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls)
        .build_https())
}

/// The SDK panics at the first call on a certificate that it cannot read.
fn check(pem: &str) -> std::result::Result<(), &'static str> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "the ca file is no pem")?;
        roots.add(certificate).map_err(|_| "the ca file holds something that is no ca certificate")?;
    }
    if roots.is_empty() { Err("the ca file holds no certificate") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_holds_none_is_an_error_and_no_panic() {
        for bad in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(connector(Some(bad), true).is_err(), "{bad:?}");
        }
        assert!(connector(None, true).is_ok());
    }
}

//! From the driver's credentials to those that the SDK signs with.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_elasticache::config::{IdentityCache, SharedIdentityCache};
use aws_sdk_sts::config::{Region, SharedHttpClient};
use aws_smithy_types::timeout::TimeoutConfig;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use crate::backend::{BackendError, Credentials, Given, Kind, Result, Shape, Who};
use crate::cache::Provider;
use crate::config::{Aws, AwsAccount};
use crate::kept::Kept;

/// The longest that the driver's own identity may take to be found: a machine without one has to time out on the
/// instance metadata service.
const OWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Credentials as the SDK takes them, with the cache that holds temporary ones until they expire. All clients of the same
/// credentials share both, so that a role is assumed once and not once per client.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) provider: SharedCredentialsProvider,
    pub(super) cache: SharedIdentityCache,
}

impl Identity {
    fn new(provider: impl ProvideCredentials + 'static) -> Self {
        let cache = IdentityCache::lazy().load_timeout(OWN_TIMEOUT).build();
        Self { provider: SharedCredentialsProvider::new(provider), cache }
    }
}

/// Every set of credentials that is in use.
#[derive(Debug)]
pub(super) struct Identities {
    own: OnceCell<Identity>,
    own_keys: Option<Keys>,
    accounts: BTreeMap<String, AwsAccount>,
    known: Kept<Who, Identity>,
    timeouts: TimeoutConfig,
}

impl Identities {
    pub(super) fn new(config: &Aws, timeouts: TimeoutConfig) -> Self {
        let own_keys = config.static_credentials.as_ref().map(|keys| {
            let token = keys.session_token.as_ref().map(|token| token.expose_secret().to_owned());
            Keys::new(keys.access_key_id.as_str(), keys.secret_access_key.expose_secret(), token, None, "config")
        });
        let known = Kept::used_within(Duration::from_hours(1), 256);
        Self { own: OnceCell::new(), own_keys, accounts: config.accounts.clone(), known, timeouts }
    }

    /// The identity behind credentials. `sts` makes the client that assumes a role with the driver's own identity.
    pub(super) async fn get(
        &self,
        credentials: &Credentials,
        region: &str,
        http: &SharedHttpClient,
        sts: impl FnOnce(&Identity) -> aws_sdk_sts::Client + Send,
    ) -> Result<Identity> {
        let who = Who::from(credentials);
        if let Some(identity) = self.known.get(&who) {
            return Ok(identity);
        }
        let identity = match credentials {
            Credentials::Own => return self.own(region, http).await,
            Credentials::Given(given) => {
                let wrong = |why| BackendError::new(Kind::Credentials, "GetCallerIdentity", why);
                Identity::new(static_keys(given).map_err(wrong)?)
            }
            Credentials::Named(name) => {
                let account = self.accounts.get(name).ok_or_else(|| self.unknown(name))?.clone();
                let own = self.own(region, http).await?;
                Identity::new(AssumedRole { account, sts: sts(&own) })
            }
        };
        self.known.insert(who, identity.clone());
        Ok(identity)
    }

    fn unknown(&self, name: &str) -> BackendError {
        let names: Vec<&str> = self.accounts.keys().map(String::as_str).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        BackendError::new(
            Kind::Credentials,
            "AssumeRole",
            format!("the config has no aws account `{name}`; it has: {known}"),
        )
        .hint("add it under providers.aws.accounts, or send credentials with the request")
    }

    async fn own(&self, region: &str, http: &SharedHttpClient) -> Result<Identity> {
        let load = || async {
            if let Some(keys) = &self.own_keys {
                return Ok(Identity::new(keys.clone()));
            }
            let loading = aws_config::defaults(BehaviorVersion::latest())
                .region(Region::new(region.to_owned()))
                .http_client(http.clone())
                .timeout_config(self.timeouts.clone())
                .load();
            let loaded = tokio::time::timeout(OWN_TIMEOUT, loading).await.map_err(|_| {
                BackendError::new(
                    Kind::Unavailable,
                    "GetCallerIdentity",
                    "the driver's own identity was not told in time",
                )
            })?;
            let provider = loaded.credentials_provider();
            provider.map(Identity::new).ok_or_else(|| {
                BackendError::new(Kind::Credentials, "GetCallerIdentity", "the driver has no identity of its own")
                    .hint("send credentials with the request, or give the driver an identity")
                    .without_identity()
            })
        };
        self.own.get_or_try_init(load).await.cloned()
    }
}

fn static_keys(given: &Given) -> std::result::Result<Keys, String> {
    if given.shape() != Shape::AwsKeys {
        let provider = given.shape().provider();
        return Err(format!(
            "the credentials of the request are of `{provider}`, and the cache is on `{}`",
            Provider::Aws
        ));
    }
    let field = |name: &str| given.field(name).map(|secret| secret.expose_secret().to_owned());
    let (Some(id), Some(secret)) = (field("access_key_id"), field("secret_access_key")) else {
        return Err("the credentials of the request lack a key".to_owned());
    };
    Ok(Keys::new(id, secret, field("session_token"), None, "request"))
}

/// A role of the config, assumed with the driver's own identity.
struct AssumedRole {
    account: AwsAccount,
    sts: aws_sdk_sts::Client,
}

impl fmt::Debug for AssumedRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumedRole").field("role_arn", &self.account.role_arn).finish_non_exhaustive()
    }
}

impl AssumedRole {
    async fn assume(&self) -> std::result::Result<Keys, CredentialsError> {
        let assumed = self
            .sts
            .assume_role()
            .role_arn(&self.account.role_arn)
            .role_session_name(self.account.session_name.as_deref().unwrap_or("cache-driver"))
            .set_external_id(self.account.external_id.clone())
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        let keys = assumed.credentials.ok_or_else(|| CredentialsError::unhandled("sts told no credentials"))?;
        let expires = SystemTime::try_from(keys.expiration).map_err(CredentialsError::unhandled)?;
        Ok(Keys::new(keys.access_key_id, keys.secret_access_key, Some(keys.session_token), Some(expires), "AssumeRole"))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

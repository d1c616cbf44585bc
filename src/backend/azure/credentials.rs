//! From the driver's credentials to those that ask Entra for tokens.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::http::{ClientMethodOptions, ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_core::time::OffsetDateTime;
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::entra::{self, Whose};
use super::patient::{Machine, Patient};
use crate::backend::{BackendError, Credentials, Given, Kind, Result, Shape, Who};
use crate::cache::Provider;
use crate::config::{Azure, AzureAccount, AzureFederated, AzureWorkload};
use crate::kept::Kept;

/// How every token is asked for, in errors.
pub(super) const TOKEN: &str = "entra.token";

/// Credentials that are kept.
const KEPT: usize = 256;
/// How long unused ones are kept.
const IDLE: Duration = Duration::from_hours(1);
/// The emulator's token never expires while a process lives.
const STATIC_LIFE: Duration = Duration::from_hours(24);

/// Every set of credentials that is in use. Tokens are cached within each.
pub(super) struct Identities {
    accounts: BTreeMap<String, AzureAccount>,
    federated: AzureFederated,
    workload: Option<AzureWorkload>,
    managed_identity: Option<String>,
    machine: Machine,
    connect: Duration,
    static_token: Option<SecretString>,
    patience: Duration,
    known: Kept<Who, Arc<dyn TokenCredential>>,
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").field("accounts", &self.accounts.keys()).finish_non_exhaustive()
    }
}

impl Identities {
    pub(super) fn new(config: &Azure) -> Self {
        Self {
            accounts: config.accounts.clone(),
            federated: config.federated.clone(),
            workload: config.workload_identity.clone(),
            managed_identity: config.managed_identity_client_id.clone(),
            machine: Machine::default(),
            connect: config.timeouts.connect,
            static_token: config.static_token.clone(),
            patience: config.timeouts.token,
            known: Kept::used_within(IDLE, KEPT),
        }
    }

    /// What asks for tokens in the name of these credentials. Asks nobody yet.
    pub(super) fn get(&self, credentials: &Credentials, transport: &Transport) -> Result<Arc<dyn TokenCredential>> {
        let who = Who::from(credentials);
        if let Some(known) = self.known.get(&who) {
            return Ok(known);
        }
        let options = ClientOptions {
            transport: Some(transport.clone()),
            // The usual eight retries take a minute, which nobody waits for.
            retry: RetryOptions::exponential(ExponentialRetryOptions { max_retries: 1, ..Default::default() }),
            ..Default::default()
        };
        let (inner, whose) = match credentials {
            Credentials::Own => self.own(options, transport)?,
            Credentials::Named(name) => (self.named(name, options)?, Whose::Theirs),
            Credentials::Given(given) => (self.given(given, options)?, Whose::Theirs),
        };
        let (patience, machine) = (self.patience, self.machine.clone());
        let patient: Arc<dyn TokenCredential> =
            Arc::new(Patient { inner, patience, whose, machine, late: Mutex::default() });
        self.known.insert(who, patient.clone());
        Ok(patient)
    }

    /// Forgets tokens that the resource manager no longer takes. `false` if there are no others to be had.
    pub(super) fn forget(&self, credentials: &Credentials) -> bool {
        self.known.remove(&Who::from(credentials));
        *credentials != Credentials::Own || self.static_token.is_none()
    }

    fn named(&self, name: &str, client_options: ClientOptions) -> Result<Arc<dyn TokenCredential>> {
        let Some(account) = self.accounts.get(name) else {
            let names: Vec<&str> = self.accounts.keys().map(String::as_str).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let message = format!("the config has no azure account `{name}`; it has: {known}");
            return Err(
                wrong(message).hint("add it under providers.azure.accounts, or send credentials with the request")
            );
        };
        let Some(secret) = &account.client_secret else {
            return Err(wrong(format!("the account `{name}` of the config has no client secret")));
        };
        with_secret(&account.tenant_id, &account.client_id, secret, client_options)
    }

    fn given(&self, given: &Given, client_options: ClientOptions) -> Result<Arc<dyn TokenCredential>> {
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| given.field(name));
            found.map(|text| text.expose_secret().trim().to_owned()).filter(|text| !text.is_empty())
        };
        match given.shape() {
            Shape::AzurePassword => {
                let (Some(tenant), Some(client), Some(secret)) =
                    (text(&["tenant"]), text(&["appId"]), given.field("password"))
                else {
                    return Err(wrong("the credentials of the request lack appId, password or tenant"));
                };
                with_secret(&tenant, &client, secret, client_options)
            }
            Shape::AzureToken => {
                let tenant = text(&["tenant_id", "tenant", "azure_identity_tenant_id"]);
                let client = text(&["client_id", "appId", "azure_identity_client_id"]);
                let tenant = tenant.or_else(|| self.federated.tenant_id.clone());
                let client = client.or_else(|| self.federated.client_id.clone());
                let (Some(tenant), Some(client), Some(token)) = (tenant, client, given.field("oidc_token")) else {
                    return Err(wrong("the signed token of the request comes without tenant and application").hint(
                        "add tenant_id and client_id to the account, or set providers.azure.federated in the config",
                    ));
                };
                check_tenant(&tenant)?;
                let options = ClientAssertionCredentialOptions { client_options };
                let credential =
                    ClientAssertionCredential::new(tenant, client, Assertion(token.clone()), Some(options));
                Ok(credential.map_err(|error| unusable(&error))?)
            }
            other => {
                let provider = other.provider();
                let azure = Provider::Azure;
                Err(wrong(format!("the credentials of the request are of `{provider}`, and the cache is on `{azure}`")))
            }
        }
    }

    /// The workload identity of the pod; where none is configured, the managed identity of the machine. A pod that was
    /// given an identity must not act as the machine instead.
    fn own(&self, client_options: ClientOptions, transport: &Transport) -> Result<(Arc<dyn TokenCredential>, Whose)> {
        if let Some(token) = &self.static_token {
            return Ok((Arc::new(StaticToken(token.clone())), Whose::Own));
        }
        if let Some(workload) = &self.workload {
            return Ok((of_workload(workload, client_options)?, Whose::Workload));
        }
        let transport = Some(self.machine.heard_over(transport.clone(), self.connect));
        let client_options = ClientOptions { transport, ..client_options };
        let user_assigned_id = self.managed_identity.clone().map(UserAssignedId::ClientId);
        let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
        let credential = ManagedIdentityCredential::new(Some(options));
        Ok((credential.map_err(|error| unusable(&error).hint(entra::NO_IDENTITY))?, Whose::Machine))
    }
}

fn of_workload(workload: &AzureWorkload, client_options: ClientOptions) -> Result<Arc<dyn TokenCredential>> {
    let unusable =
        |why: String| wrong(format!("the driver's workload identity cannot be used: {why}")).hint(entra::MEND_WORKLOAD);
    let missing = |name: &str| unusable(format!("AZURE_FEDERATED_TOKEN_FILE is set, and {name} is not"));
    let options = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options },
        client_id: Some(workload.client_id.clone().ok_or_else(|| missing("AZURE_CLIENT_ID"))?),
        tenant_id: Some(workload.tenant_id.clone().ok_or_else(|| missing("AZURE_TENANT_ID"))?),
        token_file_path: Some(workload.token_file.clone()),
    };
    let credential = WorkloadIdentityCredential::new(Some(options));
    // What stands above the reason names the file.
    Ok(credential.map_err(|error| unusable(format!("{error}: {}", entra::deepest(&error))))?)
}

fn wrong(message: impl Into<String>) -> BackendError {
    BackendError::new(Kind::Credentials, TOKEN, message)
}

/// The crate's own words hold ids and paths only; the secret has not been looked at yet.
fn unusable(error: &azure_core::Error) -> BackendError {
    wrong(format!("the credentials cannot be used: {}", error.to_string().to_ascii_lowercase()))
}

fn with_secret(
    tenant: &str,
    client: &str,
    secret: &SecretString,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>> {
    check_tenant(tenant)?;
    let options = ClientSecretCredentialOptions { client_options };
    let secret = Secret::new(secret.expose_secret().to_owned());
    let credential = ClientSecretCredential::new(tenant, client.to_owned(), secret, Some(options));
    Ok(credential.map_err(|error| unusable(&error))?)
}

/// The tenant becomes part of an address, and must not choose another.
fn check_tenant(tenant: &str) -> Result<()> {
    let legal = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
    if !tenant.is_empty() && tenant.bytes().all(legal) && !tenant.starts_with('.') {
        return Ok(());
    }
    Err(wrong("the tenant of the credentials is neither an id nor a domain")
        .hint("send the directory id, such as 00000000-0000-0000-0000-000000000000"))
}

/// A signed token of the request, as it came.
#[derive(Debug)]
struct Assertion(SecretString);

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose_secret().to_owned())
    }
}

/// The emulator's token.
#[derive(Debug)]
struct StaticToken(SecretString);

#[async_trait]
impl TokenCredential for StaticToken {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(self.0.expose_secret().to_owned(), OffsetDateTime::now_utc() + STATIC_LIFE))
    }
}

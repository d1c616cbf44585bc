//! Cloud credentials, as they come with a request or are named in the config.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::cache::{FieldError, Provider, Spec};

/// With whose rights a cloud is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// The driver's own identity, as its environment gives it.
    Own,
    /// An account that the config names.
    Named(String),
    /// What came with the request, or in its cookie.
    Given(Arc<Given>),
}

/// What the fields of `driver.secrets.account` turned out to be. The orchestrator sends no type, so the shape tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// AWS access key, with a session token if it is temporary.
    AwsKeys,
    /// Google service-account key.
    GcpKey,
    /// Google access token.
    GcpToken,
    /// Azure service principal with a password.
    AzurePassword,
    /// Signed token to be exchanged at Entra.
    AzureToken,
}

impl Shape {
    /// The cloud that it belongs to.
    #[must_use]
    pub const fn provider(self) -> Provider {
        match self {
            Self::AwsKeys => Provider::Aws,
            Self::GcpKey | Self::GcpToken => Provider::Gcp,
            Self::AzurePassword | Self::AzureToken => Provider::Azure,
        }
    }
}

/// Credentials of a request: text fields by name, none of which can be printed.
pub struct Given {
    shape: Shape,
    fields: BTreeMap<String, SecretString>,
    fingerprint: [u8; 32],
}

impl Given {
    /// The names under which AWS keys come, first the driver's own.
    const AWS_NAMES: [(&'static str, [&'static str; 2]); 3] = [
        ("access_key_id", ["AccessKeyId", "aws_access_key_id"]),
        ("secret_access_key", ["SecretAccessKey", "aws_secret_access_key"]),
        ("session_token", ["SessionToken", "aws_session_token"]),
    ];

    /// Recognises `driver.secrets.account` by its shape.
    ///
    /// AWS fields are held as `access_key_id`, `secret_access_key` and `session_token` whichever way they were spelled;
    /// all others keep their names.
    pub fn recognise(account: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let has = |name: &str| account.get(name).is_some_and(|value| !value.is_null() && value != "");
        let is_aws = Self::AWS_NAMES.iter().any(|(_, names)| names.iter().any(|name| has(name)));
        let shape = if is_aws {
            Shape::AwsKeys
        } else if account.get("type").is_some_and(|t| t == "service_account") {
            Shape::GcpKey
        } else if has("access_token") {
            Shape::GcpToken
        } else if let Some(kind) = unsupported(account) {
            return Err(vec![
                FieldError::new(format!("{PATH}.type"), "service_account", kind)
                    .hint("send the key of a service account, or an access token as `access_token`"),
            ]);
        } else if has("oidc_token") {
            Shape::AzureToken
        } else if has("appId") {
            Shape::AzurePassword
        } else {
            let mut known: Vec<&str> = account.keys().map(String::as_str).collect();
            known.truncate(8);
            return Err(vec![
                FieldError::new(
                    PATH,
                    "the fields of an aws, aws-role, gcp, gcp-identity, azure or azure-identity account",
                    format!("an object with the fields [{}]", known.join(", ")),
                )
                .hint("check the resource definition's driver_account, or leave the account out to use the driver's own identity"),
            ]);
        };
        let required: &[&str] = match shape {
            Shape::AwsKeys => return Self::aws(account),
            Shape::GcpKey => &["client_email", "private_key", "token_uri"],
            Shape::GcpToken => &["access_token"],
            Shape::AzurePassword => &["appId", "password", "tenant"],
            Shape::AzureToken => &["oidc_token"],
        };
        let missing: Vec<FieldError> = required.iter().filter(|name| !has(name)).map(|name| missing(name)).collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        // A key file is mostly addresses that nobody needs, and the cookie has to hold it.
        let kept = |name: &str| shape != Shape::GcpKey || GCP_KEY.contains(&name);
        let texts = account.iter().filter(|(name, _)| kept(name));
        let fields = texts.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Ok(Self::new(shape, fields.collect()))
    }

    fn aws(account: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut fields = BTreeMap::new();
        let mut errors = Vec::new();
        for (own, names) in Self::AWS_NAMES {
            let found = names
                .iter()
                .find_map(|name| account.get(*name).filter(|v| !v.is_null() && *v != "").map(|v| (name, v)));
            match found {
                Some((_, Value::String(text))) => {
                    fields.insert(own.to_owned(), text.trim().to_owned());
                }
                Some((name, _)) => errors.push(FieldError::new(format!("{PATH}.{name}"), "text", "something else")),
                None if own == "session_token" => {}
                None => errors.push(missing(names[0])),
            }
        }
        if errors.is_empty() { Ok(Self::new(Shape::AwsKeys, fields)) } else { Err(errors) }
    }

    fn new(shape: Shape, fields: BTreeMap<String, String>) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for (name, value) in &fields {
            context.update(name.as_bytes());
            context.update(&[0]);
            context.update(digest::digest(&digest::SHA256, value.as_bytes()).as_ref());
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.finish().as_ref());
        let fields = fields.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect();
        Self { shape, fields, fingerprint }
    }

    /// The same, with what the inputs say where an account does not: tenant and application of a signed token.
    #[must_use]
    pub fn completed_by(self, spec: &Spec) -> Self {
        let told = |key: &'static str| Some((key, spec.native(Provider::Azure, key)?.as_str()?.to_owned()));
        let told: Vec<(&str, String)> = ["tenant_id", "client_id"].into_iter().filter_map(told).collect();
        if self.shape != Shape::AzureToken || told.is_empty() {
            return self;
        }
        let own = self.fields.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        let mut fields: BTreeMap<String, String> = own.collect();
        for (key, value) in told {
            fields.entry(key.to_owned()).or_insert(value);
        }
        Self::new(self.shape, fields)
    }

    /// What they are.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// One field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&SecretString> {
        self.fields.get(name)
    }

    /// Tells two of them apart without holding the secret: SHA-256 over all fields.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// All fields in the clear, for the inside of a sealed cookie only. [`Given::recognise`] reads them back.
    #[must_use]
    pub fn expose(&self) -> Map<String, Value> {
        let spelled = |name: &String| {
            let aws = Self::AWS_NAMES.iter().find(|(own, _)| self.shape == Shape::AwsKeys && own == name);
            aws.map_or_else(|| name.clone(), |(_, names)| names[0].to_owned())
        };
        let mut exposed = Map::new();
        for (name, value) in &self.fields {
            exposed.insert(spelled(name), value.expose_secret().into());
        }
        exposed
    }
}

const PATH: &str = "driver.secrets.account";

/// The fields of a service-account key that are kept.
const GCP_KEY: [&str; 7] =
    ["type", "project_id", "private_key_id", "private_key", "client_email", "token_uri", "universe_domain"];

/// Credentials of Google's that are none of a service account, by their `type`.
fn unsupported(account: &Map<String, Value>) -> Option<&'static str> {
    let kind = account.get("type")?.as_str()?;
    ["external_account", "external_account_authorized_user", "authorized_user", "impersonated_service_account"]
        .into_iter()
        .find(|known| *known == kind)
}

fn missing(name: &str) -> FieldError {
    FieldError::new(format!("{PATH}.{name}"), "text that is not empty", "nothing")
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Given {}

impl std::hash::Hash for Given {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cache::{Layer, Origin, read};

    fn recognise(account: Value) -> Result<Given, Vec<FieldError>> {
        let Value::Object(account) = account else { panic!("an object") };
        Given::recognise(&account)
    }

    #[test]
    fn each_account_type_is_known_by_its_shape() {
        for (account, shape) in [
            (json!({"aws_access_key_id": "AKIA1", "aws_secret_access_key": "s"}), Shape::AwsKeys),
            (json!({"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t"}), Shape::AwsKeys),
            (
                json!({"type": "service_account", "client_email": "e", "private_key": "k", "token_uri": "u"}),
                Shape::GcpKey,
            ),
            (json!({"access_token": "t"}), Shape::GcpToken),
            (json!({"appId": "a", "password": "p", "tenant": "t"}), Shape::AzurePassword),
            (json!({"oidc_token": "t"}), Shape::AzureToken),
        ] {
            assert_eq!(recognise(account.clone()).unwrap().shape(), shape, "{account}");
        }
    }

    #[test]
    fn both_spellings_of_aws_keys_are_the_same_credentials() {
        let one = recognise(json!({"aws_access_key_id": "AKIA1", "aws_secret_access_key": "s"})).unwrap();
        let other = recognise(json!({"AccessKeyId": "AKIA1", "SecretAccessKey": "s", "SessionToken": ""})).unwrap();
        assert_eq!(one, other);
        assert_eq!(Given::recognise(&one.expose()).unwrap(), one);
    }

    #[test]
    fn every_missing_field_is_named_and_no_value_is_shown() {
        let errors = recognise(json!({"aws_access_key_id": "AKIACANARY", "aws_secret_access_key": 5})).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].path, "driver.secrets.account.aws_secret_access_key");
        let errors = recognise(json!({"appId": "CANARY"})).unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(!format!("{errors:?}").contains("CANARY"));
        assert!(recognise(json!({"user": "CANARY"})).is_err_and(|e| !format!("{e:?}").contains("CANARY")));
    }

    #[test]
    fn credentials_of_google_that_are_no_key_are_named() {
        for kind in ["external_account", "authorized_user", "impersonated_service_account"] {
            let errors = recognise(json!({"type": kind, "client_secret": "CANARY"})).unwrap_err();
            assert_eq!(errors[0].path, "driver.secrets.account.type");
            assert_eq!((errors[0].expected.as_str(), errors[0].got.as_str()), ("service_account", kind));
        }
        assert_eq!(
            recognise(json!({"type": "external_account", "access_token": "t"})).unwrap().shape(),
            Shape::GcpToken
        );
    }

    #[test]
    fn credentials_cannot_be_printed() {
        let given = recognise(json!({"access_token": "CANARY"})).unwrap();
        assert!(!format!("{given:?}").contains("CANARY"));
    }

    #[test]
    fn a_signed_token_takes_tenant_and_application_from_the_inputs() {
        let values =
            json!({"azure": {"tenant_id": "contoso.example", "client_id": "00000000-0000-4000-8000-000000000001"}});
        let layer = Layer { origin: Origin::Request, values: values.as_object().unwrap() };
        let spec = read(&[layer]).unwrap();
        let text = |given: &Given, name: &str| given.field(name).map(|value| value.expose_secret().to_owned());
        let token = recognise(json!({"oidc_token": "t"})).unwrap().completed_by(&spec);
        assert_eq!(text(&token, "tenant_id").as_deref(), Some("contoso.example"));
        assert_eq!(Given::recognise(&token.expose()).unwrap(), token, "the cookie keeps it");
        let own = recognise(json!({"oidc_token": "t", "tenant_id": "own.example"})).unwrap().completed_by(&spec);
        assert_eq!(text(&own, "tenant_id").as_deref(), Some("own.example"));
        let other = recognise(json!({"access_token": "t"})).unwrap().completed_by(&spec);
        assert_eq!(text(&other, "tenant_id"), None);
    }
}

//! What goes wrong with a request, in the words of the answer.

use std::fmt;

use serde::Serialize;

use super::secret::MissingKey;
use crate::backend::{BackendError, Kind, Unavailable};
use crate::cache::{Cause, Code, Event, FieldError, Product, Provider};

/// Everything beside code and message that an error answer tells. Fields that are empty are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Details {
    /// The cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Product>,
    /// The cloud call that failed, in the cloud's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Whether the same request can succeed later without anybody changing anything.
    pub retryable: bool,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// Every change that is not allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<super::plan::PlannedChange>,
    /// The cloud's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What the cloud wrote down about the cache, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What the caller should know beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A request that the driver refuses or fails.
#[derive(Debug)]
pub struct DriverError {
    /// Which kind of error.
    pub code: Code,
    /// What is wrong, for the caller: lower case, no final stop, no secret.
    pub message: String,
    /// Everything else that helps.
    pub details: Box<Details>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl DriverError {
    /// An error without details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Box::default(), source: None }
    }

    /// The fields that are wrong, as one error.
    #[must_use]
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let message = match &fields[..] {
            [one] => one.to_string(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
            [] => "the input is invalid".to_owned(),
        };
        let mut error = Self::new(Code::InvalidInput, message);
        error.details.fields = fields;
        error
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.details.hint = Some(hint.into());
        self
    }

    /// The same, of this product.
    #[must_use]
    pub fn product(mut self, product: Product) -> Self {
        self.details.provider = Some(product.provider());
        self.details.product = Some(product);
        self
    }

    /// The same, which can succeed later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.details.retryable = true;
        self
    }

    /// A failed cloud call.
    #[must_use]
    pub fn backend(product: Product, error: BackendError) -> Self {
        let retryable = error.kind.is_transient() || error.kind == Kind::Capacity;
        let mut driver = Self::new(error.kind.code(), error.to_string()).product(product);
        driver.details.operation = Some(error.operation.to_owned());
        driver.details.retryable = retryable;
        driver.details.hint.clone_from(&error.hint);
        driver.details.cause = error.cause.as_deref().cloned();
        driver.source = Some(Box::new(error));
        driver
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for DriverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<Unavailable> for DriverError {
    fn from(unavailable: Unavailable) -> Self {
        let hint = match &unavailable {
            Unavailable::NotCompiled { provider, .. } => format!("use a binary built with `--features {provider}`"),
            Unavailable::NotEnabled { provider, .. } => {
                format!("set providers.{provider}.enabled = true in the config")
            }
            Unavailable::NoSuchProduct { .. } => "choose one of the products that are offered".to_owned(),
        };
        Self::new(Code::ProviderUnavailable, unavailable.to_string()).hint(hint)
    }
}

impl From<MissingKey> for DriverError {
    fn from(missing: MissingKey) -> Self {
        Self::new(Code::Internal, missing.to_string()).hint(
            "put the key back into secrets.keyring; without it the passwords of caches that it made cannot be told",
        )
    }
}

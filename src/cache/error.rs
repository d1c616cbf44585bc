//! What can be wrong, in the words that every answer shares.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The driver's error codes. `docs/errors.md` has a section for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Code {
    /// The input is invalid; every wrong field is listed.
    #[serde(rename = "RES-101")]
    InvalidInput,
    /// The cookie is garbled, tampered with, or of another GUResID.
    #[serde(rename = "RES-102")]
    BadCookie,
    /// Credentials are missing, malformed, expired, denied, or of another account than the cache's.
    #[serde(rename = "RES-103")]
    Credentials,
    /// The cloud refused or failed for good.
    #[serde(rename = "RES-104")]
    CloudFailed,
    /// The name is taken by something that this driver does not own.
    #[serde(rename = "RES-105")]
    NameTaken,
    /// The change would replace or interrupt the cache, and is not allowed.
    #[serde(rename = "RES-106")]
    ChangeRefused,
    /// Quota or capacity.
    #[serde(rename = "RES-107")]
    Capacity,
    /// The operation passed its deadline.
    #[serde(rename = "RES-108")]
    DeadlinePassed,
    /// Provider or product unknown, not compiled in, or not enabled.
    #[serde(rename = "RES-109")]
    ProviderUnavailable,
    /// Deletion protection is on.
    #[serde(rename = "RES-110")]
    Protected,
    /// A prerequisite is missing in the cloud account.
    #[serde(rename = "RES-111")]
    Prerequisite,
    /// The caller is not allowed.
    #[serde(rename = "RES-112")]
    Forbidden,
    /// The driver itself: overloaded, shutting down, key missing, internal.
    #[serde(rename = "RES-113")]
    Internal,
    /// No such path, method, resource or content type.
    #[serde(rename = "RES-114")]
    NoSuchThing,
}

impl Code {
    /// The written form, `RES-101` to `RES-114`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "RES-101",
            Self::BadCookie => "RES-102",
            Self::Credentials => "RES-103",
            Self::CloudFailed => "RES-104",
            Self::NameTaken => "RES-105",
            Self::ChangeRefused => "RES-106",
            Self::Capacity => "RES-107",
            Self::DeadlinePassed => "RES-108",
            Self::ProviderUnavailable => "RES-109",
            Self::Protected => "RES-110",
            Self::Prerequisite => "RES-111",
            Self::Forbidden => "RES-112",
            Self::Internal => "RES-113",
            Self::NoSuchThing => "RES-114",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON path in the request (`driver.values.aws.node_type`), or the key in the config for a value from there.
    pub path: String,
    /// What would have been right.
    pub expected: String,
    /// What came, shortened. Never shown for a secret.
    pub got: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl FieldError {
    /// A wrong field, without a hint.
    pub fn new(path: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { path: path.into(), expected: expected.into(), got: got.into(), hint: None }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.path, self.expected, self.got)
    }
}

/// Why a cloud call failed, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Cause {
    /// The cloud's error code, as it stood on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The cloud's message.
    pub message: String,
    /// The cloud's request id, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

/// Something that the cloud wrote down about a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: jiff::Timestamp,
    /// The cloud's text.
    pub message: String,
}

/// The known word that is most like `got`, if one is near enough to be a typing mistake.
#[must_use]
pub fn nearest<'a>(got: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let got = got.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::normalized_damerau_levenshtein(&got, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_one_with_the_typing_mistake() {
        assert_eq!(nearest("node_typ", ["engine", "node_type", "subnet_group"]), Some("node_type"));
        assert_eq!(nearest("Replicas", ["replicas", "region"]), Some("replicas"));
        assert_eq!(nearest("zzz", ["replicas", "region"]), None);
    }

    #[test]
    fn the_written_code_is_the_serialised_one() {
        for code in [Code::InvalidInput, Code::BadCookie, Code::Protected, Code::NoSuchThing] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}

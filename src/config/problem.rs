//! What is wrong with a configuration, and where: never with the value that is wrong, which could be a secret.

use std::fmt;
use std::path::PathBuf;

use figment::error::{Actual, Error, Kind};

use crate::cache::nearest;

/// Where a key was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the built-in `config/default.toml`, or nowhere.
    Defaults,
    /// In a file, at a line and column, both counted from 1. `None` for the file as a whole.
    File(PathBuf, Option<(usize, usize)>),
    /// In the environment, by the variable's name.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults => f.write_str("built-in defaults"),
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::File(path, Some((line, column))) => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the key was set; `None` if it is set nowhere.
    pub origin: Option<Origin>,
    /// The key, such as `providers.aws.region`; empty for a file as a whole.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with a key, wherever it is set.
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { origin: None, path: path.into(), reason: reason.into(), hint: None }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, set there.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration. Prints one line for each problem, fit for standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        write!(f, "the configuration has {count} problem{}", if count == 1 { "" } else { "s" })?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Puts figment's error into words, leaving out the value that its own words would show.
pub(super) fn from_figment(error: &Error) -> Problem {
    let mut path = error.path.join(".");
    let (reason, hint) = match &error.kind {
        Kind::Message(message) => (message.clone(), None),
        Kind::InvalidType(got, expected) => {
            let expected = plain(expected);
            let quote = expected == "a text" && matches!(kind(got), "a number" | "true or false");
            let list = expected == "a list" && matches!(got, Actual::Str(_));
            let hint = if quote {
                Some("put it in quotes".to_owned())
            } else if list {
                Some("write [\"one\", \"two\"]".to_owned())
            } else {
                None
            };
            (format!("expected {expected}, got {}", kind(got)), hint)
        }
        Kind::InvalidValue(_, expected) => (format!("expected {}", plain(expected)), None),
        Kind::InvalidLength(_, expected) => (format!("has the wrong length: expected {}", plain(expected)), None),
        Kind::UnknownVariant(got, known) => {
            (format!("expected one of: {}", known.join(", ")), did_you_mean(got, known))
        }
        Kind::UnknownField(got, known) => {
            let hint = did_you_mean(got, known).unwrap_or_else(|| format!("known here: {}", known.join(", ")));
            ("unknown key".to_owned(), Some(hint))
        }
        Kind::MissingField(name) => {
            path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            ("is missing".to_owned(), None)
        }
        Kind::DuplicateField(name) => (format!("`{name}` is set twice"), None),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => ("is out of range".to_owned(), None),
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => ("cannot be read".to_owned(), None),
    };
    Problem { origin: None, path, reason, hint }
}

fn did_you_mean(got: &str, known: &[&'static str]) -> Option<String> {
    nearest(got, known.iter().copied()).map(|word| format!("did you mean `{word}`?"))
}

/// What serde expected, in the words of a configuration file.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "path string" => "a text",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        _ if expected.starts_with("enum ") || expected.starts_with("variant ") => "one of the words for this key",
        _ => expected,
    }
}

/// What came, without itself.
fn kind(got: &Actual) -> &'static str {
    match got {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

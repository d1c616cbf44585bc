//! What never changes, or rarely, and would cost a call each time.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::backend::{Credentials, Who};
use crate::kept::Kept;

/// Remembers by credentials and key: what one was told is not handed to another.
#[derive(Debug)]
pub(super) struct Memory {
    values: Kept<(Who, String), Value>,
    secrets: Kept<(Who, String), SecretString>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            values: Kept::written_within(Duration::from_hours(1), 4096),
            secrets: Kept::written_within(Duration::from_mins(5), 1024),
        }
    }
}

impl Memory {
    pub(super) fn value(&self, credentials: &Credentials, key: &str) -> Option<Value> {
        self.values.get(&(credentials.into(), key.to_owned()))
    }

    pub(super) fn keep(&self, credentials: &Credentials, key: &str, value: Value) {
        self.values.insert((credentials.into(), key.to_owned()), value);
    }

    pub(super) fn secret(&self, credentials: &Credentials, key: &str) -> Option<SecretString> {
        self.secrets.get(&(credentials.into(), key.to_owned()))
    }

    pub(super) fn keep_secret(&self, credentials: &Credentials, key: &str, secret: SecretString) {
        self.secrets.insert((credentials.into(), key.to_owned()), secret);
    }
}

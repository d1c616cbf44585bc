//! What is drawn at random: ids, keys, signatures.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::SecretString;

use crate::random::Random;

/// A new GUID.
pub(super) fn guid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Text that fits into a query, of `bytes` random bytes.
pub(super) fn url_safe(random: &dyn Random, bytes: usize) -> String {
    let mut drawn = vec![0; bytes];
    random.fill(&mut drawn);
    URL_SAFE_NO_PAD.encode(drawn)
}

/// A key of 44 characters.
pub(super) fn key(random: &dyn Random) -> SecretString {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    STANDARD.encode(bytes).into()
}

/// The ids of one call.
#[derive(Debug)]
pub(super) struct RequestIds {
    pub(super) request: String,
    pub(super) correlation: String,
}

impl RequestIds {
    pub(super) fn new(random: &dyn Random) -> Self {
        Self { request: guid(random), correlation: guid(random) }
    }
}

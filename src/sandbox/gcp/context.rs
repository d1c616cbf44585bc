//! What a method gets to work with.

use super::call::Call;
use super::durations::Pace;
use super::error::Failure;
use super::store::State;
use crate::clock::Timestamp;
use crate::random::Random;

/// One call, the state, and the time.
pub(super) struct Context<'a> {
    pub(super) state: &'a mut State,
    pub(super) call: &'a Call,
    pub(super) now: Timestamp,
    pub(super) pace: Pace,
    pub(super) random: &'a dyn Random,
    /// The authority that signed the certificates of the servers, PEM.
    pub(super) ca: &'a str,
    /// A fault wants what this call starts to end badly, for this cause.
    pub(super) failure: Option<Failure>,
}

/// `length` random hexadecimal digits.
pub(super) fn hex(random: &dyn Random, length: usize) -> String {
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes.iter().filter_map(|byte| char::from_digit(u32::from(byte & 15), 16)).collect()
}

/// Two hexadecimal digits for each byte.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// A random UUID.
pub(super) fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

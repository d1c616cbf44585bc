//! What an action gets to work with.

use super::durations::Pace;
use super::params::Params;
use super::store::Region;
use crate::clock::Timestamp;
use crate::random::Random;

/// One call: its parameters, the account and region that it is for, and the time.
pub(super) struct Context<'a> {
    pub(super) region: &'a mut Region,
    pub(super) params: &'a Params,
    pub(super) now: Timestamp,
    pub(super) pace: Pace,
    pub(super) random: &'a dyn Random,
    /// A fault wants what this call starts to end badly, for this cause.
    pub(super) failure: Option<String>,
}

impl Context<'_> {
    /// `length` random lower-case letters and digits.
    pub(super) fn letters(&self, length: usize) -> String {
        letters(self.random, length)
    }
}

/// `length` random lower-case letters and digits.
pub(super) fn letters(random: &dyn Random, length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

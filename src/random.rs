//! Randomness, passed in, so that a test can repeat it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;

/// Where random bytes come from.
pub trait Random: Debug + Send + Sync {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, asked directly: aws-lc's own first gathers entropy for some 30 ms, which would be
/// most of a start.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSource;

impl Random for SystemSource {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The same bytes for the same seed, for tests.
#[derive(Debug)]
pub struct SeededSource {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededSource {
    /// A source that repeats itself for the same `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Random for SeededSource {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.drawn.fetch_add(1, Ordering::Relaxed);
            let block = digest::digest(&digest::SHA256, &[self.seed.to_le_bytes(), count.to_le_bytes()].concat());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

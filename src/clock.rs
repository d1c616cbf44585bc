//! Time, passed in, so that a test can decide what time it is.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use jiff::Timestamp;
use tokio::sync::Notify;

/// A boxed future, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the time comes from. Everything that waits or dates something asks a clock, never the system.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Ends when `duration` has passed on this clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that waits on the machine's clock")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that moves only when told, for tests.
#[derive(Debug, Clone)]
pub struct ManualClock {
    shared: Arc<ManualState>,
}

#[derive(Debug)]
struct ManualState {
    now: Mutex<Timestamp>,
    moved: Notify,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { shared: Arc::new(ManualState { now: Mutex::new(now), moved: Notify::new() }) }
    }

    /// Moves the clock forward and wakes whoever has slept long enough.
    pub fn advance(&self, by: Duration) {
        let mut now = self.shared.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
        drop(now);
        self.shared.moved.notify_waiters();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.shared.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let until = self.now().checked_add(duration).unwrap_or(Timestamp::MAX);
        Box::pin(async move {
            loop {
                let moved = self.shared.moved.notified();
                tokio::pin!(moved);
                // Registered before the time is read, or an advance between the two would be missed.
                moved.as_mut().enable();
                if self.now() >= until {
                    return;
                }
                moved.await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_sleep_ends_when_the_clock_is_moved_past_it() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let sleep = clock.sleep(Duration::from_secs(10));
        tokio::pin!(sleep);
        clock.advance(Duration::from_secs(4));
        tokio::select! {
            biased;
            () = &mut sleep => panic!("it ended too early"),
            () = tokio::task::yield_now() => {}
        }
        clock.advance(Duration::from_secs(6));
        sleep.await;
    }
}

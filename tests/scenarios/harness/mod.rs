//! An emulated AWS, drivers over it, and callers that check every answer.

mod caller;
#[cfg(feature = "gcp")]
mod clouds;
mod process;
mod world;

use std::future::Future;
use std::time::Duration;

use cache_driver::clock::{Clock, SystemClock};

pub(crate) use caller::{Answer, Caller};
#[cfg(feature = "gcp")]
pub(crate) use clouds::Clouds;
pub(crate) use process::{Process, Settings, command};
pub(crate) use world::{ACCOUNT_A, ACCOUNT_B, Server, World, keys, not_compiled, sha256};

/// Long enough for a machine that compiles at the same time.
const PATIENCE: Duration = Duration::from_secs(40);

/// Asks again and again until there is an answer, within bounds.
pub(crate) async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let clock = SystemClock;
    let until = clock.now().checked_add(PATIENCE).unwrap();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(clock.now() < until, "waited in vain: {what}");
        clock.sleep(Duration::from_millis(20)).await;
    }
}

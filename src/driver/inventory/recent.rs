//! The inventory as of a moment ago, so that whoever asks often does not have every cloud asked as often.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tracing::Instrument as _;

use super::Inventory;
use crate::cache::Code;
use crate::driver::progress::later;
use crate::driver::{Driver, DriverError};
use crate::telemetry;

/// How old an inventory may be.
const FRESH: Duration = Duration::from_mins(1);

/// The last inventory. Whoever makes the next one holds the lock, and the others wait for it.
#[derive(Debug, Default)]
pub(in crate::driver) struct Recent(Arc<Mutex<Option<Arc<Inventory>>>>);

impl Driver {
    /// [`Driver::inventory`] of all clouds, at most a minute old. Made once, however many ask; a caller that hangs up does
    /// not end it.
    pub async fn recent_inventory(&self) -> Result<Arc<Inventory>, DriverError> {
        let driver = self.clone();
        let making = async move {
            let mut last = driver.inner.recent.0.clone().lock_owned().await;
            let now = driver.clock().now();
            if let Some(known) = last.as_ref().filter(|known| later(known.at, FRESH) > now) {
                return known.clone();
            }
            let made = Arc::new(driver.inventory(None).await);
            *last = Some(made.clone());
            made
        };
        let made = tokio::spawn(telemetry::carried(making.in_current_span())).await;
        made.map_err(|_| DriverError::new(Code::Internal, "the inventory could not be made").retryable())
    }
}

//! Creations that failed and left nothing behind: only the cloud's record of the operation tells of them.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::{Asked, explained};
use super::locate::{Found, LookFailed};
use super::{Driver, DriverError, Operation};
use crate::cache::{Code, GuResId};
use crate::kept::Kept;

/// How far back is looked where nobody remembers when a creation began.
const UNREMEMBERED: Duration = Duration::from_mins(15);
/// How far the cloud's clock may be behind ours.
const SLACK: Duration = Duration::from_mins(2);
/// Failures that this process remembers to have told.
const MOST: usize = 10_000;

/// Until when the failures of a resource have been told, for callers that bring no cookie.
#[derive(Debug)]
pub(super) struct Told(Kept<GuResId, Timestamp>);

impl Default for Told {
    fn default() -> Self {
        Self(Kept::written_within(2 * UNREMEMBERED, MOST))
    }
}

impl Told {
    pub(super) fn tell(&self, id: &GuResId, at: Timestamp) {
        self.0.insert(id.clone(), at);
    }
}

impl Driver {
    /// Why there is nothing, if that is because a creation failed and nobody has been told.
    pub(super) async fn vanished(&self, asked: &Asked<'_>, found: &Found) -> Result<Option<DriverError>, LookFailed> {
        if found.exists() || !found.backend.capabilities().failed_creation_vanishes {
            return Ok(None);
        }
        let id = &asked.call.id;
        let began = self.running(id, asked.cookie).filter(|(operation, _)| *operation == Operation::Creating);
        let began = began.and_then(|(_, since)| since.checked_sub(SLACK).ok());
        let began = began.or_else(|| self.inner.clock.now().checked_sub(UNREMEMBERED).ok());
        let told = asked.cookie.told.max(self.inner.told.0.get(id));
        let Some(since) = began.max(told) else { return Ok(None) };
        let diagnosis = found.backend.diagnose(&found.at, since).await.map_err(|error| found.failed(error))?;
        if diagnosis.cause.is_none() {
            return Ok(None);
        }
        let message = format!("the creation of {} failed", found.at.place.name);
        Ok(Some(explained(diagnosis, Code::CloudFailed, message)))
    }
}

//! Microsoft Azure: Managed Redis, and Azure Cache for Redis.

use std::sync::Arc;

use crate::backend::Backend;
use crate::cache::SizeTable;
use crate::clock::Clock;
use crate::config::Azure;

/// The backends of Azure.
///
/// Calls nobody, and needs no identity: both wait for the first call.
#[must_use]
pub fn backends(
    _config: &Azure,
    _sizes: SizeTable,
    _clock: Arc<dyn Clock>,
    _user_agent: &str,
) -> Vec<Arc<dyn Backend>> {
    Vec::new()
}

//! `Marker` and `MaxRecords`.

use super::error::AwsError;
use super::params::Params;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    start: usize,
    size: usize,
}

/// Reads the paging parameters; `MaxRecords` has bounds, and its upper bound is the default.
pub(super) fn page(params: &Params, low: i64, high: i64) -> Result<Page, AwsError> {
    let size = params.number_within("MaxRecords", low, high)?.unwrap_or(high);
    let start = match params.get("Marker") {
        None => 0,
        Some(marker) => marker
            .strip_prefix("after-")
            .and_then(|start| start.parse().ok())
            .ok_or_else(|| AwsError::value(format!("The marker {marker} is not valid.")))?,
    };
    Ok(Page { start, size: usize::try_from(size).unwrap_or(usize::MAX) })
}

impl Page {
    /// The wanted part, and the marker of the next if there is more.
    pub(super) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, Option<String>) {
        let more = items.len() > self.start.saturating_add(self.size);
        let part = items.into_iter().skip(self.start).take(self.size).collect();
        (part, more.then(|| format!("after-{}", self.start + self.size)))
    }
}

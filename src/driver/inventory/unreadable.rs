//! Caches that are the driver's by all signs but one: their mark cannot be read.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Finding, FindingKind};
use crate::backend::{Listed, Phase};
use crate::cache::{CacheName, MarkError, Prefix, Product, Provider};
use crate::driver::Driver;

/// A cache whose mark cannot be read. No request and no sweep touches it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Unreadable {
    /// The cloud.
    pub provider: Provider,
    /// The product.
    pub product: Product,
    /// Its name at the cloud.
    #[schema(value_type = String)]
    pub name: CacheName,
    /// Account id, project or subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    pub location: String,
    /// Azure resource group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What it does at the moment.
    pub phase: Phase,
    /// The cloud's own word for that.
    pub status: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// What tells that it is the driver's, what is wrong with its mark, and what to do.
    pub finding: Finding,
}

impl Driver {
    /// The cache, if it is one of this driver: by its name, or by what is left of its mark.
    pub(super) fn unreadable(&self, cache: Listed, error: &MarkError) -> Option<Unreadable> {
        let config = self.config();
        let mut prefixes = std::iter::once(&config.prefix).chain(&config.previous_prefixes);
        let by_name = prefixes.any(|prefix: &Prefix| cache.place.name.looks_derived(prefix));
        let message = message(by_name, error)?;
        let place = cache.place;
        Some(Unreadable {
            provider: place.provider(),
            product: place.product,
            name: place.name,
            account: place.account,
            location: place.location,
            group: place.group,
            phase: cache.phase,
            status: cache.status,
            created_at: cache.created_at,
            finding: Finding { kind: FindingKind::Unreadable, message },
        })
    }
}

/// `None` for a cache that is somebody else's.
fn message(by_name: bool, error: &MarkError) -> Option<String> {
    let todo = match error {
        MarkError::Foreign if !by_name => return None,
        MarkError::Foreign => "PUT its resource with `adopt` set to its name",
        MarkError::Garbled(_) => "write the mark back, or bring in the newer driver that wrote it",
    };
    let whose = if by_name { "owned by name" } else { "owned by the rest of its mark" };
    Some(format!(
        "{whose}, mark unreadable: it bears {error}; requests for it are refused, and no sweep touches it: {todo}, or remove \
         it by hand"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_by_name_or_by_mark_is_told_with_what_to_do() {
        assert_eq!(message(false, &MarkError::Foreign), None);
        for (by_name, error, told) in [
            (true, MarkError::Foreign, ["owned by name", "no mark of this driver", "`adopt`"]),
            (true, MarkError::Garbled("w"), ["owned by name", "`w`", "write the mark back"]),
            (false, MarkError::Garbled("version"), ["owned by the rest of its mark", "`version`", "newer driver"]),
        ] {
            let message = message(by_name, &error).unwrap();
            assert!(told.iter().all(|told| message.contains(told)), "{message}");
        }
    }
}

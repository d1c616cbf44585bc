//! The mark and the tags as labels: keys and values of `[a-z0-9_-]`, at most 63 characters each, at most 64 labels.

use std::collections::BTreeMap;

use crate::backend::Ownership;
use crate::cache::{Mark, MarkError};

/// Labels by key.
pub(super) type Labels = BTreeMap<String, String>;

/// The labels of a cache: `tags` as far as they fit, what `others` has that is not ours, and the mark.
pub(super) fn labels(_mark: &Mark, _tags: &[(String, String)], others: &Labels) -> Labels {
    others.clone()
}

/// Whose it is, as its labels say.
pub(super) fn ownership(_labels: &Labels) -> Ownership {
    Ownership::Foreign(MarkError::Foreign)
}

//! `filter` of lists: `field = "value"` and `!=`, joined by `AND`, as AIP-160 has them. More than that is refused.

use serde_json::Value;

use super::call::Call;
use super::error::ApiError;
use super::schema::Object;

/// Whether the filter of a call admits a resource.
pub(super) fn admits(call: &Call, resource: &Object) -> Result<bool, ApiError> {
    let Some(filter) = call.query("filter") else { return Ok(true) };
    for term in filter.split(" AND ") {
        let (field, value, wanted) = match (term.split_once("!="), term.split_once(['=', ':'])) {
            (Some((field, value)), _) => (field, value, false),
            (None, Some((field, value))) => (field, value, true),
            (None, None) => return Err(ApiError::invalid(format!("Invalid list filter: {filter}"))),
        };
        let mut at = Some(resource);
        let mut found = None;
        for segment in field.trim().split('.') {
            found = at.and_then(|object| object.get(segment));
            at = found.and_then(Value::as_object);
        }
        let value = value.trim().trim_matches('"');
        let equal = match found {
            Some(Value::String(text)) => text == value || (value == "*"),
            Some(other) => format!("{other}") == value,
            None => false,
        };
        if equal != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

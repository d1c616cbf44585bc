//! What the bodies of both products share.

use serde_json::{Map, Value};

use super::super::labels::Labels;

/// Every field of a body, as the mask of a PATCH.
pub(in crate::backend::gcp) fn mask(body: &Map<String, Value>) -> String {
    body.keys().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// The entries of a map of texts.
pub(in crate::backend::gcp) fn entries(map: Option<&Value>) -> Labels {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

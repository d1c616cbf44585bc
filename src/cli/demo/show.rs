//! What the demo prints.

use serde_json::Value;

pub(super) fn title(text: &str) {
    say!("\n{text}");
}

/// What differs between two sets of outputs.
pub(super) fn changed(before: &Value, after: &Value) {
    let values =
        |body: &Value| body.pointer("/resource/values").and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (values(before), values(after));
    let mut same = true;
    for (key, value) in &after {
        if before.get(key) != Some(value) {
            say!("     {key:<15} {} -> {value}", before.get(key).unwrap_or(&Value::Null));
            same = false;
        }
    }
    if same {
        say!("     endpoint and password are the same as before: clients need not know");
    }
}

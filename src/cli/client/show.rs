//! What a driver answered, for people.

use serde_json::{Map, Value};

/// The outputs of one resource, a line each. Secrets show their length only, unless asked for.
pub(in crate::cli) fn outputs(indent: &str, body: &Value, show_secrets: bool) {
    let object = |pointer: &str| body.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    for (key, value) in object("/resource/values") {
        match value.as_str() {
            Some(text) if text.contains('\n') => say!("{indent}{key:<15} ({} lines of PEM)", text.lines().count()),
            Some(text) => say!("{indent}{key:<15} {text}"),
            None => say!("{indent}{key:<15} {value}"),
        }
    }
    for (key, value) in object("/resource/secrets") {
        let text = value.as_str().unwrap_or_default();
        if show_secrets {
            say!("{indent}{key:<15} {text}");
        } else {
            let length = text.chars().count();
            say!("{indent}{key:<15} {} ({length} characters)", "*".repeat(length.min(8)));
        }
    }
}

/// What a 204 left, in one word, and until when: from `held; until=TIME`, `detached`, or nothing.
pub(super) fn left(header: Option<&str>) -> (&str, Option<&str>) {
    let Some(header) = header else { return ("gone", None) };
    match header.split_once("; until=") {
        Some((word, until)) => (word, Some(until)),
        None => (header, None),
    }
}

/// The same body with its secrets masked, unless they are asked for. What is empty stays so: there is no secret.
pub(super) fn masked(body: &Value, show_secrets: bool) -> Value {
    let mut body = body.clone();
    let secrets: Option<&mut Map<String, Value>> = body.pointer_mut("/resource/secrets").and_then(Value::as_object_mut);
    for secret in secrets.into_iter().flat_map(Map::values_mut) {
        if !show_secrets && *secret != "" {
            *secret = "***".into();
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_secrets_are_masked_and_only_unless_they_are_asked_for() {
        let body =
            json!({"id": "a", "resource": {"values": {"host": "h"}, "secrets": {"username": "", "password": "p"}}});
        let wanted =
            json!({"id": "a", "resource": {"values": {"host": "h"}, "secrets": {"username": "", "password": "***"}}});
        assert_eq!((masked(&body, false), masked(&body, true)), (wanted, body));
        assert_eq!(masked(&json!({"action": "none"}), false), json!({"action": "none"}));
    }
}

//! What the Driver API 0.9.3 says about answers, as JSON Schemas, and the checks that every answer goes through.

use jsonschema::Validator;
use serde_json::{Value, json};

const MOMENT: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:?([0-9]{2})?)$";

/// A resource that can be used.
pub fn outputs() -> Value {
    json!({
        "type": "object",
        "required": ["id", "type", "resource", "manifests"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9-]{3,63}$"},
            "type": {"type": "string", "minLength": 1},
            "resource": {
                "type": "object",
                "required": ["values", "secrets"],
                "additionalProperties": false,
                "properties": {
                    "values": {
                        "type": "object",
                        "required": ["host", "port"],
                        "properties": {
                            "host": {"type": "string", "minLength": 1},
                            "port": {"type": "integer", "minimum": 1, "maximum": 65535}
                        },
                        "not": {"anyOf": [{"required": ["password"]}, {"required": ["url"]}]}
                    },
                    "secrets": {"type": "object", "additionalProperties": {"type": "string"}}
                }
            },
            "manifests": {"type": "array", "maxItems": 0}
        }
    })
}

/// The hint of a running operation: `message` and `phase` go beyond the specification.
pub fn hint() -> Value {
    let moment = json!({"type": "string", "pattern": MOMENT});
    json!({
        "type": "object",
        "required": ["status", "estimated_completion_time", "timeout", "timeout_deadline", "current_time", "message", "phase"],
        "additionalProperties": false,
        "properties": {
            "status": {"enum": ["creating", "updating", "deleting"]},
            "estimated_completion_time": moment, "timeout": moment, "timeout_deadline": moment, "current_time": moment,
            "message": {"type": "string", "minLength": 1},
            "phase": {"enum": ["absent", "creating", "ready", "changing", "busy", "deleting", "shell", "failed"]}
        }
    })
}

/// Every error.
pub fn error() -> Value {
    json!({
        "type": "object",
        "required": ["error", "message", "details"],
        "additionalProperties": false,
        "properties": {
            "error": {"type": "string", "pattern": "^RES-1[0-9][0-9]$"},
            "message": {"type": "string", "minLength": 1, "pattern": "[^.]$"},
            "details": {
                "type": "object",
                "required": ["request_id", "retryable"],
                "properties": {
                    "request_id": {"type": "string", "minLength": 1},
                    "retryable": {"type": "boolean"},
                    "hint": {"type": "string", "minLength": 1},
                    "fields": {
                        "type": "array", "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["path", "expected", "got"],
                            "additionalProperties": false,
                            "properties": {
                                "path": {"type": "string", "minLength": 1}, "expected": {"type": "string", "minLength": 1},
                                "got": {"type": "string"}, "hint": {"type": "string", "minLength": 1}
                            }
                        }
                    }
                }
            }
        }
    })
}

#[track_caller]
pub fn assert_matches(schema: &Value, body: &Value) {
    let validator: Validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{} at `{}`", error, error.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:?} in {body:#}");
}

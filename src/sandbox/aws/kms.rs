//! KMS, JSON protocol 1.1: `DescribeKey`. Every key of the caller's region exists and is enabled until it is changed.
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>

use serde_json::{Value, json};

use super::error::AwsError;
use super::identity::Caller;
use super::store::State;

/// How the values of `X-Amz-Target` begin.
pub(super) const TARGET: &str = "TrentService.";

/// `DescribeKey`.
pub(super) fn describe_key(state: &mut State, caller: &Caller, body: &Value) -> Result<Value, AwsError> {
    let id = body.get("KeyId").and_then(Value::as_str).unwrap_or_default();
    let region = caller.scope.region.as_str();
    let is_here = id.split(':').nth(3) == Some(region);
    if !id.starts_with("arn:") || !is_here || state.region(&caller.scope).removed.contains(id) {
        return Err(AwsError::new("NotFoundException", 400, format!("Key '{id}' does not exist")));
    }
    let word = state.key_states.get(id).map_or("Enabled", String::as_str);
    Ok(json!({
        "KeyMetadata": {
            "AWSAccountId": id.split(':').nth(4),
            "Arn": id,
            "KeyId": id.rsplit('/').next(),
            "Enabled": word == "Enabled",
            "KeyState": word,
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "MultiRegion": false,
            "Origin": "AWS_KMS",
        }
    }))
}

//! Who calls, told from the request's signature. Signatures are not checked: any credentials are accepted, and none.
//!
//! The account follows from the access key id: keys from `AssumeRole` belong to the role's account; a key mapped by
//! `/_sandbox/mutate` to the one it was mapped to; a key that ends in twelve digits (`AKIASANDBOX111122223333`) to the account with
//! that number; all others to [`DEFAULT_ACCOUNT`].

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::params::Params;
use super::store::{Scope, State, partition};

/// The account of keys that say nothing else.
pub const DEFAULT_ACCOUNT: &str = "000000000000";
/// The region of requests without a signature.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The credential scope of a `SigV4` signature: key id, region, service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) access_key: String,
    pub(super) region: String,
    pub(super) service: String,
}

/// The caller of one request.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) scope: Scope,
    pub(super) arn: String,
    pub(super) user_id: String,
}

/// Reads the scope from the header or, of a presigned URL, the query.
pub(super) fn signature(headers: &HeaderMap, params: &Params) -> Option<Signature> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = header
        .and_then(|value| value.split_once("Credential="))
        .and_then(|(_, rest)| rest.split([',', ' ']).next())
        .or_else(|| params.get("X-Amz-Credential"))?;
    let mut parts = credential.split('/');
    let access_key = parts.next()?.to_owned();
    let region = parts.nth(1)?.to_owned();
    let service = parts.next()?.to_owned();
    Some(Signature { access_key, region, service })
}

/// Finds account, region and identity of a signature.
pub(super) fn caller(state: &State, signature: Option<&Signature>) -> Caller {
    let access_key = signature.map_or("", |signature| signature.access_key.as_str());
    let region = signature.map_or(DEFAULT_REGION, |signature| signature.region.as_str()).to_owned();
    if let Some(session) = state.sessions.get(access_key) {
        let scope = Scope { account: session.account.clone(), region };
        return Caller { scope, arn: session.arn.clone(), user_id: session.user_id.clone() };
    }
    let mapped = state.accounts.get(access_key).map(String::as_str);
    let account = mapped.or_else(|| trailing_account(access_key)).unwrap_or(DEFAULT_ACCOUNT).to_owned();
    let arn = format!("arn:{}:iam::{account}:user/sandbox", partition(&region));
    let user_id = format!("AIDA{account}");
    Caller { scope: Scope { account, region }, arn, user_id }
}

fn trailing_account(access_key: &str) -> Option<&str> {
    let at = access_key.len().checked_sub(12)?;
    let account = access_key.get(at..)?;
    account.bytes().all(|byte| byte.is_ascii_digit()).then_some(account)
}

/// Whether a text is an account id.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn scope_comes_from_the_signature_and_account_from_the_key() {
        let mut headers = HeaderMap::new();
        let value = "AWS4-HMAC-SHA256 Credential=AKIASANDBOX111122223333/20260101/eu-central-1/elasticache/aws4_request, \
                     SignedHeaders=host, Signature=00";
        headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
        let signature = signature(&headers, &Params::default()).unwrap();
        assert_eq!(signature.service, "elasticache");
        let caller = caller(&State::default(), Some(&signature));
        assert_eq!(caller.scope, Scope { account: "111122223333".into(), region: "eu-central-1".into() });
    }

    #[test]
    fn a_request_without_signature_is_the_default_accounts() {
        let caller = caller(&State::default(), None);
        assert_eq!((caller.scope.account.as_str(), caller.scope.region.as_str()), (DEFAULT_ACCOUNT, DEFAULT_REGION));
    }
}

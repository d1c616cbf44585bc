//! What kind of failure an answer of Entra is, or of what else hands out tokens.

use std::error::Error as StdError;

use azure_core::error::ErrorKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::credentials::TOKEN;
use crate::backend::{BackendError, Kind};
use crate::cache::Cause;

pub(super) const NO_IDENTITY: &str = "send credentials with the request, name an account, or give the driver an identity: \
     a workload identity (AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID, AZURE_TENANT_ID) or a managed identity";

/// How to mend a workload identity.
pub(super) const MEND_WORKLOAD: &str = "the pod's service account and its labels make AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID and AZURE_TENANT_ID; the \
     application needs a federated credential for that service account. The managed identity of the machine is used only \
     where AZURE_FEDERATED_TOKEN_FILE is not set";

const CHECK: &str = "check application, secret and tenant; a secret may have expired";

/// Where tokens are handed out, behind the tenant.
pub(super) const TOKEN_PATH: &str = "/oauth2/v2.0/token";

/// A refusal as `azure_identity` 1.0 can read it: it takes no text with an escape in it, and reports what it cannot read as a
/// fault of the JSON, without the status.
pub(super) fn readable(body: &[u8]) -> Vec<u8> {
    let mut told: Value = serde_json::from_slice(body).unwrap_or_default();
    if !told.is_object() {
        told = Value::Object(serde_json::Map::new());
    }
    if let Some(Value::String(description)) = told.get_mut("error_description") {
        *description = first_line(description).replace('"', "'").replace('\\', "/");
        description.retain(|c| !c.is_control());
    }
    told.to_string().into_bytes()
}

/// No token came in time.
#[derive(Debug, thiserror::Error)]
#[error("no token in time")]
pub(super) struct Late;

/// Whose token it would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The driver's own, which is known to exist.
    Own,
    /// The driver's own, by the pod's workload identity.
    Workload,
    /// The machine's, if it has one: outside of Azure nobody answers.
    Machine,
    /// A service principal's.
    Theirs,
}

/// A token could not be had.
#[derive(Debug, thiserror::Error)]
#[error("no token")]
pub(super) struct Failed {
    pub(super) whose: Whose,
    #[source]
    pub(super) error: azure_core::Error,
}

/// Turns a failed call for a token into the error that the driver knows. `None` if the error is about something else.
pub(super) fn classify(error: &azure_core::Error) -> Option<BackendError> {
    let failed = find::<Failed>(error)?;
    if find::<Late>(failed).is_some() {
        return Some(silent(failed.whose, "no token in time"));
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(&failed.error);
    while let Some(error) = next {
        if let Some(told) = error.downcast_ref::<azure_core::Error>() {
            match told.kind() {
                ErrorKind::HttpResponse { status, raw_response, .. } => {
                    let body = raw_response.as_ref().and_then(|raw| serde_json::from_slice(raw.body()).ok());
                    return Some(refused(u16::from(*status), &body.unwrap_or_default(), failed.whose));
                }
                ErrorKind::Connection | ErrorKind::Io => {
                    return Some(silent(failed.whose, &deepest(told).to_ascii_lowercase()));
                }
                _ => {}
            }
        }
        next = error.source();
    }
    let words = first_line(&deepest(&failed.error)).to_ascii_lowercase();
    let (words, hint) = whose_words(failed.whose, words);
    Some(BackendError::new(Kind::Credentials, TOKEN, format!("no token: {words}")).hint(hint))
}

/// What went wrong, with which identity where that is not plain from the request, and the next thing to do.
fn whose_words(whose: Whose, words: String) -> (String, &'static str) {
    match whose {
        Whose::Workload => (format!("the driver's workload identity: {words}"), MEND_WORKLOAD),
        Whose::Theirs => (words, CHECK),
        Whose::Own | Whose::Machine => (words, NO_IDENTITY),
    }
}

/// Nobody answered.
fn silent(whose: Whose, why: &str) -> BackendError {
    match whose {
        Whose::Machine => {
            let message = format!("the driver has no identity of its own: no managed identity answers ({why})");
            BackendError::new(Kind::Credentials, TOKEN, message).hint(NO_IDENTITY).without_identity()
        }
        Whose::Own => {
            let message = format!("the driver's own identity was not told: {why}");
            BackendError::new(Kind::Unavailable, TOKEN, message)
        }
        Whose::Workload | Whose::Theirs => {
            BackendError::new(Kind::Unavailable, TOKEN, format!("entra cannot be reached: {why}"))
        }
    }
}

/// An answer that is no token.
fn refused(status: u16, body: &Value, whose: Whose) -> BackendError {
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = if status == 429 || status >= 500 { Kind::Unavailable } else { Kind::Credentials };
    let Some(description) = text("error_description") else {
        let words = text("error").map_or_else(|| format!("http status {status}"), str::to_owned);
        let (words, hint) = whose_words(whose, words);
        return BackendError::new(kind, TOKEN, format!("no token: {words}")).hint(hint);
    };
    let said = first_line(description).trim_end_matches('.').to_owned();
    let code = said.split_once(':').map(|(code, _)| code.to_owned()).filter(|code| code.starts_with("AADSTS"));
    let cause = Cause { code, message: said.clone(), request_id: text("correlation_id").map(str::to_owned) };
    let (words, hint) = whose_words(whose, said);
    BackendError::new(kind, TOKEN, words).cause(cause).hint(hint)
}

/// Without the ids and times that Entra writes behind its sentences.
fn first_line(text: &str) -> &str {
    let end = ["\r", "\n", " Trace ID:"].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim()
}

/// The first error of a type among the causes of an error.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Whose a token says it is: application or object, and tenant. Nobody checks it here; Azure does.
pub(super) fn whose(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let who = match (text("appid").or(text("azp")), text("oid")) {
        (Some(application), Some(object)) => format!("application {application}, object {object}"),
        (Some(application), None) => format!("application {application}"),
        (None, object) => format!("object {}", object?),
    };
    Some(text("tid").map_or_else(|| who.clone(), |tenant| format!("{who}, tenant {tenant}")))
}

/// What errors hide at their bottom: "connection refused" and the like.
pub(super) fn deepest(error: &(dyn StdError + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use azure_core::http::RawResponse;
    use azure_core::http::headers::Headers;
    use serde_json::json;

    use super::*;

    fn of(status: u16, body: &Value, whose: Whose) -> BackendError {
        let raw = RawResponse::from_bytes(status.into(), Headers::new(), body.to_string());
        let kind =
            ErrorKind::HttpResponse { status: status.into(), error_code: None, raw_response: Some(Box::new(raw)) };
        let inner = azure_core::Error::new(kind, "said no");
        let outer = azure_core::Error::with_error(ErrorKind::Credential, inner, "authentication failed");
        let failed = azure_core::Error::new(ErrorKind::Credential, Failed { whose, error: outer });
        classify(&failed).unwrap()
    }

    #[test]
    fn entras_own_words_are_told_without_its_ids() {
        let body = json!({
            "error": "invalid_client", "correlation_id": "c-1", "error_codes": [7_000_215],
            "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: t-1 Correlation ID: c-1",
        });
        let error = of(401, &body, Whose::Theirs);
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Credentials, "AADSTS7000215: Invalid client secret provided")
        );
        let cause = error.cause.unwrap();
        assert_eq!((cause.code.as_deref(), cause.request_id.as_deref()), (Some("AADSTS7000215"), Some("c-1")));
        assert_eq!(of(503, &json!({}), Whose::Theirs).kind, Kind::Unavailable);
        assert_eq!(of(400, &json!({"error": "invalid_request"}), Whose::Machine).kind, Kind::Credentials);
    }

    #[test]
    fn a_token_tells_whose_it_is_if_it_can_be_read() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        let of = |claims| whose(&token(claims));
        let told = of(r#"{"appid":"a","oid":"o","tid":"t"}"#);
        assert_eq!(told.as_deref(), Some("application a, object o, tenant t"));
        assert_eq!(of(r#"{"oid":"o"}"#).as_deref(), Some("object o"));
        for none in ["", "a.b", "opaque", &token("{}"), &token("[]")] {
            assert_eq!(whose(none), None, "{none}");
        }
    }

    #[test]
    fn silence_is_no_refusal() {
        for (whose, kind) in
            [(Whose::Own, Kind::Unavailable), (Whose::Theirs, Kind::Unavailable), (Whose::Machine, Kind::Credentials)]
        {
            let late = azure_core::Error::new(ErrorKind::Credential, Late);
            let failed = azure_core::Error::new(ErrorKind::Credential, Failed { whose, error: late });
            assert_eq!(classify(&failed).unwrap().kind, kind, "{whose:?}");
        }
        assert!(classify(&azure_core::Error::with_message(ErrorKind::Io, "else")).is_none());
    }

    #[test]
    fn a_refusal_is_made_readable_whatever_it_holds() {
        let real = r#"{"error":"invalid_client","error_codes":[7000215],"correlation_id":"c",
            "error_description":"AADSTS7000215: Invalid client secret \"x\" provided.\r\nTrace ID: t\r\nCorrelation ID: c"}"#;
        let told: Value = serde_json::from_slice(&readable(real.as_bytes())).unwrap();
        assert_eq!(told["error_description"], "AADSTS7000215: Invalid client secret 'x' provided.");
        assert_eq!((&told["error_codes"][0], &told["correlation_id"]), (&7_000_215.into(), &"c".into()));
        assert!(!String::from_utf8(readable(real.as_bytes())).unwrap().contains('\\'));
        for other in ["", "<html>Bad Gateway</html>", "[]", "null"] {
            assert_eq!(readable(other.as_bytes()), b"{}", "{other}");
        }
    }
}

//! An answer of the resource manager, and what it says.

use secrecy::SecretString;
use serde_json::Value;

use super::error::Problem;
use super::place::Situation;
use crate::backend::{BackendError, Kind, Result};

/// What came back. Bodies may hold keys, so it cannot be printed.
pub(super) struct Answer {
    pub(super) status: u16,
    /// `null` if it was no JSON.
    pub(super) body: Value,
    /// Where the cloud tells how the operation goes.
    pub(super) operation: Option<SecretString>,
    /// Whether the resource manager itself signed it: whatever stands in between knows nothing of its headers.
    pub(super) of_azure: bool,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<u64>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the cloud said that there is no such thing. A 404 of something in between says nothing: a proxy's
    /// `{"message":"Not Found"}` must not make a cache vanish.
    pub(super) fn is_absent(&self) -> bool {
        const OWN: [&str; 3] = ["ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound"];
        let Some(problem) = Problem::read(&self.body).filter(|_| self.status == 404) else { return false };
        // Access policy assignments that are not there are told as RFC 9457 has it, without a code.
        let is_bare = || problem.code.is_none() && self.body.get("title").is_some_and(|title| title == "Not Found");
        problem.is(&OWN) || self.of_azure && (problem.is(&["NotFound"]) || is_bare())
    }

    /// The same where a subscription in which the provider was never registered can have nothing of it either.
    pub(super) fn shows_nothing(&self) -> bool {
        const CODES: [&str; 3] =
            ["MissingSubscriptionRegistration", "NoRegisteredProviderFound", "SubscriptionNotRegistered"];
        self.is_absent()
            || matches!(self.status, 404 | 409)
                && Problem::read(&self.body)
                    .is_some_and(|problem| problem.is(&CODES) && problem.message.contains("register"))
    }

    /// The answer, if it is a success.
    pub(super) fn done(self, name: &'static str, situation: &Situation<'_>) -> Result<Self> {
        if self.is_success() { Ok(self) } else { Err(self.error(name, situation)) }
    }

    /// The failure that it is.
    pub(super) fn error(self, name: &'static str, situation: &Situation<'_>) -> BackendError {
        let by_azure = |problem: &Problem| self.of_azure || self.status != 404 || !problem.is_anybodys();
        let Some(mut problem) = Problem::read(&self.body).filter(by_azure) else {
            let kind = match self.status {
                401 | 403 => Kind::Credentials,
                400 | 405 | 413 | 422 => Kind::Refused,
                _ => Kind::Unavailable,
            };
            let message = format!("the answer (http status {}) is none of azure{}", self.status, self.wait());
            return BackendError::new(kind, name, message);
        };
        problem.request_id = problem.request_id.take().or_else(|| self.request_id.clone());
        let mut error = problem.into_error(name, self.status, situation);
        error.message.push_str(&self.wait());
        error
    }

    fn wait(&self) -> String {
        self.retry_after.map(|seconds| format!(" (azure asks to wait {seconds} s)")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_azures_own_words_make_a_resource_absent() {
        let absent = |body: Value, of_azure| {
            Answer { status: 404, body, operation: None, of_azure, request_id: None, retry_after: None }.is_absent()
        };
        // As recorded: of the gateway, of the cache provider, of its newer parts.
        let gateway = json!({"error": {"code": "ResourceNotFound", "message": "The Resource 'x' was not found."}});
        let provider = json!({"error": {"code": "ResourceNotFound", "message": "It may already have been deleted.", "target": null}});
        let group =
            json!({"error": {"code": "ResourceGroupNotFound", "message": "Resource group 'g' could not be found."}});
        let bare = json!({"type": "https://tools.ietf.org/html/rfc9110#section-15.5.5", "title": "Not Found", "status": 404, "traceId": "00-1-2-00"});
        let coded = json!({"error": {"code": "NotFound", "message": "x"}});
        for (body, without_headers) in [(gateway, true), (provider, true), (group, true), (bare, false), (coded, false)]
        {
            assert!(absent(body.clone(), true), "{body}");
            assert_eq!(absent(body.clone(), false), without_headers, "{body}");
        }
        for body in [json!({"message": "Not Found"}), json!({"error": "Not Found"}), json!(null), json!({})] {
            assert!(!absent(body.clone(), true) && !absent(body.clone(), false), "{body}");
        }
    }
}

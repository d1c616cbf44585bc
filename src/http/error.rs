//! From an error to an answer: the one place that knows which code has which status.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::wire::{SET_COOKIE, header_value};
use crate::cache::{Code, FieldError};
use crate::driver::{DriverError, Failure};

/// An error on its way to the caller. The answer gets its body where the request's id is known: [`super::answer`].
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    error: DriverError,
    cookie: Option<String>,
    retry_after: Option<Duration>,
}

/// When to come back after a 503 that says nothing better.
const COME_BACK: Duration = Duration::from_secs(5);

/// The status of a code. `NoSuchThing` has others (405, 413, 415) where the constructors below say so.
#[must_use]
pub const fn status(code: Code, retryable: bool) -> StatusCode {
    match code {
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Internal if retryable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::NoSuchThing => StatusCode::NOT_FOUND,
        Code::InvalidInput
        | Code::BadCookie
        | Code::Credentials
        | Code::CloudFailed
        | Code::NameTaken
        | Code::ChangeRefused
        | Code::Capacity
        | Code::DeadlinePassed
        | Code::ProviderUnavailable
        | Code::Protected
        | Code::Prerequisite => StatusCode::BAD_REQUEST,
    }
}

impl ApiError {
    /// 401, in the same words whatever is missing or wrong.
    pub(super) fn unauthorized() -> Self {
        let error = DriverError::new(Code::Forbidden, "the request has no valid credentials of a caller")
            .hint("send what the operator of this driver has given you; its log has the reason, under this request_id");
        Self { status: StatusCode::UNAUTHORIZED, ..error.into() }
    }

    /// 403: known who it is, or where from, and not let in.
    pub(super) fn forbidden(message: impl Into<String>, hint: impl Into<String>) -> Self {
        DriverError::new(Code::Forbidden, message).hint(hint).into()
    }

    /// 404.
    pub(super) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        DriverError::new(Code::NoSuchThing, message).hint(hint).into()
    }

    /// 405. The router adds `Allow`.
    pub(super) fn method_not_allowed(message: impl Into<String>) -> Self {
        Self::with_status(StatusCode::METHOD_NOT_ALLOWED, message, "the header `Allow` lists the methods of this path")
    }

    /// 413.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::with_status(StatusCode::PAYLOAD_TOO_LARGE, message, "send less, or raise server.body_limit in the config")
    }

    /// 415.
    pub(super) fn not_json(got: &str) -> Self {
        let message = format!("the content type must be application/json, got {got}");
        Self::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, "send `Content-Type: application/json`")
    }

    /// 503: not now.
    pub(super) fn not_now(message: impl Into<String>, hint: impl Into<String>) -> Self {
        DriverError::new(Code::Internal, message).hint(hint).retryable().into()
    }

    /// 500: a fault of this driver. What it was stands in the log.
    pub(super) fn internal() -> Self {
        DriverError::new(Code::Internal, "the driver failed")
            .hint("its log has the cause, under this request_id")
            .into()
    }

    /// One wrong field.
    pub(super) fn field(error: FieldError) -> Self {
        DriverError::fields(vec![error]).into()
    }

    fn with_status(status: StatusCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let error = DriverError::new(Code::NoSuchThing, message).hint(hint);
        Self { status, error, cookie: None, retry_after: None }
    }

    /// The error for an answer that somebody else made without our shape.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or("no reason").to_lowercase();
        let code = if status.is_server_error() { Code::Internal } else { Code::NoSuchThing };
        let error = DriverError::new(code, format!("the request was answered {}: {reason}", status.as_u16()));
        Self { status, error, cookie: None, retry_after: None }
    }

    /// The same, to be asked again after `pause`.
    #[must_use]
    pub(super) fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The error itself.
    #[must_use]
    pub fn error(&self) -> &DriverError {
        &self.error
    }

    /// The error to be changed.
    pub(super) fn error_mut(&mut self) -> &mut DriverError {
        &mut self.error
    }
}

impl From<DriverError> for ApiError {
    fn from(error: DriverError) -> Self {
        let status = status(error.code, error.details.retryable);
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(COME_BACK);
        Self { status, error, cookie: None, retry_after }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self { cookie: failure.cookie, ..Self::from(failure.error) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some(cookie) = self.cookie.as_deref() {
            response.headers_mut().insert(SET_COOKIE, header_value(cookie));
        }
        if let Some(pause) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds(pause));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2: a 401 says how.
            let how = HeaderValue::from_static("Bearer realm=\"cache-driver\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, how);
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Whole seconds, rounded up, at least one: RFC 9110 section 10.2.3 knows no fractions.
pub(super) fn seconds(pause: Duration) -> HeaderValue {
    let whole = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
    HeaderValue::from(whole.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_whole_seconds_and_never_zero() {
        for (pause, text) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_900, "60")] {
            assert_eq!(seconds(Duration::from_millis(pause)), text, "{pause}");
        }
    }

    #[test]
    fn every_code_has_the_status_that_the_contract_gives_it() {
        for (code, retryable, wanted) in [
            (Code::InvalidInput, false, 400),
            (Code::CloudFailed, true, 400),
            (Code::Forbidden, false, 403),
            (Code::Internal, false, 500),
            (Code::Internal, true, 503),
            (Code::NoSuchThing, false, 404),
        ] {
            assert_eq!(status(code, retryable).as_u16(), wanted, "{code}");
        }
    }
}

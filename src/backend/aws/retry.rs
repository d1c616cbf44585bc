//! What is tried again at once, beyond what the SDK knows by itself.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

/// Counts ElastiCache's own throttling code as throttling. The SDK's list has only the codes that services share, and
/// the error type differs by operation, so the body is asked.
#[derive(Debug)]
pub(super) struct CustomerThrottling;

const CODE: &[u8] = b"<Code>APICallRateForCustomerExceeded</Code>";

impl ClassifyRetry for CustomerThrottling {
    fn classify_retry(&self, ctx: &InterceptorContext) -> RetryAction {
        let body = ctx
            .response()
            .filter(|response| response.status().is_client_error())
            .and_then(|response| response.body().bytes());
        if body.is_some_and(is_throttling) { RetryAction::throttling_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "ElastiCache throttling"
    }
}

fn is_throttling(body: &[u8]) -> bool {
    body.windows(CODE.len()).any(|window| window == CODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_throttling_code_is_throttling() {
        let body = |code: &str| {
            format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>")
        };
        assert!(is_throttling(body("APICallRateForCustomerExceeded").as_bytes()));
        assert!(!is_throttling(body("InvalidParameterValue").as_bytes()));
        assert!(!is_throttling(b""));
    }
}

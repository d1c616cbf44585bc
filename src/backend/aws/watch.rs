//! Tells every call to AWS: those of our clients by an interceptor, which knows the operation and sees each try; those that
//! find the driver's own identity at the connector, because the SDK makes clients of its own for them.

use aws_sdk_elasticache::config::SharedHttpClient;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::error::{of_code, of_status};
use crate::backend::{Begun, CallOutcome, Calls, Kind};

/// Throttling as AWS spells it: the SDK's own list, and ElastiCache's word.
const THROTTLING: [&str; 9] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "APICallRateForCustomerExceeded",
];

/// Tells the tries of a client's calls.
#[derive(Debug, Clone)]
pub(super) struct Watch(Calls);

impl Watch {
    pub(super) fn new(calls: Calls) -> Self {
        Self(calls)
    }
}

/// The try that is on its way.
#[derive(Debug)]
struct Sent(Begun);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "cache-driver calls"
    }

    /// Not earlier: before it the SDK gets credentials, which are calls of their own.
    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or_else(|| "unknown".to_owned(), |known| known.name().to_owned());
        cfg.interceptor_state().store_put(Sent(self.0.begin(operation)));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Sent(begun)) = cfg.load::<Sent>() else { return Ok(()) };
        let operation = cfg.load::<Metadata>().map_or("", Metadata::name);
        let worked = context.output_or_error().is_some_and(|answer| answer.is_ok());
        let Some(response) = context.response() else {
            begun.end(CallOutcome::Unavailable, None);
            return Ok(());
        };
        let outcome = if worked { CallOutcome::Ok } else { outcome(operation, response) };
        begun.end(outcome, request_id(response).as_deref());
        Ok(())
    }
}

/// What an answer that is an error says.
fn outcome(operation: &str, response: &HttpResponse) -> CallOutcome {
    let status = response.status().as_u16();
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    let Some(code) = element(&body, "Code") else {
        return if status == 429 { CallOutcome::Throttled } else { of_status(status).into() };
    };
    let message = element(&body, "Message").unwrap_or_default();
    let only_looks = operation.starts_with("Describe") || operation.starts_with("Delete");
    if THROTTLING.contains(&code) {
        CallOutcome::Throttled
    } else if only_looks && code.contains("NotFound") {
        CallOutcome::Absent
    } else if code == "NoOperationFault" || message.contains("No modifications were requested") {
        // Everything is as asked for already.
        CallOutcome::Ok
    } else {
        let kind: Kind = of_code(code, message, Some(status)).0;
        kind.into()
    }
}

/// The text of the first element of a name. Errors of the query protocol are flat and small.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0.trim())
}

fn request_id(response: &HttpResponse) -> Option<String> {
    let header = response.headers().get("x-amzn-requestid").or_else(|| response.headers().get("x-amz-request-id"));
    let body = || String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    header.map(str::to_owned).or_else(|| element(&body(), "RequestId").map(str::to_owned))
}

/// An HTTP client whose exchanges are told.
pub(super) fn watched(http: &SharedHttpClient, watch: Watch) -> SharedHttpClient {
    SharedHttpClient::new(Watched { inner: http.clone(), watch })
}

#[derive(Debug)]
struct Watched {
    inner: SharedHttpClient,
    watch: Watch,
}

impl HttpClient for Watched {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(WatchedConnector { inner, watch: self.watch.clone() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct WatchedConnector {
    inner: SharedHttpConnector,
    watch: Watch,
}

impl HttpConnector for WatchedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let begun = self.watch.0.begin(identity_call(request.uri(), request.body().bytes()));
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            match &answer {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let outcome = match status {
                        200..300 => CallOutcome::Ok,
                        429 => CallOutcome::Throttled,
                        _ => of_status(status).into(),
                    };
                    begun.end(outcome, response.headers().get("x-amzn-requestid"));
                }
                Err(_) => begun.end(CallOutcome::Unavailable, None),
            }
            answer
        })
    }
}

/// What a call is that looks for the driver's own identity.
fn identity_call(uri: &str, body: Option<&[u8]>) -> &'static str {
    let names =
        |action: &str| body.is_some_and(|body| body.split(|c| *c == b'&').any(|part| part == action.as_bytes()));
    if names("Action=AssumeRoleWithWebIdentity") {
        "AssumeRoleWithWebIdentity"
    } else if names("Action=AssumeRole") {
        "AssumeRole"
    } else if uri.contains("/latest/") {
        "InstanceMetadata"
    } else {
        "ContainerCredentials"
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
    }

    fn error(code: &str, message: &str) -> String {
        format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        )
    }

    #[test]
    fn an_answer_is_told_by_its_code() {
        for (operation, status, code, message, expected) in [
            ("DescribeReplicationGroups", 404, "ReplicationGroupNotFoundFault", "m", CallOutcome::Absent),
            ("DeleteReplicationGroup", 404, "ReplicationGroupNotFoundFault", "m", CallOutcome::Absent),
            ("ModifyReplicationGroup", 404, "ReplicationGroupNotFoundFault", "m", CallOutcome::Busy),
            ("CreateReplicationGroup", 400, "CacheSubnetGroupNotFoundFault", "m", CallOutcome::Prerequisite),
            ("CreateReplicationGroup", 400, "ReplicationGroupAlreadyExists", "m", CallOutcome::Taken),
            ("DescribeReplicationGroups", 400, "Throttling", "Rate exceeded", CallOutcome::Throttled),
            ("CreateReplicationGroup", 400, "APICallRateForCustomerExceeded", "m", CallOutcome::Throttled),
            ("ModifyReplicationGroup", 400, "InvalidReplicationGroupState", "m", CallOutcome::Busy),
            ("AssumeRole", 403, "AccessDenied", "m", CallOutcome::Denied),
            ("GetCallerIdentity", 500, "InternalFailure", "m", CallOutcome::Unavailable),
            (
                "ModifyReplicationGroup",
                400,
                "InvalidParameterCombination",
                "No modifications were requested",
                CallOutcome::Ok,
            ),
        ] {
            assert_eq!(outcome(operation, &answer(status, &error(code, message))), expected, "{operation} {code}");
        }
        assert_eq!(outcome("x", &answer(502, "<html>Bad Gateway</html>")), CallOutcome::Unavailable);
        assert_eq!(outcome("x", &answer(429, "")), CallOutcome::Throttled);
    }

    #[test]
    fn the_request_id_is_in_a_header_or_in_the_body() {
        let mut both = answer(400, &error("x", "m"));
        assert_eq!(request_id(&both).as_deref(), Some("r-1"));
        both.headers_mut().insert("x-amzn-requestid", "r-2");
        assert_eq!(request_id(&both).as_deref(), Some("r-2"));
        assert_eq!(request_id(&answer(200, "")), None);
    }

    #[test]
    fn what_looks_for_an_identity_has_a_name() {
        let form = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=t".as_slice();
        assert_eq!(identity_call("https://sts.amazonaws.com/", Some(form)), "AssumeRoleWithWebIdentity");
        assert_eq!(identity_call("http://169.254.169.254/latest/api/token", None), "InstanceMetadata");
        assert_eq!(identity_call("http://169.254.170.23/v1/credentials", None), "ContainerCredentials");
    }
}

//! Calls to the resource manager: one connection pool for the process, one pipeline per credentials.
//!
//! A call returns when the cloud has accepted it. What the cloud does then shows in the next look.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, Pipeline, PipelineSendOptions, Request, RetryOptions, Transport, Url, UserAgentOptions,
};
use secrecy::{ExposeSecret, SecretString};

use super::answer::Answer;
use super::call::{Call, Target};
use super::credentials::{Identities, TOKEN};
use super::entra;
use super::watch::{Stopwatch, Timed, outcome};
use crate::backend::{At, BackendError, CallOutcome, Calls, Credentials, Kind, Result, Who};
use crate::clock::Clock;
use crate::config::Azure;
use crate::kept::Kept;

const BASE: &str = "https://management.azure.com";
const SCOPE: &str = "https://management.azure.com/.default";

/// Pipelines that are kept.
const KEPT: usize = 256;
/// How long an unused one is kept.
const IDLE: Duration = Duration::from_hours(1);
/// Longer than this nobody waits inside a call.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Makes calls. Nothing is connected before the first.
#[derive(Debug)]
pub(super) struct Arm {
    identities: Identities,
    transport: OnceLock<std::result::Result<Transport, &'static str>>,
    pipelines: Kept<Who, Pipeline>,
    config: Azure,
    user_agent: String,
    clock: Arc<dyn Clock>,
    calls: Calls,
}

impl Arm {
    pub(super) fn new(config: &Azure, user_agent: &str, clock: Arc<dyn Clock>, calls: Calls) -> Self {
        Self {
            calls,
            identities: Identities::new(config),
            transport: OnceLock::new(),
            pipelines: Kept::used_within(IDLE, KEPT),
            config: config.clone(),
            user_agent: user_agent.to_owned(),
            clock,
        }
    }

    /// Makes the call, again where that is safe. Any answer of the cloud is an answer, also a refusal.
    pub(super) async fn send(&self, at: &At, call: &Call) -> Result<Answer> {
        let trying = self.attempts(&at.credentials, call);
        let late = |_| Err(BackendError::new(Kind::Unavailable, call.name, "no answer in time"));
        tokio::time::timeout(self.config.timeouts.operation, trying).await.unwrap_or_else(late)
    }

    async fn attempts(&self, credentials: &Credentials, call: &Call) -> Result<Answer> {
        let mut tried = 0;
        let mut renewed = false;
        loop {
            let tried_now = self.once(credentials, call).await;
            tried += 1;
            let asked = match &tried_now {
                Ok(answer) if answer.status == 401 && !renewed => {
                    renewed = true;
                    self.pipelines.remove(&Who::from(credentials));
                    if self.identities.forget(credentials) {
                        continue;
                    }
                    return tried_now;
                }
                Ok(answer) if matches!(answer.status, 408 | 429 | 500 | 502 | 503 | 504) => answer.retry_after,
                Err(error) if error.kind == Kind::Unavailable && error.operation != TOKEN => None,
                _ => return tried_now,
            };
            let pause = asked.map_or(Duration::from_millis(200 << tried.min(4)), Duration::from_secs);
            if !call.repeatable || tried >= self.config.max_attempts || pause > LONGEST_PAUSE {
                return tried_now;
            }
            self.clock.sleep(pause).await;
        }
    }

    async fn once(&self, credentials: &Credentials, call: &Call) -> Result<Answer> {
        let pipeline = self.pipeline(credentials)?;
        let mut request = Request::new(self.url(call)?, call.method);
        request.insert_header("accept", "application/json");
        if call.only_new {
            request.insert_header("if-none-match", "*");
        }
        if let Some(body) = &call.body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string());
        }
        let options = PipelineSendOptions { skip_checks: true, ..Default::default() };
        let watch = Stopwatch::new(self.calls.clone(), call.name);
        let context = Context::new().with_value(watch.clone());
        let sent = pipeline.send(&context, &mut request, Some(options)).await;
        let answer = sent.map_err(|error| {
            watch.end(CallOutcome::Unavailable, None);
            entra::classify(&error).unwrap_or_else(|| {
                // Not as the source: it knows the address, and addresses of operations are signed.
                let why = entra::deepest(&error).to_ascii_lowercase();
                BackendError::new(Kind::Unavailable, call.name, format!("azure cannot be reached: {why}"))
            })
        })?;
        let (status, headers, body) = answer.deconstruct();
        let answer = Answer {
            status: u16::from(status),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            of_azure: headers.iter().any(|(name, _)| name.as_str().starts_with("x-ms-")),
            operation: header(&headers, "azure-asyncoperation").map(SecretString::from),
            request_id: header(&headers, "x-ms-correlation-request-id").or_else(|| header(&headers, "x-ms-request-id")),
            retry_after: header(&headers, "retry-after").and_then(|text| text.parse().ok()),
        };
        watch.end(outcome(&answer), answer.request_id.as_deref());
        Ok(answer)
    }

    /// Proves that the credentials are good, by a token. Gives whose it says it is.
    pub(super) async fn token(&self, credentials: &Credentials) -> Result<Option<String>> {
        let credential = self.identities.get(credentials, &self.transport()?)?;
        let asked = credential.get_token(&[SCOPE], None).await;
        asked.map(|token| entra::whose(token.token.secret())).map_err(|error| {
            let unknown = || BackendError::new(Kind::Credentials, TOKEN, "no token");
            entra::classify(&error).unwrap_or_else(unknown)
        })
    }

    fn pipeline(&self, credentials: &Credentials) -> Result<Pipeline> {
        let who = Who::from(credentials);
        if let Some(pipeline) = self.pipelines.get(&who) {
            return Ok(pipeline);
        }
        let transport = self.transport()?;
        let credential = self.identities.get(credentials, &transport)?;
        let auth = Arc::new(BearerTokenAuthorizationPolicy::new(credential, [SCOPE]));
        let application_id = Some(application_id(&self.user_agent));
        let options = ClientOptions {
            transport: Some(transport),
            retry: RetryOptions::none(),
            user_agent: UserAgentOptions { application_id },
            ..ClientOptions::default()
        };
        let (name, version) = (option_env!("CARGO_PKG_NAME"), option_env!("CARGO_PKG_VERSION"));
        let pipeline = Pipeline::new(name, version, options, vec![], vec![auth, Arc::new(Timed)], None);
        self.pipelines.insert(who, pipeline.clone());
        Ok(pipeline)
    }

    fn transport(&self) -> Result<Transport> {
        let made =
            self.transport.get_or_init(|| super::transport::transport(&self.config, &self.user_agent, &self.calls));
        made.clone()
            .map_err(|why| BackendError::new(Kind::Prerequisite, "connect", why).hint("check providers.azure.ca_file"))
    }

    /// The address of a call. What the cloud told is followed only to where the configuration leads anyway, because the
    /// token goes with it.
    fn url(&self, call: &Call) -> Result<Url> {
        let wrong = |why: &str| BackendError::new(Kind::Unavailable, call.name, why);
        let mut url = Url::parse(BASE).map_err(|_| wrong("the address cannot be made"))?;
        match &call.target {
            Target::Path(path, version) => {
                url.set_path(path);
                url.query_pairs_mut().append_pair("api-version", version);
            }
            Target::Told(told) => {
                let told = Url::parse(told.expose_secret()).map_err(|_| wrong("azure told an address that is none"))?;
                let endpoint = self.config.endpoint_url.as_deref().and_then(|endpoint| Url::parse(endpoint).ok());
                let known = |other: &Url| {
                    (other.host_str(), other.port_or_known_default()) == (told.host_str(), told.port_or_known_default())
                };
                let is_azure = known(&url) && told.scheme() == "https";
                let below = endpoint.as_ref().filter(|endpoint| known(endpoint)).map(Url::path);
                if !is_azure && below.is_none() {
                    return Err(wrong("azure told an address of another host, which is not followed"));
                }
                // The detour puts the endpoint's own path in front again.
                let prefix = below.unwrap_or_default().trim_end_matches('/');
                url.set_path(told.path().strip_prefix(prefix).unwrap_or(told.path()));
                url.set_query(told.query());
            }
        }
        Ok(url)
    }
}

/// The caller's name as the pipeline takes it. What is longer, or no token of HTTP, makes it panic.
fn application_id(user_agent: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    user_agent.chars().map(legal).take(24).collect()
}

fn header(headers: &Headers, name: &'static str) -> Option<String> {
    headers.get_optional_string(&HeaderName::from_static(name)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Unobserved;
    use crate::cache::Provider;
    use crate::clock::SystemClock;

    #[test]
    fn any_name_of_the_caller_is_taken() {
        assert_eq!(application_id("cache-driver/0.1.0"), "cache-driver-0.1.0");
        assert_eq!(application_id("cache-driver/10.20.30-beta.1 (x)").len(), 24);
    }

    fn followed(endpoint: Option<&str>, told: &str) -> Result<String> {
        let config = Azure { endpoint_url: endpoint.map(str::to_owned), ..Azure::default() };
        let calls = Calls::new(Provider::Azure, Arc::new(SystemClock), Arc::new(Unobserved));
        let arm = Arm::new(&config, "test", Arc::new(SystemClock), calls);
        arm.url(&Call::follow("operations.get", SecretString::from(told))).map(|url| url.to_string())
    }

    #[test]
    fn told_addresses_are_followed_only_where_the_configuration_leads() {
        let signed = "/subscriptions/s/operationsStatus/1?api-version=1&t=2&s=3";
        let azure = format!("https://management.azure.com{signed}");
        assert_eq!(followed(None, &azure).unwrap(), azure);
        let emulated = "http://127.0.0.1:9002";
        assert_eq!(followed(Some(emulated), &format!("{emulated}{signed}")).unwrap(), azure);
        assert_eq!(followed(Some("http://127.0.0.1:1/b/"), &format!("http://127.0.0.1:1/b{signed}")).unwrap(), azure);
        for (endpoint, told) in [
            (None, format!("https://evil.example{signed}")),
            (None, format!("http://management.azure.com{signed}")),
            (None, format!("http://127.0.0.1:9002{signed}")),
            (Some(emulated), format!("http://127.0.0.1:9003{signed}")),
            (None, "no url".to_owned()),
        ] {
            let refused = followed(endpoint, &told).unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("t=2"), "{refused}");
        }
    }
}

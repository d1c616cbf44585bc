//! One connection pool for all of Google's APIs, and single exchanges over it.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::backend::Calls;
use crate::config::Gcp;

/// The longest answer that is read. A full page of a list is a tenth of it.
const LONGEST: usize = 16 * 1024 * 1024;

/// Headers in which a front end may name a request. Google's own answers name it in `google.rpc.RequestInfo`, if at all.
const REQUEST_ID: [&str; 2] = ["x-goog-request-id", "x-request-id"];

/// What is sent.
#[derive(Debug)]
pub(super) enum Body<'a> {
    None,
    Json(&'a Value),
    /// A form that holds a secret.
    Form(SecretString),
}

/// With whose rights, and on whose account it is counted.
#[derive(Debug, Default)]
pub(super) struct Rights {
    pub(super) token: Option<SecretString>,
    pub(super) quota_project: Option<String>,
}

/// Whatever came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) request_id: Option<String>,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
}

/// Nothing came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The client itself cannot be made.
    #[error("{0}")]
    Setup(String),
    /// No connection came about: the other side surely did nothing.
    #[error("google cannot be reached: {0}")]
    NotSent(String),
    /// The connection broke, or the answer took too long: whether anything was done is not known.
    #[error("no answer of google: {0}")]
    NoAnswer(String),
    /// The answer does not end. Whether anything was done is not known.
    #[error("the answer is longer than {} MiB, as none of google's is; does providers.gcp.endpoint_url lead to google?", .0 / 1024 / 1024)]
    TooLong(usize),
}

/// The connection pool. Nothing is loaded or connected before the first call.
#[derive(Debug)]
pub(super) struct Http {
    client: OnceLock<Result<Client, String>>,
    endpoint_url: Option<String>,
    ca_pem: Option<String>,
    user_agent: String,
    connect: Duration,
    attempt: Duration,
    longest: usize,
    calls: Calls,
}

impl Http {
    pub(super) fn new(config: &Gcp, user_agent: &str, calls: Calls) -> Self {
        Self {
            longest: LONGEST,
            calls,
            client: OnceLock::new(),
            endpoint_url: config.endpoint_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
            ca_pem: config.ca_pem.clone(),
            user_agent: user_agent.to_owned(),
            connect: config.timeouts.connect,
            attempt: config.timeouts.attempt,
        }
    }

    /// Where exchanges are told. By whoever makes them, because only he knows what the answer means.
    pub(super) fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Whether something else than Google answers.
    pub(super) fn is_emulated(&self) -> bool {
        self.endpoint_url.is_some()
    }

    /// Where a path below `v1/` of a service is. Never anywhere but at the configured host: a path that would lead
    /// elsewhere is refused.
    pub(super) fn url(&self, service: &str, path: &str, query: &[(&str, String)]) -> Result<Url, Trouble> {
        let illegal = |c: char| !c.is_ascii_alphanumeric() && !"-._~/:@".contains(c);
        if path.contains(illegal) || path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(Trouble::Setup("the name of the resource holds characters that no path may hold".to_owned()));
        }
        let base = match &self.endpoint_url {
            Some(url) => format!("{url}/{service}"),
            None => format!("https://{service}.googleapis.com"),
        };
        // The one service whose paths begin with its name.
        let version = if service == "compute" { "compute/v1" } else { "v1" };
        let mut url = Url::parse(&format!("{base}/{version}/{path}"))
            .map_err(|error| Trouble::Setup(format!("providers.gcp.endpoint_url is no url: {error}")))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Where tokens come from: the endpoint that is configured, else `token_uri`.
    pub(super) fn token_url(&self, token_uri: &str) -> Result<Url, Trouble> {
        let url = self.endpoint_url.as_ref().map_or_else(|| token_uri.to_owned(), |url| format!("{url}/token"));
        Url::parse(&url).map_err(|error| Trouble::Setup(format!("the token endpoint is no url: {error}")))
    }

    /// Sends once, and reads the answer to its end.
    pub(super) async fn exchange(
        &self,
        method: Method,
        url: Url,
        rights: &Rights,
        body: &Body<'_>,
    ) -> Result<Reply, Trouble> {
        let mut request = self.client()?.request(method, url);
        if let Some(token) = &rights.token {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
                .map_err(|_| Trouble::Setup("the access token holds characters that no header may hold".to_owned()))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(project) = &rights.quota_project {
            request = request.header("x-goog-user-project", project);
        }
        request = match body {
            Body::None => request,
            Body::Json(json) => request.json(json),
            Body::Form(form) => {
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.expose_secret().to_owned())
            }
        };
        let mut response = request.send().await.map_err(|error| trouble(&error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let request_id = REQUEST_ID.iter().find_map(|name| header(name)).map(str::to_owned);
        let retry_after = header(RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok());
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| trouble(&error))? {
            if body.len() + part.len() > self.longest {
                return Err(Trouble::TooLong(self.longest));
            }
            body.extend_from_slice(&part);
        }
        Ok(Reply { status, body, request_id, retry_after: retry_after.map(Duration::from_secs) })
    }

    fn client(&self) -> Result<&Client, Trouble> {
        let client = self.client.get_or_init(|| self.build());
        client.as_ref().map_err(|why| Trouble::Setup(why.clone()))
    }

    fn build(&self) -> Result<Client, String> {
        let mut builder = Client::builder()
            .user_agent(&self.user_agent)
            .redirect(Policy::none())
            .connect_timeout(self.connect)
            .timeout(self.attempt);
        if self.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://")) {
            // A machine without a CA bundle could not make the client, and no emulator needs one.
            builder = builder.no_proxy().tls_certs_only([]);
        } else if let Some(pem) = &self.ca_pem {
            let no_ca = || "providers.gcp.ca_file holds no ca certificate that can be read".to_owned();
            let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| no_ca())?;
            if certificates.is_empty() {
                return Err(no_ca());
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| format!("tls cannot be set up: {}", deepest(&error)))
    }
}

fn trouble(error: &reqwest::Error) -> Trouble {
    let why = deepest(error);
    if error.is_connect() {
        return Trouble::NotSent(why);
    }
    if error.is_builder() {
        return Trouble::Setup(why);
    }
    Trouble::NoAnswer(if error.is_timeout() { "it took too long".to_owned() } else { why })
}

/// What lies at the bottom: "connection refused" and the like. The top would show the address.
fn deepest(error: &dyn StdError) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string().to_lowercase().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::backend::Unobserved;
    use crate::cache::Provider;
    use crate::clock::SystemClock;

    fn http(endpoint_url: Option<&str>) -> Http {
        Http::new(&Gcp { endpoint_url: endpoint_url.map(str::to_owned), ..Gcp::default() }, "test", unobserved())
    }

    fn unobserved() -> Calls {
        Calls::new(Provider::Gcp, Arc::new(SystemClock), Arc::new(Unobserved))
    }

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_not_read_to_its_end() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
                let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
                stream.write_all(head.as_bytes()).await.unwrap();
                // Until the other side has had enough.
                while stream.write_all(b"400\r\n").await.is_ok()
                    && stream.write_all(&[b'x'; 0x400]).await.is_ok()
                    && stream.write_all(b"\r\n").await.is_ok()
                {}
            }
        });
        let http = Http { longest: 1024 * 1024, ..http(Some(&endpoint)) };
        for token in [true, false] {
            let url = if token { http.token_url("").unwrap() } else { http.url("redis", "projects/p", &[]).unwrap() };
            let answer = http.exchange(Method::GET, url, &Rights::default(), &Body::None).await;
            let trouble = answer.unwrap_err();
            assert_eq!(trouble, Trouble::TooLong(1024 * 1024));
            assert!(trouble.to_string().contains("longer than 1 MiB"), "{trouble}");
        }
        serving.await.unwrap();
    }

    #[test]
    fn a_service_has_its_host_or_its_folder() {
        let path = "projects/p/locations/l/instances/i:upgrade";
        let query = [("updateMask", "a,b".to_owned())];
        for (endpoint, expected) in [
            (None, "https://redis.googleapis.com/v1/projects/p/locations/l/instances/i:upgrade?updateMask=a%2Cb"),
            (
                Some("http://127.0.0.1:9/base/"),
                "http://127.0.0.1:9/base/redis/v1/projects/p/locations/l/instances/i:upgrade?updateMask=a%2Cb",
            ),
        ] {
            assert_eq!(http(endpoint).url("redis", path, &query).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn compute_has_its_name_in_the_path_too() {
        let path = "projects/p/global/networks/n";
        let at = |endpoint| http(endpoint).url("compute", path, &[]).unwrap().to_string();
        assert_eq!(at(None), format!("https://compute.googleapis.com/compute/v1/{path}"));
        assert_eq!(at(Some("http://127.0.0.1:9")), format!("http://127.0.0.1:9/compute/compute/v1/{path}"));
    }

    #[test]
    fn no_path_leads_to_another_resource_or_host() {
        for bad in ["", "a/../b", "a//b", "/a", "a?b=c", "a#b", "a%2fb", "a\\b", "a b", "ä"] {
            assert!(http(None).url("redis", bad, &[]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn tokens_follow_the_endpoint() {
        let uri = "https://oauth2.googleapis.com/token";
        assert_eq!(http(None).token_url(uri).unwrap().as_str(), uri);
        assert_eq!(http(Some("http://127.0.0.1:9")).token_url(uri).unwrap().as_str(), "http://127.0.0.1:9/token");
    }

    #[test]
    fn a_ca_file_that_holds_none_is_an_error_and_no_panic() {
        for bad in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let config = Gcp { ca_pem: Some(bad.to_owned()), ..Gcp::default() };
            assert!(Http::new(&config, "test", unobserved()).build().is_err(), "{bad:?}");
        }
    }
}

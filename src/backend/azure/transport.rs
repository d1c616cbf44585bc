//! The one HTTP client of the process, and the detour to an emulator.

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_core::http::{AsyncRawResponse, HttpClient, Request, Transport, Url};
use futures_util::StreamExt as _;

use super::credentials::TOKEN;
use super::entra;
use super::watch::token_outcome;
use crate::backend::{Begun, CallOutcome, Calls};
use crate::config::Azure;

/// The longest answer that is read. A full page of a list is a tenth of it.
const LONGEST: usize = 16 * 1024 * 1024;
/// Where a machine of Azure asks for the token of its managed identity.
const MANAGED_IDENTITY: &str = "/metadata/identity/";

/// The client behind every pipeline: of the resource manager and of Entra alike.
pub(super) fn transport(config: &Azure, user_agent: &str, calls: &Calls) -> Result<Transport, &'static str> {
    let endpoint = config.endpoint_url.as_deref().map(Url::parse).transpose();
    let endpoint = endpoint.map_err(|_| "providers.azure.endpoint_url is no url")?;
    let mut builder = reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(config.timeouts.connect)
        .timeout(config.timeouts.attempt)
        // A token must not follow a redirect to another host.
        .redirect(reqwest::redirect::Policy::none());
    if endpoint.as_ref().is_some_and(is_loopback) {
        builder = builder.no_proxy();
    }
    if let Some(pem) = &config.ca_pem {
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| "the ca file is no pem")?;
        if certificates.is_empty() {
            return Err("the ca file holds no certificate");
        }
        builder = builder.tls_certs_merge(certificates);
    }
    let client = builder.build().map_err(|_| "tls cannot be set up; check providers.azure.ca_file")?;
    Ok(Transport::new(std::sync::Arc::new(Detour { client, endpoint, longest: LONGEST, calls: calls.clone() })))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Sends to the configured endpoint whatever is meant for Azure. The pipelines above refuse to send a token anywhere
/// but to `https`, so they keep seeing Azure's own addresses.
#[derive(Debug)]
struct Detour {
    client: reqwest::Client,
    endpoint: Option<Url>,
    longest: usize,
    /// Where calls for tokens are told. Those to the resource manager are told where their names are known.
    calls: Calls,
}

#[async_trait]
impl HttpClient for Detour {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Some(begun) = self.token_call(request) else { return self.exchange(request).await };
        let answer = self.exchange(request).await;
        match &answer {
            Ok(answer) => {
                let id = answer.headers().get_optional_str(&HeaderName::from_static("x-ms-request-id"));
                begun.end(token_outcome(u16::from(answer.status())), id);
            }
            Err(_) => begun.end(CallOutcome::Unavailable, None),
        }
        answer
    }
}

impl Detour {
    fn token_call(&self, request: &Request) -> Option<Begun> {
        let path = request.url().path();
        if path.ends_with(entra::TOKEN_PATH) {
            return Some(self.calls.begin(TOKEN));
        }
        path.starts_with(MANAGED_IDENTITY).then(|| self.calls.begin("managed-identity.token"))
    }

    /// Sends it, and reads the answer to its end.
    async fn exchange(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = match &self.endpoint {
            None => self.client.execute_request(request).await,
            Some(endpoint) => {
                let mut request = request.clone();
                *request.url_mut() = redirected(request.url(), endpoint);
                self.client.execute_request(&request).await
            }
        };
        let (status, headers, mut stream) = answer.map_err(without_url)?.deconstruct();
        let mut body = Vec::new();
        while let Some(part) = stream.next().await {
            let part = part.map_err(without_url)?;
            if body.len() + part.len() > self.longest {
                let mib = self.longest / 1024 / 1024;
                let why = format!(
                    "the answer is longer than {mib} MiB, as none of azure's is; does providers.azure.endpoint_url lead to azure?"
                );
                return Err(azure_core::Error::with_message(ErrorKind::Io, why));
            }
            body.extend_from_slice(&part);
        }
        if !status.is_success() && request.url().path().ends_with(entra::TOKEN_PATH) {
            body = entra::readable(&body);
        }
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// The same path and query at another place.
fn redirected(url: &Url, endpoint: &Url) -> Url {
    let mut to = endpoint.clone();
    to.set_path(&format!("{}{}", endpoint.path().trim_end_matches('/'), url.path()));
    to.set_query(url.query());
    to
}

/// Addresses of operations are signed, and an error ends in a log.
fn without_url(error: azure_core::Error) -> azure_core::Error {
    let kind = error.kind().clone();
    match error.into_downcast::<reqwest::Error>() {
        Ok(inner) => azure_core::Error::with_error(kind, inner.without_url(), "no answer"),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use azure_core::http::Method;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::backend::Unobserved;
    use crate::cache::Provider;
    use crate::clock::SystemClock;

    fn unobserved() -> Calls {
        Calls::new(Provider::Azure, Arc::new(SystemClock), Arc::new(Unobserved))
    }

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_not_read_to_its_end() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            // Until the other side has had enough.
            while stream.write_all(b"400\r\n").await.is_ok()
                && stream.write_all(&[b'x'; 0x400]).await.is_ok()
                && stream.write_all(b"\r\n").await.is_ok()
            {}
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let detour = Detour { client, endpoint: Some(endpoint), longest: 1024 * 1024, calls: unobserved() };
        let url = Url::parse("https://management.azure.com/subscriptions/s").unwrap();
        let error = detour.execute_request(&Request::new(url, Method::Get)).await.unwrap_err();
        assert!(error.to_string().contains("longer than 1 MiB"), "{error}");
        serving.await.unwrap();
    }

    #[test]
    fn the_detour_keeps_path_and_query() {
        let to = |url: &str, endpoint: &str| {
            redirected(&Url::parse(url).unwrap(), &Url::parse(endpoint).unwrap()).to_string()
        };
        let url = "https://management.azure.com/subscriptions/s?api-version=1&t=2";
        assert_eq!(to(url, "http://127.0.0.1:9002"), "http://127.0.0.1:9002/subscriptions/s?api-version=1&t=2");
        assert_eq!(to(url, "https://arm.example/base/"), "https://arm.example/base/subscriptions/s?api-version=1&t=2");
        let encoded = "https://management.azure.com/providers/locations/West%20Europe/x";
        assert_eq!(to(encoded, "http://[::1]:1"), "http://[::1]:1/providers/locations/West%20Europe/x");
    }

    #[test]
    fn a_ca_file_that_holds_none_is_an_error_and_no_panic() {
        for bad in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let config = Azure { ca_pem: Some(bad.to_owned()), ..Azure::default() };
            assert!(transport(&config, "cache-driver/test", &unobserved()).is_err(), "{bad:?}");
        }
        assert!(transport(&Azure::default(), "cache-driver/test", &unobserved()).is_ok());
    }
}

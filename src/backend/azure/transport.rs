//! The one HTTP client of the process, and the detour to an emulator.

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request, Transport, Url};

use super::entra;
use crate::config::Azure;

/// The client behind every pipeline: of the resource manager and of Entra alike.
pub(super) fn transport(config: &Azure, user_agent: &str) -> Result<Transport, &'static str> {
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
    Ok(Transport::new(std::sync::Arc::new(Detour { client, endpoint })))
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
}

#[async_trait]
impl HttpClient for Detour {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = match &self.endpoint {
            None => self.client.execute_request(request).await,
            Some(endpoint) => {
                let mut request = request.clone();
                *request.url_mut() = redirected(request.url(), endpoint);
                self.client.execute_request(&request).await
            }
        };
        let answer = answer.map_err(without_url)?;
        if answer.status().is_success() || !request.url().path().ends_with(entra::TOKEN_PATH) {
            return Ok(answer);
        }
        let raw = answer.try_into_raw_response().await?;
        Ok(AsyncRawResponse::from_bytes(raw.status(), raw.headers().clone(), entra::readable(raw.body().as_ref())))
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
    use super::*;

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
            assert!(transport(&config, "cache-driver/test").is_err(), "{bad:?}");
        }
        assert!(transport(&Azure::default(), "cache-driver/test").is_ok());
    }
}

//! Sends batches of spans.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prometheus_client::metrics::counter::Counter;
use prost::Message as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};
use secrecy::ExposeSecret as _;

use super::messages::{Service, encode};
use crate::clock::Clock;
use crate::config::Otlp;
use crate::random::Random;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::trace::Span;

/// Tries of one batch in all.
const TRIES: u32 = 3;
/// The wait before the second try; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest answer of a collector that is read.
const LONGEST: usize = 64 * 1024;

/// The collector, as this process sees it.
#[derive(Debug)]
pub(super) struct Export {
    client: Client,
    url: Url,
    service: Service,
    clock: Arc<dyn Clock>,
    exported: Counter,
    dropped: Counter,
    /// Whether the last batch was lost: only the first loss is told.
    is_away: bool,
    /// Whether it was told that the collector takes a part only.
    is_picky: bool,
}

/// Why a batch was not taken.
struct Refused {
    why: String,
    may_work_later: bool,
}

impl Export {
    /// Connects to nobody yet.
    pub(super) fn new(
        config: &Otlp,
        endpoint: &str,
        version: &str,
        random: &dyn Random,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<Self, String> {
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|_| "telemetry.otlp.endpoint is no url".to_owned())?;
        let mut instance = [0; 16];
        random.fill(&mut instance);
        let instance = uuid::Builder::from_random_bytes(instance).into_uuid().to_string();
        let service = Service { name: config.service_name.clone(), version: version.to_owned(), instance };
        Ok(Self {
            client: client(config, &url)?,
            url,
            service,
            clock,
            exported: metrics.exported.clone(),
            dropped: metrics.dropped.clone(),
            is_away: false,
            is_picky: false,
        })
    }

    /// Sends a batch, again if the collector asks for it. What it does not take is lost.
    pub(super) async fn send(&mut self, spans: Vec<Span>) {
        if spans.is_empty() {
            return;
        }
        let count = u64::try_from(spans.len()).unwrap_or_default();
        let message = encode(&self.service, spans);
        let mut tried = 1;
        let taken = loop {
            match self.once(&message).await {
                // One that is known to be away is not waited for: the queue would only fill.
                Err(refused) if refused.may_work_later && tried < TRIES && !self.is_away => {
                    self.clock.sleep(PAUSE * 2_u32.pow(tried - 1)).await;
                    tried += 1;
                }
                other => break other,
            }
        };
        match taken {
            Ok(rejected) => {
                let rejected = rejected.min(count);
                self.exported.inc_by(count - rejected);
                self.dropped.inc_by(rejected);
                if std::mem::take(&mut self.is_away) {
                    tracing::info!("the collector of traces takes spans again");
                }
            }
            Err(refused) => {
                self.dropped.inc_by(count);
                if !std::mem::replace(&mut self.is_away, true) {
                    let why = refused.why;
                    tracing::warn!(why, "the collector of traces takes no spans; they are dropped until it does");
                }
            }
        }
    }

    /// How many spans of the message the collector has rejected.
    async fn once(&mut self, message: &[u8]) -> Result<u64, Refused> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/x-protobuf");
        let sent = request.body(message.to_vec()).send().await;
        let mut response =
            sent.map_err(|error| Refused { why: reason(&error), may_work_later: !error.is_builder() })?;
        let status = response.status();
        if !status.is_success() {
            // OTLP/HTTP, "Retryable Response Codes".
            let may_work_later = matches!(status.as_u16(), 429 | 502 | 503 | 504);
            return Err(Refused { why: format!("it answers http status {}", status.as_u16()), may_work_later });
        }
        let mut body = Vec::new();
        while let Ok(Some(part)) = response.chunk().await {
            if body.len() + part.len() > LONGEST {
                return Ok(0);
            }
            body.extend_from_slice(&part);
        }
        let told = ExportTraceServiceResponse::decode(body.as_slice()).unwrap_or_default().partial_success;
        let rejected = told.map_or(0, |told| u64::try_from(told.rejected_spans).unwrap_or_default());
        if rejected > 0 && !std::mem::replace(&mut self.is_picky, true) {
            tracing::warn!(rejected, "the collector of traces takes a part of the spans only");
        }
        Ok(rejected)
    }
}

/// With the headers, which may be secret, as its defaults.
fn client(config: &Otlp, url: &Url) -> Result<Client, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let wrong = || format!("telemetry.otlp.headers.{name} can be no header");
        let key = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    let mut builder = Client::builder()
        .user_agent(concat!("cache-driver/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        // The headers must not follow to another host.
        .redirect(Policy::none())
        .connect_timeout(config.timeout)
        .timeout(config.timeout);
    if url.scheme() == "http" {
        // A machine without a CA bundle could not make the client.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = &config.ca_pem {
        let no_ca = || "telemetry.otlp.ca_file holds no ca certificate that can be read".to_owned();
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| no_ca())?;
        if certificates.is_empty() {
            return Err(no_ca());
        }
        builder = builder.tls_certs_merge(certificates);
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_loopback {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|_| "the client for telemetry.otlp cannot be made".to_owned())
}

/// What lies at the bottom: "connection refused" and the like. The top would show the address.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    let mut deepest = error.source();
    while let Some(source) = deepest.and_then(|error| error.source()) {
        deepest = Some(source);
    }
    deepest.map_or_else(|| "it cannot be reached".to_owned(), |error| error.to_string().to_lowercase())
}

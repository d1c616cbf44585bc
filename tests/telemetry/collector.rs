//! A collector: takes OTLP over HTTP, and reads it with the types of the protocol's own repository.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use cache_driver::config::Otlp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a collector was sent.
#[derive(Default)]
struct Taken {
    headers: Vec<HeaderMap>,
    messages: Vec<ExportTraceServiceRequest>,
    bytes: Vec<u8>,
}

/// A collector on a port of its own. Dropping it closes the port.
pub(crate) struct Collector {
    pub(crate) url: String,
    taken: Arc<Mutex<Taken>>,
    status: Arc<AtomicU16>,
    serving: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Shared = (Arc<Mutex<Taken>>, Arc<AtomicU16>);

async fn take(State((taken, status)): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = StatusCode::from_u16(status.load(Ordering::Relaxed)).unwrap();
    if status.is_success() {
        let mut taken = taken.lock().unwrap();
        taken.messages.push(ExportTraceServiceRequest::decode(body.clone()).expect("protobuf of OTLP"));
        taken.headers.push(headers);
        taken.bytes.extend_from_slice(&body);
    }
    status
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let (taken, status) = (Arc::new(Mutex::default()), Arc::new(AtomicU16::new(200)));
        let router = Router::new().route("/v1/traces", post(take)).with_state((Arc::clone(&taken), status.clone()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, taken, status, serving }
    }

    /// The config that leads here.
    pub(crate) fn otlp(&self) -> Otlp {
        Otlp { endpoint: Some(self.url.clone()), ..Otlp::default() }
    }

    /// What it answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let of = taken.messages.iter().flat_map(|message| &message.resource_spans);
        of.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The attributes of the service.
    pub(crate) fn service(&self) -> Vec<KeyValue> {
        self.taken.lock().unwrap().messages[0].resource_spans[0].resource.clone().unwrap().attributes
    }

    /// The headers of the first message.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.taken.lock().unwrap().headers[0].clone()
    }

    /// Everything that it got, as text as far as it is text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.taken.lock().unwrap().bytes).into_owned()
    }
}

/// An attribute, as text.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.clone()?.value? {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        other => panic!("an attribute of another kind: {other:?}"),
    }
}

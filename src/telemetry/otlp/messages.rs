//! Spans as OTLP writes them (opentelemetry-proto, `trace/v1/trace.proto`).

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as wire;
use prost::Message as _;

use crate::clock::Timestamp;
use crate::telemetry::trace::{Span, SpanKind, Value};

/// Bit 0 of `Span.flags`: the trace is sampled.
const SAMPLED: u32 = 1;

/// Who tells.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) version: String,
    /// Tells replicas apart.
    pub(super) instance: String,
}

/// The message of a batch.
pub(super) fn encode(service: &Service, spans: Vec<Span>) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![
            attribute("service.name", Value::Text(service.name.clone())),
            attribute("service.version", Value::Text(service.version.clone())),
            attribute("service.instance.id", Value::Text(service.instance.clone())),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "cache-driver".to_owned(),
        version: service.version.clone(),
        ..InstrumentationScope::default()
    };
    let spans = spans.into_iter().map(span).collect();
    let scope_spans = vec![wire::ScopeSpans { scope: Some(scope), spans, ..wire::ScopeSpans::default() }];
    let resource_spans =
        wire::ResourceSpans { resource: Some(resource), scope_spans, ..wire::ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }.encode_to_vec()
}

fn span(span: Span) -> wire::Span {
    let kind = match span.kind {
        SpanKind::Server => wire::span::SpanKind::Server,
        SpanKind::Client => wire::span::SpanKind::Client,
        SpanKind::Internal => wire::span::SpanKind::Internal,
    };
    // What went well has no status: "ok" is for people to set.
    let status =
        span.failed.then(|| wire::Status { code: wire::status::StatusCode::Error.into(), ..wire::Status::default() });
    wire::Span {
        trace_id: span.context.trace().to_vec(),
        span_id: span.context.span_id().to_vec(),
        parent_span_id: span.parent.map(|parent| parent.to_vec()).unwrap_or_default(),
        flags: SAMPLED,
        name: span.name,
        kind: kind.into(),
        start_time_unix_nano: nanoseconds(span.began),
        end_time_unix_nano: nanoseconds(span.ended.max(span.began)),
        attributes: span.attributes.into_iter().map(|(key, value)| attribute(key, value)).collect(),
        status,
        ..wire::Span::default()
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = match value {
        Value::Text(text) => Any::StringValue(text),
        Value::Number(number) => Any::IntValue(number),
    };
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or_default()
}

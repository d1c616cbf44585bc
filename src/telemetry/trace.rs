//! Spans, and the context that joins them across processes (W3C Trace Context, level 1).

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::otlp::Message;
use crate::clock::Timestamp;
use crate::random::Random;

/// Where in which trace something is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: [u8; 16],
    span: [u8; 8],
    sampled: bool,
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.trace_id(), hex(&self.span))
    }
}

impl TraceContext {
    /// Reads a header `traceparent` (section 3.2). `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version: [u8; 1] = unhex(version)?;
        // A later version may have more behind it.
        if version[0] == 0xff || version[0] == 0 && parts.next().is_some() {
            return None;
        }
        let (trace, span, flags): ([u8; 16], [u8; 8], [u8; 1]) = (unhex(trace)?, unhex(span)?, unhex(flags)?);
        let whole = trace != [0; 16] && span != [0; 8];
        whole.then_some(Self { trace, span, sampled: flags[0] & 1 == 1 })
    }

    /// The id of the trace, in hex.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex(&self.trace)
    }

    pub(super) fn trace(&self) -> [u8; 16] {
        self.trace
    }

    pub(super) fn span_id(&self) -> [u8; 8] {
        self.span
    }

    pub(super) fn is_sampled(&self) -> bool {
        self.sampled
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Lower case only, as the specification wants it.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if text.len() != 2 * N || !text.bytes().all(digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanKind {
    /// A request to this driver.
    Server,
    /// A call to a cloud.
    Client,
    /// Anything else.
    Internal,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A span that has ended. Its attributes are names, words, ids and counts, never what came in a request.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) context: TraceContext,
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) failed: bool,
}

/// Begins spans, and hands those that have ended to whoever exports them.
#[derive(Debug)]
pub(super) struct Tracer {
    pub(super) random: Arc<dyn Random>,
    pub(super) ratio: f64,
    pub(super) queue: mpsc::Sender<Message>,
    pub(super) dropped: prometheus_client::metrics::counter::Counter,
}

impl Tracer {
    /// A span within what the caller says, or at the root of a new trace. The caller decides about sampling, else the ratio.
    pub(super) fn begin(&self, parent: Option<TraceContext>) -> TraceContext {
        if let Some(parent) = parent {
            return self.within(parent);
        }
        let mut trace = [0; 16];
        self.random.fill(&mut trace);
        let sampled = is_chosen(&trace, self.ratio);
        TraceContext { trace, span: self.span_id(), sampled }
    }

    /// One more span below another.
    pub(super) fn within(&self, parent: TraceContext) -> TraceContext {
        TraceContext { span: self.span_id(), ..parent }
    }

    fn span_id(&self) -> [u8; 8] {
        let mut span = [0; 8];
        self.random.fill(&mut span);
        // All zeroes mean none.
        span[7] |= u8::from(span == [0; 8]);
        span
    }

    /// Never waits: a span for which there is no room is dropped and counted.
    pub(super) fn send(&self, span: Span) {
        if self.queue.try_send(Message::Span(Box::new(span))).is_err() {
            self.dropped.inc();
        }
    }
}

/// Whether a trace is among those that are kept: by its id, so that everybody with this ratio decides alike.
fn is_chosen(trace: &[u8; 16], ratio: f64) -> bool {
    let mut low = [0; 8];
    low.copy_from_slice(&trace[8..]);
    // 53 bits are what the ratio has.
    let share = u32::try_from(u64::from_be_bytes(low) >> 32).map_or(1.0, f64::from) / f64::from(u32::MAX);
    ratio >= 1.0 || share < ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_the_specification_says() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = TraceContext::parse(good).unwrap();
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((hex(&context.span_id()).as_str(), context.is_sampled()), ("b7ad6b7169203331", true));
        assert!(!TraceContext::parse(&good.replace("-01", "-00")).unwrap().is_sampled());
        assert!(TraceContext::parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later").is_some());
        for bad in [
            "",
            "00",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_ratio_is_the_share_of_traces_that_are_kept() {
        let trace = |share: u8| [[0; 8], [share; 8]].concat().try_into().unwrap();
        for (share, ratio, chosen) in
            [(0, 0.0, false), (255, 1.0, true), (0x20, 0.25, true), (0x60, 0.25, false), (0x60, 0.5, true)]
        {
            assert_eq!(is_chosen(&trace(share), ratio), chosen, "{share} {ratio}");
        }
    }
}

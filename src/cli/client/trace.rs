//! Ids that lead from an error here to the driver's log: a trace for the whole command, an id for each request.

use std::sync::Arc;

use crate::config::to_hex;
use crate::random::Random;

/// The trace that all requests of a command belong to (W3C Trace Context).
#[derive(Debug, Clone)]
pub(in crate::cli) struct Trace {
    id: String,
    random: Arc<dyn Random>,
}

impl Trace {
    /// Goes on with the trace that the caller is in (the variable `TRACEPARENT`), or begins one.
    pub(in crate::cli) fn begin(parent: Option<&str>, random: Arc<dyn Random>) -> Self {
        let id = parent.and_then(trace_of).map_or_else(|| hex::<16>(random.as_ref()), str::to_owned);
        Self { id, random }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The header `traceparent` of a new request.
    pub(super) fn parent(&self) -> String {
        format!("00-{}-{}-01", self.id, hex::<8>(self.random.as_ref()))
    }

    /// The id of a new request.
    pub(super) fn request_id(&self) -> String {
        format!("cli-{}", hex::<8>(self.random.as_ref()))
    }
}

fn hex<const N: usize>(random: &dyn Random) -> String {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    to_hex(&bytes)
}

/// The trace id of `00-{trace}-{span}-{flags}`.
fn trace_of(parent: &str) -> Option<&str> {
    let mut parts = parent.split('-');
    let (_version, trace) = (parts.next()?, parts.next()?);
    let is_hex = |text: &str| text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
    let is_one = trace.len() == 32 && is_hex(trace) && trace.bytes().any(|c| c != b'0');
    (is_one && parts.count() >= 2).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededSource;

    #[test]
    fn a_trace_goes_on_where_there_is_one() {
        let random: Arc<dyn Random> = Arc::new(SeededSource::new(1));
        let known = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{known}-00f067aa0ba902b7-01");
        let trace = Trace::begin(Some(&parent), random.clone());
        assert!(trace.parent().starts_with(&format!("00-{known}-")) && trace.parent().ends_with("-01"));
        assert_ne!(trace.parent(), trace.parent(), "each request is a span of its own");
        for bad in ["", "00", "00-abc-00f067aa0ba902b7-01", &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32))] {
            let begun = Trace::begin(Some(bad), random.clone());
            assert_eq!(trace_of(&begun.parent()), Some(begun.id()), "{bad}");
        }
    }
}

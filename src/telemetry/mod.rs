//! What the driver tells of itself: logs, metrics, traces. `docs/telemetry.md` lists it.
//!
//! There is one [`Telemetry`] in a server, passed to whoever tells. A piece of work (a request, what goes on in the background)
//! has a [`Ledger`] that goes with it from task to task and gathers what its line in the log and its span say.

mod ledger;
mod logging;
mod metrics;
mod otlp;
mod trace;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use ledger::{Ended, Entries, Ledger, Notice, Work, carried, in_background, notice, ready_after, seen, started};
pub use logging::{TelemetryError, dispatch, init};
pub use metrics::Load;
pub use otlp::Exporting;
pub use trace::TraceContext;

use crate::backend::{CloudCall, Observer, Phase};
use crate::cache::{Code, Product, Provider};
use crate::clock::{Clock, Timestamp};
use crate::config::Otlp;
use crate::random::Random;
use metrics::Metrics;
use prometheus_client::registry::Registry;
use trace::{Span, SpanKind, Tracer};

/// Caches that are remembered to be late.
const MOST_LATE: usize = 10_000;
/// For how long, unless it is said again: another replica may have seen it well since.
const LATE: Duration = Duration::from_hours(1);

/// What telemetry is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where the ids of traces come from.
    pub random: Arc<dyn Random>,
    /// The version of the binary.
    pub version: String,
    /// The providers that it was built with.
    pub providers: Vec<Provider>,
}

/// Counts, measures and traces. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Mutex<Registry>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    version: String,
    tracer: OnceLock<Tracer>,
    /// Resources whose last word was that their deadline has passed, and when that was said.
    late: Mutex<HashMap<String, Timestamp>>,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// How a request was answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The method, as it came.
    pub method: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The code of the error, if it is one.
    pub code: Option<Code>,
    /// The id under which the log has the request.
    pub request_id: &'a str,
}

impl Telemetry {
    /// Registers the metrics. Traces nothing before [`Telemetry::trace_to`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { clock, random, version, providers } = parts;
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry, &version, &providers, clock.now());
        let (tracer, late) = (OnceLock::new(), Mutex::default());
        let inner = Inner { registry: Mutex::new(registry), metrics, clock, random, version, tracer, late };
        Self { inner: Arc::new(inner) }
    }

    /// From now on spans go to the collector of the configuration, if it names one. Needs a runtime.
    pub fn trace_to(&self, config: &Otlp) -> Result<Option<Exporting>, String> {
        let Some((tracer, exporting)) = otlp::start(config, self)? else { return Ok(None) };
        if self.inner.tracer.set(tracer).is_err() {
            return Err("traces are exported already".to_owned());
        }
        Ok(Some(exporting))
    }

    /// A piece of work begins. `parent` is what the caller says that it is part of.
    #[must_use]
    pub fn begin(&self, work: Work, parent: Option<TraceContext>) -> Arc<Ledger> {
        let context = self.inner.tracer.get().map(|tracer| tracer.begin(parent));
        Arc::new(Ledger::new(self.clone(), work, context, parent, self.inner.clock.now()))
    }

    /// Work that no request waits for and no cache is changed by, under a ledger of its own.
    pub fn aside<F: Future>(&self, what: &'static str, work: F) -> impl Future<Output = F::Output> + use<F> {
        let ledger = self.begin(Work::Aside(what), None);
        async move {
            let done = ledger.clone().scope(work).await;
            ledger.telemetry().ended(&ledger, what.to_owned(), false, Vec::new());
            done
        }
    }

    /// A request was answered. Its span is only sent if its caller was let in.
    pub fn answered(&self, ledger: &Ledger, answered: &Answered<'_>) {
        let entries = ledger.entries();
        let route = entries.route.as_deref().unwrap_or("none");
        let took = self.since(ledger);
        self.inner.metrics.answered(route, answered.method, answered.status, answered.code, took);
        if let Some(id) = &entries.id {
            match answered.code {
                Some(Code::DeadlinePassed) => self.late(id, true),
                None if matches!(answered.status, 200 | 204) => self.late(id, false),
                _ => {}
            }
        }
        if !entries.admitted {
            return;
        }
        let method = metrics::known(answered.method);
        let mut attributes = vec![
            ("http.request.method", method.into()),
            ("http.route", route.into()),
            ("http.response.status_code", i64::from(answered.status).into()),
            ("cache_driver.request_id", answered.request_id.into()),
        ];
        attributes.extend(answered.code.map(|code| ("error.type", code.as_str().into())));
        self.ended(ledger, format!("{method} {route}"), answered.status >= 500, attributes);
    }

    /// What a background task came to.
    fn stepped(&self, ledger: &Ledger, ended: Ended, took: Duration) {
        self.inner.metrics.stepped(ended.as_str());
        let entries = ledger.entries();
        if let Some(id) = &entries.id {
            self.late(id, ended == Ended::Late);
        }
        let (product, phase) = (entries.product.map(Product::as_str), entries.phase.map(Phase::as_str));
        let cloud_request_ids = entries.request_ids();
        tracing::info!(
            outcome = ended.as_str(),
            product,
            phase,
            cloud_calls = entries.calls,
            cloud_request_ids,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "background work ended"
        );
        let attributes = vec![("cache_driver.outcome", ended.as_str().into())];
        self.ended(ledger, "background".to_owned(), ended.is_failure(), attributes);
    }

    /// A piece of work has ended: its span, if it is traced.
    fn ended(&self, ledger: &Ledger, name: String, failed: bool, mut attributes: Vec<(&'static str, trace::Value)>) {
        let (Some(tracer), Some(context)) = (self.inner.tracer.get(), ledger.context()) else { return };
        if !context.is_sampled() {
            return;
        }
        let entries = ledger.entries();
        attributes.extend(entries.id.as_deref().map(|id| ("cache_driver.resource_id", id.into())));
        attributes.extend(entries.product.map(|product| ("cache_driver.product", product.as_str().into())));
        attributes.extend(entries.phase.map(|phase| ("cache_driver.phase", phase.as_str().into())));
        attributes.push(("cache_driver.cloud_calls", i64::from(entries.calls).into()));
        let kind = if ledger.work() == Work::Request { SpanKind::Server } else { SpanKind::Internal };
        let (began, ended) = (ledger.began(), self.inner.clock.now());
        tracer.send(Span { context, parent: ledger.parent(), name, kind, began, ended, attributes, failed });
    }

    /// Somebody was not let in.
    pub fn denied(&self, reason: &'static str) {
        self.inner.metrics.denied(reason);
    }

    /// Everything that is measured, in the text format of `OpenMetrics`.
    #[must_use]
    pub fn exposition(&self, load: &Load) -> String {
        let late = {
            let now = self.inner.clock.now();
            let mut late = self.inner.late.lock().unwrap_or_else(PoisonError::into_inner);
            late.retain(|_, said| said.checked_add(LATE).is_ok_and(|until| now < until));
            late.len()
        };
        // One at a time: the load is written first and read with the rest.
        let registry = self.inner.registry.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.metrics.set(load, late);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("a text takes everything");
        text
    }

    fn late(&self, id: &str, is_late: bool) {
        let mut late = self.inner.late.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_late {
            late.remove(id);
        } else if late.len() < MOST_LATE || late.contains_key(id) {
            late.insert(id.to_owned(), self.inner.clock.now());
        }
    }

    fn since(&self, ledger: &Ledger) -> Duration {
        Duration::try_from(self.inner.clock.now().duration_since(ledger.began())).unwrap_or_default()
    }
}

impl Observer for Telemetry {
    fn called(&self, call: &CloudCall) {
        self.inner.metrics.called(call);
        let Some(ledger) = ledger::current() else { return };
        ledger.called(call);
        let (Some(tracer), Some(work)) = (self.inner.tracer.get(), ledger.context()) else { return };
        if !work.is_sampled() {
            return;
        }
        let mut attributes = vec![
            ("cloud.provider", call.provider.as_str().into()),
            ("rpc.method", call.operation.as_ref().into()),
            ("cache_driver.outcome", call.outcome.as_str().into()),
        ];
        attributes.extend(call.request_id.as_deref().map(|id| ("cache_driver.cloud_request_id", id.into())));
        tracer.send(Span {
            context: tracer.within(work),
            parent: Some(work.span_id()),
            name: call.operation.clone().into_owned(),
            kind: SpanKind::Client,
            began: call.began,
            ended: call.began.checked_add(call.took).unwrap_or(call.began),
            attributes,
            failed: call.outcome.is_failure(),
        });
    }
}

//! The metrics: `docs/telemetry.md` has the table. Labels come from small fixed sets: never an id, a path or a name of a caller.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::Notice;
use crate::backend::{CallOutcome, CloudCall};
use crate::cache::{Code, Provider};
use crate::clock::Timestamp;

/// Seconds that answers take: some wait for as long as the caller asks.
const ANSWERS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// Seconds that a cloud takes to answer one try.
const CALLS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0];
/// Seconds that caches take to become ready.
const READY: [f64; 13] = [5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0, 7200.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Path {
    route: String,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    provider: &'static str,
    operation: Cow<'static, str>,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    provider: &'static str,
    operation: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pending {
    operation: &'static str,
    phase: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProduct {
    product: &'static str,
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCode {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// How much the driver has to do at the moment that somebody asks.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// Requests in work.
    pub requests: usize,
    /// Operation and phase of each cache that this process keeps up.
    pub pending: Vec<(&'static str, &'static str)>,
    /// Background tasks.
    pub tasks: usize,
    /// How many there may be.
    pub most_tasks: usize,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Every metric.
#[derive(Debug)]
pub(super) struct Metrics {
    requests: Family<Request, Counter>,
    answers: Histograms<Path>,
    errors: Family<OfCode, Counter>,
    in_work: Gauge,
    denied: Family<Reason, Counter>,
    calls: Family<Call, Counter>,
    call_times: Histograms<Operation>,
    throttles: Family<Operation, Counter>,
    pending: Family<Pending, Gauge>,
    ready: Histograms<OfProduct>,
    late: Gauge,
    tasks: Gauge,
    most_tasks: Gauge,
    stepped: Family<Outcome, Counter>,
    cookies: Counter,
    kept: Counter,
    unverified: Counter,
    pub(super) exported: Counter,
    pub(super) dropped: Counter,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry, version: &str, providers: &[Provider], now: Timestamp) -> Self {
        let new = Self {
            requests: Family::default(),
            answers: Family::new_with_constructor(|| Histogram::new(ANSWERS)),
            errors: Family::default(),
            in_work: Gauge::default(),
            denied: Family::default(),
            calls: Family::default(),
            call_times: Family::new_with_constructor(|| Histogram::new(CALLS)),
            throttles: Family::default(),
            pending: Family::default(),
            ready: Family::new_with_constructor(|| Histogram::new(READY)),
            late: Gauge::default(),
            tasks: Gauge::default(),
            most_tasks: Gauge::default(),
            stepped: Family::default(),
            cookies: Counter::default(),
            kept: Counter::default(),
            unverified: Counter::default(),
            exported: Counter::default(),
            dropped: Counter::default(),
        };
        let started = Gauge::<f64, AtomicU64>::default();
        started.set(now.as_duration().as_secs_f64());
        registry.register_with_unit(
            "process_start_time",
            "When the process started, in Unix time",
            Unit::Seconds,
            started,
        );
        new.register_all(registry.sub_registry_with_prefix("cache_driver"));
        let names: Vec<&str> = providers.iter().map(|provider| provider.as_str()).collect();
        let build = Info::new([("version", version.to_owned()), ("providers", names.join(","))]);
        let ours = registry.sub_registry_with_prefix("cache_driver");
        ours.register("build", "The version of the binary, and the providers that it was built with", build);
        new
    }

    fn register_all(&self, to: &mut Registry) {
        to.register("http_requests", "Requests that were answered", self.requests.clone());
        to.register_with_unit("http_request_duration", "How long answers took", Unit::Seconds, self.answers.clone());
        to.register("http_requests_in_work", "Requests that are in work", self.in_work.clone());
        to.register("errors", "Error answers by their code: docs/errors.md", self.errors.clone());
        to.register("auth_denied", "Requests that were not let in", self.denied.clone());
        to.register("cloud_calls", "Calls to clouds, each try by itself", self.calls.clone());
        let help = "How long clouds took to answer, each try by itself";
        to.register_with_unit("cloud_call_duration", help, Unit::Seconds, self.call_times.clone());
        to.register("cloud_throttles", "Calls that a cloud refused for being too many", self.throttles.clone());
        to.register("caches_pending", "Caches that this process keeps up after a 202", self.pending.clone());
        let help = "How long caches took from the begin of their operation until they could be used";
        to.register_with_unit("time_to_ready", help, Unit::Seconds, self.ready.clone());
        let help = "Resources of which this process last said, in the last hour, that their deadline has passed";
        to.register("caches_past_deadline", help, self.late.clone());
        to.register("background_tasks", "Background tasks", self.tasks.clone());
        to.register("background_tasks_limit", "The most background tasks", self.most_tasks.clone());
        to.register("background_ended", "Background tasks that have ended", self.stepped.clone());
        let help = "Cookies that were passed over: another driver's, of an unknown key, or broken";
        to.register("cookies_ignored", help, self.cookies.clone());
        let help = "PUTs of caches that stay where they are although new ones go to another product";
        to.register("provider_kept", help, self.kept.clone());
        let help = "DELETEs answered as gone although not every place could be looked at";
        to.register("deletes_unverified", help, self.unverified.clone());
        to.register("spans_exported", "Spans that the collector has taken", self.exported.clone());
        to.register("spans_dropped", "Spans that were lost", self.dropped.clone());
    }

    pub(super) fn answered(&self, route: &str, method: &str, status: u16, code: Option<Code>, took: Duration) {
        let (route, method) = (route.to_owned(), known(method));
        self.answers.get_or_create(&Path { route: route.clone(), method }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { route, method, status }).inc();
        if let Some(code) = code {
            self.errors.get_or_create(&OfCode { code: code.as_str() }).inc();
        }
    }

    pub(super) fn denied(&self, reason: &'static str) {
        self.denied.get_or_create(&Reason { reason }).inc();
    }

    pub(super) fn called(&self, call: &CloudCall) {
        let (provider, operation) = (call.provider.as_str(), call.operation.clone());
        let of = Operation { provider, operation: operation.clone() };
        self.call_times.get_or_create(&of).observe(call.took.as_secs_f64());
        if call.outcome == CallOutcome::Throttled {
            self.throttles.get_or_create(&of).inc();
        }
        self.calls.get_or_create(&Call { provider, operation, outcome: call.outcome.as_str() }).inc();
    }

    pub(super) fn ready(&self, product: &'static str, operation: &'static str, took: Duration) {
        self.ready.get_or_create(&OfProduct { product, operation }).observe(took.as_secs_f64());
    }

    pub(super) fn stepped(&self, outcome: &'static str) {
        self.stepped.get_or_create(&Outcome { outcome }).inc();
    }

    pub(super) fn noticed(&self, notice: Notice) {
        match notice {
            Notice::CookieIgnored => self.cookies.inc(),
            Notice::ProviderKept => self.kept.inc(),
            Notice::DeleteUnverified => self.unverified.inc(),
        };
    }

    /// Writes down what is asked for only when somebody looks.
    pub(super) fn set(&self, load: &Load, late: usize) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.in_work.set(number(load.requests));
        self.tasks.set(number(load.tasks));
        self.most_tasks.set(number(load.most_tasks));
        self.late.set(number(late));
        self.pending.clear();
        for (operation, phase) in &load.pending {
            self.pending.get_or_create(&Pending { operation, phase }).inc();
        }
    }
}

/// A caller can invent methods.
pub(super) fn known(method: &str) -> &'static str {
    let all = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
    all.into_iter().find(|known| *known == method).unwrap_or("other")
}

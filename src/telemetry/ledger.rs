//! What a piece of work gathers on its way through the driver, for its line in the log and its span.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Telemetry, TraceContext};
use crate::backend::{CloudCall, Phase};
use crate::cache::product::words;
use crate::cache::{GuResId, Product};
use crate::clock::Timestamp;

tokio::task_local! {
    /// The ledger of the work that the task does. Whoever goes on in another task takes it along by [`carried`].
    static CURRENT: Arc<Ledger>;
}

/// The cloud's request ids that a line shows: the last ones, which tell of a failure.
const MOST_IDS: usize = 16;

/// What kind of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A request.
    Request,
    /// What goes on after a request was answered.
    Background,
    /// Neither: a look at the clouds for `/health`.
    Aside(&'static str),
}

words! {
    /// What became of background work.
    Ended, "end" {
        /// It is done.
        Done = "done",
        /// Something newer took over.
        Overtaken = "overtaken",
        /// The next request tells the caller why.
        Failed = "failed",
        /// Its deadline has passed.
        Late = "late",
    }
}

impl Ended {
    pub(super) const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Late)
    }
}

/// Something worth counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A cookie was passed over: another driver's, of an unknown key, or broken.
    CookieIgnored,
    /// A cache stays where it is although new ones go to another product.
    ProviderKept,
    /// A DELETE was answered 204 although a place that may not be looked at could hold another cache of the resource.
    DeleteUnverified,
}

/// What was gathered.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// The pattern of the path.
    pub route: Option<String>,
    /// The resource.
    pub id: Option<String>,
    /// The product of the cache that was answered about.
    pub product: Option<Product>,
    /// In what state the cache was seen.
    pub phase: Option<Phase>,
    /// Since when its operation runs.
    pub since: Option<Timestamp>,
    /// Calls to clouds.
    pub calls: u32,
    /// Whether the caller was let in, by a proof where the config asks for one. Nobody else decides what is traced.
    pub admitted: bool,
    noticed: Vec<Notice>,
    ids: VecDeque<String>,
}

impl Entries {
    /// The request ids that the clouds told, the last 16 of them, in order.
    #[must_use]
    pub fn request_ids(&self) -> Option<String> {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        (!ids.is_empty()).then(|| ids.join(","))
    }
}

/// What a piece of work gathers.
#[derive(Debug)]
pub struct Ledger {
    telemetry: Telemetry,
    work: Work,
    context: Option<TraceContext>,
    parent: Option<TraceContext>,
    began: Timestamp,
    entries: Mutex<Entries>,
}

impl Ledger {
    pub(super) fn new(
        telemetry: Telemetry,
        work: Work,
        context: Option<TraceContext>,
        parent: Option<TraceContext>,
        began: Timestamp,
    ) -> Self {
        Self { telemetry, work, context, parent, began, entries: Mutex::default() }
    }

    /// Does work under this ledger.
    pub fn scope<F: Future>(self: Arc<Self>, work: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self, work)
    }

    /// What was gathered so far.
    #[must_use]
    pub fn entries(&self) -> Entries {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what the router made of the path.
    pub fn routed(&self, route: Option<&str>, id: Option<&str>) {
        self.note(|entries| {
            entries.route = route.map(str::to_owned);
            entries.id = id.map(str::to_owned);
        });
    }

    /// Notes that the caller was let in.
    pub fn admitted(&self) {
        self.note(|entries| entries.admitted = true);
    }

    /// The trace that it belongs to: its own, else the caller's.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        self.context.or(self.parent).map(|context| context.trace_id())
    }

    pub(super) fn called(&self, call: &CloudCall) {
        self.note(|entries| {
            entries.calls += 1;
            if let Some(id) = &call.request_id {
                if entries.ids.len() == MOST_IDS {
                    entries.ids.pop_front();
                }
                entries.ids.push_back(id.clone());
            }
        });
    }

    fn note(&self, what: impl FnOnce(&mut Entries)) {
        what(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Where it is told.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    pub(super) fn work(&self) -> Work {
        self.work
    }

    pub(super) fn began(&self) -> Timestamp {
        self.began
    }

    pub(super) fn context(&self) -> Option<TraceContext> {
        self.context
    }

    pub(super) fn parent(&self) -> Option<[u8; 8]> {
        self.parent.map(|parent| parent.span_id())
    }
}

/// The ledger of the work that this task does.
pub(super) fn current() -> Option<Arc<Ledger>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// The same work, for another task, under the ledger of this one.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    let ledger = current();
    async move {
        match ledger {
            Some(ledger) => ledger.scope(work).await,
            None => work.await,
        }
    }
}

/// The cache was seen: of which product it is, in what state, and since when its operation runs, if one does.
pub fn seen(product: Product, phase: Phase, since: Option<Timestamp>) {
    if let Some(ledger) = current() {
        ledger.note(|entries| {
            (entries.product, entries.phase) = (Some(product), Some(phase));
            entries.since = since.or(entries.since);
        });
    }
}

/// Since when the operation runs that this work has seen.
#[must_use]
pub fn started() -> Option<Timestamp> {
    current().and_then(|ledger| ledger.entries().since)
}

/// Something happened that is counted, once for each request: one that is held back meets it at every step, and so does
/// background work, which is not counted. Whether this piece of work meets it for the first time.
#[expect(clippy::must_use_candidate, reason = "it is counted, whether or not there is something to say about it")]
pub fn notice(what: Notice) -> bool {
    let Some(ledger) = current() else { return true };
    let mut is_new = false;
    ledger.note(|entries| {
        is_new = !entries.noticed.contains(&what);
        if is_new {
            entries.noticed.push(what);
        }
    });
    if is_new && ledger.work == Work::Request {
        ledger.telemetry.inner.metrics.noticed(what);
    }
    is_new
}

/// The cache that this work is about can be used, `took` after its operation began.
pub fn ready_after(operation: &'static str, took: Duration) {
    if let Some(ledger) = current()
        && let Some(product) = ledger.entries().product
    {
        ledger.telemetry.inner.metrics.ready(product.as_str(), operation, took);
    }
}

/// Work that goes on after a request was answered: in the request's trace, with a ledger and a line of its own.
pub fn in_background(
    id: &GuResId,
    work: impl Future<Output = Ended> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    let of_request = current();
    let id = id.to_string();
    async move {
        let Some(of_request) = of_request else {
            work.await;
            return;
        };
        let telemetry = of_request.telemetry.clone();
        let ledger = telemetry.begin(Work::Background, of_request.context.or(of_request.parent));
        ledger.note(|entries| entries.id = Some(id));
        let ended = ledger.clone().scope(work).await;
        let took = telemetry.since(&ledger);
        telemetry.stepped(&ledger, ended, took);
    }
}

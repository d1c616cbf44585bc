//! What is odd about a cache: a pure function of what is known of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::shape::Difference;
use crate::backend::Phase;
use crate::cache::product::words;
use crate::cache::{CacheName, Mark, Place, State};
use crate::config::{Deadlines, Route};
use crate::driver::lifecycle::{Due, Task};
use crate::driver::progress::later;

words! {
    /// What kind of oddity it is.
    FindingKind, "finding" {
        /// It is not as its mark says.
        Drift = "drift",
        /// Its route is gone, or leads elsewhere.
        Route = "route",
        /// Its name does not follow from the config.
        Name = "name",
        /// Another cache serves the same resource.
        Double = "double",
        /// An operation is not done though its time is over.
        Late = "late",
        /// The cloud calls it failed.
        Failed = "failed",
        /// Its creation failed.
        Shell = "shell",
        /// What is due has not been done for long.
        Overdue = "overdue",
        /// It could not be looked at closely.
        Unseen = "unseen",
        /// Its resource is in nobody's list.
        Unknown = "unknown",
        /// It is the driver's, and its mark cannot be read.
        Unreadable = "unreadable",
    }
}

/// Something odd about a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// What kind of oddity.
    pub kind: FindingKind,
    /// What was seen, and what it should be.
    pub message: String,
}

/// How long after its time a task counts as forgotten: longer than a sweep's pause.
const FORGOTTEN: Duration = Duration::from_hours(2);

/// What is known of a cache.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) place: &'a Place,
    pub(super) mark: &'a Mark,
    pub(super) phase: Phase,
    pub(super) status: &'a str,
    pub(super) due: &'a [Due],
    /// What of it differs from the mark, if it could be looked at.
    pub(super) shape: Option<Vec<Difference>>,
    /// Why it could not be looked at.
    pub(super) unseen: Option<&'a str>,
    /// The names that it could have by the config.
    pub(super) names: &'a [CacheName],
    /// Whether its name begins as the config says, or it was adopted.
    pub(super) made_here: bool,
    pub(super) routes: &'a BTreeMap<String, Route>,
    pub(super) limits: Deadlines,
    pub(super) now: Timestamp,
}

impl Known<'_> {
    fn forgotten(&self) -> Option<&Due> {
        self.due.iter().find(|due| self.made_here && later(due.at, FORGOTTEN) <= self.now)
    }
}

/// Everything that is odd about a cache.
pub(super) fn findings(known: &Known<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut add = |kind, message: String| all.push(Finding { kind, message });
    for difference in known.shape.iter().flatten() {
        add(FindingKind::Drift, drift(difference));
    }
    if let Some(message) = route(known) {
        add(FindingKind::Route, message);
    }
    if !known.made_here {
        let message = "it is of another installation: its name begins neither with prefix nor with one of \
                       previous_prefixes, so that no sweep of this one touches it";
        add(FindingKind::Name, message.to_owned());
    } else if !known.mark.adopted && !known.names.contains(&known.place.name) {
        let message = "its name follows neither from prefix nor from previous_prefixes; it was made with a name_salt";
        add(FindingKind::Name, message.to_owned());
    }
    let since = known.mark.since;
    match known.phase {
        Phase::Creating if later(since, known.limits.create) < known.now => {
            add(
                FindingKind::Late,
                format!("its creation began at {since}, and the cloud still says `{}`", known.status),
            );
        }
        Phase::Failed => {
            add(
                FindingKind::Failed,
                format!("the cloud says `{}`; it may hold data, so that nothing is done", known.status),
            );
        }
        Phase::Shell => add(FindingKind::Shell, format!("its creation failed: the cloud says `{}`", known.status)),
        _ => {}
    }
    if let Some(due) = known.forgotten() {
        add(FindingKind::Overdue, overdue(known.mark, due));
    }
    if let Some(why) = known.unseen {
        add(FindingKind::Unseen, format!("it could not be looked at: {why}"));
    }
    all
}

/// Why nobody may come back for it.
pub(super) fn orphaned(known: &Known<'_>, findings: &[Finding]) -> Option<String> {
    let of = |kind| findings.iter().find(|finding| finding.kind == kind).map(|finding| finding.message.clone());
    if known.mark.state == State::Detached {
        return Some("it was let go, and nobody removes it".to_owned());
    }
    if let Some(due) = known.forgotten().filter(|due| due.task != Task::Settle) {
        return Some(overdue(known.mark, due));
    }
    let gone = known.mark.route.as_ref().is_some_and(|name| !known.routes.contains_key(name));
    of(FindingKind::Shell).or_else(|| of(FindingKind::Route).filter(|_| gone))
}

fn drift(difference: &Difference) -> String {
    let expected: Vec<String> = difference.expected.iter().map(Value::to_string).collect();
    format!("{} is {}, and {} means {}", difference.field, difference.is, difference.because, expected.join(" or "))
}

fn route(known: &Known<'_>) -> Option<String> {
    let name = known.mark.route.as_ref()?;
    let Some(route) = known.routes.get(name) else {
        return Some(format!("its route `{name}` is not in the config any more"));
    };
    let (here, provider) = (known.place.product, known.place.provider());
    match (route.provider, route.product) {
        (Some(there), _) if there != provider => Some(format!("its route `{name}` makes new caches on {there}")),
        (_, Some(there)) if there != here => Some(format!("its route `{name}` makes new caches as {there}")),
        _ => None,
    }
}

fn overdue(mark: &Mark, due: &Due) -> String {
    let what = match due.task {
        Task::Settle => "the end of its rotation",
        Task::Remove if mark.state == State::Held => "the removal of the held cache",
        Task::Remove => "the removal of the retired cache",
        Task::Expire => "its end by ttl",
        Task::Clear | Task::Tidy => "its removal",
    };
    let why = if mark.protected { "deletion protection is on" } else { "no sweep has done it" };
    format!("{what} was due at {}, and {why}", due.at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cache::{GuResId, Product, Provider};

    const NOW: i64 = 1_700_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A cache about which nothing is odd.
    struct Scene {
        place: Place,
        mark: Mark,
        phase: Phase,
        due: Vec<Due>,
        shape: Option<Vec<Difference>>,
        unseen: Option<&'static str>,
        names: Vec<CacheName>,
        made_here: bool,
        routes: BTreeMap<String, Route>,
    }

    impl Scene {
        fn plain() -> Self {
            let name = CacheName::existing("cache-abc");
            let product = Product::AwsReplicationGroup;
            let place =
                Place { product, account: None, location: "eu-central-1".to_owned(), group: None, name: name.clone() };
            let mut mark = Mark::new(GuResId::parse("res-1").unwrap(), "0".repeat(12), at(NOW - 60));
            mark.route = Some("redis".to_owned());
            let routes = BTreeMap::from([("redis".to_owned(), Route::new("redis"))]);
            let (due, shape) = (Vec::new(), Some(Vec::new()));
            Self {
                place,
                mark,
                phase: Phase::Ready,
                due,
                shape,
                unseen: None,
                names: vec![name],
                made_here: true,
                routes,
            }
        }

        fn told(&self) -> (Vec<FindingKind>, Option<String>) {
            let known = Known {
                place: &self.place,
                mark: &self.mark,
                phase: self.phase,
                status: "word",
                due: &self.due,
                shape: self.shape.clone(),
                unseen: self.unseen,
                names: &self.names,
                made_here: self.made_here,
                routes: &self.routes,
                limits: Deadlines::of(self.place.product),
                now: at(NOW),
            };
            let findings = findings(&known);
            let orphan = orphaned(&known, &findings);
            assert!(findings.iter().all(|finding| !finding.message.is_empty()));
            (findings.into_iter().map(|finding| finding.kind).collect(), orphan)
        }
    }

    #[track_caller]
    fn assert_told(change: impl FnOnce(&mut Scene), kinds: &[FindingKind], orphan: bool) {
        let mut scene = Scene::plain();
        change(&mut scene);
        let (told, why) = scene.told();
        assert_eq!((told.as_slice(), why.is_some()), (kinds, orphan), "{why:?}");
    }

    #[test]
    fn each_oddity_is_told_by_its_kind_and_a_plain_cache_has_none() {
        use FindingKind as Kind;
        assert_told(|_| {}, &[], false);
        let size = Difference {
            field: "node_type".to_owned(),
            is: json!("t"),
            expected: vec![json!("m")],
            because: "size medium".to_owned(),
        };
        assert_told(|scene| scene.shape = Some(vec![size]), &[Kind::Drift], false);
        assert_told(|scene| scene.names.clear(), &[Kind::Name], false);
        assert_told(|scene| scene.made_here = false, &[Kind::Name], false);
        assert_told(|scene| (scene.names.clear(), scene.mark.adopted = true).1, &[], false);
        assert_told(|scene| scene.phase = Phase::Failed, &[Kind::Failed], false);
        assert_told(|scene| scene.phase = Phase::Shell, &[Kind::Shell], true);
        assert_told(|scene| scene.phase = Phase::Creating, &[], false);
        let late = |scene: &mut Scene| (scene.phase = Phase::Creating, scene.mark.since = at(NOW - 3_601)).1;
        assert_told(late, &[Kind::Late], false);
        assert_told(|scene| (scene.shape = None, scene.unseen = Some("denied")).1, &[Kind::Unseen], false);
        assert_told(|scene| scene.mark.state = State::Detached, &[], true);
    }

    #[test]
    fn a_route_that_is_gone_orphans_and_one_that_leads_elsewhere_does_not() {
        use FindingKind::Route;
        let elsewhere = |scene: &mut Scene| scene.routes.get_mut("redis").unwrap().provider = Some(Provider::Gcp);
        assert_told(elsewhere, &[Route], false);
        let here = |scene: &mut Scene| scene.routes.get_mut("redis").unwrap().provider = Some(Provider::Aws);
        assert_told(here, &[], false);
        let product = |scene: &mut Scene| scene.routes.get_mut("redis").unwrap().product = Some(Product::AwsServerless);
        assert_told(product, &[Route], false);
        assert_told(|scene| scene.routes.clear(), &[Route], true);
        assert_told(|scene| (scene.routes.clear(), scene.mark.route = None).1, &[], false);
    }

    #[test]
    fn what_is_due_is_odd_only_when_no_sweep_has_come_for_long() {
        use FindingKind::Overdue;
        for (task, ago, kinds, orphan) in [
            (Task::Remove, 60, &[][..], false),
            (Task::Remove, 2 * 3_600, &[Overdue][..], true),
            (Task::Expire, 86_400, &[Overdue][..], true),
            (Task::Settle, 86_400, &[Overdue][..], false),
            (Task::Remove, -86_400, &[][..], false),
        ] {
            assert_told(|scene| scene.due = vec![Due { task, at: at(NOW - ago) }], kinds, orphan);
        }
    }
}

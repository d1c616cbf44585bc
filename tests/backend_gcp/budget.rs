//! That the driver keeps within Google's quotas, however many caches are waited for.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use cache_driver::backend::{Backend, Credentials, Kind, Phase};
use cache_driver::cache::Product;
use cache_driver::clock::{Clock, Timestamp};
use cache_driver::config::Gcp;
use serde_json::json;

use crate::harness::{Fake, Hasty, Seen, at, backend, creation, ok, valkey};

const PRODUCT: Product = Product::GcpValkey;

/// A server with these caches, and when it was called.
async fn serving(clock: &Hasty, names: Vec<String>) -> (Fake, Arc<Mutex<Vec<Timestamp>>>) {
    let times = Arc::new(Mutex::new(Vec::new()));
    let (clock, noted) = (clock.clone(), times.clone());
    let fake = Fake::start(move |seen: &Seen| {
        noted.lock().unwrap().push(clock.now());
        if seen.path.ends_with("/locations/-/instances") {
            let all: Vec<_> = names.iter().map(|name| valkey(name)).collect();
            return Some(ok(&json!({"instances": all})));
        }
        let name = seen.path.rsplit('/').next()?;
        names.iter().any(|known| known == name).then(|| ok(&valkey(name)))
    })
    .await;
    (fake, times)
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("cache-{number}")).collect()
}

/// The most calls in any minute.
fn busiest(times: &[Timestamp]) -> usize {
    let within = |from: &Timestamp| {
        let minute = Duration::from_mins(1);
        times.iter().filter(|time| *time >= from && time.duration_since(*from).unsigned_abs() < minute).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

fn observe(backend: &Arc<dyn Backend>, name: &str) -> tokio::task::JoinHandle<Result<Phase, Kind>> {
    let (backend, at) = (backend.clone(), at(PRODUCT, name, Credentials::Own));
    tokio::spawn(async move { backend.observe(&at).await.map(|seen| seen.phase).map_err(|error| error.kind) })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_caches_are_polled_with_less_than_thirty_calls_a_minute() {
    let (clock, names) = (Hasty::new(), names(200));
    let (fake, times) = serving(&clock, names.clone()).await;
    let backend = backend(&fake.config(), &clock, PRODUCT);
    let polls = 60;
    for _ in 0..polls {
        let looks: Vec<_> = names.iter().map(|name| observe(&backend, name)).collect();
        for look in looks {
            assert_eq!(look.await.unwrap(), Ok(Phase::Ready));
        }
        clock.advance(Duration::from_secs(5));
    }
    let times = times.lock().unwrap();
    assert!(busiest(&times) < 30, "{} calls in the busiest minute", busiest(&times));
    assert!(times.len() < polls, "{} calls in five minutes", times.len());
}

#[tokio::test]
async fn a_few_caches_are_looked_at_directly() {
    let clock = Hasty::new();
    let (fake, _) = serving(&clock, names(3)).await;
    let backend = backend(&fake.config(), &clock, PRODUCT);
    for name in names(3) {
        assert_eq!(observe(&backend, &name).await.unwrap(), Ok(Phase::Ready));
    }
    assert!(fake.calls().iter().all(|call| !call.path.contains("/locations/-/")));
    assert_eq!(fake.calls().len(), 3);
}

#[tokio::test]
async fn one_cache_that_is_asked_for_all_the_time_is_answered_within_the_budget() {
    let clock = Hasty::new();
    let (fake, times) = serving(&clock, names(1)).await;
    let backend = backend(&fake.config(), &clock, PRODUCT);
    let mut later = 0;
    for _ in 0..300 {
        match observe(&backend, "cache-0").await.unwrap() {
            Ok(phase) => assert_eq!(phase, Phase::Ready),
            Err(kind) => {
                assert_eq!(kind, Kind::Unavailable);
                later += 1;
            }
        }
        clock.advance(Duration::from_secs(1));
    }
    assert!(busiest(&times.lock().unwrap()) <= 30);
    assert!(later == 0, "{later} looks had to wait");
}

#[tokio::test]
async fn what_this_process_has_just_changed_is_looked_at_anew() {
    let (clock, names) = (Hasty::new(), names(20));
    let (fake, _) = serving(&clock, names.clone()).await;
    let backend = backend(&fake.config(), &clock, PRODUCT);
    for name in &names {
        observe(&backend, name).await.unwrap().unwrap();
    }
    let before = fake.calls().len();
    observe(&backend, "cache-7").await.unwrap().unwrap();
    assert_eq!(fake.calls().len(), before, "the list told it");
    let steps = creation(backend.as_ref(), &json!({"product": "gcp/valkey"}));
    // It fails, and might have changed something all the same.
    let _ = backend.apply(&at(PRODUCT, "cache-7", Credentials::Own), &steps[0]).await;
    let before = fake.calls().len();
    observe(&backend, "cache-7").await.unwrap().unwrap();
    assert_eq!(fake.calls().len(), before + 1);
    assert!(fake.calls().last().unwrap().path.ends_with("/locations/europe-west3/instances/cache-7"));
    observe(&backend, "cache-8").await.unwrap().unwrap();
    assert_eq!(fake.calls().len(), before + 1, "of the others the list still tells");
}

#[tokio::test]
async fn who_is_about_to_remove_a_cache_is_told_what_is_there_now() {
    let (clock, names) = (Hasty::new(), names(20));
    let (fake, _) = serving(&clock, names.clone()).await;
    let backend = backend(&fake.config(), &clock, PRODUCT);
    for name in &names {
        observe(&backend, name).await.unwrap().unwrap();
    }
    let before = fake.calls().len();
    let seen = backend.observe_anew(&at(PRODUCT, "cache-7", Credentials::Own)).await.unwrap();
    assert_eq!((seen.phase, fake.calls().len()), (Phase::Ready, before + 1));
    assert!(fake.calls().last().unwrap().path.ends_with("/locations/europe-west3/instances/cache-7"));
    observe(&backend, "cache-7").await.unwrap().unwrap();
    assert_eq!(fake.calls().len(), before + 1, "for all others the list still tells");
    let gone = backend.observe_anew(&at(PRODUCT, "cache-gone", Credentials::Own)).await.unwrap();
    assert_eq!(gone.phase, Phase::Absent);
}

#[tokio::test]
async fn that_a_cache_is_not_there_is_only_told_by_a_direct_look() {
    let (clock, names) = (Hasty::new(), names(20));
    let (fake, _) = serving(&clock, names.clone()).await;
    let backend = backend(&fake.config(), &clock, PRODUCT);
    for name in &names {
        observe(&backend, name).await.unwrap().unwrap();
    }
    assert_eq!(observe(&backend, "cache-gone").await.unwrap(), Ok(Phase::Absent));
    assert!(fake.calls().last().unwrap().path.ends_with("/instances/cache-gone"));
}

#[tokio::test]
async fn creations_have_a_budget_of_their_own() {
    let clock = Hasty::new();
    let fake = Fake::start(|seen| (seen.method == "POST").then(|| ok(&json!({"done": false})))).await;
    let backend = backend(&Gcp { max_attempts: 1, ..fake.config() }, &clock, PRODUCT);
    let steps = creation(backend.as_ref(), &json!({"product": "gcp/valkey"}));
    for number in 0..5 {
        let at = at(PRODUCT, &format!("cache-{number}"), Credentials::Own);
        backend.apply(&at, &steps[0]).await.unwrap();
    }
    let at = at(PRODUCT, "cache-6", Credentials::Own);
    let failed = backend.apply(&at, &steps[0]).await.unwrap_err();
    assert_eq!(failed.kind, Kind::Unavailable);
    assert!(failed.message.contains("5 such calls a minute"), "{failed}");
    clock.advance(Duration::from_mins(1));
    backend.apply(&at, &steps[0]).await.unwrap();
}

//! Secrets show nowhere: not in plans, not in prints, not in errors.

use cache_driver::backend::{At, Change, Credentials, Given, Goal, Observed, Phase, Resolved, Step};
use cache_driver::cache::{Mark, State};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::harness::{Harness, Trouble};
use crate::life::{CANARY, CANARY_2, SECRET, at, created, creation, mark, ready, resolved, spec, tags};

/// What a plan shows: everything of its steps but the sealed field.
fn shown(steps: &[Step]) -> String {
    let parts = steps.iter().map(|step| format!("{} {} {}", step.call, step.why, json!(step.fields)));
    format!("{} {steps:?}", parts.collect::<Vec<_>>().join("\n"))
}

/// Every goal with this password, planned for what is there.
fn plans(harness: &dyn Harness, wanted: &Resolved, changes: &[Change], seen: &Observed, password: &str) -> Vec<String> {
    let (password, tags) = (SecretString::from(password), tags("res-1"));
    let first = mark(harness, "res-1", &json!({}));
    let mark = Mark { want: "ffffffffffff".to_owned(), state: State::Detached, ..first };
    let present = |at_maintenance| Goal::Present {
        resolved: wanted,
        changes,
        mark: &mark,
        password: Some(&password),
        tags: &tags,
        at_maintenance,
    };
    let goals = [
        present(false),
        present(true),
        Goal::Marked { mark: &mark },
        Goal::Rotated { mark: &mark, password: &password },
        Goal::Settled { mark: &mark, password: &password },
        Goal::Removed { final_snapshot: Some("last-words".to_owned()) },
    ];
    goals.iter().map(|goal| format!("{goal:?} {}", shown(&harness.backend().steps(goal, seen)))).collect()
}

/// What may be there: nothing, and a cache in every phase.
async fn observations(harness: &dyn Harness) -> Vec<Observed> {
    let (_, _, seen) = ready(harness, "res-1", &json!({})).await;
    let phases = Phase::ALL.iter().filter(|phase| **phase != Phase::Absent);
    let seen = phases.map(|phase| Observed { phase: *phase, ..seen.clone() });
    std::iter::once(Observed::absent("1")).chain(seen).collect()
}

pub(crate) async fn no_plan_shows_a_secret(harness: &dyn Harness) {
    for seen in observations(harness).await {
        for alteration in harness.alterations() {
            let wanted = resolved(harness, &alteration.values);
            let changes = harness.backend().changes(&wanted, &seen);
            for plan in plans(harness, &wanted, &changes, &seen, CANARY) {
                assert!(!plan.contains(SECRET), "{} {}: {plan}", seen.phase, alteration.values);
            }
        }
    }
    // And the secret is not just dropped: a creation with a password carries it, sealed.
    let mark = mark(harness, "res-2", &json!({}));
    let carried = creation(harness, &json!({}), &mark).into_iter().filter_map(|step| step.secret);
    let carried: Vec<String> = carried.map(|secret| secret.expose_secret().to_owned()).collect();
    assert_eq!(carried.iter().any(|secret| secret == CANARY), mark.password.is_some(), "{} secrets", carried.len());
}

pub(crate) async fn no_plan_shows_a_random_secret(harness: &dyn Harness) {
    let observations = observations(harness).await;
    let inputs: Vec<Value> = harness.alterations().into_iter().map(|alteration| alteration.values).collect();
    let input = (0..observations.len(), 0..inputs.len(), any::<bool>(), "[A-Za-z0-9]{24,32}");
    TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() })
        .run(&input, |(seen, values, compared, password)| {
            let (seen, wanted) = (&observations[seen], resolved(harness, &inputs[values]));
            let changes = if compared { harness.backend().changes(&wanted, seen) } else { Vec::new() };
            for plan in plans(harness, &wanted, &changes, seen, &password) {
                prop_assert!(!plan.contains(&password), "{}", plan);
            }
            Ok(())
        })
        .unwrap();
}

pub(crate) async fn no_value_prints_a_secret(harness: &dyn Harness) {
    let accounts = [
        json!({"AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": CANARY, "SessionToken": CANARY_2}),
        json!({"type": "service_account", "client_email": "e", "private_key": CANARY, "token_uri": "u"}),
        json!({"access_token": CANARY}),
        json!({"appId": "a", "password": CANARY, "tenant": "t"}),
        json!({"oidc_token": CANARY}),
    ];
    let own = at(harness, "res-1");
    for account in accounts {
        let given = Given::recognise(account.as_object().unwrap()).unwrap();
        let at = At { credentials: Credentials::Given(given.into()), ..own.clone() };
        assert!(!format!("{at:?} {at:#?}").contains(SECRET), "{at:?}");
        // Whatever becomes of a call with them, neither the error nor the backend tells them.
        let answer = harness.backend().observe(&at).await;
        let backend = harness.backend();
        assert!(!format!("{answer:?} {backend:?} {backend:#?}").contains(SECRET), "{answer:?}");
    }
    let (at, mark, seen) = ready(harness, "res-1", &json!({})).await;
    let connection = harness.backend().connection(&at, &seen).await.unwrap();
    let printed = format!("{connection:?} {seen:?} {mark:?} {:?} {:?}", spec(harness, &json!({})), harness.backend());
    assert!(!printed.contains(SECRET), "{printed}");
    if let cache_driver::backend::ConnectionPassword::Told(told) = &connection.password {
        assert!(!printed.contains(told.expose_secret()), "{printed}");
    }
}

pub(crate) async fn no_error_tells_a_secret(harness: &dyn Harness) {
    let (at, first) = created(harness, "res-1", &json!({})).await;
    let mark = Mark { want: "ffffffffffff".to_owned(), ..first };
    for trouble in [Trouble::Throttled, Trouble::Down, Trouble::HungUp, Trouble::AnswerLost, Trouble::Denied] {
        assert!(harness.trouble(trouble).await);
        let creation = creation(harness, &json!({}), &mark);
        let mut failed = None;
        for step in &creation {
            failed = failed.or(harness.backend().apply(&at, step).await.err());
        }
        let error = failed.unwrap_or_else(|| panic!("{trouble:?} went unnoticed"));
        let mut told = format!("{error} {error:?} {error:#?} {:?} {:?}", error.cause, error.hint);
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            told = format!("{told} {inner} {inner:?}");
            source = inner.source();
        }
        assert!(!told.contains(SECRET), "{trouble:?}: {told}");
    }
}

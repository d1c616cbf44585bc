//! Every pair of wish and observation.

use serde_json::json;

use super::*;
use crate::backend::Endpoint;
use crate::cache::Password;

const NOW: i64 = 1_700_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id() -> GuResId {
    GuResId::parse("res-1").unwrap()
}

fn when() -> When {
    let minutes = |m: u64| Duration::from_secs(m * 60);
    When { now: at(NOW), create: minutes(60), update: minutes(40), delete: minutes(45), running: None }
}

fn mark() -> Mark {
    let mut mark = Mark::new(id(), "aaaaaaaaaaaa".into(), at(NOW - 60));
    mark.password = Some(Password { key: "k1".into(), generation: 0, salt: "s".into() });
    mark
}

fn seen(phase: Phase, mark: Mark) -> Observed {
    let endpoint = matches!(phase, Phase::Ready | Phase::Changing | Phase::Busy);
    Observed {
        phase,
        status: phase.to_string(),
        ownership: (phase != Phase::Absent).then(|| Ownership::Marked(Box::new(mark))),
        endpoint: endpoint.then(|| Endpoint { host: "h".into(), port: 1 }),
        ..Observed::absent("1")
    }
}

fn same() -> Wanted {
    Wanted { want: "aaaaaaaaaaaa".into(), ..Wanted::default() }
}

fn other() -> Wanted {
    Wanted { want: "bbbbbbbbbbbb".into(), ..Wanted::default() }
}

fn change(class: Class) -> Change {
    Change { field: "f".into(), from: json!(1), to: json!(2), class }
}

fn with(wanted: Wanted, class: Class) -> Wanted {
    Wanted { changes: vec![change(class)], ..wanted }
}

#[track_caller]
fn put(wanted: &Wanted, seen: &Observed, when: &When) -> Next {
    next(&id(), Wish::Present(wanted), seen, when)
}

use Operation::{Creating, Deleting, Updating};
use Phase::{Absent, Busy, Changing, Failed, Ready, Shell};

#[test]
fn a_change_whose_mark_may_lag_behind_is_waited_for_and_contradicts_nobody() {
    let late = Wanted { mark_lags: true, ..with(other(), Class::InPlace) };
    assert_eq!(put(&with(other(), Class::InPlace), &seen(Changing, mark()), &when()), Next::Conflict(Updating));
    assert_eq!(put(&late, &seen(Changing, mark()), &when()), Next::Wait(Updating));
    assert!(matches!(put(&late, &seen(Ready, mark()), &when()), Next::Update(_)));
}

#[test]
fn a_creation_that_lacks_a_part_is_completed_by_whoever_wants_it_so() {
    let lacking = Observed { missing: vec![("user".into(), "u".into())], ..seen(Phase::Creating, mark()) };
    assert_eq!(put(&same(), &lacking, &when()), Next::Complete);
    assert_eq!(put(&other(), &lacking, &when()), Next::Conflict(Creating));
    assert_eq!(next(&id(), Wish::Look, &lacking, &when()), Next::Wait(Creating));
    assert_eq!(next(&id(), Wish::Absent, &lacking, &when()), Next::Remove);
    let mut old = mark();
    old.since = at(NOW - 61 * 60);
    let late = Observed { missing: lacking.missing.clone(), ..seen(Phase::Creating, old) };
    assert!(matches!(put(&same(), &late, &when()), Next::Refuse(Refusal::Deadline(Creating, _))));
}

#[test]
fn a_put_that_changes_nothing() {
    for (phase, expected) in [
        (Absent, Next::Create),
        (Phase::Creating, Next::Wait(Creating)),
        (Ready, Next::Ready),
        (Changing, Next::Wait(Updating)),
        (Busy, Next::Ready),
        (Phase::Deleting, Next::Wait(Creating)),
        (Shell, Next::Shell),
        (Failed, Next::Refuse(Refusal::Failed)),
    ] {
        assert_eq!(put(&same(), &seen(phase, mark()), &when()), expected, "{phase}");
    }
}

#[test]
fn a_put_that_changes_something_in_place() {
    let changes = vec![change(Class::InPlace)];
    for (phase, begun_by_it, elsewhere) in [
        (Absent, Next::Create, Next::Create),
        (Phase::Creating, Next::Wait(Creating), Next::Conflict(Creating)),
        (Ready, Next::Continue(changes.clone()), Next::Update(changes.clone())),
        (Changing, Next::Wait(Updating), Next::Conflict(Updating)),
        (Busy, Next::Wait(Updating), Next::Wait(Updating)),
        (Phase::Deleting, Next::Wait(Creating), Next::Wait(Creating)),
        (Shell, Next::Shell, Next::Shell),
        (Failed, Next::Refuse(Refusal::Failed), Next::Refuse(Refusal::Failed)),
    ] {
        assert_eq!(put(&with(same(), Class::InPlace), &seen(phase, mark()), &when()), begun_by_it, "{phase}");
        assert_eq!(put(&with(other(), Class::InPlace), &seen(phase, mark()), &when()), elsewhere, "{phase}");
    }
}

#[test]
fn what_would_replace_the_cache_needs_its_own_permission_and_is_refused_in_every_state() {
    for phase in [Ready, Changing, Busy] {
        let refused = with(other(), Class::Replace);
        let expected = Next::Refuse(Refusal::Changes(refused.changes.clone()));
        assert_eq!(put(&refused, &seen(phase, mark()), &when()), expected, "{phase}");
        let never = Wanted { allowed: vec![change(Class::Impossible)], ..with(other(), Class::Impossible) };
        let expected = Next::Refuse(Refusal::Changes(never.changes.clone()));
        assert_eq!(put(&never, &seen(phase, mark()), &when()), expected, "{phase}");
    }
    let allowed = Wanted { allowed: vec![change(Class::Replace)], ..with(other(), Class::Replace) };
    assert_eq!(put(&allowed, &seen(Ready, mark()), &when()), Next::Replace);
    assert_eq!(put(&allowed, &seen(Busy, mark()), &when()), Next::Wait(Updating));
    let protected = Mark { protected: true, ..mark() };
    assert_eq!(put(&allowed, &seen(Ready, protected), &when()), Next::Refuse(Refusal::Protected));
}

#[test]
fn a_change_of_class_none_is_no_change() {
    assert_eq!(put(&with(other(), Class::None), &seen(Ready, mark()), &when()), Next::Ready);
}

#[test]
fn an_old_operation_is_no_longer_ours() {
    let old = Mark { since: at(NOW - 50 * 60), ..mark() };
    assert_eq!(put(&same(), &seen(Changing, old.clone()), &when()), Next::Ready, "the cloud maintains it");
    assert_eq!(put(&with(other(), Class::InPlace), &seen(Changing, old.clone()), &when()), Next::Wait(Updating));
    let changes = vec![change(Class::InPlace)];
    assert_eq!(put(&with(same(), Class::InPlace), &seen(Ready, old.clone()), &when()), Next::Update(changes), "drift");
    let overdue = Next::Refuse(Refusal::Deadline(Updating, old.since));
    assert_eq!(put(&with(same(), Class::InPlace), &seen(Changing, old), &when()), overdue);
}

#[test]
fn a_creation_that_takes_too_long_is_refused_to_everybody_who_asks() {
    let old = Mark { since: at(NOW - 61 * 60), ..mark() };
    let late = Next::Refuse(Refusal::Deadline(Creating, old.since));
    let observed = seen(Phase::Creating, old);
    assert_eq!(put(&same(), &observed, &when()), late);
    assert_eq!(next(&id(), Wish::Look, &observed, &when()), late);
    assert_eq!(next(&id(), Wish::Absent, &observed, &when()), Next::Remove, "but it may still be removed");
}

#[test]
fn nothing_is_done_to_a_cache_that_is_not_ours() {
    let somebody_else = GuResId::parse("res-2").unwrap();
    for (ownership, refusal) in [
        (Ownership::Foreign(MarkError::Foreign), Refusal::NotOurs(None)),
        (Ownership::Foreign(MarkError::Garbled("w")), Refusal::Garbled("w")),
        (
            Ownership::Marked(Box::new(Mark { id: somebody_else.clone(), ..mark() })),
            Refusal::NotOurs(Some(somebody_else.clone())),
        ),
    ] {
        for phase in Phase::ALL.iter().copied().filter(|phase| *phase != Absent) {
            let observed = Observed { ownership: Some(ownership.clone()), ..seen(phase, mark()) };
            let refused = Next::Refuse(refusal.clone());
            assert_eq!(put(&with(other(), Class::InPlace), &observed, &when()), refused, "{phase}");
            assert_eq!(next(&id(), Wish::Absent, &observed, &when()), refused, "{phase}");
            let looked = next(&id(), Wish::Look, &observed, &when());
            let garbled = matches!(refusal, Refusal::Garbled(_));
            assert_eq!(looked, if garbled { refused } else { Next::Nothing }, "{phase}");
        }
    }
}

#[test]
fn a_foreign_cache_is_adopted_only_when_asked_ready_and_equal_enough() {
    let foreign = |phase| Observed { ownership: Some(Ownership::Foreign(MarkError::Foreign)), ..seen(phase, mark()) };
    let adopt = Wanted { adopt: true, ..other() };
    assert_eq!(put(&adopt, &foreign(Ready), &when()), Next::Adopt);
    assert_eq!(put(&adopt, &foreign(Busy), &when()), Next::Wait(Updating));
    assert_eq!(put(&adopt, &foreign(Phase::Creating), &when()), Next::Refuse(Refusal::NotOurs(None)));
    let replacing = with(adopt, Class::Replace);
    assert!(matches!(put(&replacing, &foreign(Ready), &when()), Next::Refuse(Refusal::Changes(_))));
}

#[test]
fn a_delete() {
    for (phase, expected) in [
        (Absent, Next::Nothing),
        (Phase::Creating, Next::Remove),
        (Ready, Next::Remove),
        (Changing, Next::Remove),
        (Busy, Next::Remove),
        (Phase::Deleting, Next::Wait(Deleting)),
        (Shell, Next::Remove),
        (Failed, Next::Remove),
    ] {
        assert_eq!(next(&id(), Wish::Absent, &seen(phase, mark()), &when()), expected, "{phase}");
    }
}

#[test]
fn a_delete_honours_protection_and_detaching_but_clears_a_shell() {
    let protected = Mark { protected: true, ..mark() };
    assert_eq!(next(&id(), Wish::Absent, &seen(Ready, protected.clone()), &when()), Next::Refuse(Refusal::Protected));
    assert_eq!(next(&id(), Wish::Absent, &seen(Shell, protected), &when()), Next::Remove);
    let detach = Mark { on_delete: OnDelete::Detach, ..mark() };
    assert_eq!(next(&id(), Wish::Absent, &seen(Ready, detach.clone()), &when()), Next::Detach);
    assert_eq!(next(&id(), Wish::Absent, &seen(Busy, detach), &when()), Next::Wait(Deleting));
}

#[test]
fn a_deletion_that_takes_too_long_is_refused_once_it_is_known_since_when_it_runs() {
    let began = at(NOW - 46 * 60);
    let late = When { running: Some((Deleting, began)), ..when() };
    let refused = Next::Refuse(Refusal::Deadline(Deleting, began));
    assert_eq!(next(&id(), Wish::Absent, &seen(Phase::Deleting, mark()), &late), refused);
    assert_eq!(next(&id(), Wish::Look, &seen(Phase::Deleting, mark()), &late), refused);
    assert_eq!(next(&id(), Wish::Absent, &seen(Absent, mark()), &late), Next::Nothing);
}

#[test]
fn a_look_changes_nothing_and_tells_what_is() {
    for (phase, expected) in [
        (Absent, Next::Nothing),
        (Phase::Creating, Next::Wait(Creating)),
        (Ready, Next::Ready),
        (Changing, Next::Wait(Updating)),
        (Busy, Next::Ready),
        (Phase::Deleting, Next::Wait(Deleting)),
        (Shell, Next::Shell),
        (Failed, Next::Refuse(Refusal::Failed)),
    ] {
        assert_eq!(next(&id(), Wish::Look, &seen(phase, mark()), &when()), expected, "{phase}");
    }
    let begun = When { running: Some((Creating, at(NOW - 5))), ..when() };
    assert_eq!(next(&id(), Wish::Look, &seen(Absent, mark()), &begun), Next::Wait(Creating));
    let removing = When { running: Some((Deleting, at(NOW - 5))), ..when() };
    assert_eq!(next(&id(), Wish::Look, &seen(Ready, mark()), &removing), Next::Wait(Deleting));
    assert_eq!(next(&id(), Wish::Look, &seen(Absent, mark()), &removing), Next::Nothing);
}

#[test]
fn a_detached_cache_is_gone_until_a_put_takes_it_back() {
    let detached = seen(Ready, Mark { state: State::Detached, ..mark() });
    assert_eq!(next(&id(), Wish::Look, &detached, &when()), Next::Nothing);
    assert_eq!(next(&id(), Wish::Absent, &detached, &when()), Next::Nothing);
    assert_eq!(put(&same(), &detached, &when()), Next::Mark);
}

#[test]
fn a_rotation_adds_the_new_password_first_and_ends_when_its_grace_is_over() {
    let rotate = Wanted { rotate: Some(1), ..other() };
    assert_eq!(put(&rotate, &seen(Ready, mark()), &when()), Next::Rotate);
    assert_eq!(put(&rotate, &seen(Busy, mark()), &when()), Next::Wait(Updating));
    let mut rotated = mark();
    rotated.password.as_mut().unwrap().generation = 1;
    rotated.intent = Some(Intent::Settle(at(NOW + 60)));
    assert_eq!(put(&rotate, &seen(Ready, rotated.clone()), &when()), Next::Ready);
    let later = When { now: at(NOW + 61), ..when() };
    assert_eq!(put(&rotate, &seen(Ready, rotated.clone()), &later), Next::Settle);
    assert_eq!(put(&same(), &seen(Busy, rotated), &later), Next::Ready);
    assert_eq!(put(&Wanted { rotate: Some(0), ..same() }, &seen(Ready, mark()), &when()), Next::Ready);
}

#[test]
fn a_mark_that_says_something_else_is_rewritten_when_the_cache_is_quiet() {
    let differs = Wanted { mark_differs: true, ..same() };
    let recalls = Wanted { recalls: true, ..same() };
    assert_eq!(put(&recalls, &seen(Ready, mark()), &when()), Next::Mark);
    assert_eq!(put(&recalls, &seen(Busy, mark()), &when()), Next::Wait(Updating));
    assert_eq!(put(&recalls, &seen(Phase::Creating, mark()), &when()), Next::Wait(Creating));
    assert_eq!(put(&differs, &seen(Ready, mark()), &when()), Next::Mark);
    assert_eq!(put(&differs, &seen(Busy, mark()), &when()), Next::Ready, "it does not stall a deployment");
}

#[test]
fn a_delete_holds_what_may_have_data_and_removes_what_never_was_ready() {
    let hold = Mark { on_delete: OnDelete::Hold, ..mark() };
    for (phase, expected) in [
        (Absent, Next::Nothing),
        (Phase::Creating, Next::Remove),
        (Ready, Next::Hold),
        (Changing, Next::Wait(Deleting)),
        (Busy, Next::Wait(Deleting)),
        (Phase::Deleting, Next::Wait(Deleting)),
        (Shell, Next::Remove),
        (Failed, Next::Hold),
    ] {
        assert_eq!(next(&id(), Wish::Absent, &seen(phase, hold.clone()), &when()), expected, "{phase}");
    }
    let protected = Mark { protected: true, ..hold.clone() };
    assert_eq!(next(&id(), Wish::Absent, &seen(Ready, protected), &when()), Next::Refuse(Refusal::Protected));
    let began = at(NOW - 46 * 60);
    let late = When { running: Some((Deleting, began)), ..when() };
    let refused = Next::Refuse(Refusal::Deadline(Deleting, began));
    assert_eq!(next(&id(), Wish::Absent, &seen(Busy, hold), &late), refused);
}

#[test]
fn a_held_cache_is_gone_until_a_put_takes_it_back() {
    let intent = Some(Intent::DeleteAfter(at(NOW + 60)));
    let held = Mark { state: State::Held, on_delete: OnDelete::Hold, intent, ..mark() };
    for phase in [Ready, Busy, Failed, Phase::Deleting] {
        assert_eq!(next(&id(), Wish::Look, &seen(phase, held.clone()), &when()), Next::Nothing, "{phase}");
        assert_eq!(next(&id(), Wish::Absent, &seen(phase, held.clone()), &when()), Next::Nothing, "{phase}");
    }
    assert_eq!(put(&same(), &seen(Ready, held.clone()), &when()), Next::Mark);
    assert_eq!(put(&same(), &seen(Busy, held.clone()), &when()), Next::Wait(Updating));
    assert!(matches!(put(&with(other(), Class::InPlace), &seen(Ready, held.clone()), &when()), Next::Update(_)));
    let retired = Mark { state: State::Retired, ..held };
    assert_eq!(next(&id(), Wish::Absent, &seen(Ready, retired), &when()), Next::Nothing, "its time is set already");
}

#[test]
fn a_difference_that_outlasts_its_update_is_told_and_then_tried_anew() {
    let old = Mark { since: at(NOW - 41 * 60), ..mark() };
    let wanted = with(same(), Class::InPlace);
    let running = |minutes: i64| When { running: Some((Updating, at(NOW - minutes * 60))), ..when() };
    let refused = Next::Refuse(Refusal::Deadline(Updating, at(NOW - 41 * 60)));
    assert_eq!(put(&wanted, &seen(Ready, old.clone()), &running(41)), refused);
    assert!(matches!(put(&wanted, &seen(Ready, old.clone()), &running(39)), Next::Continue(_)));
    assert!(matches!(put(&wanted, &seen(Ready, old), &when()), Next::Update(_)), "nobody knows of an update");
}

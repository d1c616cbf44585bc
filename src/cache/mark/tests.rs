//! What fits into a mark, and what is read from it.

use proptest::prelude::*;

use super::*;

fn any_mark() -> impl Strategy<Value = Mark> {
    let password = ("[a-z0-9-]{1,16}", 0..=1_000_000_u32, "[a-z2-7]{16}")
        .prop_map(|(key, generation, salt)| Password { key, generation, salt });
    // As many of a unit as the input `ttl` takes.
    let ttl = (1..=99_999_u64, 0..5_usize)
        .prop_map(|(number, unit)| Duration::from_secs(number * [1, 60, 3_600, 86_400, 604_800][unit]));
    let time = (1_000_000_000_i64..9_999_999_999).prop_map(|s| Timestamp::from_second(s).unwrap());
    let intent = prop_oneof![time.clone().prop_map(Intent::Settle), time.clone().prop_map(Intent::DeleteAfter)];
    (
        ("[a-z0-9-]{3,63}", "[0-9a-f]{12}", time, proptest::option::of("[a-z0-9.]{1,8}")),
        (proptest::option::of(password), 0..4_usize, any::<bool>(), any::<bool>()),
        (proptest::option::of(intent), proptest::option::of("[a-z0-9-]{1,16}"), 0..State::ALL.len()),
        (proptest::option::of(1..=8760_u32), proptest::option::of(ttl)),
    )
        .prop_map(
            |(
                (id, want, since, capacity),
                (password, deletion, protected, adopted),
                (intent, route, state),
                (hours, ttl),
            )| {
                Mark {
                    id: GuResId::parse(&id).unwrap(),
                    state: State::ALL[state],
                    want,
                    since,
                    capacity,
                    password,
                    on_delete: OnDelete::ALL[deletion],
                    hold_hours: hours.filter(|_| OnDelete::ALL[deletion] == OnDelete::Hold),
                    protected,
                    adopted,
                    intent,
                    ttl,
                    route,
                }
            },
        )
}

proptest! {
    #[test]
    fn any_mark_fits_a_description_and_reads_back(mark in any_mark()) {
        let text = mark.to_text();
        prop_assert!(text.len() <= Mark::MAX_TEXT, "{} characters", text.len());
        prop_assert_eq!(Mark::from_text(&text), Ok(mark));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,300}") {
        let _ = Mark::from_text(&text);
        let _ = Mark::from_text(&format!("{HEAD} {text}"));
    }
}

#[test]
fn somebody_elses_description_is_foreign_and_a_broken_one_is_garbled() {
    assert_eq!(Mark::from_text("sessions of the shop"), Err(MarkError::Foreign));
    assert_eq!(Mark::from_text("cache-driver/1 id=abc"), Err(MarkError::Garbled("w")));
    assert_eq!(Mark::from_text("cache-driver/2 id=abc"), Err(MarkError::Garbled("version")));
}

#[test]
fn the_longest_mark_fits_exactly() {
    let at = Timestamp::from_second(9_999_999_999).unwrap();
    let longest = Mark {
        state: State::Detached,
        capacity: Some("c".repeat(8)),
        password: Some(Password { key: "k".repeat(16), generation: 1_000_000, salt: "s".repeat(16) }),
        on_delete: OnDelete::Hold,
        hold_hours: Some(8760),
        protected: true,
        adopted: true,
        intent: Some(Intent::Settle(at)),
        ttl: Some(Duration::from_hours(99_999 * 7 * 24)),
        route: Some("r".repeat(Mark::MAX_NAME)),
        ..Mark::new(GuResId::parse(&"i".repeat(63)).unwrap(), "0".repeat(12), at)
    };
    let text = longest.to_text();
    assert!(text.len() <= Mark::MAX_TEXT, "{} characters: {text}", text.len());
    assert_eq!(Mark::from_text(&text), Ok(longest));
}

#[test]
fn marks_of_earlier_and_of_later_versions_are_read() {
    let old =
        "cache-driver/1 id=res-1 w=0123456789ab t=1700000000 d=hold st=detached c=small k=k1 g=0 s=salt p=1 r=redis";
    let mark = Mark::from_text(old).unwrap();
    assert_eq!((mark.state, mark.on_delete, mark.hold_hours, mark.ttl), (State::Detached, OnDelete::Hold, None, None));
    assert_eq!(mark.held_until(Timestamp::UNIX_EPOCH).as_second(), 72 * 3600);

    let later = "cache-driver/1 id=res-1 w=0123456789ab t=1700000000 d=delete i=freeze-1800000000 e=7d zz=what";
    let mark = Mark::from_text(later).unwrap();
    assert_eq!((mark.intent, mark.ttl), (None, Some(Duration::from_hours(7 * 24))));
    // What this version would do wrong for not knowing the word, it leaves alone.
    for (word, what) in [("st=frozen", "st"), ("d=archive", "d"), ("i=settle-soon", "i"), ("e=long", "e"), ("h=x", "h")]
    {
        let text = format!("cache-driver/1 id=res-1 w=0123456789ab t=1700000000 {word}");
        assert_eq!(Mark::from_text(&text), Err(MarkError::Garbled(what)), "{word}");
    }
}

#[test]
fn a_cache_expires_so_long_after_it_was_made() {
    let id = GuResId::parse("res-1").unwrap();
    let mut mark = Mark::new(id, "0".repeat(12), Timestamp::UNIX_EPOCH);
    assert_eq!(mark.expires(Timestamp::UNIX_EPOCH), None);
    mark.ttl = Some(Duration::from_hours(36));
    assert_eq!(mark.expires(Timestamp::UNIX_EPOCH).unwrap().as_second(), 36 * 3600);
    assert_eq!(mark.expires(Timestamp::MAX), None);
    assert!(mark.to_text().ends_with(" e=36h"), "{}", mark.to_text());
}

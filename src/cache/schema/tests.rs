use proptest::prelude::*;

use super::*;
use crate::cache::fields::{find_input, read_fields, reference};

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&inputs_schema()).unwrap()
}

fn reads(values: &Map<String, Value>) -> bool {
    let mut errors = Vec::new();
    read_fields(INPUTS, "driver.values", values, &mut errors);
    errors.is_empty()
}

/// Texts that are near to what some field wants, and what it never wants.
fn texts() -> impl Strategy<Value = String> {
    let near = prop_oneof![
        Just(String::new()),
        Just("true".to_owned()),
        Just("True".to_owned()),
        (0..70_000_u32).prop_map(|n| n.to_string()),
        "0?[0-9]{1,5}(\\.[0-9]{0,7})?",
        "[a-z]{1,5}(, ?[a-z]{1,5}){0,3}",
        Just("a,,b".to_owned()),
        Just(" ".to_owned()),
        "[1-9][0-9]{0,5}[smhdwy]",
        "[A-Z][a-z]{3,10}_[A-Z][0-9]{1,5}",
        "sg-[a-z0-9]{0,4}(,sg-[0-9]{0,3})?",
        "\\PC{0,10}",
        ".{0,4}",
    ];
    // What starts like JSON is only looked into by the reader.
    near.prop_filter("no JSON text", |text| !text.trim_start().starts_with(['{', '[']))
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..70_000_i64).prop_map(Value::from),
        (-1.0..110.0_f64).prop_map(Value::from),
        (0..300_u32).prop_map(|n| Value::from(f64::from(n))),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        texts().prop_map(Value::from),
    ]
}

/// A value made for the kind, mostly right.
fn made_for(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text(text) | Kind::List(text) => {
            let one = proptest::string::string_regex(text.pattern).unwrap().boxed();
            let joined = proptest::collection::vec(one.clone(), 1..4).prop_map(|items| Value::from(items.join(", ")));
            let list = proptest::collection::vec(one.clone().prop_map(Value::from), 0..4).prop_map(Value::from);
            prop_oneof![one.prop_map(Value::from), joined, list].boxed()
        }
        Kind::Word(words) => {
            prop_oneof![proptest::sample::select(words).prop_map(Value::from), "[a-z2-]{1,8}".prop_map(Value::from)]
                .boxed()
        }
        Kind::Bool => scalars().boxed(),
        Kind::Integer { min, max } => {
            let near = (i64::from(min) - 2)..=(i64::from(max) + 2);
            near.prop_flat_map(|n| prop_oneof![Just(Value::from(n)), Just(Value::from(n.to_string()))]).boxed()
        }
        Kind::Number { max } => {
            let near = prop_oneof![0.0..3.0_f64, (f64::from(max) - 1.0)..(f64::from(max) + 1.0)];
            near.prop_flat_map(|n| prop_oneof![Just(Value::from(n)), Just(Value::from(format!("{n:.3}")))]).boxed()
        }
        Kind::Map { key, .. } => {
            let key = prop_oneof![proptest::string::string_regex(key.pattern).unwrap(), ".{0,3}"];
            proptest::collection::hash_map(key, scalars(), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
                .boxed()
        }
        Kind::Object(fields) => {
            let entry = proptest::sample::select(fields).prop_flat_map(|field| {
                prop_oneof![3 => made_for(field.kind), 1 => scalars()].prop_map(move |v| (field.key, v))
            });
            proptest::collection::vec(entry, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
                .boxed()
        }
    }
}

/// The windows that only the reader refuses.
fn holds_an_empty_window(value: &Value) -> bool {
    match value {
        Value::String(text) => text.split_once('-').is_some_and(|(a, b)| a == b),
        Value::Object(map) => map.values().any(holds_an_empty_window),
        _ => false,
    }
}

#[test]
fn the_schema_accepts_a_value_exactly_when_reading_does() {
    let validator = validator();
    let field = proptest::sample::select(INPUTS);
    let value = field.prop_flat_map(|field| {
        prop_oneof![4 => made_for(field.kind), 2 => scalars()].prop_map(move |value| (field.key, value))
    });
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 6_000, ..ProptestConfig::default() });
    let counts = std::cell::Cell::new((0, 0));
    runner
        .run(&value, |(key, value)| {
            prop_assume!(!holds_an_empty_window(&value));
            let values = Map::from_iter([(key.to_owned(), value)]);
            let read = reads(&values);
            let (right, wrong) = counts.get();
            counts.set(if read { (right + 1, wrong) } else { (right, wrong + 1) });
            prop_assert_eq!(validator.is_valid(&json!({ "values": values })), read, "{:?}", values);
            Ok(())
        })
        .unwrap();
    let (right, wrong) = counts.get();
    assert!(right > 1_000 && wrong > 1_000, "{right} right and {wrong} wrong values prove little");
}

#[test]
fn a_pattern_of_a_range_matches_its_numbers_and_no_other() {
    for (min, max) in [(0, 5), (1, 500), (0, 365), (1, 8760), (1024, 65535), (7, 7), (95, 1005)] {
        let schema = pattern(&whole_between(min, max));
        let validator = jsonschema::validator_for(&schema).unwrap();
        for n in 0..=70_000_u64 {
            assert_eq!(validator.is_valid(&json!(n.to_string())), (min..=max).contains(&n), "{n} in {min} to {max}");
        }
        assert!(!validator.is_valid(&json!(format!("0{max}"))) && !validator.is_valid(&json!(format!("+{max}"))));
    }
}

#[test]
fn lenient_spellings_are_admitted_and_unknown_keys_are_not() {
    let validator = validator();
    let admitted = json!({ "values": {
        "replicas": "2", "tls": "true", "version": 7.2, "allow": "a,b", "tags": "{\"a\": \"b\"}", "size": null, "engine": "",
        "shards": 2.0, "aws": { "security_group_ids": "sg-1, sg-2" }, "azure": { "zones": [1, "2"] },
    }, "secrets": { "account": { "anything": 1 } } });
    assert!(validator.is_valid(&admitted), "{:?}", validator.validate(&admitted).err());
    for refused in [
        json!({ "engin": "redis" }),
        json!({ "aws": { "node_typ": "cache.t4g.micro" } }),
        json!({ "backup": {} }),
        json!({ "backup": { "days": null } }),
        json!({ "tls": 1 }),
        json!({ "replicas": 6 }),
    ] {
        assert!(!validator.is_valid(&json!({ "values": refused })), "{refused}");
        assert!(!reads(refused.as_object().unwrap()), "{refused}");
    }
}

#[test]
fn every_field_of_the_schema_says_what_it_is_for() {
    let schema = inputs_schema();
    for doc in reference() {
        assert!(find_input(&doc.key).is_some());
        let mut at = &schema["properties"]["values"];
        for key in doc.key.split('.') {
            let object = at.get("anyOf").map_or(at, |forms| &forms[0]);
            at = &object["properties"][key];
        }
        assert!(at["description"].as_str().unwrap().starts_with(&doc.doc), "{}", doc.key);
    }
}

#[test]
fn patterns_keep_to_what_every_engine_knows() {
    let text = inputs_schema().to_string();
    assert!(!text.contains("(?"), "the orchestrator's regular expressions have no look-around");
}

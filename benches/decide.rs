//! What the driver does without any cloud: reading, deciding, sealing. `make bench` runs it.

use std::hint::black_box;
use std::time::Duration;

use cache_driver::backend::{Endpoint, Observed, Ownership, Phase};
use cache_driver::cache::{CacheName, GuResId, Layer, Mark, Origin, Prefix, read};
use cache_driver::clock::Timestamp;
use cache_driver::driver::lifecycle::{Wanted, When, Wish, next};
use cache_driver::driver::{Cookie, Key, Keyring};
use cache_driver::random::SystemSource;
use criterion::{Criterion, criterion_main};
use serde_json::json;

fn decide(c: &mut Criterion) {
    let id = GuResId::parse("3c0a194814284345e330544f88798e83992468e2").expect("a legal id");
    let prefix = Prefix::try_from("cache".to_owned()).expect("a legal prefix");
    c.bench_function("name of a GUResID", |b| b.iter(|| CacheName::derive(&prefix, black_box(&id), None)));

    let values = json!({
        "size": "small", "high_availability": "true", "replicas": "2", "engine": "valkey", "version": "8.1",
        "backup": {"days": 7}, "tags": {"team": "shop"}, "aws": {"security_group_ids": ["sg-0123456789abcdef0"]},
    });
    let values = values.as_object().expect("an object");
    c.bench_function("read eight inputs", |b| {
        b.iter(|| read(&[Layer { origin: Origin::Request, values: black_box(values) }]));
    });

    let now = Timestamp::from_second(1_700_000_000).expect("a time");
    let mark = Mark::new(id.clone(), "0123456789ab".to_owned(), now);
    let text = mark.to_text();
    c.bench_function("read a mark", |b| b.iter(|| Mark::from_text(black_box(&text))));

    let seen = Observed {
        phase: Phase::Ready,
        ownership: Some(Ownership::Marked(Box::new(mark))),
        endpoint: Some(Endpoint { host: "h".to_owned(), port: 6379 }),
        ..Observed::absent("123456789012")
    };
    let hour = Duration::from_hours(1);
    let when = When { now, create: hour, update: hour, delete: hour, running: None };
    let wanted = Wanted { want: "0123456789ab".to_owned(), ..Wanted::default() };
    c.bench_function("decide what is next", |b| b.iter(|| next(&id, Wish::Present(black_box(&wanted)), &seen, &when)));

    let keyring = Keyring::new(Key::new("k1", vec![7; 32]), Vec::new());
    let random = SystemSource;
    let cookie = Cookie { resource_type: Some("redis".to_owned()), ..Cookie::default() };
    c.bench_function("seal and open a cookie", |b| {
        b.iter(|| Cookie::open(&cookie.seal(&keyring, &random, &id), &keyring, &id));
    });
}

mod group {
    use super::decide;
    criterion::criterion_group!(benches, decide);
}
criterion_main!(group::benches);

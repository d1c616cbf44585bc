//! No secret anywhere but where it belongs: canaries in every secret input, through success, failure and refusal.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use cache_driver::config::{Log, LogFormat};
use cache_driver::telemetry;
use serde_json::{Value, json};

use crate::harness::{ACCOUNT_A, Answer, Caller, Settings, World, keys};

/// What stands where secrets stand. None of them may show up.
const SECRET_KEY: &str = "c4n4ry-secret-access-key";
const TOKEN: &str = "c4n4ry-session-token";
const ADOPTED: &str = "c4n4ry-adopted-password-01234";
const MALFORMED: &str = "c4n4ry-in-a-wrong-place";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Everything that may be read by others than the caller, and everything that must not be in it.
#[derive(Default)]
struct Watch {
    seen: String,
    hidden: Vec<String>,
}

impl Watch {
    /// Takes an answer in. Its secrets are hidden from now on, as are the contents of its cookie.
    fn see(&mut self, answer: Answer) -> Answer {
        let mut body = answer.body.clone();
        if let Some(secrets) = body.pointer_mut("/resource/secrets").map(Value::take) {
            for key in ["password", "url"] {
                self.hidden.push(secrets[key].as_str().unwrap().to_owned());
            }
        }
        writeln!(self.seen, "{:?}\n{body}", answer.headers).unwrap();
        answer
    }

    #[track_caller]
    fn assert_nothing_leaks(&self, also: &str) {
        let planted = [SECRET_KEY, TOKEN, ADOPTED, MALFORMED, "c4n4ry"].map(str::to_owned);
        assert!(self.hidden.len() >= 2, "no password was ever given out");
        for secret in planted.iter().chain(&self.hidden) {
            for text in [&self.seen, also] {
                let line = text.lines().find(|line| line.contains(secret.as_str()));
                assert!(line.is_none(), "a secret in: {}", line.unwrap_or_default());
            }
        }
    }
}

fn account() -> Value {
    json!({
        "AccessKeyId": format!("ASIASANDBOX{ACCOUNT_A}"), "SecretAccessKey": SECRET_KEY, "SessionToken": TOKEN,
    })
}

/// A life with everything that can go wrong in it. `later` lets time pass.
async fn live(world: &World, at: &str, watch: &mut Watch, later: impl AsyncFn()) {
    let mut resource = Caller::new(at, &world.id()).with_account(account());
    resource.adopt_password = Some(ADOPTED.to_owned());
    watch.see(resource.plan(json!({})).await.is(200));
    world.fault(json!({"kind": "create_failed", "message": "no capacity"}));
    settle(&mut resource, json!({}), watch, &later).await.is(400);
    for trouble in ["throttle", "drop_before", "access_denied", "expired_token"] {
        world.fault(json!({"kind": trouble, "times": 0}));
        watch.see(resource.put(json!({})).await);
        watch.see(resource.get().await);
        world.cloud.control().faults().clear();
    }
    settle(&mut resource, json!({}), watch, &later).await.is(200);
    watch.see(resource.get().await.is(200));
    watch.see(resource.plan(json!({"size": "large"})).await.is(200));
    settle(&mut resource, json!({"rotate": 1}), watch, &later).await.is(200);
    watch.see(resource.put(json!({"mode": "cluster"})).await.refused("RES-106"));
    world.fault(json!({"kind": "update_failed", "message": "no capacity"}));
    settle(&mut resource, json!({"replicas": 1}), watch, &later).await;

    let mut bad = resource.clone();
    for wrong in [json!({"user": MALFORMED}), json!({"AccessKeyId": [MALFORMED], "SecretAccessKey": {"a": MALFORMED}})]
    {
        bad.account = Some(wrong);
        watch.see(bad.put(json!({})).await.refused("RES-103"));
    }
    bad.account = Some(json!({"access_token": MALFORMED}));
    watch.see(bad.put(json!({})).await.refused("RES-103"));
    bad.account = Some(account());
    bad.cookie = Some(format!("cd1.sandbox.{MALFORMED}"));
    watch.see(bad.get().await.refused("RES-102"));
    bad.cookie = Some(MALFORMED.to_owned());
    watch.see(bad.get().await);

    watch.see(resource.delete().await.is(202));
    later().await;
    let gone = resource.delete_until_settled().await.is(204);
    watch.see(gone);
}

/// PUTs until it is no longer 202, and takes in every answer.
async fn settle(resource: &mut Caller, values: Value, watch: &mut Watch, later: &impl AsyncFn()) -> Answer {
    for _ in 0..2000 {
        let answer = watch.see(resource.put(values.clone()).await);
        if answer.status != 202 {
            return answer;
        }
        later().await;
    }
    panic!("it never settles");
}

#[test]
fn no_secret_is_in_any_answer_or_log_line_of_a_driver_at_trace_level() {
    let captured = Captured::default();
    let writer = captured.clone();
    let log = Log { format: LogFormat::Json, level: "trace".to_owned() };
    let dispatch = telemetry::dispatch(&log, move || writer.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut watch = Watch::default();
    tracing::dispatcher::with_default(&dispatch, || {
        runtime.block_on(async {
            let world = World::start().await;
            let driver = world.driver().await;
            live(&world, &driver.url, &mut watch, async || world.minutes(10)).await;
        });
    });
    let text = captured.text();
    assert!(text.contains("creating") && text.lines().count() > 40, "it logs too little to mean anything");
    watch.assert_nothing_leaks(&text);
}

#[tokio::test]
async fn no_secret_is_in_the_output_of_a_driver_process_at_trace_level() {
    let world = World::fast(600.0).await;
    let more = "[lifecycle]\npoll_interval = \"50ms\"\n[log]\nlevel = \"trace\"\n";
    let settings = Settings::over(&world, more);
    let driver = settings.start().await;
    let mut watch = Watch::default();
    let pause = async || tokio::task::yield_now().await;
    live(&world, &driver.url, &mut watch, pause).await;
    let text = driver.kill().await;
    assert!(text.contains("\"level\":\"TRACE\"") || text.contains("\"level\":\"DEBUG\""), "not at trace level");
    watch.assert_nothing_leaks(&text);
    assert!(!text.contains(&"0a".repeat(32)), "the key of the keyring is in the log");
}

#[tokio::test]
async fn an_adopted_password_is_given_out_and_told_nowhere_else() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    resource.adopt_password = Some(ADOPTED.to_owned());
    resource.account = Some(keys("000000000000"));
    let refused = resource.put(json!({"adopt": "no-such-cache"})).await.refused("RES-101");
    assert!(!refused.text.contains(ADOPTED));
    assert!(!format!("{:?}", refused.headers).contains(ADOPTED));
}

#[tokio::test]
async fn the_clouds_own_view_shows_no_password() {
    let world = World::start().await;
    let driver = world.driver().await;
    let mut resource = world.resource(&driver);
    let made = world.create(&mut resource, &json!({})).await;
    let state = world.cloud.control().state().await.to_string();
    assert!(!state.contains(&made.password()), "in a description or a tag");
}

//! Each step on the way to a cache, made to fail, and what the connectivity proof says about it.
#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use std::sync::Arc;
use std::time::Duration;

use cache_driver::cache::Engine;
use cache_driver::clock::{Clock, ManualClock, SystemClock, Timestamp};
use cache_driver::ping::{Outcome, Report, Stage, Target, Timeouts, run};
use cache_driver::random::SystemSource;
use cache_driver::sandbox::certificate::Authority;
use cache_driver::sandbox::data_plane::{RealServers, SmallServer, choose};
use cache_driver::sandbox::{DataPlane, ServerSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const PASSWORD: &str = "synthetic-pass";

struct Cache {
    // Dropped, it ends the server.
    _plane: SmallServer,
    target: Target,
}

/// A cache that answers, and the target by which it does.
async fn cache(tls: bool, password: Option<&str>) -> Cache {
    let plane = SmallServer::new(Arc::new(SystemClock)).unwrap();
    let password = password.map(Into::into);
    let spec = ServerSpec { name: "a".into(), engine: Engine::Valkey, password: password.clone(), tls, cluster: false };
    let at = plane.start(spec).await.unwrap();
    let ca_pem = if tls { plane.ca_pem() } else { None };
    let target = Target { host: at.host, port: at.port, tls, username: None, password, ca_pem };
    Cache { _plane: plane, target }
}

/// A host that answers whatever comes first with `answer`, and closes; with nothing to say, it keeps silent.
async fn stranger(answer: &'static [u8]) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 512]).await;
            let _ = stream.write_all(answer).await;
            if answer.is_empty() {
                kept.push(stream);
            }
        }
    });
    Target { host: "127.0.0.1".into(), port, tls: false, username: None, password: None, ca_pem: None }
}

async fn ping(target: &Target) -> Report {
    let each = Duration::from_millis(400);
    let timeouts = Timeouts { dns: Duration::from_secs(5), tcp: each, tls: each, reply: each };
    let report = run(target, &timeouts, &SystemClock).await;
    check_shape(&report);
    report
}

/// What holds for every report.
#[track_caller]
fn check_shape(report: &Report) {
    let printed = format!("{report}\n{}", serde_json::to_string(report).unwrap());
    assert!(!printed.contains(PASSWORD), "the password shows: {printed}");
    assert_eq!(report.stages.iter().map(|step| step.stage).collect::<Vec<_>>(), Stage::ALL);
    assert_eq!(report.ok, report.failed().is_none());
    assert_eq!(report.ok, report.hint.is_none(), "a failure has a hint, and nothing else has: {printed}");
    let failed = report.stages.iter().position(|step| step.outcome == Outcome::Failed).unwrap_or(Stage::ALL.len());
    for (at, step) in report.stages.iter().enumerate() {
        assert_eq!(step.outcome == Outcome::NotReached, at > failed, "{printed}");
        assert_eq!(step.took_ms.is_some(), matches!(step.outcome, Outcome::Ok | Outcome::Failed), "{printed}");
    }
}

#[track_caller]
fn assert_fails(report: &Report, stage: Stage, why: &str, hint: &str) {
    let failed = report.failed().unwrap_or_else(|| panic!("it went well: {report}"));
    assert_eq!(failed.stage, stage, "{report}");
    assert!(failed.detail.contains(why), "`{why}` is not in: {report}");
    assert!(report.hint.as_ref().unwrap().contains(hint), "`{hint}` is not in: {report}");
}

#[tokio::test]
async fn a_cache_that_is_well_passes_every_step() {
    let report = ping(&cache(true, Some(PASSWORD)).await.target).await;
    assert!(report.stages.iter().all(|step| step.outcome == Outcome::Ok), "{report}");
    assert_eq!(report.stage(Stage::Tls).detail, "TLS 1.3, certificate valid");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["ok"], &json["stages"][4]["stage"]), (&true.into(), &"ping".into()));
    assert_eq!(report.to_string().lines().count(), 6, "{report}");
}

#[tokio::test]
async fn what_was_not_asked_for_is_skipped() {
    let report = ping(&cache(false, None).await.target).await;
    assert!(report.ok, "{report}");
    let skipped = [Stage::Tls, Stage::Auth].map(|stage| report.stage(stage).outcome);
    assert_eq!(skipped, [Outcome::Skipped, Outcome::Skipped]);
}

#[tokio::test]
async fn a_user_name_goes_with_the_password() {
    let mut cache = cache(false, Some(PASSWORD)).await;
    cache.target.username = Some("default".into());
    assert!(ping(&cache.target).await.ok);
    cache.target.username = Some("somebody".into());
    assert_fails(&ping(&cache.target).await, Stage::Auth, "WRONGPASS", "user or the password is wrong");
}

#[tokio::test]
async fn a_name_without_an_address_fails_at_dns() {
    let target = Target { host: "no-such-cache.invalid".into(), ..stranger(b"").await };
    assert_fails(&ping(&target).await, Stage::Dns, "", "resolve only inside their network");
}

#[tokio::test]
async fn a_closed_port_fails_at_tcp() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let target = Target { port: free, ..stranger(b"").await };
    assert_fails(&ping(&target).await, Stage::Tcp, "refused", "nothing listens on this port");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_ca_fails_at_tls() {
    let mut cache = cache(true, Some(PASSWORD)).await;
    cache.target.ca_pem = Some(Authority::new().unwrap().pem());
    assert_fails(&ping(&cache.target).await, Stage::Tls, "certificate", "another CA than the given ca_cert");
}

#[tokio::test]
async fn without_a_ca_the_machine_does_not_know_the_sandbox() {
    let mut cache = cache(true, None).await;
    cache.target.ca_pem = None;
    assert_fails(&ping(&cache.target).await, Stage::Tls, "", "set ca_cert");
}

#[tokio::test]
async fn a_ca_that_is_no_pem_fails_at_tls() {
    let mut cache = cache(true, None).await;
    cache.target.ca_pem = Some("not a certificate".into());
    assert_fails(&ping(&cache.target).await, Stage::Tls, "cannot be read", "PEM");
}

#[tokio::test]
async fn a_certificate_for_another_host_fails_at_tls() {
    let authority = Authority::new().unwrap();
    let config = authority.server_for(&["cache.example.com"]).unwrap().server_config().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await;
        }
    });
    let ca_pem = Some(authority.pem());
    let target = Target { host: "localhost".into(), port, tls: true, username: None, password: None, ca_pem };
    assert_fails(&ping(&target).await, Stage::Tls, "cache.example.com", "for another host than localhost");
}

#[tokio::test]
async fn a_plain_server_where_tls_is_expected_fails_at_tls() {
    let mut cache = cache(false, Some(PASSWORD)).await;
    cache.target.tls = true;
    cache.target.ca_pem = Some(Authority::new().unwrap().pem());
    assert_fails(&ping(&cache.target).await, Stage::Tls, "", "speaks without TLS");
}

#[tokio::test]
async fn a_plain_server_that_answers_the_tls_greeting_is_recognised_too() {
    let ca_pem = Some(Authority::new().unwrap().pem());
    let target = Target { tls: true, ca_pem, ..stranger(b"-ERR unknown command\r\n").await };
    let report = ping(&target).await;
    assert_fails(&report, Stage::Tls, "", "speaks without TLS");
    assert_ne!(report.failed().unwrap().detail, "no answer to the TLS greeting in time");
    let target = Target { tls: true, ca_pem: target.ca_pem, ..stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n").await };
    assert_fails(&ping(&target).await, Stage::Tls, "", "check that this is the cache's TLS port");
}

#[tokio::test]
async fn a_silent_server_fails_at_tls_in_time() {
    let ca_pem = Some(Authority::new().unwrap().pem());
    let target = Target { tls: true, ca_pem, ..stranger(b"").await };
    assert_fails(&ping(&target).await, Stage::Tls, "no answer in time", "does not speak TLS");
}

#[tokio::test]
async fn a_tls_server_where_none_is_expected_fails_with_the_advice_to_turn_it_on() {
    let mut cache = cache(true, Some(PASSWORD)).await;
    cache.target.tls = false;
    assert_fails(&ping(&cache.target).await, Stage::Auth, "", "turn TLS on");
    cache.target.password = None;
    assert_fails(&ping(&cache.target).await, Stage::Ping, "", "turn TLS on");
}

#[tokio::test]
async fn a_wrong_password_fails_at_auth() {
    let mut cache = cache(true, Some("another")).await;
    cache.target.password = Some(PASSWORD.into());
    assert_fails(&ping(&cache.target).await, Stage::Auth, "WRONGPASS", "rotated");
}

#[tokio::test]
async fn a_password_that_nobody_asked_for_fails_at_auth() {
    let mut cache = cache(false, None).await;
    cache.target.password = Some(PASSWORD.into());
    assert_fails(&ping(&cache.target).await, Stage::Auth, "without any password", "leave it out");
}

#[tokio::test]
async fn a_missing_password_fails_at_ping() {
    let mut cache = cache(true, Some(PASSWORD)).await;
    cache.target.password = None;
    assert_fails(&ping(&cache.target).await, Stage::Ping, "NOAUTH", "asks for a password: give one");
}

#[tokio::test]
async fn something_else_on_the_port_fails_at_ping() {
    let web = stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_fails(&ping(&web).await, Stage::Ping, "not of the Redis protocol", "check the port");
    let silent = stranger(b"").await;
    assert_fails(&ping(&silent).await, Stage::Ping, "no answer in time", "overloaded");
    let loading = stranger(b"-LOADING Redis is loading the dataset in memory\r\n").await;
    assert_fails(&ping(&loading).await, Stage::Ping, "LOADING", "try again in a moment");
    let odd = stranger(b"+HELLO\r\n").await;
    assert_fails(&ping(&odd).await, Stage::Ping, "does not fit", "check the port");
}

#[tokio::test]
async fn a_server_that_repeats_the_password_does_not_bring_it_into_the_report() {
    let echo = b"-ERR unknown command 'AUTH', with args beginning with: 'synthetic-pass'\r\n";
    let target = Target { password: Some(PASSWORD.into()), ..stranger(echo).await };
    assert_fails(&ping(&target).await, Stage::Auth, "unknown command", "its own words");
    let echo = b"-ERR no such \x1b[31msynthetic-pass\r\n";
    let target = Target { password: Some(PASSWORD.into()), ..stranger(echo).await };
    assert_fails(&ping(&target).await, Stage::Auth, "no such ?[31m[password]", "its own words");
}

#[tokio::test]
async fn a_long_text_of_the_server_is_cut() {
    static LONG: [u8; 10_000] = [b'-'; 10_000];
    let target = stranger(&LONG).await;
    let report = ping(&target).await;
    assert!(report.failed().unwrap().detail.len() <= 300, "{report}");
}

#[tokio::test]
async fn steps_are_timed_by_the_clock_that_was_given() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let target = stranger(b"").await;
    let timeouts = Timeouts::default();
    let pinging = run(&target, &timeouts, &clock);
    tokio::pin!(pinging);
    let report = loop {
        tokio::select! {
            report = &mut pinging => break report,
            // A silent server: nothing but this clock can end the wait.
            () = SystemClock.sleep(Duration::from_millis(50)) => clock.advance(Duration::from_secs(3)),
        }
    };
    check_shape(&report);
    assert_fails(&report, Stage::Ping, "no answer in time", "");
    assert!(report.stage(Stage::Ping).took_ms.unwrap() >= 3000.0, "{report}");
}

#[tokio::test]
async fn real_servers_lead_to_the_same_advice() {
    let Some(found) = RealServers::find(std::env::var_os("PATH").as_deref()) else {
        println!("not tested: no valkey-server or redis-server on PATH");
        return;
    };
    let chosen = choose(Some(found), Arc::new(SystemClock), Arc::new(SystemSource)).await.unwrap();
    for tls in [false, true] {
        let name = format!("tls-{tls}");
        let password = Some(PASSWORD.into());
        let at = chosen
            .plane
            .start(ServerSpec { name, engine: Engine::Redis, password, tls, cluster: false })
            .await
            .unwrap();
        let ca_pem = chosen.plane.ca_pem();
        let right =
            Target { host: at.host, port: at.port, tls, username: None, password: Some(PASSWORD.into()), ca_pem };
        let report = ping(&right).await;
        assert!(report.ok, "{report}");
        let wrong = Target { password: Some("wrong".into()), ..right.clone() };
        assert_fails(&ping(&wrong).await, Stage::Auth, "WRONGPASS", "rotated");
        let missing = Target { password: None, ..right.clone() };
        assert_fails(&ping(&missing).await, Stage::Ping, "NOAUTH", "give one");
        let other_way = Target { tls: !tls, ..right };
        let (stage, hint) = if tls { (Stage::Auth, "turn TLS on") } else { (Stage::Tls, "speaks without TLS") };
        assert_fails(&ping(&other_way).await, stage, "", hint);
    }
}

//! Spans, as a collector gets them.

use std::process::Stdio;
use std::time::Duration;

use cache_driver::clock::{Clock, SystemClock};
use cache_driver::config::{Auth, HashedSecret, Otlp};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::captured::Captured;
use crate::collector::{Collector, attribute};
use crate::harness::{Caller, Settings, World, command, eventually};
use crate::server::Server;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

async fn traced(world: &World, otlp: Otlp) -> Server {
    let mut config = world.config.clone();
    config.telemetry.otlp = otlp;
    Server::start(config, world.clock()).await
}

async fn put(server: &Server, id: &str, traceparent: &str) -> u16 {
    let call = server.client.put(format!("{}/redis/{id}", server.url)).header("traceparent", traceparent);
    call.json(&json!({"type": "redis", "driver": {"values": {}}})).send().await.unwrap().status().as_u16()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn of_kind(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    spans.iter().filter(|span| span.kind == kind as i32).collect()
}

#[tokio::test]
async fn a_request_and_its_cloud_calls_are_one_trace_within_the_callers() {
    let (world, collector) = (World::start().await, Collector::start().await);
    let headers = [("authorization".to_owned(), SecretString::from("Bearer c4n4ry"))].into();
    let server = traced(&world, Otlp { headers, ..collector.otlp() }).await;
    let id = world.id();
    assert_eq!(put(&server, &id, &format!("00-{TRACE}-{PARENT}-01")).await, 202);
    server.flush().await;
    let spans = collector.spans();
    let requests = of_kind(&spans, SpanKind::Server);
    let [request] = requests[..] else { panic!("{spans:#?}") };
    assert_eq!((hex(&request.trace_id), hex(&request.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(request.name, "PUT /redis/{GUResID}");
    for (key, expected) in [
        ("http.request.method", "PUT"),
        ("http.response.status_code", "202"),
        ("cache_driver.resource_id", id.as_str()),
        ("cache_driver.product", "aws/replication-group"),
    ] {
        assert_eq!(attribute(&request.attributes, key).as_deref(), Some(expected), "{key}");
    }
    let calls = of_kind(&spans, SpanKind::Client);
    let total = world.cloud.control().calls().to_json()["total"].as_u64().unwrap();
    assert_eq!(calls.len() as u64, total);
    for call in &calls {
        assert_eq!((hex(&call.trace_id).as_str(), &call.parent_span_id), (TRACE, &request.span_id), "{call:#?}");
        assert_ne!(call.span_id, request.span_id);
        assert_eq!(attribute(&call.attributes, "cloud.provider").as_deref(), Some("aws"));
        assert_eq!(attribute(&call.attributes, "rpc.method").as_deref(), Some(call.name.as_str()));
        assert!(attribute(&call.attributes, "cache_driver.cloud_request_id").is_some());
    }
    let outcome = |name: &str| {
        let call = calls.iter().find(|call| call.name == name).unwrap();
        attribute(&call.attributes, "cache_driver.outcome").unwrap()
    };
    assert_eq!(
        (outcome("DescribeReplicationGroups").as_str(), outcome("CreateReplicationGroup").as_str()),
        ("absent", "ok")
    );
    let service = collector.service();
    assert_eq!(attribute(&service, "service.name").as_deref(), Some("cache-driver"));
    assert_eq!(attribute(&service, "service.version").as_deref(), Some("0.0.0-test"));
    let sent = collector.headers();
    assert_eq!(sent["authorization"], "Bearer c4n4ry");
    assert_eq!(sent["content-type"], "application/x-protobuf");
}

#[tokio::test]
async fn background_work_stays_in_the_trace_of_its_request() {
    let (world, collector) = (World::start().await, Collector::start().await);
    let server = traced(&world, collector.otlp()).await;
    put(&server, &world.id(), &format!("00-{TRACE}-{PARENT}-01")).await;
    let background = eventually("the span of the background work", || async {
        world.minutes(10);
        server.flush().await;
        of_kind(&collector.spans(), SpanKind::Internal).into_iter().next().cloned()
    })
    .await;
    let spans = collector.spans();
    let request = of_kind(&spans, SpanKind::Server)[0];
    assert_eq!((hex(&background.trace_id).as_str(), &background.parent_span_id), (TRACE, &request.span_id));
    assert_eq!(attribute(&background.attributes, "cache_driver.outcome").as_deref(), Some("done"));
    let below =
        of_kind(&spans, SpanKind::Client).iter().filter(|call| call.parent_span_id == background.span_id).count();
    assert!(below >= 1 && background.end_time_unix_nano > background.start_time_unix_nano, "{background:#?}");
}

#[tokio::test]
async fn what_the_caller_or_the_ratio_leaves_out_is_not_sent() {
    let (world, collector) = (World::start().await, Collector::start().await);
    let server = traced(&world, Otlp { sample_ratio: 0.0, ..collector.otlp() }).await;
    put(&server, &world.id(), &format!("00-{TRACE}-{PARENT}-00")).await;
    put(&server, &world.id(), "no traceparent").await;
    server.flush().await;
    assert_eq!(collector.spans(), []);
    put(&server, &world.id(), &format!("00-{TRACE}-{PARENT}-01")).await;
    server.flush().await;
    assert_eq!(of_kind(&collector.spans(), SpanKind::Server).len(), 1, "the caller has decided");
}

#[tokio::test]
async fn who_is_not_let_in_decides_nothing_about_traces() {
    let (mut world, collector) = (World::start().await, Collector::start().await);
    let tokens = vec![HashedSecret::of("caller", "a-callers-token")];
    world.config.server.auth = Auth { tokens, ..Auth::default() };
    let server = traced(&world, Otlp { sample_ratio: 0.0, ..collector.otlp() }).await;
    let ask = async |method: &[u8], path: &str, token: &str| {
        let method = reqwest::Method::from_bytes(method).unwrap();
        let call = server.client.request(method, format!("{}{path}", server.url)).bearer_auth(token);
        call.header("traceparent", format!("00-{TRACE}-{PARENT}-01")).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(b"GET", "/redis/some-id", "wrong").await, 401);
    assert_eq!(ask(b"C4N4RY", "/redis//some-id", "wrong").await, 404);
    assert_eq!(ask(b"GET", "/alive", "wrong").await, 200);
    server.flush().await;
    assert_eq!(collector.spans(), []);
    assert_eq!(ask(b"C4N4RY", "/redis/some-id", "a-callers-token").await, 405);
    server.flush().await;
    let spans = collector.spans();
    let request = of_kind(&spans, SpanKind::Server)[0];
    assert!(request.name.starts_with("other ") && !collector.text().contains("C4N4RY"), "{request:#?}");
    assert_eq!(attribute(&request.attributes, "http.request.method").as_deref(), Some("other"));
}

#[tokio::test]
async fn the_calls_for_the_list_of_caches_stand_in_its_line_and_trace() {
    let (captured, _guard) = Captured::begin("info");
    let (world, collector) = (World::start().await, Collector::start().await);
    let server = traced(&world, collector.otlp()).await;
    let answer = server.client.get(format!("{}/resources", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    server.flush().await;
    let spans = collector.spans();
    let (requests, calls) = (of_kind(&spans, SpanKind::Server), of_kind(&spans, SpanKind::Client));
    assert!(!calls.is_empty() && calls.iter().all(|call| call.parent_span_id == requests[0].span_id), "{spans:#?}");
    assert_eq!(captured.lines("message", "answered")[0]["cloud_calls"].as_u64(), u64::try_from(calls.len()).ok());
}

#[tokio::test]
async fn a_failed_call_is_an_error_and_a_request_without_a_parent_is_a_root() {
    let (world, collector) = (World::start().await, Collector::start().await);
    let server = traced(&world, collector.otlp()).await;
    world.fault(json!({"kind": "access_denied", "action": "CreateReplicationGroup"}));
    Caller::new(&server.url, &world.id()).put(json!({})).await.refused("RES-103");
    server.flush().await;
    let spans = collector.spans();
    let failed: Vec<&Span> = spans.iter().filter(|span| span.status.is_some()).collect();
    assert_eq!(failed.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["CreateReplicationGroup"]);
    let request = of_kind(&spans, SpanKind::Server)[0];
    assert!(request.parent_span_id.is_empty() && request.trace_id.len() == 16, "{request:#?}");
    assert_eq!(attribute(&request.attributes, "error.type").as_deref(), Some("RES-103"));
}

#[tokio::test]
async fn a_collector_that_is_away_delays_nobody_and_is_told_once() {
    let (captured, _guard) = Captured::begin("info");
    let world = World::fast(60.0).await;
    let collector = Collector::start().await;
    collector.answer(400);
    let server = traced(&world, collector.otlp()).await;
    for _ in 0..3 {
        put(&server, &world.id(), &format!("00-{TRACE}-{PARENT}-01")).await;
        server.flush().await;
    }
    let away = captured.lines("message", "the collector of traces takes no spans; they are dropped until it does");
    assert_eq!(away.len(), 1, "{away:#?}");
    assert_eq!(away[0]["why"], "it answers http status 400");
    let lost = server.scrape().await.count("cache_driver_spans_dropped_total", &[]);
    assert!(lost >= 9, "{lost}");
    collector.answer(200);
    server.client.get(format!("{}/alive", server.url)).send().await.unwrap();
    server.flush().await;
    assert_eq!(captured.lines("message", "the collector of traces takes spans again").len(), 1);
    assert!(server.scrape().await.count("cache_driver_spans_exported_total", &[]) >= 1);
}

#[tokio::test]
async fn nobody_waits_for_a_collector_that_never_answers() {
    let (captured, _guard) = Captured::begin("info");
    let world = World::fast(60.0).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Some(format!("http://{}", silent.local_addr().unwrap()));
    let timeout = Duration::from_millis(400);
    let server = traced(&world, Otlp { endpoint, timeout, ..Otlp::default() }).await;
    assert_eq!(put(&server, &world.id(), "").await, 202);
    let began = SystemClock.now();
    assert!(!server.exporting.as_ref().unwrap().finish().await, "it cannot have been sent");
    let took = Duration::try_from(SystemClock.now().duration_since(began)).unwrap();
    assert!(took >= timeout && took < Duration::from_secs(20), "{took:?}");
    assert_eq!(captured.lines("message", "the last spans could not be sent in time and are lost").len(), 1);
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_sends_its_last_spans_and_writes_no_header_of_the_collector() {
    let (world, collector) = (World::fast(60.0).await, Collector::start().await);
    let more = format!(
        "[log]\nlevel = \"trace\"\n[telemetry.otlp]\nendpoint = \"{}\"\n\
         [telemetry.otlp.headers]\nauthorization = \"Bearer c4n4ry\"\n",
        collector.url
    );
    let settings = Settings::over(&world, &more);
    let mut child = command();
    child.args(["serve", "--config"]).arg(&settings.file).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = loop {
        let line = lines.next_line().await.unwrap().expect("it starts");
        if let Some(url) = line.strip_prefix("listening on ") {
            break url.to_owned();
        }
    };
    Caller::new(&url, &world.id()).put(json!({})).await.is(202);
    let pid = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let ended = child.wait_with_output().await.unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let spans = collector.spans();
    assert_eq!(of_kind(&spans, SpanKind::Server).len(), 1, "{spans:#?}");
    assert!(of_kind(&spans, SpanKind::Client).iter().any(|call| call.name == "CreateReplicationGroup"));
    assert_eq!(collector.headers()["authorization"], "Bearer c4n4ry");
    let log = String::from_utf8(ended.stderr).unwrap();
    assert!(log.contains("answered") && !log.contains("c4n4ry"), "{log}");
}

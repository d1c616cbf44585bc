//! The one line per request, and the one per background task.

use serde_json::{Value, json};

use crate::captured::Captured;
use crate::harness::{Caller, World, eventually};
use crate::server::Server;

#[tokio::test]
async fn the_line_has_where_it_is_how_it_is_and_the_clouds_request_ids() {
    let (captured, _guard) = Captured::begin("info");
    let world = World::start().await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id());
    resource.put(json!({})).await.is(202);
    resource.get().await.is(202);
    let lines = captured.lines("message", "answered");
    let line = &lines[0];
    let text = |key: &str| line[key].as_str().unwrap().to_owned();
    assert_eq!((text("provider"), text("product")), ("aws".to_owned(), "aws/replication-group".to_owned()));
    assert_eq!((text("outcome"), text("phase")), ("pending".to_owned(), "creating".to_owned()));
    assert_eq!((text("route"), text("id")), ("/redis/{GUResID}".to_owned(), resource.id.clone()));
    let calls = line["cloud_calls"].as_u64().unwrap();
    let ids: Vec<String> = text("cloud_request_ids").split(',').map(str::to_owned).collect();
    assert!(calls >= 3 && ids.len() as u64 == calls, "{line}");
    let listed = world.cloud.control().calls().to_json();
    let of_both = lines.iter().map(|line| line["cloud_calls"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(listed["total"].as_u64().unwrap(), of_both, "{listed}");
}

#[tokio::test]
async fn a_refusal_of_the_cloud_can_be_found_in_the_clouds_own_log() {
    let (captured, _guard) = Captured::begin("info");
    let world = World::start().await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id());
    world.fault(json!({"kind": "access_denied", "action": "CreateReplicationGroup"}));
    let refused = resource.put(json!({})).await.refused("RES-103");
    let id = refused.body["details"]["cause"]["request_id"].as_str().unwrap();
    let line = &captured.lines("message", "answered")[0];
    assert!(line["cloud_request_ids"].as_str().unwrap().split(',').any(|known| known == id), "{id}: {line}");
    assert_eq!((&line["outcome"], &line["code"]), (&json!("refused"), &json!("RES-103")));
    assert_eq!((&line["provider"], &line["level"]), (&json!("aws"), &json!("WARN")));
}

#[tokio::test]
async fn background_work_has_a_line_of_its_own_under_the_id_of_its_request() {
    let (captured, _guard) = Captured::begin("info");
    let world = World::start().await;
    let server = Server::start(world.config.clone(), world.clock()).await;
    let mut resource = Caller::new(&server.url, &world.id());
    let made = resource.put(json!({})).await.is(202);
    let line = eventually("the end of the background work", || async {
        world.minutes(10);
        captured.lines("message", "background work ended").into_iter().next()
    })
    .await;
    assert_eq!((&line["outcome"], &line["product"]), (&json!("done"), &json!("aws/replication-group")));
    assert_eq!(line["spans"][0]["request_id"], made.header("x-request-id"));
    assert_eq!(line["spans"][0]["id"], resource.id);
    let calls = |lines: &[Value]| lines.iter().map(|line| line["cloud_calls"].as_u64().unwrap()).sum::<u64>();
    let told = calls(&captured.lines("message", "answered")) + calls(&[line]);
    assert_eq!(world.cloud.control().calls().to_json()["total"].as_u64().unwrap(), told);
}

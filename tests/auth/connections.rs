//! What a client cannot do to the others by keeping connections.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{raw, resource};
use crate::support::{Server, Setup};

const ALIVE: &str = "GET /alive HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// The fewest connections that a server takes, however few requests it may have in work.
const FEWEST: usize = 64;

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.running.address).await.unwrap()
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let server = Server::start().await;
    let _ticking = server.keep_ticking();
    let request = format!(
        "PUT {} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"type\":",
        resource()
    );
    // It answers, and ends the connection: what comes of the body later is no request.
    assert_eq!(raw(server.running.address, &request).await, 503);
}

#[tokio::test]
async fn connections_beyond_the_most_wait_until_one_ends() {
    let server = Setup::default().config(|config| config.server.concurrency_limit = 1).start().await;
    let mut silent = Vec::new();
    for _ in 0..FEWEST {
        silent.push(connect(&server).await);
    }
    let mut waiting = connect(&server).await;
    waiting.write_all(ALIVE.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let early = tokio::time::timeout(Duration::from_millis(200), waiting.read_to_end(&mut answer)).await;
    assert!(early.is_err() && answer.is_empty(), "there is no place for it");
    silent.pop();
    tokio::time::timeout(Duration::from_secs(10), waiting.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    // Those that ended made place for others.
    drop(silent);
    assert_eq!(raw(server.running.address, ALIVE).await, 200);
}

//! Only the small server in this process.

use redis::AsyncCommands;
use tokio::io::AsyncReadExt;

use crate::{connect, small_server, spec};

#[tokio::test]
async fn the_small_server_says_what_it_is_and_why() {
    let chosen = small_server().await;
    assert_eq!(chosen.to_string(), "in-process server: no valkey-server or redis-server found");
    let at = chosen.plane.start(spec(None, false, false)).await.unwrap();
    let mut client = connect(chosen.plane.as_ref(), &at, false, None).await.unwrap();
    let info: String = redis::cmd("INFO").query_async(&mut client).await.unwrap();
    assert!(info.contains("server_name:cache-driver sandbox"), "{info}");
}

#[tokio::test]
async fn the_small_server_turns_away_who_comes_too_many() {
    let chosen = small_server().await;
    let at = chosen.plane.start(spec(None, false, false)).await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..256 {
        crowd.push(connect(chosen.plane.as_ref(), &at, false, None).await.unwrap());
    }
    let mut one_more = tokio::net::TcpStream::connect((at.host.as_str(), at.port)).await.unwrap();
    let mut said = String::new();
    one_more.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "-ERR max number of clients reached\r\n");
    assert_eq!(crowd[0].ping::<String>().await.unwrap(), "PONG");
}

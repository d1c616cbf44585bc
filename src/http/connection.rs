//! One connection: what it may do, and for how long it may do nothing.
//!
//! hyper bounds the head of a request. All else that a client could keep a connection for is bounded here: saying nothing
//! at all, and answers that nobody reads. Requests in work have a limit of their own, their bodies included.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::Timer as _;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// Answers the requests of a connection until its client ends it, the server stops, or nothing happens any more.
///
/// `patience` is how long the head of a request may take, how long a connection may be open without a request in work,
/// and how long it may then take to end.
pub(super) async fn drive<S, A>(
    stream: S,
    patience: Duration,
    mut stopping: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> A,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Future<Output = Response>,
{
    let (at_work, mut working) = watch::channel(false);
    let handler = service_fn(|request| {
        let at_work = &at_work;
        at_work.send_replace(true);
        let answer = answer(request);
        async move {
            let response = answer.await;
            at_work.send_replace(false);
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let connection = builder.serve_connection(TokioIo::new(stream), handler);
    tokio::pin!(connection);
    let early = |error: hyper::Error| tracing::debug!(%error, "a connection ended early");
    tokio::select! {
        ended = &mut connection => return ended.unwrap_or_else(early),
        _ = stopping.wait_for(|stopping| *stopping) => {}
        () = idle(&mut working, patience) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection => ended.unwrap_or_else(early),
        () = idle(&mut working, patience) => tracing::debug!("a connection did not end in time and is cut off"),
    }
}

/// Ends when no request has been in work for so long. On hyper's own timer: what is measured is a socket's time.
async fn idle(working: &mut watch::Receiver<bool>, patience: Duration) {
    loop {
        // The sender outlives this future.
        let _ = working.wait_for(|working| !working).await;
        tokio::select! {
            _ = working.changed() => {}
            () = TokioTimer::new().sleep(patience) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    struct Served {
        client: DuplexStream,
        serving: JoinHandle<()>,
        stop: watch::Sender<bool>,
        /// Tells of requests that came to be answered.
        came: Arc<Notify>,
        /// Lets requests be answered.
        go: Arc<Notify>,
    }

    /// A connection that is served with little patience. What it can hold on the way is little, too.
    fn served(patience: Duration, size: usize) -> Served {
        let (client, server) = tokio::io::duplex(256);
        let (stop, stopping) = watch::channel(false);
        let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (coming, answered) = (came.clone(), go.clone());
        let serving = tokio::spawn(async move {
            let answer = |_| {
                coming.notify_one();
                let go = answered.clone();
                async move {
                    go.notified().await;
                    Response::new(Body::from("x".repeat(size)))
                }
            };
            drive(server, patience, stopping, answer).await;
        });
        Served { client, serving, stop, came, go }
    }

    const SHORT: Duration = Duration::from_millis(40);

    async fn rest(client: &mut DuplexStream) -> Vec<u8> {
        let mut all = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut all)).await.unwrap().unwrap();
        all
    }

    async fn ends(serving: JoinHandle<()>) {
        tokio::time::timeout(Duration::from_secs(20), serving).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_says_nothing_at_all_is_not_waited_for() {
        for said in [&b""[..], b"P", b"PRI * HT", b"GET / HTTP/1.1\r\nhost:"] {
            let mut served = served(SHORT, 1);
            served.client.write_all(said).await.unwrap();
            rest(&mut served.client).await;
            ends(served.serving).await;
        }
    }

    #[tokio::test]
    async fn who_speaks_http_2_without_asking_is_told_nothing_and_let_go() {
        let mut served = served(Duration::from_mins(1), 1);
        served.client.write_all(PREFACE).await.unwrap();
        assert!(rest(&mut served.client).await.is_empty());
        ends(served.serving).await;
    }

    #[tokio::test]
    async fn a_connection_that_is_kept_for_more_requests_ends_when_none_comes() {
        let mut served = served(SHORT, 1);
        served.go.notify_one();
        served.client.write_all(GET).await.unwrap();
        let told = String::from_utf8(rest(&mut served.client).await).unwrap();
        assert!(told.starts_with("HTTP/1.1 200") && told.ends_with("\r\n\r\nx"), "{told}");
        ends(served.serving).await;
    }

    #[tokio::test]
    async fn a_request_in_work_is_no_idleness_however_long_it_takes() {
        let mut busy = served(SHORT, 1);
        busy.client.write_all(GET).await.unwrap();
        // As long as several silent connections last, one after the other.
        for _ in 0..4 {
            ends(served(SHORT, 1).serving).await;
        }
        assert!(!busy.serving.is_finished());
        busy.go.notify_one();
        assert!(rest(&mut busy.client).await.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_is_given_up() {
        let mut served = served(SHORT, 1_000_000);
        served.go.notify_one();
        served.client.write_all(GET).await.unwrap();
        ends(served.serving).await;
    }

    #[tokio::test]
    async fn a_server_that_stops_ends_what_is_idle_and_answers_what_is_in_work() {
        let long = Duration::from_mins(1);
        let idle = served(long, 1);
        idle.stop.send(true).unwrap();
        ends(idle.serving).await;
        let mut busy = served(long, 1);
        busy.client.write_all(GET).await.unwrap();
        busy.came.notified().await;
        busy.stop.send(true).unwrap();
        busy.go.notify_one();
        assert!(rest(&mut busy.client).await.starts_with(b"HTTP/1.1 200"));
        ends(busy.serving).await;
    }
}

//! One connection: what it may do, and for how long it may do nothing.
//!
//! hyper bounds the head of an HTTP/1 request, once its first byte has come. All else that a client could keep a
//! connection for is bounded here, for both versions: saying nothing at all, a preface without requests, pings that only
//! keep it open, and answers that nobody reads. Requests in work have a limit of their own, their bodies included.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::Timer as _;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// A server's settings for its connections.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    builder: Builder<TokioExecutor>,
    patience: Duration,
}

/// A request in work, until this is dropped: also one whose client went away.
struct AtWork(Arc<watch::Sender<usize>>);

impl AtWork {
    fn begin(work: &Arc<watch::Sender<usize>>) -> Self {
        work.send_modify(|requests| *requests += 1);
        Self(work.clone())
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.send_modify(|requests| *requests -= 1);
    }
}

impl Connections {
    /// `patience` is how long the head of a request may take, how long a connection may be open without a request in
    /// work, and how long it may then take to end.
    pub(super) fn new(patience: Duration) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(patience);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(patience);
        Self { builder, patience }
    }

    /// Answers the requests of a connection until its client ends it, the server stops, or nothing happens any more.
    pub(super) async fn drive<S, A>(
        &self,
        stream: S,
        mut stopping: watch::Receiver<bool>,
        answer: impl Fn(Request<Incoming>) -> A,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let work = Arc::new(watch::Sender::new(0));
        let mut working = work.subscribe();
        let handler = service_fn(|request| {
            let at_work = AtWork::begin(&work);
            let answer = answer(request);
            async move {
                let response = answer.await;
                drop(at_work);
                Ok::<_, Infallible>(response)
            }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), handler);
        tokio::pin!(connection);
        let mut ending = false;
        loop {
            tokio::select! {
                ended = &mut connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                _ = stopping.wait_for(|stopping| *stopping), if !ending => {}
                () = idle(&mut working, self.patience) => {
                    if ending {
                        tracing::debug!("a connection did not end in time and is cut off");
                        return;
                    }
                }
            }
            ending = true;
            connection.as_mut().graceful_shutdown();
        }
    }
}

/// Ends when no request has been in work for so long. On hyper's own timer: what is measured is a socket's time.
async fn idle(working: &mut watch::Receiver<usize>, patience: Duration) {
    loop {
        // The sender outlives this future.
        let _ = working.wait_for(|requests| *requests == 0).await;
        tokio::select! {
            _ = working.changed() => {}
            () = TokioTimer::new().sleep(patience) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    const GO_AWAY: u8 = 7;

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
            Connections::new(patience).drive(server, stopping, answer).await;
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
        for said in [&b""[..], b"P", b"PRI * HT", b"GET / HTTP/1.1\r\nhost:", PREFACE] {
            let mut served = served(SHORT, 1);
            served.client.write_all(said).await.unwrap();
            rest(&mut served.client).await;
            ends(served.serving).await;
        }
    }

    #[tokio::test]
    async fn an_open_connection_without_requests_is_told_to_go_away() {
        let mut served = served(SHORT, 1);
        served.client.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
        let told = rest(&mut served.client).await;
        let mut types = Vec::new();
        let mut frames = told.as_slice();
        while let [a, b, c, kind, _, _, _, _, _, ..] = frames {
            types.push(*kind);
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            frames = &frames[9 + length..];
        }
        assert!(types.contains(&GO_AWAY), "{types:?}");
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

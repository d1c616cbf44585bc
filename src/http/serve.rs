//! Listens, and stops listening without cutting anybody off.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;

use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use super::Service;

/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// Pause after a connection that could not be accepted (no file descriptors left): it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves HTTP/1 and HTTP/2 until `shutdown` ends. Requests in work are then answered, for which they have
/// `server.request_timeout`; connections without a request are closed at once.
pub async fn serve(listener: TcpListener, service: Service, shutdown: impl Future<Output = ()>) {
    let clock = service.app().driver().clock().clone();
    let grace = service.app().config().server.request_timeout;
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_PATIENCE);
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if !is_of_one_client(&error) {
                        tracing::error!(%error, "a connection could not be accepted");
                        clock.sleep(ACCEPT_PAUSE).await;
                    }
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Answers are written at once; what fails here shows when the connection is used.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let handler = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let service = service.clone();
            async move { Ok::<_, Infallible>(service.answer(request.map(Body::new)).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), handler);
        let connection = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    service.app().stop();
    drop(listener);
    tracing::info!(open = graceful.count(), "shutting down");
    tokio::select! {
        () = graceful.shutdown() => {}
        () = clock.sleep(grace) => tracing::warn!("some requests were not done in time and are cut off"),
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

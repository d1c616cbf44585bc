//! Listens, and stops listening without cutting anybody off.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::Service;
use super::auth::{Certificate, Peer, Tls};
use crate::clock::Clock;

/// How long a client may take to send the head of a request, and for a TLS handshake.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// Pause after a connection that could not be accepted (no file descriptors left): it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves HTTP/1 and HTTP/2 until `shutdown` ends. Requests in work are then answered, for which they have
/// `server.request_timeout`; connections without a request are closed at once.
pub async fn serve(listener: TcpListener, service: Service, shutdown: impl Future<Output = ()>) {
    serve_with(listener, None, service, shutdown).await;
}

/// The same over TLS, if it is given. Its files are looked at for a change as long as it serves.
pub async fn serve_with(listener: TcpListener, tls: Option<Tls>, service: Service, shutdown: impl Future<Output = ()>) {
    let clock = service.app().driver().clock().clone();
    let grace = service.app().config().server.request_timeout;
    let tls = tls.map(Arc::new);
    let fresh = tls.clone().map(|tls| tokio::spawn(tls.keep_fresh(clock.clone())));
    let builder = builder();
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
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
        let connection = Connection { builder: builder.clone(), service: service.clone(), watcher: graceful.watcher() };
        match &tls {
            None => tokio::spawn(connection.drive(stream, Peer { address: address.ip(), certificate: None })),
            Some(tls) => tokio::spawn(connection.shake_hands(tls.clone(), stream, address, clock.clone())),
        };
    }
    if let Some(fresh) = fresh {
        fresh.abort();
    }
    service.app().stop();
    drop(listener);
    tracing::info!(open = graceful.count(), "shutting down");
    tokio::select! {
        () = graceful.shutdown() => {}
        () = clock.sleep(grace) => tracing::warn!("some requests were not done in time and are cut off"),
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_PATIENCE);
    builder
}

/// What an accepted connection needs.
struct Connection {
    builder: Builder<TokioExecutor>,
    service: Service,
    watcher: Watcher,
}

impl Connection {
    async fn shake_hands(self, tls: Arc<Tls>, stream: TcpStream, address: SocketAddr, clock: Arc<dyn Clock>) {
        let stream = tokio::select! {
            shaken = tls.acceptor().accept(stream) => match shaken {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::info!(address = %address.ip(), %error, "a TLS handshake failed");
                    return;
                }
            },
            () = clock.sleep(HEAD_PATIENCE) => return,
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let certificate = shown.map(|der| Arc::new(Certificate::read(der)));
        self.drive(stream, Peer { address: address.ip(), certificate }).await;
    }

    async fn drive<S>(self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Self { builder, service, watcher } = self;
        let handler = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            let service = service.clone();
            async move { Ok::<_, Infallible>(service.answer(request.map(Body::new)).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), handler);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

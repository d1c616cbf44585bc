//! Listens, and stops listening without cutting anybody off.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Service;
use super::auth::{Certificate, Peer, Tls};
use super::connection;
use crate::clock::Clock;

/// How long a client may take for a TLS handshake and for the head of a request, and may keep a connection without one.
/// Longer than the minute after which load balancers let go of an idle connection: one that the server ends first is at
/// times used once more, and the caller sees a 502.
const PATIENCE: Duration = Duration::from_secs(75);
/// Connections for each request that may be in work. Further ones wait until one ends.
const CONNECTIONS: usize = 4;
/// There is always room for so many.
const FEWEST_CONNECTIONS: usize = 64;
/// Pause after a connection that could not be accepted (no file descriptors left): it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves HTTP/1.1 until `shutdown` ends. Requests in work are then answered, for which they have
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
    let most = most_connections(service.app().config().server.concurrency_limit);
    let room = Arc::new(Semaphore::new(most));
    let stop = watch::Sender::new(false);
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = &mut shutdown => break,
        };
        let (stream, address, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_one_client(&error) {
                    tracing::error!(%error, "a connection could not be accepted");
                    clock.sleep(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        if room.available_permits() == 0 {
            tracing::warn!(most, "there are as many connections as may be; further ones wait");
        }
        // Answers are written at once; what fails here shows when the connection is used.
        let _ = stream.set_nodelay(true);
        let connection = Connection { service: service.clone(), stopping: stop.subscribe(), _place: place };
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
    tracing::info!(open = stop.receiver_count(), "shutting down");
    stop.send_replace(true);
    tokio::select! {
        () = stop.closed() => {}
        () = clock.sleep(grace) => tracing::warn!("some requests were not done in time and are cut off"),
    }
}

/// How many connections may be open: clients keep some for later, but not without end.
fn most_connections(requests: usize) -> usize {
    requests.saturating_mul(CONNECTIONS).clamp(FEWEST_CONNECTIONS, Semaphore::MAX_PERMITS)
}

/// The next connection, once there is room for it. Until then it waits where the system keeps it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address, place))
}

/// What an accepted connection needs.
struct Connection {
    service: Service,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
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
            () = clock.sleep(PATIENCE) => return,
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let certificate = shown.map(|der| Arc::new(Certificate::read(der)));
        self.drive(stream, Peer { address: address.ip(), certificate }).await;
    }

    async fn drive<S>(self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let answer = |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            let service = self.service.clone();
            async move { service.answer(request.map(Body::new)).await }
        };
        connection::drive(stream, PATIENCE, self.stopping, answer).await;
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

//! An emulated cloud that listens, and the listener that can hang up on a caller.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt;

use super::control::{self, Control};

/// Put into a response's extensions, it makes the listener close the connection instead of answering.
#[derive(Debug, Clone, Copy)]
pub(super) struct HangUp;

#[derive(Debug, thiserror::Error)]
#[error("hung up on the caller, as asked")]
struct HungUp;

/// An emulated cloud that answers until it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    control: Arc<dyn Control>,
    stop: watch::Sender<bool>,
    accepting: Option<JoinHandle<()>>,
}

impl Running {
    /// Listens on `listen` and serves `router` beside the `/_sandbox` endpoints of `control`.
    pub(super) async fn start(listen: SocketAddr, router: Router, control: Arc<dyn Control>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let router = control::router(Arc::clone(&control)).merge(router);
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, router, Arc::clone(&control), stopped));
        Ok(Self { address, control, stop, accepting: Some(accepting) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL, for an SDK's endpoint setting.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `/_sandbox` offers, without the detour over HTTP.
    #[must_use]
    pub fn control(&self) -> Arc<dyn Control> {
        Arc::clone(&self.control)
    }

    /// Closes the port and every connection, and stops the servers behind the caches.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(accepting) = self.accepting.take() {
            // It only ends early if it panicked, and then it is just as stopped.
            accepting.await.ok();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn accept(listener: TcpListener, router: Router, control: Arc<dyn Control>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(serve(stream, router.clone())); }
                Err(error) => tracing::warn!(%error, "the sandbox could not accept a connection"),
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
    // With the caches go the servers behind them.
    control.reset().await;
}

async fn serve(stream: TcpStream, router: Router) {
    // Answers are small and waited for; without this each would wait for the acknowledgement of the one before.
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| answer(router.clone(), request));
    let served = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the sandbox ended");
    }
}

/// hyper closes a connection whose service fails without writing anything: just what a lost answer looks like.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response<Body>, HungUp> {
    let response: Result<_, Infallible> = router.oneshot(request).await;
    let Ok(response) = response;
    if response.extensions().get::<HangUp>().is_some() { Err(HungUp) } else { Ok(response) }
}

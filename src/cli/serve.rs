//! `serve`: the Driver API.

use clap::Args;
use tokio::net::TcpListener;

use super::Failed;
use super::start::{ConfigArgs, World};
use crate::config::Server;
use crate::{http, telemetry};

/// Options of `serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let world = World::real();
        let started = self.config.start(&world).await?;
        let config = started.driver.config();
        telemetry::init(&config.log).map_err(|error| Failed::run("logging could not be set up", &error))?;
        let (tls, exporting) = started.doors()?;
        let listen = config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Failed::run(&format!("server.listen = {listen} cannot be used"), &error))?;
        let address = listener.local_addr().map_err(|error| Failed::run("the address is not known", &error))?;
        if let Some(emulated) = &started.emulated {
            say!("sandbox: emulated clouds; endpoints are served by {}", emulated.label);
        }
        warn_of_plain_text(&config.server, tls.is_some());
        let scheme = if tls.is_some() { "https" } else { "http" };
        say!("listening on {scheme}://{address}");
        let app = started.app(&world)?;
        http::serve_with(listener, tls, http::app(app), shutdown()).await;
        if let Some(exporting) = exporting {
            exporting.finish().await;
        }
        Ok(())
    }
}

/// Secrets of callers must not cross a network in the clear. Whether a proxy in front sees to that is not known here.
fn warn_of_plain_text(server: &Server, has_tls: bool) {
    if !has_tls && !server.listen.ip().is_loopback() && server.auth.proves_callers() {
        tracing::warn!(
            "callers' secrets come in the clear, unless a proxy in front speaks TLS: set server.tls.cert_file"
        );
    }
}

/// Ends at an interrupt or a termination signal.
pub(super) async fn shutdown() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! { () = interrupt => {}, () = terminate => {} }
}

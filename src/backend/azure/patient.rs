//! Tokens that are not waited for longer than somebody waits for the answer, and what their absence means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, Context, HttpClient, Request, Transport};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::entra::{self, Late, Whose};

/// What a connection may take beyond its own time-out until that is told.
const SLACK: Duration = Duration::from_millis(500);

/// Credentials that are not waited for longer than somebody waits for the answer.
#[derive(Debug)]
pub(super) struct Patient {
    pub(super) inner: Arc<dyn TokenCredential>,
    pub(super) patience: Duration,
    pub(super) whose: Whose,
    pub(super) machine: Machine,
    /// When a token was waited for in vain. A request looks at several places, and would wait for each of them.
    pub(super) late: Mutex<Option<Instant>>,
}

impl Patient {
    /// Waits for a token, unless somebody just did so in vain.
    async fn ask(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> Option<azure_core::Result<AccessToken>> {
        let mut late = self.late.lock().await;
        if late.is_some_and(|at| at.elapsed() < self.patience) {
            return None;
        }
        let asked = tokio::time::timeout(self.patience, self.inner.get_token(scopes, options)).await.ok();
        *late = asked.is_none().then(Instant::now);
        asked
    }
}

#[async_trait]
impl TokenCredential for Patient {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let failed = match self.ask(scopes, options).await {
            Some(Ok(token)) => {
                if self.whose == Whose::Machine {
                    self.machine.is_there();
                }
                return Ok(token);
            }
            Some(Err(error)) => error,
            None => azure_core::Error::new(ErrorKind::Credential, Late),
        };
        let whose = match self.whose {
            Whose::Machine if self.machine.was_there() => Whose::Own,
            whose => whose,
        };
        Err(azure_core::Error::new(ErrorKind::Credential, entra::Failed { whose, error: failed }))
    }
}

/// Whether anybody has been seen to tell the machine's own tokens. Once there was somebody, silence is no proof that there
/// is nobody. It is known for the life of the process: credentials that nobody uses for an hour are forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Machine(Arc<AtomicBool>);

impl Machine {
    fn is_there(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn was_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The same transport, which notes when somebody takes a connection and keeps silent: then there is a service that
    /// has no time. `connect` is how long a connection may take. Answers prove nothing: the metadata services of other
    /// clouds have the same address.
    pub(super) fn heard_over(&self, transport: Transport, connect: Duration) -> Transport {
        Transport::new(Arc::new(Listening { transport, machine: self.clone(), connect }))
    }
}

#[derive(Debug)]
struct Listening {
    transport: Transport,
    machine: Machine,
    connect: Duration,
}

#[async_trait]
impl HttpClient for Listening {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (context, mut request) = (Context::new(), request.clone());
        let asking = self.transport.send(&context, &mut request);
        tokio::pin!(asking);
        if let Ok(answered) = tokio::time::timeout(self.connect + SLACK, &mut asking).await {
            return answered;
        }
        // Without a connection it would have ended by now.
        self.machine.is_there();
        asking.await
    }
}

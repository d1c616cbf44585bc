//! The driver's own identity, as its environment gives it.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gcp_auth::TokenProvider;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use super::{SCOPE, TOKEN};
use crate::backend::{BackendError, CallOutcome, Calls, Kind, Result};
use crate::clock::Clock;

/// How long it is remembered that there is none.
const REMEMBERED: Duration = Duration::from_secs(30);

/// What the library means by: nothing was set up.
const NO_METHOD: &str = "no authentication method was found";
const HINT: &str = "send credentials with the request, name an account, or give the driver an identity of its own \
                    (workload identity, GOOGLE_APPLICATION_CREDENTIALS)";

type Found = std::result::Result<Arc<dyn TokenProvider>, String>;

/// Finds the identity once, beside the requests: on a machine without one that takes long.
pub(super) struct Own {
    clock: Arc<dyn Clock>,
    patience: Duration,
    state: Mutex<State>,
    calls: Calls,
    /// The token that was told last: the library keeps it, and says nothing of its calls.
    last: Mutex<Option<SecretString>>,
}

enum State {
    Unknown,
    Sought(watch::Receiver<Option<Found>>),
    Known(Arc<dyn TokenProvider>),
    Missing(Timestamp, String),
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Own").finish_non_exhaustive()
    }
}

impl Own {
    pub(super) fn new(clock: Arc<dyn Clock>, patience: Duration, calls: Calls) -> Self {
        Self { clock, patience, state: Mutex::new(State::Unknown), calls, last: Mutex::default() }
    }

    pub(super) async fn token(&self) -> Result<SecretString> {
        let provider = self.provider().await?;
        let begun = self.calls.begin(TOKEN);
        let asked = self.ask(async move { provider.token(&[SCOPE]).await }).await;
        match asked.inspect_err(|error| begun.end(error.kind.into(), None))? {
            Ok(token) => {
                let token = SecretString::from(token.as_str().to_owned());
                if self.is_known(&token) {
                    begun.unsent();
                } else {
                    begun.end(CallOutcome::Ok, None);
                }
                Ok(token)
            }
            Err(error) => {
                begun.end(CallOutcome::Unavailable, None);
                let message = format!("the driver's own identity gives no token: {}", words(&error));
                Err(BackendError::new(Kind::Unavailable, TOKEN, message))
            }
        }
    }

    /// Whether this token was told before.
    fn is_known(&self, token: &SecretString) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.as_ref().is_some_and(|last| last.expose_secret() == token.expose_secret());
        *last = Some(token.clone());
        known
    }

    /// The project that it belongs to, if it tells.
    pub(super) async fn project(&self) -> Result<Option<String>> {
        let provider = self.provider().await?;
        let told = self.ask(async move { provider.project_id().await }).await?;
        Ok(told.ok().map(|project| project.to_string()))
    }

    /// Seeks it anew at the next call.
    pub(super) fn forget(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Known(_)) {
            *state = State::Unknown;
        }
    }

    async fn provider(&self) -> Result<Arc<dyn TokenProvider>> {
        let mut found = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match &*state {
                State::Known(provider) => return Ok(provider.clone()),
                State::Missing(since, why) if self.clock.now() < since.checked_add(REMEMBERED).unwrap_or(*since) => {
                    return Err(missing(why));
                }
                State::Sought(found) => found.clone(),
                State::Unknown | State::Missing(..) => {
                    let found = seek();
                    *state = State::Sought(found.clone());
                    found
                }
            }
        };
        let found = match tokio::time::timeout(self.patience, found.wait_for(Option::is_some)).await {
            Ok(Ok(found)) => found.clone(),
            Ok(Err(_)) => Some(Err("it could not be looked for".to_owned())),
            Err(_) => return Err(late()),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Some(Ok(provider)) => {
                *state = State::Known(provider.clone());
                Ok(provider)
            }
            found => {
                let why = found.and_then(std::result::Result::err).unwrap_or_default();
                let error = missing(&why);
                *state = State::Missing(self.clock.now(), why);
                Err(error)
            }
        }
    }

    /// Asks the identity for something, within reason. In a task of its own, because the library panics on some broken
    /// keys.
    async fn ask<T: Send + 'static>(
        &self,
        asked: impl Future<Output = std::result::Result<T, gcp_auth::Error>> + Send + 'static,
    ) -> Result<std::result::Result<T, gcp_auth::Error>> {
        match tokio::time::timeout(self.patience, tokio::spawn(asked)).await {
            Ok(Ok(told)) => Ok(told),
            Ok(Err(_)) => Err(missing("its key is broken")),
            Err(_) => Err(late()),
        }
    }
}

/// Looks for the identity beside the requests, on a thread of its own: one of the places is asked by running a program.
fn seek() -> watch::Receiver<Option<Found>> {
    let (tell, found) = watch::channel(None);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let provider = runtime.block_on(gcp_auth::provider());
        let _ = tell.send(Some(provider.map_err(|error| words(&error))));
    });
    found
}

fn missing(why: &str) -> BackendError {
    let nobody_gave_one = why.is_empty() || why == NO_METHOD;
    let message = if why.is_empty() {
        "the driver has no identity of its own".to_owned()
    } else {
        format!("the driver has no identity of its own that can be used: {why}")
    };
    let error = BackendError::new(Kind::Credentials, TOKEN, message).hint(HINT);
    if nobody_gave_one { error.without_identity() } else { error }
}

fn late() -> BackendError {
    BackendError::new(Kind::Unavailable, TOKEN, "the driver's own identity was not told in time")
}

/// The library's own words. Those of its sources may show a key's text.
fn words(error: &gcp_auth::Error) -> String {
    match error {
        gcp_auth::Error::NoAuthMethod(..) => NO_METHOD.to_owned(),
        gcp_auth::Error::Http(what, _)
        | gcp_auth::Error::Io(what, _)
        | gcp_auth::Error::Json(what, _)
        | gcp_auth::Error::Other(what, _)
        | gcp_auth::Error::Str(what) => (*what).to_owned(),
    }
}

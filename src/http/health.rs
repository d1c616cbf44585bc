//! The clouds as last seen: looked at in the background, so that a probe never waits for a cloud.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use crate::backend::{At, Backend, Credentials};
use crate::cache::{CacheName, GuResId, Product, Provider};
use crate::driver::later;
use crate::telemetry;

/// How long an identity counts as fresh.
const FRESH: Duration = Duration::from_mins(1);
/// How long a cloud may take to tell whose the credentials are.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was seen of the clouds.
#[derive(Debug, Default)]
pub(super) struct Health {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    providers: BTreeMap<Provider, (Timestamp, Result<String, String>)>,
    /// When the last look began.
    asked: Option<Timestamp>,
}

/// A cloud as last seen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderHealth {
    /// `ok`, `trouble`, or `unknown` before the first look.
    status: &'static str,
    /// What of it this driver offers.
    products: Vec<Product>,
    /// Account id, project or subscription of the driver's own identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// What the trouble is.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// When that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
}

impl Health {
    /// The clouds as last seen. Begins a new look if that was long ago; does not wait for it.
    pub(super) fn report(&self, app: &App) -> BTreeMap<Provider, ProviderHealth> {
        let now = app.driver().clock().now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.asked.is_none_or(|asked| later(asked, FRESH) <= now) {
            seen.asked = Some(now);
            tokio::spawn(app.telemetry().aside("health", look(app.clone())));
        }
        let registry = app.driver().registry();
        let of = |provider: Provider| {
            let products = registry.products().into_iter().filter(|product| product.provider() == provider).collect();
            let known = seen.providers.get(&provider);
            ProviderHealth {
                status: known.map_or("unknown", |(_, identity)| if identity.is_ok() { "ok" } else { "trouble" }),
                products,
                account: known.and_then(|(_, identity)| identity.clone().ok()),
                message: known.and_then(|(_, identity)| identity.clone().err()),
                checked_at: known.map(|(at, _)| *at),
            }
        };
        registry.providers().into_iter().map(|provider| (provider, of(provider))).collect()
    }
}

/// Asks each cloud whose the driver's own identity is.
async fn look(app: App) {
    let mut looks = tokio::task::JoinSet::new();
    for provider in app.driver().registry().providers() {
        let backend = app.driver().registry().all().find(|b| b.capabilities().product.provider() == provider).cloned();
        let (Some(backend), app) = (backend, app.clone()) else { continue };
        looks.spawn(telemetry::carried(async move {
            let identity = identity(&app, backend.as_ref()).await;
            if let Err(message) = &identity {
                tracing::warn!(%provider, message, "the driver's own identity cannot be used");
            }
            let now = app.driver().clock().now();
            let mut seen = app.health().seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.providers.insert(provider, (now, identity));
        }));
    }
    while looks.join_next().await.is_some() {}
}

async fn identity(app: &App, backend: &dyn Backend) -> Result<String, String> {
    let id = GuResId::parse("health").expect("it is a legal id");
    let name = CacheName::derive(&app.config().prefix, &id, None);
    let Some(place) = backend.places(&name).into_iter().next() else {
        return Err("the config names no place for caches of this provider".to_owned());
    };
    let at = At { place, credentials: Credentials::Own };
    tokio::select! {
        account = backend.account(&at) => account.map_err(|error| error.to_string()),
        () = app.driver().clock().sleep(PATIENCE) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

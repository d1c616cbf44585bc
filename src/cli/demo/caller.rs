//! The demo's side of the conversation: the client of the Driver API, with a cookie for each resource.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::cli::Failed;
use crate::cli::client::caller::{self, Answer, Ask};
use crate::cli::client::connect::{TlsFiles, client};
use crate::cli::client::trace::Trace;
use crate::cli::start::World;

pub(super) struct Caller {
    inner: caller::Caller,
    cookies: RefCell<HashMap<String, String>>,
}

impl Caller {
    pub(super) fn new(base: &str, world: &World) -> Result<Self, Failed> {
        let base = Url::parse(base).map_err(|error| Failed::run("the address is no URL", &error))?;
        let inner = caller::Caller {
            http: client(&base, &TlsFiles::default())?,
            base,
            route: Some("redis".to_owned()),
            token: None,
            trace: Trace::begin(None, Arc::clone(&world.random)),
            clock: Arc::clone(&world.clock),
        };
        Ok(Self { inner, cookies: RefCell::default() })
    }

    pub(super) async fn put(&self, id: &str, values: &Value) -> Result<Answer, Failed> {
        let body = json!({"type": "redis", "resource": {}, "driver": {"values": values, "secrets": {}}});
        self.send(Ask { body: Some(&body), ..Ask::new(Method::PUT, id) }).await
    }

    pub(super) async fn get(&self, id: &str) -> Result<Answer, Failed> {
        self.send(Ask::new(Method::GET, id)).await
    }

    pub(super) async fn delete(&self, id: &str) -> Result<Answer, Failed> {
        self.send(Ask::new(Method::DELETE, id)).await
    }

    async fn send(&self, ask: Ask<'_>) -> Result<Answer, Failed> {
        // An empty one says that there is none any more.
        let known = self.cookies.borrow().get(ask.id).filter(|cookie| !cookie.is_empty()).cloned();
        let answer = self.inner.send(&Ask { cookie: known.as_deref(), ..ask.clone() }).await.map_err(Failed::from)?;
        if let Some(cookie) = &answer.cookie {
            self.cookies.borrow_mut().insert(ask.id.to_owned(), cookie.clone());
        }
        Ok(answer)
    }
}

//! One call: within the budget, with a token, tried again where that does no harm.

use reqwest::Method;
use serde_json::Value;

use super::api::Api;
use super::budget::Purpose;
use super::error;
use super::http::{Body, Reply, Rights};
use super::remedy::About;
use super::retry;
use super::status::Status;
use super::watch;
use crate::backend::{BackendError, Credentials, Kind, Result};

/// A call, apart from whose rights it is made with.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    /// The first part of the API's host name, where it is not that of the collection.
    pub(super) service: Option<&'static str>,
    pub(super) method: Method,
    /// Behind `v1/`.
    pub(super) path: &'a str,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<&'a Value>,
    /// Whether it does no harm when it is made twice.
    pub(super) repeatable: bool,
    pub(super) purpose: Purpose,
}

impl<'a> Call<'a> {
    pub(super) fn reading(operation: &'static str, path: &'a str, purpose: Purpose) -> Self {
        Self {
            operation,
            service: None,
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            repeatable: true,
            purpose,
        }
    }
}

/// What Google answered.
#[derive(Debug)]
pub(super) enum Answer {
    Told(Value),
    /// What the call is about is not there, as Google itself says.
    Absent(BackendError),
}

impl Answer {
    /// The answer, where absence is a failure.
    pub(super) fn told(self) -> Result<Value> {
        match self {
            Self::Told(value) => Ok(value),
            Self::Absent(error) => Err(error),
        }
    }

    /// The answer, where absence is none.
    pub(super) fn if_there(self) -> Option<Value> {
        match self {
            Self::Told(value) => Some(value),
            Self::Absent(_) => None,
        }
    }
}

impl Api {
    /// Makes a call, within the time that the config allows for all its tries.
    pub(super) async fn call(&self, credentials: &Credentials, about: &About<'_>, call: &Call<'_>) -> Result<Answer> {
        let late = |_| {
            let message = format!("no answer of google within {:?}, all tries included", self.patience);
            BackendError::new(Kind::Unavailable, call.operation, message)
        };
        let reply = tokio::time::timeout(self.patience, self.tries(credentials, about, call)).await.map_err(late)??;
        answer(call.operation, &reply, about)
    }

    async fn tries(&self, credentials: &Credentials, about: &About<'_>, call: &Call<'_>) -> Result<Reply> {
        let url = self
            .http
            .url(call.service.unwrap_or(about.collection.service()), call.path, &call.query)
            .map_err(|trouble| error::unanswered(call.operation, &trouble))?;
        let body = call.body.map_or(Body::None, Body::Json);
        let (mut tried, mut is_fresh) = (1, false);
        loop {
            self.afford(about, call)?;
            let token = self.identities.token(credentials).await?;
            let rights = Rights { token, quota_project: self.quota_project.clone() };
            let begun = self.http.calls().begin(call.operation);
            let outcome = self.http.exchange(call.method.clone(), url.clone(), &rights, &body).await;
            watch::end(&begun, call.operation, about, &outcome);
            match &outcome {
                Ok(reply) => {
                    tracing::debug!(operation = call.operation, status = reply.status, tried, "google answered");
                }
                Err(trouble) => tracing::debug!(operation = call.operation, %trouble, tried, "google did not answer"),
            }
            // A token can be withdrawn before its time. One fresh one is asked for, and that is no further try.
            if let (Ok(Reply { status: 401, .. }), Some(token), false) = (&outcome, &rights.token, is_fresh)
                && self.identities.forget(credentials, token).await
            {
                is_fresh = true;
                continue;
            }
            if tried < self.max_attempts
                && let Some(pause) = retry::pause(&outcome, call.repeatable, tried)
            {
                tried += 1;
                self.clock.sleep(pause).await;
                continue;
            }
            return outcome.map_err(|trouble| error::unanswered(call.operation, &trouble));
        }
    }

    fn afford(&self, about: &About<'_>, call: &Call<'_>) -> Result<()> {
        if call.service.is_some() {
            return Ok(());
        }
        let project = self.quota_project.as_deref().unwrap_or(about.project);
        self.budget.take(project, about.collection, call.purpose).map_err(|limit| {
            let service = about.collection.service();
            let message = format!(
                "the driver keeps to {limit} such calls a minute to {service}.googleapis.com in project {project}, half of \
                 google's quota, and these are used up for now; it goes on in less than a minute"
            );
            BackendError::new(Kind::Unavailable, call.operation, message)
                .hint("with a raised quota, raise providers.gcp.requests_per_minute or creations_per_minute too")
        })
    }
}

fn answer(operation: &'static str, reply: &Reply, about: &About<'_>) -> Result<Answer> {
    if (200..300).contains(&reply.status) {
        if reply.body.is_empty() {
            return Ok(Answer::Told(Value::Null));
        }
        let read = serde_json::from_slice(&reply.body);
        return read.map(Answer::Told).map_err(|_| error::unreadable(operation, reply.status));
    }
    let Some(status) = Status::of_answer(reply.status, &reply.body) else {
        return Err(error::unreadable(operation, reply.status));
    };
    let refused = error::refused(operation, &status, about, reply.request_id.clone());
    if status.is_not_found() { Ok(Answer::Absent(refused)) } else { Err(refused) }
}

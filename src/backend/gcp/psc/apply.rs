//! Making one call.

use serde_json::{Value, json};

use super::resource::{AuthTokens, Backup, Resource};
use super::{Psc, convert, tokens};
use crate::backend::gcp::api::Request;
use crate::backend::{At, BackendError, Kind, Result, Step};

impl Psc {
    /// Makes the call. What is there, gone, or as asked for already is success.
    pub(super) async fn make(&self, at: &At, step: &Step) -> Result<()> {
        let calls = &self.dialect.calls;
        let name = self.name(at).await?;
        let call = step.call;
        if call == calls.create {
            self.create(at, step).await
        } else if call == calls.patch {
            self.patch(at, name, step).await
        } else if call == calls.delete {
            self.delete(at, name, step).await
        } else if call == calls.backup {
            self.back_up(at, name, step).await
        } else if call == calls.add_user {
            self.add_user(at, name, step).await
        } else if call == calls.add_token {
            self.add_token(at, name, step).await
        } else if call == calls.delete_token {
            self.delete_token(at, name, step).await
        } else {
            let product = self.dialect.product();
            Err(BackendError::new(Kind::Refused, "apply", format!("no call of {product}: `{call}`")))
        }
    }

    /// Whose the existing cache is, the next look tells.
    async fn create(&self, at: &At, step: &Step) -> Result<()> {
        let project = self.shared.api.project(at).await?;
        let parent = self.shared.api.parent(at).await?;
        let body = convert::creation(self.dialect, &step.fields, &project);
        let path = format!("{parent}/{}", self.dialect.collection.noun());
        let query = vec![(self.dialect.id_parameter, at.place.name.to_string())];
        let request = Request { query, with_request_id: true, ..post(step.call, path, &body) };
        match self.shared.api.send(at, self.dialect.collection, request).await {
            Err(error) if error.kind == Kind::Taken => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn patch(&self, at: &At, name: String, step: &Step) -> Result<()> {
        let Some((mask, body)) = convert::change(self.dialect, &step.fields) else {
            return Err(BackendError::new(Kind::Refused, step.call, "the step changes nothing that can be changed"));
        };
        let request = Request {
            method: reqwest::Method::PATCH,
            query: vec![("updateMask", mask.to_owned())],
            with_request_id: true,
            ..post(step.call, name, &body)
        };
        self.shared.api.send(at, self.dialect.collection, request).await.map(drop)
    }

    /// With a final backup, only once that is taken.
    async fn delete(&self, at: &At, name: String, step: &Step) -> Result<()> {
        if let Some(backup) = step.fields.get("final_snapshot").and_then(Value::as_str) {
            match self.backup(at, &name, backup).await? {
                // What is gone needs none.
                Found::NoCache => return Ok(()),
                Found::Backup(state) if state == "ACTIVE" => {}
                Found::Backup(_) | Found::NoBackup => {
                    let message = format!("the final backup {backup} is still being taken");
                    return Err(BackendError::new(Kind::Busy, self.dialect.calls.backup, message));
                }
            }
        }
        let delete =
            Request { method: reqwest::Method::DELETE, with_request_id: true, body: None, ..bare(step.call, name) };
        self.shared.api.send_if_there(at, self.dialect.collection, delete).await.map(drop)
    }

    async fn back_up(&self, at: &At, name: String, step: &Step) -> Result<()> {
        let backup = step.fields.get("final_snapshot").and_then(Value::as_str).unwrap_or_default();
        if !matches!(self.backup(at, &name, backup).await?, Found::NoBackup) {
            return Ok(());
        }
        let body = json!({ "backupId": backup });
        let request = post(step.call, format!("{name}:backup"), &body);
        match self.shared.api.send(at, self.dialect.collection, request).await {
            Err(error) if error.kind == Kind::Taken => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The backup of this name, in the collection that a cache has from its first backup on.
    async fn backup(&self, at: &At, name: &str, backup: &str) -> Result<Found> {
        let (calls, collection) = (&self.dialect.calls, self.dialect.collection);
        let Some(cache) = self.shared.api.get(at, collection, calls.get, name).await? else {
            return Ok(Found::NoCache);
        };
        let cache: Resource = super::read(calls.get, cache)?;
        let Some(backups) = cache.backup_collection.filter(|backups| !backups.is_empty()) else {
            return Ok(Found::NoBackup);
        };
        let path = format!("{backups}/backups/{backup}");
        match self.shared.api.get(at, collection, calls.get_backup, &path).await? {
            None => Ok(Found::NoBackup),
            Some(found) => Ok(Found::Backup(super::read::<Backup>(calls.get_backup, found)?.state)),
        }
    }

    async fn add_user(&self, at: &At, name: String, step: &Step) -> Result<()> {
        let body = json!({ "tokenAuthUser": tokens::USER });
        let request = post(step.call, format!("{name}:addTokenAuthUser"), &body);
        self.forget_tokens(at, &name);
        match self.shared.api.send(at, self.dialect.collection, request).await {
            Err(error) if error.kind == Kind::Taken => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The ids of tokens are Google's to choose, so a second call would make a second one: a token that the plan did not
    /// know of is the one that it asks for.
    async fn add_token(&self, at: &At, name: String, step: &Step) -> Result<()> {
        self.forget_tokens(at, &name);
        let known = step.fields.get("known").and_then(Value::as_array);
        let is_known = |id: &str| known.is_some_and(|known| known.iter().any(|known| known == id));
        let there = self.list_tokens(at, &name).await?;
        if there.auth_tokens.iter().any(|token| token.state != "DELETING" && !is_known(tokens::id(token))) {
            return Ok(());
        }
        let body = json!({ "authToken": {} });
        let request = post(step.call, format!("{}:addAuthToken", user(&name)), &body);
        self.shared.api.send(at, self.dialect.collection, request).await.map(drop)
    }

    async fn delete_token(&self, at: &At, name: String, step: &Step) -> Result<()> {
        self.forget_tokens(at, &name);
        let token = step.fields.get("token").and_then(Value::as_str).unwrap_or_default();
        let path = format!("{}/authTokens/{token}", user(&name));
        let request = Request { method: reqwest::Method::DELETE, ..bare(step.call, path) };
        self.shared.api.send_if_there(at, self.dialect.collection, request).await.map(drop)
    }

    pub(super) async fn list_tokens(&self, at: &At, name: &str) -> Result<AuthTokens> {
        let (call, path) = (self.dialect.calls.list_tokens, format!("{}/authTokens", user(name)));
        match self.shared.api.get(at, self.dialect.collection, call, &path).await? {
            Some(tokens) => super::read(call, tokens),
            None => Ok(AuthTokens::default()),
        }
    }
}

/// What a look for a final backup found.
enum Found {
    NoCache,
    NoBackup,
    /// Its state.
    Backup(String),
}

/// The full name of the user that clients authenticate as.
pub(super) fn user(name: &str) -> String {
    format!("{name}/tokenAuthUsers/{}", tokens::USER)
}

fn bare<'a>(operation: &'static str, path: String) -> Request<'a> {
    Request { operation, method: reqwest::Method::POST, path, query: Vec::new(), with_request_id: false, body: None }
}

fn post<'a>(operation: &'static str, path: String, body: &'a Value) -> Request<'a> {
    Request { body: Some(body), ..bare(operation, path) }
}

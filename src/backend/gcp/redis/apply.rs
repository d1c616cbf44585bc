//! Making one call.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::api::{Api, Request};
use super::super::instances::{mask, to_google};
use super::{COLLECTION, ENGINE, convert, steps};
use crate::backend::{At, BackendError, Kind, Result, Step};

/// Makes the call; `path` is that of the instance. That the instance is there, or gone, already is success: whose it is, the next look tells.
pub(super) async fn apply(api: &Api, at: &At, path: &str, step: &Step) -> Result<()> {
    let request =
        |method, path, query, body| Request { operation: step.call, method, path, query, with_request_id: false, body };
    let calls = steps::CALLS;
    if step.call == calls.create {
        let body = Value::Object(convert::body(step, &api.project(at).await?));
        let parent = format!("{}/{}", api.parent(at).await?, COLLECTION.noun());
        let query = vec![("instanceId", at.place.name.to_string())];
        return match api.send(at, COLLECTION, request(Method::POST, parent, query, Some(&body))).await {
            Err(error) if error.kind == Kind::Taken => Ok(()),
            answer => answer.map(drop),
        };
    }
    if step.call == calls.patch {
        let body = convert::body(step, &api.project(at).await?);
        let query = vec![("updateMask", mask(&body))];
        let body = Value::Object(body);
        return api.send(at, COLLECTION, request(Method::PATCH, path.to_owned(), query, Some(&body))).await.map(drop);
    }
    if step.call == calls.upgrade {
        let version = step.fields.get("engine_version").and_then(Value::as_str).unwrap_or_default();
        let body = json!({"redisVersion": to_google(ENGINE, version)});
        let request = request(Method::POST, format!("{path}:upgrade"), Vec::new(), Some(&body));
        return api.send(at, COLLECTION, request).await.map(drop);
    }
    if step.call == calls.delete {
        let request = request(Method::DELETE, path.to_owned(), Vec::new(), None);
        return api.send_if_there(at, COLLECTION, request).await.map(drop);
    }
    Err(BackendError::new(Kind::Refused, "apply", format!("no call of redis instances: `{}`", step.call)))
}

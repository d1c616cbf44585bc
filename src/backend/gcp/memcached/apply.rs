//! Making one call.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::api::{Api, Request};
use super::super::instances::{mask, to_google};
use super::{COLLECTION, ENGINE, convert, steps};
use crate::backend::{At, BackendError, Kind, Result, Step};

/// Makes the call; `path` is that of the instance. That the instance is there, or gone, already is success: whose it is, the next look tells.
pub(super) async fn apply(api: &Api, at: &At, path: &str, step: &Step) -> Result<()> {
    let project = api.project(at).await?;
    let path = path.to_owned();
    let calls = steps::CALLS;
    let (method, path, query, body) = match step.call {
        call if call == calls.create => return create(api, at, &project, step).await,
        call if call == calls.delete => {
            let request = request(step.call, Method::DELETE, path, Vec::new(), None);
            return api.send_if_there(at, COLLECTION, request).await.map(drop);
        }
        call if call == calls.patch => {
            let body = convert::body(step, &project);
            (Method::PATCH, path, vec![("updateMask", mask(&body))], Value::Object(body))
        }
        call if call == calls.upgrade => {
            let version = step.fields.get("engine_version").and_then(Value::as_str).unwrap_or_default();
            let body = json!({"memcacheVersion": to_google(ENGINE, version)});
            (Method::POST, format!("{path}:upgrade"), Vec::new(), body)
        }
        steps::UPDATE_PARAMETERS => {
            (Method::PATCH, format!("{path}:updateParameters"), Vec::new(), convert::parameters(step))
        }
        steps::APPLY_PARAMETERS => {
            (Method::POST, format!("{path}:applyParameters"), Vec::new(), json!({"applyAll": true}))
        }
        other => {
            let message = format!("no call of memcached instances: `{other}`");
            return Err(BackendError::new(Kind::Refused, "apply", message));
        }
    };
    api.send(at, COLLECTION, request(step.call, method, path, query, Some(&body))).await.map(drop)
}

fn request<'a>(
    operation: &'static str,
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<&'a Value>,
) -> Request<'a> {
    Request { operation, method, path, query, with_request_id: false, body }
}

/// Some regions begin at two vCPUs: where the first way to get a size is refused for them, the next is tried.
async fn create(api: &Api, at: &At, project: &str, step: &Step) -> Result<()> {
    let instances = format!("{}/{}", api.parent(at).await?, COLLECTION.noun());
    let alternatives = step.fields.get("node_config_alternatives").and_then(Value::as_array).cloned();
    let mut alternatives = alternatives.unwrap_or_default().into_iter();
    let mut step = step.clone();
    loop {
        let body = Value::Object(convert::body(&step, project));
        let query = vec![("instanceId", at.place.name.to_string())];
        let request = request(step.call, Method::POST, instances.clone(), query, Some(&body));
        match api.send(at, COLLECTION, request).await {
            Err(error) if error.kind == Kind::Taken => return Ok(()),
            Err(error) if error.kind == Kind::Refused && is_about_cpus(&error) => match alternatives.next() {
                Some(Value::Object(other)) => step.fields.extend(other),
                _ => return Err(error),
            },
            answer => return answer.map(drop),
        }
    }
}

fn is_about_cpus(error: &BackendError) -> bool {
    let cause = error.cause.as_ref().map(|cause| cause.message.as_str()).unwrap_or_default();
    [error.message.as_str(), cause].iter().any(|text| text.to_ascii_lowercase().contains("cpu"))
}

//! Long-running operations: what they look like, and the methods on them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::call::Call;
use super::context::{Context, hex};
use super::error::{Answer, ApiError, Failure};
use super::paging;
use super::product::{Api, Product};
use super::store::Key;
use crate::clock::Timestamp;
use crate::random::Random;

/// The services delete operations "after a few hours".
const KEPT_HOURS: i64 = 4;

/// How an operation ended.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// With its `@type`.
    Response(Value),
    Error(Failure),
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) product: Product,
    pub(super) project: String,
    pub(super) location: String,
    target: String,
    verb: &'static str,
    created: Timestamp,
    cancelled: bool,
    done: Option<(Timestamp, Outcome)>,
}

/// All operations, by service and full name.
#[derive(Debug, Default)]
pub(super) struct Operations {
    all: BTreeMap<(Api, String), Operation>,
}

impl Operations {
    /// A new operation on `key`; `target` may be something below it. Answers its name.
    pub(super) fn begin(
        &mut self,
        key: &Key,
        target: String,
        verb: &'static str,
        now: Timestamp,
        random: &dyn Random,
    ) -> String {
        let id =
            format!("operation-{}-{}-{}-{}", now.as_millisecond(), hex(random, 13), hex(random, 8), hex(random, 8));
        let name = format!("projects/{}/locations/{}/operations/{id}", key.project, key.location);
        let operation = Operation {
            product: key.product,
            project: key.project.clone(),
            location: key.location.clone(),
            target,
            verb,
            created: now,
            cancelled: false,
            done: None,
        };
        self.all.insert((key.product.api(), name.clone()), operation);
        name
    }

    /// Ends an operation; one that is gone or over is left alone.
    pub(super) fn end(&mut self, api: Api, name: &str, at: Timestamp, outcome: Outcome) {
        if let Some(operation) = self.all.get_mut(&(api, name.to_owned()))
            && operation.done.is_none()
        {
            operation.done = Some((at, outcome));
        }
    }

    /// Forgets those that are over for long.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let oldest = now.checked_sub(SignedDuration::from_hours(KEPT_HOURS)).unwrap_or(Timestamp::MIN);
        self.all.retain(|_, operation| operation.done.as_ref().is_none_or(|(at, _)| *at > oldest));
    }

    /// An operation as JSON.
    pub(super) fn show(&self, api: Api, name: &str) -> Answer {
        let found = self.all.get(&(api, name.to_owned()));
        found.map(|operation| operation.to_json(name)).ok_or_else(|| missing(name))
    }

    /// The product that an operation is about.
    pub(super) fn product(&self, api: Api, name: &str) -> Option<Product> {
        self.all.get(&(api, name.to_owned())).map(|operation| operation.product)
    }

    /// How many are not over, for the report.
    pub(super) fn to_json(&self) -> Value {
        self.all.iter().map(|((api, name), operation)| {
            json!({ "service": api.name(), "name": name, "verb": operation.verb, "target": operation.target, "done": operation.done.is_some() })
        }).collect()
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::new("NOT_FOUND", format!("Operation '{name}' was not found"))
}

impl Operation {
    fn to_json(&self, name: &str) -> Value {
        let cancelled = if self.product.is_psc() { "requestedCancellation" } else { "cancelRequested" };
        let mut operation = json!({
            "name": name,
            "metadata": {
                "@type": format!("type.googleapis.com/{}.OperationMetadata", self.product.package()),
                "createTime": time(self.created),
                "target": self.target,
                "verb": self.verb,
                cancelled: self.cancelled,
                "apiVersion": "v1",
            },
            "done": self.done.is_some(),
        });
        if let Some((at, outcome)) = &self.done {
            operation["metadata"]["endTime"] = time(*at).into();
            match outcome {
                Outcome::Response(response) => operation["response"] = response.clone(),
                Outcome::Error(failure) => operation["error"] = failure.to_json(),
            }
        }
        operation
    }
}

/// A time with nanoseconds, as the services write it.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// The response of a delete.
pub(super) fn empty() -> Outcome {
    Outcome::Response(json!({ "@type": "type.googleapis.com/google.protobuf.Empty" }))
}

/// `operations.get`.
pub(super) fn get(ctx: &mut Context<'_>) -> Answer {
    ctx.state.operations.show(ctx.call.api, &ctx.call.operation_name())
}

/// `operations.list`.
pub(super) fn list(ctx: &mut Context<'_>) -> Answer {
    let Call { api, project, location, .. } = ctx.call;
    let here =
        |operation: &Operation| operation.project == *project && (location == "-" || operation.location == *location);
    let all = ctx.state.operations.all.iter();
    let found = all.filter(|((of, _), operation)| of == api && here(operation));
    paging::page(ctx, "operations", found.map(|((_, name), operation)| operation.to_json(name)).collect())
}

/// `operations.delete`: the operation is forgotten; what it started goes on.
pub(super) fn delete(ctx: &mut Context<'_>) -> Answer {
    let name = ctx.call.operation_name();
    let gone = ctx.state.operations.all.remove(&(ctx.call.api, name.clone()));
    gone.map(|_| json!({})).ok_or_else(|| missing(&name))
}

/// `operations.cancel`: asked for and noted; like most work of these services, it goes on all the same.
pub(super) fn cancel(ctx: &mut Context<'_>) -> Answer {
    let name = ctx.call.operation_name();
    let operation = ctx.state.operations.all.get_mut(&(ctx.call.api, name.clone())).ok_or_else(|| missing(&name))?;
    operation.cancelled |= operation.done.is_none();
    Ok(json!({}))
}

//! Long-running operations: the addresses that they are followed at, and what is found there.
//!
//! Four families, because the services differ: Managed Redis (`operationsStatus`), classic (`asyncOperations`), a classic delete, which
//! has a `Location` and nothing else (`operationresults`), and the network's (`operations`). None of the caches' says Retry-After.

use serde_json::{Value, json};

use super::context::Context;
use super::error::{Answer, ArmError};
use super::id::Id;
use super::locations::Location;
use super::reply::Reply;
use super::resource::Failure;
use super::{durations, random, time};
use crate::clock::Timestamp;

/// Which service's ways an operation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Managed,
    Classic,
    ClassicDelete,
    Network,
}

impl Family {
    const fn word(self) -> &'static str {
        match self {
            Self::Managed => "operationsStatus",
            Self::Classic => "asyncOperations",
            Self::ClassicDelete => "operationresults",
            Self::Network => "operations",
        }
    }
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Running,
    Succeeded,
    Failed(Failure),
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) family: Family,
    /// What it is about.
    pub(super) about: Id,
    pub(super) location: Location,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) outcome: Outcome,
    /// The end of the address: some three thousand characters of certificate and signature on the real service.
    pub(super) signature: String,
}

impl Operation {
    /// A new operation, with the long address of the real service.
    pub(super) fn start(ctx: &Context<'_>, family: Family, about: Id, location: Location) -> Self {
        let signature = format!(
            "&t={}&c={}&s={}&h={}",
            time::ticks(ctx.now),
            random::url_safe(ctx.random, 1944),
            random::url_safe(ctx.random, 256),
            random::url_safe(ctx.random, 32)
        );
        let id = random::guid(ctx.random);
        Self { id, family, about, location, started: ctx.now, ended: None, outcome: Outcome::Running, signature }
    }

    fn path(&self, location: &str) -> String {
        let namespace = self.about.kind.namespace();
        let word = self.family.word();
        format!(
            "/subscriptions/{}/providers/{namespace}/locations/{location}/{word}/{}",
            self.about.subscription, self.id
        )
    }

    /// Where its state is. The region has spaces, which stand percent-encoded.
    pub(super) fn address(&self, ctx: &Context<'_>) -> String {
        self.signed(ctx, &self.path(&self.location.display.replace(' ', "%20")))
    }

    /// Where its result is, below the resource.
    pub(super) fn result_address(&self, ctx: &Context<'_>) -> String {
        self.signed(ctx, &format!("{}/operationresults/{}", self.about.shown(), self.id))
    }

    /// An address with version and signature.
    pub(super) fn signed(&self, ctx: &Context<'_>, path: &str) -> String {
        format!("{}{path}?api-version={}{}", ctx.request.base, ctx.version, self.signature)
    }
}

/// Answers for the state of an operation.
pub(super) fn get(ctx: &Context<'_>, id: &str) -> Answer {
    let operation = find(ctx, id)?;
    let status = match &operation.outcome {
        Outcome::Running => "InProgress",
        Outcome::Succeeded => "Succeeded",
        Outcome::Failed(_) => "Failed",
    };
    let shown = operation.path(operation.location.display);
    match operation.family {
        Family::Managed => Ok(Reply::ok(managed(ctx, operation, &shown, status))),
        Family::Classic => {
            let body = json!({
                "id": shown,
                "name": operation.id,
                "status": status,
                "startTime": null,
                "endTime": null,
                "percentComplete": null,
                "properties": null,
                "error": error(operation).unwrap_or_default(),
            });
            Ok(Reply::ok(body).with("azure-asyncoperation", operation.address(ctx)))
        }
        Family::ClassicDelete => {
            let body = json!({ "id": shown, "name": operation.id, "status": status });
            if operation.outcome != Outcome::Running {
                return Ok(Reply::ok(body));
            }
            let address = operation.address(ctx);
            Ok(Reply::new(202, body).with("azure-asyncoperation", address.clone()).with("location", address))
        }
        Family::Network => {
            let mut body = json!({ "status": status });
            if let Some(error) = error(operation) {
                body["error"] = error;
            }
            let reply = Reply::ok(body);
            let running = operation.outcome == Outcome::Running;
            Ok(if running { reply.with("retry-after", ctx.pace.seconds(10).to_string()) } else { reply })
        }
    }
}

fn managed(ctx: &Context<'_>, operation: &Operation, shown: &str, status: &str) -> Value {
    let young = ctx.now < ctx.pace.due(operation.started, durations::PENDING);
    let (status, end) = match operation.ended {
        None if young => ("Pending", time::NEVER.to_owned()),
        None => (status, time::long(ctx.now)),
        Some(ended) => (status, time::long(ended)),
    };
    let mut body = json!({
        "id": shown,
        "name": operation.id,
        "status": status,
        "startTime": time::long(operation.started),
        "endTime": end,
    });
    if let Some(error) = error(operation) {
        body["error"] = error;
    }
    body
}

/// `None` also where the service fails without a word.
fn error(operation: &Operation) -> Option<Value> {
    match &operation.outcome {
        Outcome::Failed(failure) if !failure.message.is_empty() => {
            Some(json!({ "code": failure.code, "message": failure.message }))
        }
        _ => None,
    }
}

/// Answers for the result of an operation: 202 while it goes on, then what became of it.
pub(super) fn result(ctx: &Context<'_>, id: &str) -> Answer {
    let operation = find(ctx, id)?;
    match &operation.outcome {
        Outcome::Running => Ok(Reply::empty(202).with("location", operation.result_address(ctx))),
        Outcome::Failed(failure) => Err(ArmError::provider(500, failure.code.clone(), failure.message.clone())),
        Outcome::Succeeded => match ctx.state.resources.get(&operation.about.key()) {
            Some(resource) => Ok(Reply::ok(ctx.show(resource))),
            None => Ok(Reply::empty(204)),
        },
    }
}

/// The operation that is asked for. An address that came back with another signature was not kept verbatim.
fn find<'a>(ctx: &'a Context<'_>, id: &str) -> Result<&'a Operation, ArmError> {
    let operation = ctx.state.operations.get(id).ok_or_else(|| {
        ArmError::provider(404, "OperationNotFound", format!("No operation of the id '{id}' is known."))
    })?;
    let sent: Vec<&str> = ["t", "c", "s", "h"].iter().filter_map(|name| ctx.request.query(name)).collect();
    let signed: Vec<&str> = operation.signature.split('&').filter_map(|pair| pair.get(2..)).collect();
    if !sent.is_empty() && sent != signed {
        let message = "The signature in the address of the operation is not the one that was handed out.";
        return Err(ArmError::gateway(400, "InvalidOperationAddress", message));
    }
    Ok(operation)
}

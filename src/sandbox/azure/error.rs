//! The errors of ARM and of the resource providers behind it.
//!
//! There is not one shape: what the gateway refuses by itself looks unlike what a provider refuses, and one kind of resource
//! answers "not found" with a problem document.

use std::borrow::Cow;

use super::id::Id;
use super::kind::Kind;
use super::reply::Reply;

/// Who speaks, and so in which shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// ARM itself: `{"error":{"code","message"}}` and `x-ms-failure-cause: gateway`.
    Gateway,
    /// A provider: `target` is null, and the message ends with the request's id.
    Provider,
    /// The provider of Managed Redis, when it misses something: the message ends with two ids and the time.
    Missing,
    /// A problem document (RFC 9457).
    Problem,
}

/// An error answer.
#[derive(Debug, Clone)]
pub(super) struct ArmError {
    pub(super) shape: Shape,
    pub(super) status: u16,
    pub(super) code: Cow<'static, str>,
    pub(super) message: String,
    /// Seconds, for the header of that name.
    pub(super) retry_after: Option<u64>,
}

/// What a call answers.
pub(super) type Answer = Result<Reply, ArmError>;

impl ArmError {
    fn new(shape: Shape, status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { shape, status, code: code.into(), message: message.into(), retry_after: None }
    }

    pub(super) fn gateway(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Shape::Gateway, status, code, message)
    }

    pub(super) fn provider(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Shape::Provider, status, code, message)
    }

    /// The provider refuses what was asked for.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::provider(400, "BadRequest", message)
    }

    /// The gateway cannot read the body.
    pub(super) fn content(detail: &str) -> Self {
        let message = format!("The request content was invalid and could not be deserialized: '{detail}'.");
        Self::gateway(400, "InvalidRequestContent", message)
    }

    pub(super) fn busy(id: &str) -> Self {
        let message = format!(
            "The resource '{id}' is busy processing a previous update request or is undergoing system maintenance.  As such, it \
             is currently unable to accept the update request.  Please try again later."
        );
        Self::provider(409, "Conflict", message)
    }

    /// Nothing of that id, and ARM knows without asking.
    pub(super) fn not_found(id: &Id) -> Self {
        let names = id.kind.types().iter().zip(&id.names).map(|(kind, name)| format!("{kind}/{name}"));
        let message = format!(
            "The Resource '{}/{}' under resource group '{}' was not found. For more details please go to \
             https://aka.ms/ARMResourceNotFoundFix",
            id.kind.namespace(),
            names.collect::<Vec<_>>().join("/"),
            id.group
        );
        Self::gateway(404, "ResourceNotFound", message)
    }

    /// Nothing of that id, and the provider of Managed Redis was asked.
    pub(super) fn missing() -> Self {
        let message = "A requested resource could not be found. It may already have been deleted.";
        Self::new(Shape::Missing, 404, "ResourceNotFound", message)
    }

    pub(super) fn problem() -> Self {
        Self::new(Shape::Problem, 404, "Not Found", "")
    }

    pub(super) fn no_parent(child: Kind, verb: &str, parent: &str) -> Self {
        let message = format!(
            "Failed to perform '{verb}' on resource(s) of type '{}', because the parent resource '{parent}' could not be found.",
            child.types().join("/")
        );
        Self::gateway(404, "ParentResourceNotFound", message)
    }

    pub(super) fn no_group(group: &str) -> Self {
        Self::gateway(404, "ResourceGroupNotFound", format!("Resource group '{group}' could not be found."))
    }

    pub(super) fn exists(id: &str) -> Self {
        let message = format!("The condition of the If-None-Match header is not met: the resource '{id}' exists.");
        Self::gateway(412, "PreconditionFailed", message)
    }

    pub(super) fn forbidden(object: &str, permission: &str, scope: &str) -> Self {
        let message = format!(
            "The client '{object}' with object id '{object}' does not have authorization to perform action '{permission}' over \
             scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
        );
        Self::gateway(403, "AuthorizationFailed", message)
    }

    pub(super) fn method_not_allowed(what: &str) -> Self {
        let message = format!("The requested resource does not support http method '{what}'.");
        Self::gateway(405, "HttpMethodNotAllowed", message)
    }

    pub(super) fn not_implemented(what: &str) -> Self {
        Self::provider(501, "NotImplemented", format!("The sandbox does not have {what}."))
    }
}

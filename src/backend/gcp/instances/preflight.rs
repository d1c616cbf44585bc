//! Whether an instance could be made there. Changes nothing.

use super::super::Shared;
use super::super::collection::Collection;
use crate::backend::{At, BackendError, Finding, Scope};

/// Identity and project, then one list: whether the API is on and may be called.
pub(in crate::backend::gcp) async fn preflight(shared: &Shared, at: &At, collection: Collection) -> Vec<Finding> {
    let finding = |subject: &str, ok, message| Finding { subject: subject.to_owned(), ok, message };
    let failed = |error: BackendError| match error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message,
    };
    let project = match shared.api.project(at).await {
        Ok(project) => project,
        Err(error) => return vec![finding("identity", false, failed(error))],
    };
    let scope = Scope {
        account: Some(project.clone()),
        location: at.place.location.clone(),
        credentials: at.credentials.clone(),
    };
    let subject = format!("{}.googleapis.com", collection.service());
    let listed = match shared.api.list(&scope, collection).await {
        Ok(_) => finding(&subject, true, format!("on and allowed in {}", at.place.location)),
        Err(error) => finding(&subject, false, failed(error)),
    };
    vec![finding("identity", true, format!("project {project}")), listed]
}

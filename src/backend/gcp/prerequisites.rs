//! Whether what every product needs is there: identity, project, an API that is on and may be called.

use super::api::Api;
use super::collection::Collection;
use crate::backend::{At, BackendError, Finding, Scope};

impl Api {
    /// Looks at what every product needs. `permissions` are those that the product's caches need in all.
    pub(super) async fn prerequisites(&self, at: &At, collection: Collection, permissions: &[&str]) -> Vec<Finding> {
        let mut findings = vec![self.identity(at).await];
        if !findings[0].ok {
            return findings;
        }
        let project = match self.project(at).await {
            Ok(project) => project,
            Err(error) => {
                findings.push(failed("project", &error));
                return findings;
            }
        };
        findings.push(passed("project", format!("{project}, in {}", at.place.location)));
        let scope =
            Scope { account: Some(project), location: at.place.location.clone(), credentials: at.credentials.clone() };
        let service = format!("{}.googleapis.com", collection.service());
        findings.push(match self.list(&scope, collection).await {
            Ok(found) => passed(&service, format!("it answers: {} {} there", found.len(), collection.noun())),
            Err(error) => failed(&service, &error),
        });
        let is_own = |permission: &str| permission.split('.').next() == Some(collection.service());
        let (own, others): (Vec<&str>, Vec<&str>) = permissions.iter().partition(|permission| is_own(permission));
        let mut message = format!("not asked one by one; {} has {}", collection.role(), own.join(", "));
        if !others.is_empty() {
            message = format!("{message}; of other services it takes {}", others.join(", "));
        }
        findings.push(passed("permissions", message));
        findings
    }

    async fn identity(&self, at: &At) -> Finding {
        let name = match self.identities.name(&at.credentials).await {
            Ok(name) => name,
            Err(error) => return failed("identity", &error),
        };
        match self.identities.token(&at.credentials).await {
            Ok(_) => passed("identity", name),
            Err(error) => failed("identity", &error),
        }
    }
}

fn passed(subject: &str, message: impl Into<String>) -> Finding {
    Finding { subject: subject.to_owned(), ok: true, message: message.into() }
}

fn failed(subject: &str, error: &BackendError) -> Finding {
    let message = match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message.clone(),
    };
    Finding { subject: subject.to_owned(), ok: false, message }
}

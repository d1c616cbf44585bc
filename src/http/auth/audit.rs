//! What the log keeps of those who were not let in.

use axum::http::Method;

use super::Denied;

/// Notes a request that was not let in. Its path is left out: it could be a secret with a slip of the pen.
pub(in crate::http) fn denied(denied: &Denied, method: &Method) {
    let address = denied.address.map(tracing::field::display);
    let why = denied.reason.as_str();
    if method.is_safe() {
        tracing::info!(address, why, "not let in");
    } else {
        tracing::warn!(target: "audit", %method, address, why, outcome = "denied", "not let in");
    }
}

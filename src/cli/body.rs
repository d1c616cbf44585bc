//! The body of a PUT, for the commands that ask the driver without HTTP.

use serde_json::{Map, Value};

use crate::cache::GuResId;
use crate::driver::{Call, Driver, DriverError, Put};
use crate::routing::input::{Input, Members};

/// Reads a body as the server does: every wrong member and every wrong input at once.
pub(super) fn put(driver: &Driver, call: Call, body: Map<String, Value>) -> Result<Put, DriverError> {
    let mut members = Members::default();
    Input::of_driver_api(body, &mut members).put(driver, call, members)
}

/// A call of this command.
pub(super) fn call(id: GuResId, route: Option<String>, request_id: &str) -> Call {
    let (request_id, who) = (request_id.to_owned(), "command line".to_owned());
    Call { id, route, resource_type: None, cookie: None, credentials: None, request_id, who }
}

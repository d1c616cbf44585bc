//! A call to the resource manager, before it is made.

use azure_core::http::Method;
use secrecy::SecretString;
use serde_json::Value;

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    /// Its name, in errors.
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) body: Option<Value>,
    /// Whether it may only make what is not there yet.
    pub(super) only_new: bool,
    /// Whether making it twice does no harm.
    pub(super) repeatable: bool,
}

#[derive(Debug)]
pub(super) enum Target {
    Path(String, &'static str),
    /// The address of an operation or of a next page, as the cloud told it. Those of operations are signed.
    Told(SecretString),
}

impl Call {
    fn new(name: &'static str, method: Method, path: String, version: &'static str) -> Self {
        let target = Target::Path(path, version);
        Self { name, method, target, body: None, only_new: false, repeatable: true }
    }

    pub(super) fn get(name: &'static str, path: String, version: &'static str) -> Self {
        Self::new(name, Method::Get, path, version)
    }

    pub(super) fn put(name: &'static str, path: String, version: &'static str, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(name, Method::Put, path, version) }
    }

    pub(super) fn patch(name: &'static str, path: String, version: &'static str, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(name, Method::Patch, path, version) }
    }

    pub(super) fn delete(name: &'static str, path: String, version: &'static str) -> Self {
        Self::new(name, Method::Delete, path, version)
    }

    /// A POST that only reads.
    pub(super) fn ask(name: &'static str, path: String, version: &'static str) -> Self {
        Self::new(name, Method::Post, path, version)
    }

    /// A POST that does something each time.
    pub(super) fn act(name: &'static str, path: String, version: &'static str, body: Value) -> Self {
        Self { body: Some(body), repeatable: false, ..Self::new(name, Method::Post, path, version) }
    }

    /// A GET of an address that the cloud told.
    pub(super) fn follow(name: &'static str, url: SecretString) -> Self {
        let target = Target::Told(url);
        Self { name, method: Method::Get, target, body: None, only_new: false, repeatable: true }
    }

    /// The same, but only to make what is not there yet: a PUT would overwrite it.
    pub(super) fn only_new(self) -> Self {
        Self { only_new: true, ..self }
    }
}

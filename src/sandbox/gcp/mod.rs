//! The emulated Google Cloud.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use serde_json::{Value, json};

use super::{Calls, Control, Faults, Running, SandboxOptions};

/// The emulated Google Cloud.
#[derive(Debug, Clone, Copy)]
pub struct GcpSandbox;

impl GcpSandbox {
    /// Starts it. Fails only if the address cannot be listened on.
    pub async fn start(options: SandboxOptions) -> io::Result<Running> {
        let nothing = Nothing { faults: Faults::default(), calls: Calls::default() };
        Running::start(options.listen, Router::new(), Arc::new(nothing)).await
    }
}

#[derive(Debug)]
struct Nothing {
    faults: Faults,
    calls: Calls,
}

#[async_trait]
impl Control for Nothing {
    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn calls(&self) -> &Calls {
        &self.calls
    }

    async fn state(&self) -> Value {
        json!({})
    }

    async fn mutate(&self, _change: Value) -> Result<Value, String> {
        Err("nothing is here yet".to_owned())
    }

    async fn reset(&self) {}
}

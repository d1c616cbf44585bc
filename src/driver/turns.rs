//! Steps of one resource follow each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::cache::GuResId;

/// One at a time per resource within this process. Between processes the cloud's own idempotency decides.
#[derive(Debug, Default)]
pub(super) struct Turns {
    turns: Mutex<HashMap<GuResId, Weak<AsyncMutex<()>>>>,
}

impl Turns {
    pub(super) async fn take(&self, id: &GuResId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() > 10_000 {
                turns.retain(|_, turn| turn.strong_count() > 0);
            }
            let known = turns.get(id).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::new(AsyncMutex::new(()));
                turns.insert(id.clone(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

//! The worker that dies on purpose: how a test proves that a crash after any step changes nothing in the end.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// When the worker dies. Clones count together and die together, as the workers of one process do.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    crash_at: Option<usize>,
    steps: AtomicUsize,
    /// The kind of work of each step.
    kinds: Mutex<BTreeSet<String>>,
    gone: CancellationToken,
}

/// The worker died on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the worker crashed, as it was told to")]
pub struct Crashed;

impl Faults {
    /// It never dies.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// It dies in the `nth` call of [`Attempt::did`](crate::Attempt::did), counted from 1: the effect has happened, nothing is
    /// recorded, and the job is still locked.
    #[must_use]
    pub fn crash_at(nth: usize) -> Self {
        Self { shared: Arc::new(Shared { crash_at: Some(nth), ..Shared::default() }) }
    }

    /// How many steps there were so far.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.shared.steps.load(Ordering::SeqCst)
    }

    /// The kinds of work that took these steps.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<String> {
        self.shared.kinds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has died.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.shared.gone.is_cancelled()
    }

    /// Counts a step, and says whether the worker dies here.
    pub(crate) fn strikes(&self, kind: &str) -> bool {
        let mut kinds = self.shared.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(kind.to_owned());
        drop(kinds);
        let step = self.shared.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if self.shared.crash_at == Some(step) {
            self.shared.gone.cancel();
        }
        self.has_crashed()
    }

    /// Returns when the worker has died.
    pub(crate) async fn gone(&self) {
        self.shared.gone.cancelled().await;
    }
}

//! What a worker can do, whatever its shape: the common face of reconciles, operations and the layer's own chores.

use crate::Attempt;
use async_trait::async_trait;
use futures::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// One kind of work.
#[async_trait]
pub(crate) trait Task: Send + Sync {
    /// What its jobs are called.
    fn kind(&self) -> &str;

    /// Whether a worker that starts wakes it, with the subject [`ALL`].
    fn is_chore(&self) -> bool {
        false
    }

    /// Makes one attempt. An error is a failure, and tried again.
    async fn run(&self, attempt: &Attempt) -> anyhow::Result<Ending>;
}

/// The subject of chores.
pub(crate) const ALL: &str = "all";

/// How an attempt ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing is left to do.
    Settled,
    /// Look again after this long, and show people that it waits.
    After(Duration),
    /// Look again after this long, without a word.
    Requeued(Duration),
}

/// Runs what is not ours: a panic is an error, and so is running for too long.
pub(crate) async fn guarded<T>(
    deadline: Duration,
    work: impl Future<Output = anyhow::Result<T>> + Send,
) -> anyhow::Result<T> {
    match tokio::time::timeout(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(anyhow::anyhow!("panicked: {}", message(panic.as_ref()))),
        Err(_) => {
            Err(anyhow::anyhow!("took longer than {} s and was given up", deadline.as_secs()))
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

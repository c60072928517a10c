//! One id that follows a cause through all its effects: from the order over every call and every queued piece
//! of work to the running instance. It travels in the task, and between processes in a header.

use tokio::task_local;
use vocabulary::CorrelationId;

/// The header that carries the id from one process to the next.
pub const HEADER: &str = "x-correlation-id";

task_local! {
    static CURRENT: CorrelationId;
}

/// The id of this task, or a fresh one where there is none.
#[must_use]
pub fn current() -> CorrelationId {
    CURRENT.try_with(|id| *id).unwrap_or_else(|_| CorrelationId::new())
}

/// Runs `work` under `id`.
pub async fn scope<F: Future>(id: CorrelationId, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_sees_the_id_of_its_scope() {
        let id = CorrelationId::new();
        assert_eq!(scope(id, async { current() }).await, id);
        assert_ne!(current(), id);
    }
}

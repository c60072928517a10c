//! Waiting for what cannot be awaited: a look now, and again in short intervals, for a bounded time.

use std::time::Duration;

/// Looks until there is something or the time is over. The first look is immediate.
pub(crate) async fn until<T>(
    bound: Duration,
    interval: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let mut ticks = tokio::time::interval(interval);
    let looking = async {
        loop {
            ticks.tick().await;
            if let Some(found) = look() {
                return found;
            }
        }
    };
    tokio::time::timeout(bound, looking).await.ok()
}

/// Longer than anything takes that one process does under a lock.
pub(crate) const A_MINUTE: Duration = Duration::from_secs(60);

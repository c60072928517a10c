//! Tells those who wait that an allocation changed, whichever process changed it. Hints only: one that is lost costs a
//! wait that takes its full time.

use std::sync::Arc;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::OnceCell;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use vocabulary::InstanceId;

/// The changes of all allocations. The first who waits opens one connection for all; it closes with the last clone.
#[derive(Clone)]
pub(crate) struct Changes {
    pool: PgPool,
    sender: broadcast::Sender<InstanceId>,
    running: Arc<OnceCell<Running>>,
}

struct Running {
    _tasks: TaskTracker,
    _stop: DropGuard,
}

impl Changes {
    pub(crate) fn new(pool: PgPool) -> Self {
        let (sender, _) = broadcast::channel(1024);
        Self { pool, sender, running: Arc::default() }
    }

    /// Begins to watch; what changes from here on is seen by [`Watch::changed`].
    pub(crate) async fn watch(&self, instance: InstanceId) -> sqlx::Result<Watch> {
        let receiver = self.sender.subscribe();
        self.running.get_or_try_init(|| self.start()).await?;
        Ok(Watch { instance, receiver })
    }

    async fn start(&self) -> sqlx::Result<Running> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen("allocation_changed").await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(stop.clone().run_until_cancelled_owned(pass_on(listener, self.sender.clone())));
        tasks.close();
        Ok(Running { _tasks: tasks, _stop: stop.drop_guard() })
    }
}

/// The listener connects again by itself; what was said meanwhile is lost, and allowed to be.
async fn pass_on(mut listener: PgListener, sender: broadcast::Sender<InstanceId>) {
    loop {
        match listener.recv().await {
            Ok(notification) => {
                if let Ok(instance) = notification.payload().parse() {
                    // Nobody waits at the moment: nobody needs to know.
                    let _ = sender.send(instance);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "changes of allocations are not heard until the database is back");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

/// Somebody who waits for one instance.
pub(crate) struct Watch {
    instance: InstanceId,
    receiver: broadcast::Receiver<InstanceId>,
}

impl Watch {
    /// Returns when the allocation changed, or may have, or when the time is over; false in the last case.
    pub(crate) async fn changed(&mut self, until: Instant) -> bool {
        loop {
            match timeout_at(until, self.receiver.recv()).await {
                Ok(Ok(instance)) if instance == self.instance => return true,
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(_))) => return true,
                Ok(Err(RecvError::Closed)) | Err(_) => return false,
            }
        }
    }
}

//! A worker that freezes, as SIGSTOP freezes a process: everything on its thread stands still in the middle of an attempt, its
//! heartbeats stop, its connections stay open, and later it goes on as if nothing had happened.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use runtime::{InventoryEntry, Observed, OdooJob, Runtime, Walls, Workload, WorkloadName};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use work::Worker;

/// Runs a worker on a thread of its own, so that what blocks a part of it freezes all of it. Its pools are to be made in
/// `worker`, because a connection that is made here stands still with it.
pub fn alone<F>(
    stop: CancellationToken,
    worker: impl FnOnce() -> F + Send + 'static,
) -> JoinHandle<anyhow::Result<()>>
where
    F: Future<Output = Worker>,
{
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move { worker().await.run(stop).await })
    })
}

/// What freezes whoever touches it, once, until it is thawed.
#[derive(Debug, Clone, Default)]
pub struct Ice(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many may still touch it.
    Waiting(usize),
    Frozen,
    Thawed,
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(0)
    }
}

impl Ice {
    /// Freezes whoever touches it after so many others.
    #[must_use]
    pub fn after(touches: usize) -> Self {
        Self(Arc::new((Mutex::new(State::Waiting(touches)), Condvar::new())))
    }

    /// Freezes this thread until [`thaw`](Self::thaw); never again after that.
    pub fn touch(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match *state {
            State::Waiting(0) => State::Frozen,
            State::Waiting(more) => State::Waiting(more - 1),
            other => other,
        };
        while *state == State::Frozen {
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether somebody is frozen.
    #[must_use]
    pub fn holds(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) == State::Frozen
    }

    /// Lets whoever is frozen go on.
    pub fn thaw(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = State::Thawed;
        self.0.1.notify_all();
    }
}

/// A runtime that freezes whoever looks at a workload, right after the look: what it was told is old when it goes on.
#[derive(Debug)]
pub struct FreezingRuntime {
    /// Where things really run.
    pub inner: Arc<dyn Runtime>,
    /// What the first who looks is frozen in.
    pub ice: Ice,
}

#[async_trait::async_trait]
impl Runtime for FreezingRuntime {
    async fn apply(&self, name: &WorkloadName, workload: &Workload) -> anyhow::Result<()> {
        self.inner.apply(name, workload).await
    }

    async fn stop(&self, name: &WorkloadName) -> anyhow::Result<()> {
        self.inner.stop(name).await
    }

    async fn remove(&self, name: &WorkloadName) -> anyhow::Result<()> {
        self.inner.remove(name).await
    }

    async fn observe(&self, name: &WorkloadName) -> Observed {
        let observed = self.inner.observe(name).await;
        self.ice.touch();
        observed
    }

    async fn inventory(&self) -> anyhow::Result<Vec<InventoryEntry>> {
        self.inner.inventory().await
    }

    async fn logs(&self, name: &WorkloadName, lines: usize) -> anyhow::Result<Vec<String>> {
        self.inner.logs(name, lines).await
    }

    async fn run(&self, name: &WorkloadName, job: &OdooJob) -> anyhow::Result<()> {
        self.inner.run(name, job).await
    }

    fn changes(&self) -> broadcast::Receiver<WorkloadName> {
        self.inner.changes()
    }

    fn walls(&self) -> Walls {
        self.inner.walls()
    }
}

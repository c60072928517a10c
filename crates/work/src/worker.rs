//! The worker: it takes what is due, runs it, and sees to it that nothing stays behind.

mod hands;
mod listen;
mod presence;
mod shift;
mod tally;

use crate::operation::Operating;
use crate::reconcile::{Reconciling, Sweeping};
use crate::task::Task;
use crate::{Faults, Operation, Pace, Queue, Reconcile, housekeeping::Housekeeping};
use shift::{Shift, Until};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tokio_util::sync::CancellationToken;

/// Runs the work of one queue. Several may run on one database, in one process or in many.
pub struct Worker {
    pool: PgPool,
    queue: Queue,
    concurrency: usize,
    tasks: BTreeMap<String, Arc<dyn Task>>,
    faults: Faults,
    pace: Pace,
    tally: Arc<Tally>,
}

impl Worker {
    /// A worker that makes up to `concurrency` attempts at a time. Beside the pool's connections, which the
    /// attempts use, it has two of its own, so that busy attempts don't keep it from saying that it lives.
    #[must_use]
    pub fn new(pool: PgPool, queue: Queue, concurrency: usize) -> Self {
        let house = Arc::new(Housekeeping { pool: pool.clone(), queue });
        Self {
            pool,
            queue,
            concurrency: concurrency.max(1),
            tasks: BTreeMap::new(),
            faults: Faults::none(),
            pace: Pace::default(),
            tally: Arc::default(),
        }
        .task(house)
    }

    /// Also keeps this kind of thing true.
    ///
    /// # Panics
    /// If the name is taken.
    #[must_use]
    pub fn reconcile<R: Reconcile>(self, reconcile: R) -> Self {
        let reconcile = Arc::new(reconcile);
        let sweep = Sweeping::new(Arc::clone(&reconcile), self.pool.clone(), self.queue);
        self.task(Arc::new(Reconciling(reconcile))).task(Arc::new(sweep))
    }

    /// Also runs this kind of operation.
    ///
    /// # Panics
    /// If the name is taken.
    #[must_use]
    pub fn operation<O: Operation>(self, operation: O) -> Self {
        self.task(Arc::new(Operating(operation)))
    }

    /// Dies where a test says so.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// Goes at another pace than the usual.
    #[must_use]
    pub fn pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The kinds of work that it does, chores apart.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.tasks.values().filter(|task| !task.is_chore()).map(|task| task.kind())
    }

    /// Works until `stop`; then takes nothing new, gives what runs a few seconds, and returns the rest to the queue. Errors of the
    /// database on the way are waited out.
    ///
    /// # Errors
    /// Where it can't begin, as when the queue is not prepared; and [`Crashed`](crate::Crashed).
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        self.shift(stop.clone()).await?.work(Until::Stopped(stop)).await
    }

    /// For tests: works until nothing is due within two seconds, sweeps apart. It takes every job that another worker has, because
    /// that one crashed; so it must be alone on its queue.
    ///
    /// # Errors
    /// An error of the database, [`Crashed`](crate::Crashed), or that it did not come to rest within two minutes.
    pub async fn settle(&self) -> anyhow::Result<()> {
        self.settle_within(Duration::from_secs(2)).await
    }

    /// The same with another horizon: what is due later than this from now is left.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub async fn settle_within(&self, horizon: Duration) -> anyhow::Result<()> {
        let shift = self.shift(CancellationToken::new()).await?;
        shift.bury_the_dead().await?;
        let work = shift.work(Until::Quiet(horizon));
        match tokio::time::timeout(Duration::from_secs(120), work).await {
            Ok(result) => result,
            Err(_) => anyhow::bail!(
                "the queue {} did not come to rest within two minutes",
                self.queue.schema()
            ),
        }
    }

    fn task(mut self, task: Arc<dyn Task>) -> Self {
        let kind = task.kind().to_owned();
        let taken = self.tasks.insert(kind.clone(), task);
        assert!(taken.is_none(), "two kinds of work are called {kind}");
        self
    }

    async fn shift(&self, stopping: CancellationToken) -> anyhow::Result<Shift> {
        Shift::begin(self, stopping).await
    }
}

//! What the attempts of one worker share, and how one attempt is made.

use super::Worker;
use super::tally::Tally;
use crate::claim::{Claim, Lock, Outcome, chain};
use crate::task::{Ending, Task};
use crate::{Attempt, Faults, Pace, Queue, Superseded};
use contract::correlation;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

/// Shared by the attempts of one worker.
pub(super) struct Hands {
    /// For what the attempts write.
    pub(super) pool: PgPool,
    /// For the worker itself: one connection to listen, one to speak. Closed with it, which is how others see that it is gone.
    pub(super) desk: PgPool,
    pub(super) queue: Queue,
    /// Fresh for every run, so that what an earlier one had is not taken for its own.
    pub(super) id: Arc<str>,
    pub(super) tasks: BTreeMap<String, Arc<dyn Task>>,
    pub(super) faults: Faults,
    pub(super) pace: Pace,
    pub(super) stopping: CancellationToken,
    pub(super) tally: Arc<Tally>,
}

/// How long to wait before an end that could not be recorded is recorded again.
const PAUSE: Duration = Duration::from_millis(500);

fn desk(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone();
    PgPoolOptions::new()
        .max_connections(2)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options)
}

impl Hands {
    pub(super) fn of(worker: &Worker, stopping: CancellationToken) -> Self {
        Self {
            pool: worker.pool.clone(),
            desk: desk(&worker.pool),
            queue: worker.queue,
            id: format!("worker_{}", Uuid::now_v7().simple()).into(),
            tasks: worker.tasks.clone(),
            faults: worker.faults.clone(),
            pace: worker.pace.clone(),
            stopping,
            tally: Arc::clone(&worker.tally),
        }
    }

    /// Takes up to this many jobs that are due.
    pub(super) async fn claim(
        &self,
        kinds: &[String],
        how_many: usize,
    ) -> sqlx::Result<Vec<Claim>> {
        sqlx::query_as(self.queue.sql("select * from {schema}.claim($1, $2, $3)"))
            .bind(&*self.id)
            .bind(kinds)
            .bind(i32::try_from(how_many).unwrap_or(i32::MAX))
            .fetch_all(&self.desk)
            .await
    }

    /// Makes one attempt and records how it ended.
    pub(super) async fn attempt(&self, claim: Claim) {
        let Some(task) = self.tasks.get(&claim.kind) else { return };
        let lock = Lock {
            pool: self.pool.clone(),
            queue: self.queue,
            worker: Arc::clone(&self.id),
            claim,
        };
        let attempt = Attempt::new(
            lock.clone(),
            self.faults.clone(),
            self.pace.clone(),
            self.stopping.clone(),
        );
        let cause = attempt.correlation();
        let span = tracing::info_span!("attempt", kind = lock.claim.kind, subject = lock.claim.subject, correlation_id = %cause);
        correlation::scope(cause, self.make(&lock, task.as_ref(), &attempt)).instrument(span).await;
    }

    async fn make(&self, lock: &Lock, task: &dyn Task, attempt: &Attempt) {
        tracing::debug!(lag = lock.claim.lag, number = attempt.number(), "began");
        let begin = Instant::now();
        let outcome = match task.run(attempt).await {
            Ok(ending) => Outcome::Well(ending),
            Err(error) => Outcome::Failed(error, self.pace.retry(attempt.failures() + 1)),
        };
        let took = begin.elapsed();
        let kept = self.record(lock, &outcome).await;
        self.report(lock, &outcome, kept, took);
    }

    /// A job stays locked until its end is recorded, so this is tried until the database takes it.
    async fn record(&self, lock: &Lock, outcome: &Outcome) -> bool {
        loop {
            match lock.finish(outcome).await {
                Ok(kept) => return kept,
                Err(error) => {
                    tracing::warn!(%error, "the end of an attempt could not be recorded; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn report(&self, lock: &Lock, outcome: &Outcome, kept: bool, took: Duration) {
        let Claim { kind, subject, .. } = &lock.claim;
        let name = match outcome {
            _ if !kept => "superseded",
            Outcome::Failed(error, _) if error.is::<Superseded>() => "superseded",
            Outcome::Well(Ending::Settled) => "settled",
            Outcome::Well(Ending::After(_)) => "after",
            Outcome::Well(Ending::Requeued(_)) => "requeued",
            Outcome::Failed(..) => "failed",
        };
        self.tally.count(kind, name, took);
        match outcome {
            _ if name == "superseded" => {
                tracing::warn!(
                    "{kind} of {subject} was taken over by another attempt; nothing of this one counts"
                );
            }
            Outcome::Failed(error, wait) => {
                let (error, seconds) = (chain(error), wait.as_secs_f64());
                tracing::warn!(
                    error,
                    "{kind} of {subject} failed and is tried again in {seconds} s"
                );
            }
            Outcome::Well(_) => tracing::debug!("{kind} of {subject}: {name}"),
        }
    }
}

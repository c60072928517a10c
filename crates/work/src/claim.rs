//! A job that a worker has taken, and the numbers that prove that it still has it.

use crate::Queue;
use crate::task::Ending;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use std::time::Duration;
use vocabulary::CorrelationId;

/// A job that was taken.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Claim {
    pub(crate) job: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) fence: i64,
    pub(crate) cause: Option<CorrelationId>,
    /// Failures in a row before this attempt.
    pub(crate) tries: i32,
    /// Seconds between being due and being taken.
    pub(crate) lag: f64,
}

/// A claim together with where it was made: enough to speak for the attempt in the database.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    pub(crate) pool: PgPool,
    pub(crate) queue: Queue,
    pub(crate) worker: Arc<str>,
    pub(crate) claim: Claim,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// As it should.
    Well(Ending),
    /// With an error, to be tried again after this long.
    Failed(anyhow::Error, Duration),
}

impl Lock {
    /// Whether the attempt still has its job, and keeps it until this transaction ends.
    pub(crate) async fn hold(&self, conn: &mut PgConnection) -> sqlx::Result<bool> {
        sqlx::query_scalar(self.queue.sql("select {schema}.hold($1, $2, $3)"))
            .bind(self.claim.job)
            .bind(&*self.worker)
            .bind(self.claim.fence)
            .fetch_one(conn)
            .await
    }

    /// Writes down what was just done. False where the attempt no longer has its job.
    pub(crate) async fn trace(&self, step: &str) -> sqlx::Result<bool> {
        sqlx::query_scalar(self.queue.sql("select {schema}.trace($1, $2, $3, $4, $5, $6, $7)"))
            .bind(self.claim.job)
            .bind(&*self.worker)
            .bind(self.claim.fence)
            .bind(&self.claim.kind)
            .bind(&self.claim.subject)
            .bind(step)
            .bind(self.claim.cause)
            .fetch_one(&self.pool)
            .await
    }

    /// Ends the attempt. False where it no longer has its job; then nothing was changed.
    pub(crate) async fn finish(&self, outcome: &Outcome) -> sqlx::Result<bool> {
        let (name, after, error) = match outcome {
            Outcome::Well(Ending::Settled) => ("settled", None, None),
            Outcome::Well(Ending::After(after)) => ("after", Some(*after), None),
            Outcome::Well(Ending::Requeued(after)) => ("requeued", Some(*after), None),
            Outcome::Failed(error, after) => ("failed", Some(*after), Some(chain(error))),
        };
        sqlx::query_scalar(self.queue.sql("select {schema}.finish($1, $2, $3, $4, $5, $6, $7, $8)"))
            .bind(self.claim.job)
            .bind(&*self.worker)
            .bind(self.claim.fence)
            .bind(&self.claim.kind)
            .bind(&self.claim.subject)
            .bind(name)
            .bind(after.map(|after| after.as_secs_f64()))
            .bind(error)
            .fetch_one(&self.pool)
            .await
    }
}

/// An error with its causes, outermost first, as far as people read and Postgres stores.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    format!("{error:#}").chars().filter(|letter| *letter != '\0').take(4000).collect()
}

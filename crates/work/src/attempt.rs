//! One attempt at one thing: what it is told about itself, and where it says what it did.

use crate::claim::Lock;
use crate::{Crashed, Faults, Pace};
use contract::correlation;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;
use vocabulary::CorrelationId;

/// One attempt to reconcile a thing, or to take a step of an operation.
#[derive(Debug)]
pub struct Attempt {
    kind: String,
    subject: String,
    correlation: CorrelationId,
    lock: Option<Lock>,
    faults: Faults,
    pace: Pace,
    stopping: CancellationToken,
}

/// Somebody else has this thing now, because this worker was taken for dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another attempt has taken over")]
pub struct Superseded;

impl Attempt {
    pub(crate) fn new(lock: Lock, faults: Faults, pace: Pace, stopping: CancellationToken) -> Self {
        Self {
            kind: lock.claim.kind.clone(),
            subject: lock.claim.subject.clone(),
            correlation: lock.claim.cause.unwrap_or_else(CorrelationId::new),
            lock: Some(lock),
            faults,
            pace,
            stopping,
        }
    }

    /// An attempt outside of the queue, for code that a request also runs inline. It only logs: it has no trace, nobody
    /// supersedes it, and a crash by `faults` is an error.
    #[must_use]
    pub fn inline(kind: &str, subject: &str, faults: Faults) -> Self {
        Self {
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            correlation: correlation::current(),
            lock: None,
            faults,
            pace: Pace::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// Says what was just done. To be called after **every** effect: it leaves the trace that people read, it is where the crash
    /// harness kills, and where an attempt learns that another has taken over.
    ///
    /// # Errors
    /// [`Superseded`], or an error of the database; either way the attempt should end.
    pub async fn did(&self, step: &'static str) -> anyhow::Result<()> {
        if self.faults.strikes(&self.kind) {
            return self.die().await;
        }
        tracing::info!(step, "{} of {}: {step}", self.kind, self.subject);
        match &self.lock {
            Some(lock) if !lock.trace(step).await? => Err(Superseded.into()),
            _ => Ok(()),
        }
    }

    /// In the caller's transaction: makes sure that this attempt still has its thing, and that nobody takes it before the
    /// transaction ends. So what is saved can't be the word of a stale worker. Only for transactions in the queue's own database.
    ///
    /// # Errors
    /// [`Superseded`], or an error of the database; then the transaction is to be dropped.
    pub async fn hold(&self, conn: &mut PgConnection) -> anyhow::Result<()> {
        match &self.lock {
            Some(lock) if !lock.hold(conn).await? => Err(Superseded.into()),
            _ => Ok(()),
        }
    }

    /// A number that is greater than that of every earlier attempt in this queue, for outside systems that refuse what is out of
    /// sequence. 0 for an inline attempt.
    #[must_use]
    pub fn fence(&self) -> i64 {
        self.lock.as_ref().map_or(0, |lock| lock.claim.fence)
    }

    /// Which try this is; 1 is the first after a success. Of an operation: always 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.failures() + 1
    }

    /// Which thing it is about: a key, or an operation's id.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What caused it. It is also the correlation id of the task that runs the attempt.
    #[must_use]
    pub fn correlation(&self) -> CorrelationId {
        self.correlation
    }

    /// Cancelled when the worker stops. Whoever waits for long looks at it, and returns.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub(crate) fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(crate) fn failures(&self) -> u32 {
        self.lock.as_ref().map_or(0, |lock| lock.claim.tries.unsigned_abs())
    }

    /// In a worker nothing happens any more after a crash; the worker drops what waits here.
    async fn die(&self) -> anyhow::Result<()> {
        match self.lock {
            Some(_) => std::future::pending().await,
            None => Err(Crashed.into()),
        }
    }
}

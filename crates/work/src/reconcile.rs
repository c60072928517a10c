//! What stays true: a function that looks, acts, and says when to look again.

use crate::task::{Ending, Task, guarded};
use crate::{Attempt, Queue};
use anyhow::Context;
use async_trait::async_trait;
use contract::correlation;
use sqlx::PgPool;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Keeps one kind of thing true.
#[async_trait]
pub trait Reconcile: Send + Sync + 'static {
    /// What people see it called, such as `reconcile_instance`. Unique in its queue, and never changed: jobs carry it.
    const NAME: &'static str;

    /// Names one thing. Read back from its own text.
    type Key: Display + FromStr + Send + Sync;

    /// How often everything that may not be settled is looked at without being woken.
    const SWEEP: Duration;

    /// How long one attempt may take.
    const DEADLINE: Duration = Duration::from_secs(600);

    /// What a sweep wakes: everything that may not be settled.
    async fn keys(&self) -> anyhow::Result<Vec<Self::Key>>;

    /// Looks at one thing and brings it nearer to what it should be. Takes no input but the key; calls [`Attempt::did`] after
    /// every effect; may be run again at any time.
    async fn reconcile(&self, key: &Self::Key, attempt: &Attempt) -> anyhow::Result<Next>;
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// When something happens: it is as it should be.
    Settled,
    /// After this long, or earlier when it is woken.
    After(Duration),
}

/// A reconcile as the worker runs it.
pub(crate) struct Reconciling<R>(pub(crate) Arc<R>);

#[async_trait]
impl<R: Reconcile> Task for Reconciling<R> {
    fn kind(&self) -> &str {
        R::NAME
    }

    async fn run(&self, attempt: &Attempt) -> anyhow::Result<Ending> {
        let key: R::Key = attempt
            .subject()
            .parse()
            .ok()
            .with_context(|| format!("{:?} is no key of {}", attempt.subject(), R::NAME))?;
        match guarded(R::DEADLINE, self.0.reconcile(&key, attempt)).await? {
            Next::Settled => Ok(Ending::Settled),
            Next::After(after) => Ok(Ending::After(after)),
        }
    }
}

/// How many things one transaction of a sweep wakes: few, so that who wakes one of them doesn't wait.
const BATCH: usize = 500;

/// The chore that wakes everything that may not be settled.
pub(crate) struct Sweeping<R> {
    reconcile: Arc<R>,
    kind: String,
    pool: PgPool,
    queue: Queue,
}

impl<R: Reconcile> Sweeping<R> {
    pub(crate) fn new(reconcile: Arc<R>, pool: PgPool, queue: Queue) -> Self {
        Self { reconcile, kind: format!("sweep_{}", R::NAME), pool, queue }
    }
}

#[async_trait]
impl<R: Reconcile> Task for Sweeping<R> {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn is_chore(&self) -> bool {
        true
    }

    async fn run(&self, _attempt: &Attempt) -> anyhow::Result<Ending> {
        let keys = guarded(R::DEADLINE, self.reconcile.keys()).await?;
        let mut keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        keys.sort_unstable();
        for batch in keys.chunks(BATCH) {
            sqlx::query(self.queue.sql("select {schema}.sweep($1, $2, $3)"))
                .bind(R::NAME)
                .bind(batch)
                .bind(correlation::current())
                .execute(&self.pool)
                .await?;
        }
        Ok(Ending::Requeued(R::SWEEP))
    }
}

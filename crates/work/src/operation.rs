//! What happens once: an enum of steps, each saved before it is run, and undone backwards when it can't be finished.

mod hand;
mod progress;
mod store;

use crate::Attempt;
use crate::task::{Ending, Task, guarded};
use async_trait::async_trait;
use progress::{Change, Rest, Turn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use store::Row;

/// An act with an outcome.
///
/// A step is saved before it is run. One that fails is tried again with back-off; after [`TRIES`](Self::TRIES) failures in a row
/// the operation is undone: first the step that failed, which may have done half of its work, then those before it, backwards.
/// An undoing that fails as often leaves it `stuck`, and somebody has to look.
#[async_trait]
pub trait Operation: Send + Sync + 'static {
    /// What people see it called, such as `provision_pool`. Unique in its queue, and never changed: rows carry it.
    const KIND: &'static str;

    /// What is to be done next, with what that needs. Variants are added and never renamed: they are in the database.
    type Step: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// How often a step is tried before the operation is undone, and its undoing before it is stuck.
    const TRIES: u32 = 8;

    /// How long one try of a step may take.
    const DEADLINE: Duration = Duration::from_secs(3600);

    /// Runs one step and says what comes next. May be run again at any time; calls [`Attempt::did`] after every effect.
    async fn run(
        &self,
        step: Self::Step,
        attempt: &Attempt,
    ) -> anyhow::Result<Progress<Self::Step>>;

    /// Removes what one step did, also if it did only half of it or nothing.
    async fn undo(&self, step: Self::Step, attempt: &Attempt) -> anyhow::Result<()>;
}

/// What comes after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<S> {
    /// The next step, at once.
    Next(S),
    /// The same step again after this long, perhaps knowing more: what it waits for is not there yet.
    Wait(S, Duration),
    /// Nothing: it is done.
    Done,
}

/// An operation as the worker runs it.
pub(crate) struct Operating<O>(pub(crate) O);

#[async_trait]
impl<O: Operation> Task for Operating<O> {
    fn kind(&self) -> &str {
        O::KIND
    }

    async fn run(&self, attempt: &Attempt) -> anyhow::Result<Ending> {
        let Some(mut row) = store::begin(attempt).await? else {
            return Ok(Ending::Settled);
        };
        loop {
            let turn = self.turn(&row, attempt).await;
            let change = progress::decide(&row, turn, O::TRIES, attempt.pace());
            report::<O>(&change, attempt);
            if !store::save(&row, &change, attempt).await? {
                // It was cancelled, undone or retried by hand, or another worker has it: in each case somebody was woken for it.
                return Ok(Ending::Settled);
            }
            match change.rest {
                Rest::Over => return Ok(Ending::Settled),
                Rest::For(wait) => return Ok(Ending::Requeued(wait)),
                Rest::None if attempt.stopping().is_cancelled() => {
                    return Ok(Ending::Requeued(Duration::ZERO));
                }
                Rest::None => row = row.after(change),
            }
        }
    }
}

impl<O: Operation> Operating<O> {
    async fn turn(&self, row: &Row, attempt: &Attempt) -> Turn {
        let work = async {
            let step: O::Step = serde_json::from_value(row.step.clone())
                .map_err(|error| anyhow::Error::new(error).context("reading the saved step"))?;
            if row.is_undoing {
                self.0.undo(step, attempt).await.map(|()| None)
            } else {
                self.0.run(step, attempt).await.map(Some)
            }
        };
        match guarded(O::DEADLINE, work).await {
            Ok(None) => Turn::Undone,
            Ok(Some(progress)) => progress::saved(progress).map_or_else(Turn::Failed, Turn::Went),
            Err(error) => Turn::Failed(error),
        }
    }
}

fn report<O: Operation>(change: &Change, attempt: &Attempt) {
    let (kind, id, step) = (O::KIND, attempt.subject(), store::name(&change.step));
    let error = change.failure.as_deref().unwrap_or_default();
    match (change.state, change.failure.is_some()) {
        ("stuck", _) => tracing::error!(
            kind,
            id,
            step,
            error,
            "{kind} is stuck: undoing {step} failed, somebody has to look"
        ),
        (_, true) if change.is_undoing => {
            tracing::warn!(kind, id, step, error, "{kind} failed at {step} and is being undone")
        }
        (_, true) => {
            tracing::warn!(kind, id, step, error, "{kind} failed at {step} and is tried again")
        }
        (state @ ("done" | "undone"), false) => tracing::info!(kind, id, "{kind} is {state}"),
        _ => tracing::debug!(kind, id, step, "{kind} goes on with {step}"),
    }
}

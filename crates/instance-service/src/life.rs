//! The one writer of an instance's life: whatever the reconciler found out is saved here, along the table of
//! transitions, together with the event that tells of it and the news for the edge.

use chrono::Utc;
use contract::correlation;
use sqlx::PgConnection;
use vocabulary::{InstanceStatus, StatusReason};
use work::Attempt;

use crate::context::Context;
use crate::instance::{Instance, State};
use crate::store::audit::{self, Act};
use crate::store::event::{self, NewEvent};
use crate::store::{all, secret};
use crate::{route, sentence};

/// Who the reconciler is in events.
const ACTOR: &str = "instance-worker";

/// What an instance comes to is an act; the stations on the way are events.
const ENDS: [InstanceStatus; 4] = [
    InstanceStatus::Running,
    InstanceStatus::Stopped,
    InstanceStatus::Suspended,
    InstanceStatus::Terminated,
];

/// Somebody has changed the instance in the meantime: look again, and decide anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the instance has changed in the meantime")]
pub(crate) struct Overtaken;

/// A change against the table of transitions: a mistake of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instance that is {from} does not become {to}")]
struct Illegal {
    from: InstanceStatus,
    to: InstanceStatus,
}

impl State {
    /// The same, but doing something else.
    pub(crate) fn told(self, status: InstanceStatus, reason: Option<StatusReason>) -> Self {
        let is_new = (self.status, self.reason) != (status, reason);
        Self { status, reason, since: if is_new { Utc::now() } else { self.since }, ..self }
    }
}

/// Saves the new state, and tells people when the status changed or when there is a message.
///
/// # Errors
/// [`Overtaken`], what [`Attempt::hold`] says, and errors of the database.
pub(crate) async fn save(
    context: &Context,
    instance: &mut Instance,
    state: State,
    message: Option<&str>,
    attempt: &Attempt,
) -> anyhow::Result<()> {
    let before = &instance.state;
    let (from, to) = (before.status, state.status);
    if !from.may_become(to) {
        return Err(Illegal { from, to }.into());
    }
    let is_told = (from, before.reason) != (to, state.reason) || message.is_some();
    let mut tx = context.pool.begin().await?;
    attempt.hold(&mut tx).await?;
    if !all::instance::save(&mut tx, instance.id, instance.revision, &state).await? {
        return Err(Overtaken.into());
    }
    if from != to && ENDS.contains(&to) {
        entry(&mut tx, instance, to).await?;
    }
    if is_told {
        let message = message.unwrap_or_else(|| sentence::status(to, state.reason));
        tell(&mut tx, instance, to, message, ACTOR).await?;
    }
    if route::target(before) != route::target(&state) {
        event::announce_route(&mut tx, instance.id).await?;
    }
    if from != to && to == InstanceStatus::Running {
        all::wait::end(&mut tx, instance.id).await?;
    }
    if to == InstanceStatus::Terminated {
        secret::delete(&mut tx, instance.id).await?;
    }
    tx.commit().await?;
    instance.state = state;
    instance.revision += 1;
    Ok(())
}

/// An entry in the audit: what was asked for by others is done.
async fn entry(
    conn: &mut PgConnection,
    instance: &Instance,
    status: InstanceStatus,
) -> sqlx::Result<()> {
    let act = Act {
        actor: ACTOR,
        act: status.as_str(),
        instance: instance.id,
        outcome: "done",
        origin: None,
        correlation: correlation::current(),
    };
    audit::insert(conn, &act).await
}

/// Makes sure that nobody has changed his mind since the instance was read: right before an effect outside, where a worker
/// that was frozen in between would do what has not been wanted for long.
///
/// # Errors
/// [`Overtaken`], and errors of the database.
pub(crate) async fn check(context: &Context, instance: &Instance) -> anyhow::Result<()> {
    let mut conn = context.pool.acquire().await?;
    let revision = all::instance::revision(&mut conn, instance.id).await?;
    if revision == Some(instance.revision) { Ok(()) } else { Err(Overtaken.into()) }
}

/// Tells people something about an instance whose row the caller has locked.
pub(crate) async fn tell(
    conn: &mut PgConnection,
    instance: &Instance,
    status: InstanceStatus,
    message: &str,
    actor: &str,
) -> sqlx::Result<()> {
    let correlation = correlation::current();
    let event = NewEvent { instance: instance.id, status, message, actor, correlation };
    event::insert(conn, &event).await
}

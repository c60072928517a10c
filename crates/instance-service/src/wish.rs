//! What owners and staff wish of an instance. A wish is written down, told and put into the audit in one transaction;
//! the reconciler makes it true.

use std::fmt::Display;

use api::{ApiError, ApiResult, Caller, Origin};
use chrono::Utc;
use contract::correlation;
use sqlx::{PgConnection, PgTransaction};
use tracing::warn;
use vocabulary::{DisplayName, InstanceId, InstanceStatus};

use crate::QUEUE;
use crate::context::Context;
use crate::desire::Desired;
use crate::instance::{Instance, Wish};
use crate::life;
use crate::reconciler::InstanceReconciler;
use crate::sentence;
use crate::store::audit::{self, Act};
use crate::store::{all, instance};

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) caller: Caller,
    pub(crate) origin: Origin,
}

/// What can be wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wished {
    Start,
    Stop,
    Restart,
    Hold,
    Unhold,
    Rename(DisplayName),
    /// With the subdomain, typed again.
    Delete(String),
}

impl Wished {
    /// The wish that this word stands for in a body.
    pub(crate) fn parse(action: &str, caller: &Caller) -> ApiResult<Self> {
        let is_staff = matches!(caller, Caller::Staff(_));
        match action {
            "start" => Ok(Self::Start),
            "stop" => Ok(Self::Stop),
            "restart" => Ok(Self::Restart),
            "hold" | "unhold" if !is_staff => Err(ApiError::Forbidden),
            "hold" => Ok(Self::Hold),
            "unhold" => Ok(Self::Unhold),
            _ => Err(ApiError::invalid(
                "action",
                "an action is one of start, stop, restart; for staff also hold, unhold",
            )),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Hold => "hold",
            Self::Unhold => "unhold",
            Self::Rename(_) => "rename",
            Self::Delete(_) => "delete",
        }
    }

    /// What people are told of it; nothing where the status will tell.
    fn message(&self) -> Option<&'static str> {
        match self {
            Self::Restart => Some("It is being restarted, as you wished."),
            Self::Delete(_) => {
                Some("It will be deleted with all of its data, as its owner demanded.")
            }
            Self::Hold => Some("Our staff has suspended it."),
            Self::Unhold => Some("Our staff has released it."),
            Self::Start | Self::Stop | Self::Rename(_) => None,
        }
    }
}

/// The caller's instance; somebody else's is not found.
pub(crate) async fn find(
    conn: &mut PgConnection,
    caller: &Caller,
    id: InstanceId,
) -> ApiResult<Instance> {
    let found = match caller {
        Caller::Customer(customer) => instance::find(conn, customer.customer, id).await?,
        Caller::Staff(_) | Caller::Service(_) => all::instance::find(conn, id).await?,
    };
    found.ok_or(ApiError::NotFound)
}

/// Writes the wish down; what is not possible now is refused, and that is written down too.
pub(crate) async fn express(
    context: &Context,
    who: &Who,
    id: InstanceId,
    wished: &Wished,
) -> ApiResult<Instance> {
    let mut tx = context.pool.begin().await?;
    let found = match &who.caller {
        Caller::Customer(customer) => instance::lock(&mut tx, customer.customer, id).await?,
        Caller::Staff(_) | Caller::Service(_) => all::instance::lock(&mut tx, id).await?,
    };
    let mut instance = found.ok_or(ApiError::NotFound)?;
    let before = instance.clone();
    match change(&mut instance, wished) {
        Ok(()) => keep(tx, who, &before, instance, wished).await,
        Err(refusal) => {
            note(&mut tx, who, id, wished.name(), &refusal).await?;
            tx.commit().await?;
            Err(refusal)
        }
    }
}

async fn keep(
    mut tx: PgTransaction<'_>,
    who: &Who,
    before: &Instance,
    mut wished: Instance,
    wish: &Wished,
) -> ApiResult<Instance> {
    let id = wished.id;
    all::instance::set_wish(&mut tx, &wished).await?;
    if Desired::of(&wished) != Desired::Running {
        all::wait::abandon(&mut tx, id).await?;
    }
    wished.revision += 1;
    note(&mut tx, who, id, wish.name(), "done").await?;
    let is_news = Desired::of(before) != Desired::of(&wished)
        || before.restart_generation != wished.restart_generation;
    if let Some(message) = wish.message().filter(|_| is_news) {
        let status = wished.state.status;
        life::tell(&mut tx, &wished, status, message, &who.caller.to_string()).await?;
    }
    QUEUE.wake::<InstanceReconciler>(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(wished)
}

fn change(instance: &mut Instance, wished: &Wished) -> ApiResult<()> {
    if let Wished::Delete(confirm) = wished {
        return unwant(instance, confirm);
    }
    if instance.unwanted_at.is_some() {
        return Err(ApiError::conflict("instance_is_deleted", "this instance is being deleted"));
    }
    match wished {
        Wished::Start => start(instance)?,
        Wished::Stop => instance.wish = Wish::Stop,
        Wished::Restart => restart(instance)?,
        Wished::Hold => instance.is_held = true,
        Wished::Unhold => instance.is_held = false,
        Wished::Rename(name) => instance.name = name.clone(),
        Wished::Delete(_) => unreachable!("deleting came first"),
    }
    Ok(())
}

fn unwant(instance: &mut Instance, confirm: &str) -> ApiResult<()> {
    if confirm != instance.subdomain.as_str() {
        let rule = "type the instance's subdomain to have it deleted with all of its data";
        return Err(ApiError::invalid("confirm", rule));
    }
    instance.unwanted_at.get_or_insert_with(Utc::now);
    Ok(())
}

/// A start that could not be is refused, lest its owner waits for it.
fn start(instance: &mut Instance) -> ApiResult<()> {
    instance.wish = Wish::Run;
    let (status, reason) = match Desired::of(instance) {
        Desired::Suspended(reason) => (InstanceStatus::Suspended, Some(reason)),
        Desired::Reserved => (InstanceStatus::AwaitingPayment, None),
        Desired::Running | Desired::Stopped | Desired::Gone => return Ok(()),
    };
    Err(ApiError::conflict("instance_may_not_run", sentence::status(status, reason)))
}

fn restart(instance: &mut Instance) -> ApiResult<()> {
    if Desired::of(instance) != Desired::Running {
        let message = "this instance does not run: start it instead";
        return Err(ApiError::conflict("instance_does_not_run", message));
    }
    instance.restart_generation += 1;
    Ok(())
}

/// An entry in the audit.
pub(crate) async fn note(
    conn: &mut PgConnection,
    who: &Who,
    id: InstanceId,
    act: &str,
    outcome: impl Display,
) -> sqlx::Result<()> {
    let (actor, outcome) = (who.caller.to_string(), outcome.to_string());
    let entry = Act {
        actor: &actor,
        act,
        instance: id,
        outcome: &outcome,
        origin: who.origin.0.map(|address| address.to_string()),
        correlation: correlation::current(),
    };
    audit::insert(conn, &entry).await
}

/// An entry in the audit about something that was refused, where nothing else was written.
pub(crate) async fn note_refusal(
    context: &Context,
    who: &Who,
    id: InstanceId,
    act: &str,
    refusal: &ApiError,
) {
    let noted = async { note(&mut *context.pool.acquire().await?, who, id, act, refusal).await };
    if let Err(error) = noted.await {
        let error: sqlx::Error = error;
        warn!(%error, instance_id = %id, "a refusal could not be put into the audit");
    }
}

//! States what holds for an instance, until instance-service has acknowledged it. Takes no input but the instance's id:
//! what is to be stated is read again each time.

use super::{Grant, Held, since, standing};
use crate::audit::{self, Actor};
use crate::order::{self, Carried, PaidOrder};
use crate::{Context, metric, store};
use anyhow::Context as _;
use async_trait::async_trait;
use billing_engine::CancelPolicy;
use chrono::{DateTime, Utc};
use contract::client::CallError;
use contract::instance::{self, Entitlement, EntitlementStored};
use std::time::Duration;
use vocabulary::{InstanceId, Standing};
use work::{Attempt, Next, Reconcile};

/// How soon to look again after somebody else looked at the same time.
const SOON: Duration = Duration::from_millis(200);
/// How soon to look again at what a person must act on.
const LATER: Duration = Duration::from_secs(60);

/// Keeps instance-service told.
pub(crate) struct StateEntitlement(pub(crate) Context);

#[async_trait]
impl Reconcile for StateEntitlement {
    const NAME: &'static str = "state_entitlement";
    type Key = InstanceId;
    const SWEEP: Duration = Duration::from_secs(15 * 60);

    async fn keys(&self) -> anyhow::Result<Vec<InstanceId>> {
        let mut conn = self.0.pool.acquire().await?;
        Ok(store::all::unsettled(&mut conn).await?)
    }

    async fn reconcile(&self, key: &InstanceId, attempt: &Attempt) -> anyhow::Result<Next> {
        bring_about(&self.0, *key, attempt).await
    }
}

/// What a look found.
enum Look {
    Holds(Box<Holding>),
    Stale,
    Alarm(String),
}

/// What holds, and is to be stated.
struct Holding {
    grant: Grant,
    version: i64,
    since: DateTime<Utc>,
    was_acknowledged: bool,
}

/// Carries the order out as far as it is not, looks at what holds, and states it.
pub(crate) async fn bring_about(
    context: &Context,
    instance: InstanceId,
    attempt: &Attempt,
) -> anyhow::Result<Next> {
    let paid = match order::carry_out(context, instance, attempt).await? {
        Carried::Paid(paid) => paid,
        Carried::Refused => return Ok(Next::Settled),
        Carried::Alarm(why) => return alarm(context, instance, &why, attempt).await,
    };
    match look(context, &paid, attempt).await? {
        Look::Stale => Ok(Next::After(SOON)),
        Look::Alarm(why) => alarm(context, instance, &why, attempt).await,
        Look::Holds(holding) => state(context, &paid, &holding, attempt).await,
    }
}

async fn state(
    context: &Context,
    paid: &PaidOrder,
    holding: &Holding,
    attempt: &Attempt,
) -> anyhow::Result<Next> {
    let instance = paid.order.instance;
    let entitlement = entitlement(paid, holding);
    match context.instances.put_entitlement(instance, &entitlement).await {
        Ok(stored) => {
            count(instance, &stored, holding);
            attempt.did("stated").await?;
            acknowledged(context, paid, holding, &stored, attempt).await
        }
        Err(error) => refused(context, paid, holding.was_acknowledged, error, attempt).await,
    }
}

/// Derives what holds now, and takes it over. The look's number is read before the snapshot, so that of two looks at the
/// same time only one counts.
async fn look(context: &Context, paid: &PaidOrder, attempt: &Attempt) -> anyhow::Result<Look> {
    let instance = paid.order.instance;
    let mut conn = context.pool.acquire().await?;
    let held = store::entitlement::find(&mut conn, instance).await?;
    let held = held.context("an order without an entitlement")?;
    drop(conn);
    let snapshot = context.engine.snapshot(paid.account).await?;
    let Some(subscription) = snapshot.of_instance(instance) else {
        return Ok(Look::Alarm("the billing engine does not know the subscription".to_owned()));
    };
    let mut conn = context.pool.acquire().await?;
    let now = context.clock.now();
    let plan = subscription.plan.clone();
    let resources = store::plan_entitlement::current(&mut conn, &plan, now).await?;
    drop(conn);
    let Some(resources) = resources else {
        return Ok(Look::Alarm(format!("nothing says what the plan {plan} gives")));
    };
    let (standing, reason) = standing(&snapshot, subscription);
    let grant = Grant { standing, reason, plan, resources };
    let version = held.version_for(&grant);
    let since = match held.since {
        Some(since) if version == held.version => since,
        _ => since(&held, paid.order.created_at, snapshot.paid_at, now),
    };
    let was_acknowledged = held.acknowledged >= version;
    let holding = Holding { grant, version, since, was_acknowledged };
    hold(context, &held, instance, holding, attempt).await
}

async fn hold(
    context: &Context,
    held: &Held,
    instance: InstanceId,
    holding: Holding,
    attempt: &Attempt,
) -> anyhow::Result<Look> {
    let now = context.clock.now();
    let Holding { grant, version, since, .. } = &holding;
    let mut tx = context.pool.begin().await?;
    attempt.hold(&mut tx).await?;
    let taken = (*version, grant, *since);
    if !store::entitlement::hold(&mut tx, instance, held.looks, taken, now).await? {
        return Ok(Look::Stale);
    }
    if grant.standing == Standing::Ended {
        store::order::end(&mut tx, instance, now).await?;
    }
    if *version > held.version {
        let outcome = format!("version {version}: {}", grant.standing);
        audit::note(&mut tx, &Actor::worker(), "entitle", &instance, &outcome).await?;
    }
    tx.commit().await?;
    attempt.did("looked").await?;
    Ok(Look::Holds(Box::new(holding)))
}

fn entitlement(paid: &PaidOrder, holding: &Holding) -> Entitlement {
    let (order, grant) = (&paid.order, &holding.grant);
    Entitlement {
        version: holding.version,
        customer_id: order.customer,
        subscription_id: paid.subscription,
        plan_name: grant.plan.clone(),
        standing: grant.standing,
        reason: grant.reason,
        since: Some(holding.since),
        resources: grant.resources.clone(),
        order: instance::Order {
            name: order.name.clone(),
            subdomain: order.subdomain.clone(),
            odoo_version: order.odoo_version.clone(),
            admin_email: order.admin_email.clone(),
            language: order.language.clone(),
            timezone: order.timezone.clone(),
        },
    }
}

/// A change by a statement that was acknowledged before means that the other side had drifted away.
fn count(instance: InstanceId, stored: &EntitlementStored, holding: &Holding) {
    let version = holding.version;
    metric::STATEMENTS.inc();
    if holding.was_acknowledged && (stored.changed || stored.version != version) {
        metric::DRIFT.inc();
        tracing::warn!(%instance, version, "instance {instance} had drifted from its entitlement");
    }
}

async fn acknowledged(
    context: &Context,
    paid: &PaidOrder,
    holding: &Holding,
    stored: &EntitlementStored,
    attempt: &Attempt,
) -> anyhow::Result<Next> {
    let (instance, version) = (paid.order.instance, holding.version);
    let mut conn = context.pool.acquire().await?;
    if stored.version > version {
        // Either a later look of ours has overtaken this one, or we have forgotten versions that were stated.
        store::entitlement::overtake(&mut conn, instance, stored.version).await?;
        attempt.did("overtook").await?;
        return Ok(Next::After(SOON));
    }
    store::entitlement::acknowledge(&mut conn, instance, version, context.clock.now()).await?;
    drop(conn);
    attempt.did("acknowledged").await?;
    if stored.is_unwanted && holding.grant.standing != Standing::Ended {
        end(context, paid, "its owner has deleted the instance", attempt).await?;
        return Ok(Next::After(Duration::ZERO));
    }
    Ok(Next::Settled)
}

/// What instance-service refuses for good needs a person; but an order that was never taken there is taken back.
async fn refused(
    context: &Context,
    paid: &PaidOrder,
    was_acknowledged: bool,
    error: CallError,
    attempt: &Attempt,
) -> anyhow::Result<Next> {
    let CallError::Refused { status: 400 | 409 | 413 | 422, error: detail } = &error else {
        return Err(error).context("stating an entitlement");
    };
    let instance = paid.order.instance;
    if detail.code == "subdomain_is_taken" && !was_acknowledged && is_new(context, instance).await?
    {
        end(context, paid, &detail.message, attempt).await?;
        order::refuse(context, instance, &detail.message, attempt).await?;
        return Ok(Next::Settled);
    }
    let why = format!("instance-service refuses: {}", detail.message);
    alarm(context, instance, &why, attempt).await
}

async fn is_new(context: &Context, instance: InstanceId) -> anyhow::Result<bool> {
    let mut conn = context.pool.acquire().await?;
    let held = store::entitlement::find(&mut conn, instance).await?;
    Ok(held.is_some_and(|held| held.acknowledged == 0))
}

async fn end(
    context: &Context,
    paid: &PaidOrder,
    why: &str,
    attempt: &Attempt,
) -> anyhow::Result<()> {
    // Noted first: once the engine has ended it, nobody comes here again.
    let mut conn = context.pool.acquire().await?;
    audit::note_once(&mut conn, &Actor::worker(), "cancel", &paid.subscription, why).await?;
    drop(conn);
    attempt.did("noted the end").await?;
    context.engine.cancel(paid.subscription, CancelPolicy::Immediate).await?;
    attempt.did("cancelled the subscription").await
}

/// Says loudly that a person must act. What was stated before stays as it is.
async fn alarm(
    context: &Context,
    instance: InstanceId,
    why: &str,
    attempt: &Attempt,
) -> anyhow::Result<Next> {
    metric::ALARMS.inc();
    tracing::error!(%instance, why, "the entitlement of instance {instance} needs a person: {why}");
    let mut conn = context.pool.acquire().await?;
    store::entitlement::alarm(&mut conn, instance, why, context.clock.now()).await?;
    drop(conn);
    attempt.did("raised an alarm").await?;
    Ok(Next::After(LATER))
}

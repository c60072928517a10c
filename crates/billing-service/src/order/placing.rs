//! Placing an order: the intent is committed, carried out at once so that the customer gets a whole answer, and finished by
//! the worker if we don't get that far.

use super::{NewOrder, Order};
use crate::audit::{self, Actor};
use crate::context::QUEUE;
use crate::entitlement::{StateEntitlement, bring_about, standing};
use crate::route::body;
use crate::{Context, refusal, store};
use api::{ApiError, ApiResult};
use contract::billing::Ordered;
use std::time::Duration;
use vocabulary::{InstanceId, Subdomain, TimeZone};
use work::{Attempt, Faults};

/// When the worker looks, in case that we are gone by then.
const RESCUE: Duration = Duration::from_secs(5);

/// Places an order, or finds that the same request placed it before. Answers the instance's id.
pub(crate) async fn place(
    context: &Context,
    actor: &Actor,
    new: NewOrder,
) -> ApiResult<InstanceId> {
    if let Some(instance) = placed_before(context, &new).await? {
        return Ok(instance);
    }
    check_account(context, &new.order).await?;
    check_subdomain(context, &new.order.subdomain).await?;
    check_timezone(context, new.order.timezone.as_ref()).await?;
    let instance = new.order.instance;
    let mut tx = context.pool.begin().await?;
    if let Err(error) = store::order::add(&mut tx, &new).await {
        drop(tx);
        return conflict(context, &new, error).await;
    }
    store::entitlement::add(&mut tx, instance).await?;
    QUEUE.wake_after::<StateEntitlement>(&mut tx, &instance, RESCUE).await?;
    audit::note(&mut tx, actor, "order", &instance, "placed").await?;
    tx.commit().await?;
    Ok(instance)
}

/// Carries an order out as far as possible, and tells how it stands.
pub(crate) async fn told(context: &Context, instance: InstanceId) -> ApiResult<Ordered> {
    let attempt = Attempt::inline("order", &instance.to_string(), Faults::none());
    if let Err(error) = bring_about(context, instance, &attempt).await {
        // The worker goes on; whether the order has got a subscription decides what we can say.
        tracing::warn!(%instance, "an order is left to the worker: {error:#}");
    }
    let mut conn = context.pool.acquire().await?;
    let order = store::all::order(&mut conn, instance).await?.ok_or(ApiError::NotFound)?;
    drop(conn);
    if let Some(why) = order.refused {
        return Err(ApiError::conflict("order_refused", why));
    }
    let (Some(account), Some(subscription_id)) = (order.account, order.subscription) else {
        return Err(ApiError::unavailable(
            "the order is taken and is being carried out: ask again",
        ));
    };
    let snapshot = context.engine.snapshot(account).await.map_err(refusal::answer)?;
    let subscription = snapshot.of_instance(instance).ok_or(ApiError::NotFound)?;
    let is_of_it = |invoice: &&billing_engine::Invoice| {
        invoice.items.iter().any(|item| item.subscription == Some(subscription_id))
    };
    let first = snapshot.unpaid.iter().find(is_of_it);
    Ok(Ordered {
        order_id: order.id,
        instance_id: instance,
        subscription_id,
        standing: standing(&snapshot, subscription).0,
        invoice: first.map(|i| body::invoice(i, snapshot.customer, &snapshot.currency)),
    })
}

async fn placed_before(context: &Context, new: &NewOrder) -> ApiResult<Option<InstanceId>> {
    let Some(key) = &new.idempotency_key else { return Ok(None) };
    let mut conn = context.pool.acquire().await?;
    let placed = store::order::placed_before(&mut conn, &new.placed_by, key).await?;
    match placed {
        Some(placed) if placed.request == new.request => Ok(Some(placed.instance)),
        Some(_) => Err(ApiError::conflict(
            "idempotency_key_is_used",
            "another order was placed with this Idempotency-Key",
        )),
        None => Ok(None),
    }
}

async fn check_account(context: &Context, order: &Order) -> ApiResult<()> {
    let account = context.engine.find_account(order.customer).await.map_err(refusal::answer)?;
    let Some(account) = account else { return Ok(()) };
    let snapshot = context.engine.snapshot(account).await.map_err(refusal::answer)?;
    if snapshot.overdue.blocks() {
        return Err(refusal::answer(billing_engine::EngineError::AccountIsOverdue));
    }
    Ok(())
}

async fn check_subdomain(context: &Context, subdomain: &Subdomain) -> ApiResult<()> {
    if subdomain.is_reserved() {
        let message = format!("the platform keeps the subdomain {subdomain} for itself");
        return Err(ApiError::conflict("subdomain_is_reserved", message));
    }
    let check = context.instances.check_subdomain(subdomain).await;
    let check = check.map_err(ApiError::passed_on)?;
    if check.available {
        return Ok(());
    }
    Err(ApiError::conflict("subdomain_is_taken", check.message))
}

/// A zone that nobody knows would be noticed only in an Odoo that runs already.
async fn check_timezone(context: &Context, timezone: Option<&TimeZone>) -> ApiResult<()> {
    let Some(timezone) = timezone else { return Ok(()) };
    let mut conn = context.pool.acquire().await?;
    if store::order::knows_timezone(&mut conn, timezone).await? {
        return Ok(());
    }
    Err(ApiError::invalid("timezone", format!("there is no time zone {timezone}")))
}

/// Somebody was faster: with the same request, or with another one for the same name.
async fn conflict(context: &Context, new: &NewOrder, error: sqlx::Error) -> ApiResult<InstanceId> {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    match constraint {
        Some("orders_subdomain_is_taken") => {
            // Two requests with the same key race for the same name too.
            if let Some(instance) = placed_before(context, new).await? {
                return Ok(instance);
            }
            let message = format!("the subdomain {} is taken", new.order.subdomain);
            Err(ApiError::conflict("subdomain_is_taken", message))
        }
        Some("orders_idempotency_key_is_taken") => {
            placed_before(context, new).await?.ok_or_else(|| error.into())
        }
        _ => Err(error.into()),
    }
}

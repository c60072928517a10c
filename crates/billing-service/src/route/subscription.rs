//! `/subscriptions`.

use super::{body, snapshots};
use crate::audit::{self, Actor};
use crate::order::Order;
use crate::{Context, refusal, store};
use api::{ApiError, ApiResult, CustomerOrStaff, Json, Origin, Path, Query, Staff};
use axum::extract::State;
use billing_engine::{CancelPolicy, EngineError};
use contract::billing::{CancelQuery, CancelWhen, CustomerQuery, Subscription, Subscriptions};
use vocabulary::SubscriptionId;

/// Subscriptions, newest first: the caller's own; for staff those of the customer they ask for, or of the newest accounts.
#[utoipa::path(get, path = "/api/billing/subscriptions", params(CustomerQuery),
    responses((status = 200, body = Subscriptions)))]
pub(crate) async fn list(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    Query(query): Query<CustomerQuery>,
) -> ApiResult<Json<Subscriptions>> {
    let accounts = snapshots(&context, &caller, query.customer_id).await?;
    let all = accounts.iter().flat_map(|account| {
        account.subscriptions.iter().map(|subscription| body::subscription(account, subscription))
    });
    let mut subscriptions: Vec<_> = all.collect();
    subscriptions.sort_by_key(|subscription| std::cmp::Reverse(subscription.created_at));
    Ok(Json(Subscriptions { subscriptions }))
}

/// One subscription.
#[utoipa::path(get, path = "/api/billing/subscriptions/{id}", params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Subscription)))]
pub(crate) async fn show(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Subscription>> {
    let order = order(&context, &caller, id).await?;
    told(&context, &order).await
}

/// Ends a subscription, at the end of what is paid unless it is to be now.
#[utoipa::path(post, path = "/api/billing/subscriptions/{id}/cancel", params(("id" = SubscriptionId, Path), CancelQuery),
    responses((status = 200, body = Subscription)))]
pub(crate) async fn cancel(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    origin: Origin,
    Path(id): Path<SubscriptionId>,
    Query(query): Query<CancelQuery>,
) -> ApiResult<Json<Subscription>> {
    let order = order(&context, &caller, id).await?;
    let policy = match query.when {
        Some(CancelWhen::Now) => CancelPolicy::Immediate,
        Some(CancelWhen::EndOfTerm) | None => CancelPolicy::EndOfTerm,
    };
    let acting = context.engine.cancel(id, policy);
    done(&context, &Actor::of(&caller, origin), "cancel", &order, acting).await
}

/// Takes back an end that has not come yet.
#[utoipa::path(post, path = "/api/billing/subscriptions/{id}/uncancel", params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Subscription)))]
pub(crate) async fn uncancel(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    origin: Origin,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Subscription>> {
    let order = order(&context, &caller, id).await?;
    let acting = context.engine.uncancel(id);
    done(&context, &Actor::of(&caller, origin), "uncancel", &order, acting).await
}

/// Stops an instance and its billing until it is resumed.
#[utoipa::path(post, path = "/api/billing/subscriptions/{id}/pause", params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Subscription)))]
pub(crate) async fn pause(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    origin: Origin,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Subscription>> {
    let order = order(&context, &caller, id).await?;
    let acting = context.engine.pause(order.instance);
    done(&context, &Actor::of(&caller, origin), "pause", &order, acting).await
}

/// Goes on with what was paused.
#[utoipa::path(post, path = "/api/billing/subscriptions/{id}/resume", params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Subscription)))]
pub(crate) async fn resume(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    origin: Origin,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Subscription>> {
    let order = order(&context, &caller, id).await?;
    let acting = context.engine.resume(order.instance);
    done(&context, &Actor::of(&caller, origin), "resume", &order, acting).await
}

/// Changes the plan. The billing engine in use does not offer this yet: 409 `not_offered`.
#[utoipa::path(post, path = "/api/billing/subscriptions/{id}/upgrade", params(("id" = SubscriptionId, Path)),
    responses((status = 409)))]
pub(crate) async fn upgrade(
    caller: CustomerOrStaff,
    State(context): State<Context>,
    origin: Origin,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Subscription>> {
    let order = order(&context, &caller, id).await?;
    let acting = context.engine.change_plan(id, &order.plan, CancelPolicy::Immediate);
    done(&context, &Actor::of(&caller, origin), "upgrade", &order, acting).await
}

/// Demands payment at once (staff): the trial or the grace ends, and everything of the account stops until all is paid.
#[utoipa::path(post, path = "/api/billing/subscriptions/{id}/suspend", params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Subscription)))]
pub(crate) async fn suspend(
    staff: Staff,
    State(context): State<Context>,
    origin: Origin,
    Path(id): Path<SubscriptionId>,
) -> ApiResult<Json<Subscription>> {
    let actor = Actor::of(&staff, origin);
    let order = order(&context, &CustomerOrStaff::Staff(staff), id).await?;
    let acting = context.engine.demand(id);
    done(&context, &actor, "suspend", &order, acting).await
}

async fn order(
    context: &Context,
    caller: &CustomerOrStaff,
    id: SubscriptionId,
) -> ApiResult<Order> {
    let mut conn = context.pool.acquire().await?;
    let order = match caller {
        CustomerOrStaff::Customer(own) => {
            store::order::of_customers_subscription(&mut conn, own.customer, id).await?
        }
        CustomerOrStaff::Staff(_) => store::all::order_of_subscription(&mut conn, id).await?,
    };
    order.ok_or(ApiError::NotFound)
}

/// Does it and leaves its audit entries, has the account looked at, and tells how the subscription stands now.
async fn done(
    context: &Context,
    actor: &Actor,
    act: &str,
    order: &Order,
    acting: impl Future<Output = Result<(), EngineError>>,
) -> ApiResult<Json<Subscription>> {
    let subject = order.instance;
    let result = audit::attest(context, actor, act, &subject, acting).await?;
    result.map_err(refusal::answer)?;
    if let Some(account) = order.account {
        context.look_at(account).await?;
    }
    told(context, order).await
}

async fn told(context: &Context, order: &Order) -> ApiResult<Json<Subscription>> {
    let account = order.account.ok_or(ApiError::NotFound)?;
    let snapshot = context.engine.snapshot(account).await.map_err(refusal::answer)?;
    let subscription = snapshot.of_instance(order.instance).ok_or(ApiError::NotFound)?;
    Ok(Json(body::subscription(&snapshot, subscription)))
}

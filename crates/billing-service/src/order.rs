//! Orders: what a customer asked for, and carrying it out with the billing engine.

mod placing;

use crate::audit::{self, Actor};
use crate::{Context, store};
use billing_engine::{EngineError, NewSubscription, Start};
use chrono::{DateTime, Utc};
use serde_json::Value;
use vocabulary::{
    AccountId, CustomerId, DisplayName, EmailAddress, InstanceId, Language, OdooVersion, OrderId,
    PlanName, Subdomain, SubscriptionId, TimeZone,
};
use work::Attempt;

pub(crate) use placing::{place, told};

/// What a customer ordered.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) instance: InstanceId,
    pub(crate) customer: CustomerId,
    /// Known once the billing engine has made it.
    pub(crate) account: Option<AccountId>,
    /// Known once the billing engine has made it.
    pub(crate) subscription: Option<SubscriptionId>,
    pub(crate) plan: PlanName,
    pub(crate) name: DisplayName,
    pub(crate) subdomain: Subdomain,
    pub(crate) odoo_version: OdooVersion,
    pub(crate) admin_email: EmailAddress,
    pub(crate) language: Option<Language>,
    pub(crate) timezone: Option<TimeZone>,
    pub(crate) created_at: DateTime<Utc>,
    /// Why it cannot be carried out.
    pub(crate) refused: Option<String>,
}

/// An order to be placed.
pub(crate) struct NewOrder {
    pub(crate) order: Order,
    pub(crate) placed_by: String,
    pub(crate) idempotency_key: Option<String>,
    /// What was asked, to tell a repeated request from another one with the same key.
    pub(crate) request: Value,
}

/// An order that has its subscription.
pub(crate) struct PaidOrder {
    pub(crate) order: Order,
    pub(crate) account: AccountId,
    pub(crate) subscription: SubscriptionId,
}

/// How far carrying out an order came.
pub(crate) enum Carried {
    Paid(Box<PaidOrder>),
    Refused,
    Alarm(String),
}

/// Makes sure that an order has its account and its subscription. The instance's id is the subscription's key, so that
/// this can be repeated.
pub(crate) async fn carry_out(
    context: &Context,
    instance: InstanceId,
    attempt: &Attempt,
) -> anyhow::Result<Carried> {
    let mut conn = context.pool.acquire().await?;
    let order = store::all::order(&mut conn, instance).await?;
    drop(conn);
    let Some(order) = order.filter(|order| order.refused.is_none()) else {
        return Ok(Carried::Refused);
    };
    if let (Some(account), Some(subscription)) = (order.account, order.subscription) {
        return Ok(Carried::Paid(Box::new(PaidOrder { order, account, subscription })));
    }
    let currency = context.plans.currency();
    let account = context.engine.ensure_account(order.customer, currency).await?;
    attempt.did("account is there").await?;
    match subscribe(context, account, &order).await {
        Ok(subscription) => {
            attempt.did("subscription is there").await?;
            let mut conn = context.pool.acquire().await?;
            store::order::subscribed(&mut conn, instance, account, subscription).await?;
            attempt.did("subscription is noted").await?;
            Ok(Carried::Paid(Box::new(PaidOrder { order, account, subscription })))
        }
        Err(error @ (EngineError::AccountIsOverdue | EngineError::OtherCurrency(_))) => {
            refuse(context, instance, &error.to_string(), attempt).await?;
            Ok(Carried::Refused)
        }
        Err(error @ EngineError::UnknownPlan(_)) => Ok(Carried::Alarm(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// The trial is granted once per account; whoever had it pays first.
async fn subscribe(
    context: &Context,
    account: AccountId,
    order: &Order,
) -> Result<SubscriptionId, EngineError> {
    let (bundle, plan) = (order.instance, order.plan.clone());
    let new = NewSubscription { account, bundle, plan, start: Start::AsPlanned };
    match context.engine.create_subscription(&new).await {
        Err(EngineError::TrialIsUsed) => {
            let new = NewSubscription { start: Start::WithoutTrial, ..new };
            context.engine.create_subscription(&new).await
        }
        other => other,
    }
}

/// Takes an order back.
pub(crate) async fn refuse(
    context: &Context,
    instance: InstanceId,
    why: &str,
    attempt: &Attempt,
) -> anyhow::Result<()> {
    tracing::warn!(%instance, why, "an order could not be carried out: {why}");
    let mut tx = context.pool.begin().await?;
    attempt.hold(&mut tx).await?;
    store::order::refuse(&mut tx, instance, why, context.clock.now()).await?;
    audit::note(&mut tx, &Actor::worker(), "refuse order", &instance, why).await?;
    tx.commit().await?;
    attempt.did("took the order back").await
}

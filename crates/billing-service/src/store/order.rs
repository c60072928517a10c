//! What customers ordered. Whoever asks here says whose.

use crate::order::{NewOrder, Order};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use vocabulary::{
    AccountId, CustomerId, DisplayName, EmailAddress, InstanceId, Language, OdooVersion, OrderId,
    PlanName, Subdomain, SubscriptionId, TimeZone,
};

/// An order that was placed with an idempotency key before, and what was asked then.
pub(crate) struct Placed {
    pub(crate) instance: InstanceId,
    pub(crate) request: Value,
}

pub(crate) async fn placed_before(
    conn: &mut PgConnection,
    placed_by: &str,
    idempotency_key: &str,
) -> sqlx::Result<Option<Placed>> {
    sqlx::query_as!(
        Placed,
        r#"select instance_id as "instance: InstanceId", request from orders
           where placed_by = $1 and idempotency_key = $2"#,
        placed_by,
        idempotency_key
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn add(conn: &mut PgConnection, new: &NewOrder) -> sqlx::Result<()> {
    let order = &new.order;
    sqlx::query!(
        "insert into orders (id, instance_id, customer_id, plan_name, name, subdomain, odoo_version, admin_email,
             language, timezone, placed_by, idempotency_key, request, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        order.id.0,
        order.instance.0,
        order.customer.0,
        order.plan.as_str(),
        order.name.as_str(),
        order.subdomain.as_str(),
        order.odoo_version.as_str(),
        order.admin_email.as_str(),
        order.language.as_ref().map(Language::as_str),
        order.timezone.as_ref().map(TimeZone::as_str),
        new.placed_by,
        new.idempotency_key,
        new.request,
        order.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn of_customers_subscription(
    conn: &mut PgConnection,
    customer: CustomerId,
    subscription: SubscriptionId,
) -> sqlx::Result<Option<Order>> {
    sqlx::query_as!(
        Order,
        r#"select id as "id: OrderId", instance_id as "instance: InstanceId", customer_id as "customer: CustomerId",
                  account_id as "account: AccountId", subscription_id as "subscription: SubscriptionId",
                  plan_name as "plan: PlanName", name as "name: DisplayName", subdomain as "subdomain: Subdomain",
                  odoo_version as "odoo_version: OdooVersion", admin_email as "admin_email: EmailAddress",
                  language as "language: Language", timezone as "timezone: TimeZone", created_at, refused
           from orders where customer_id = $1 and subscription_id = $2"#,
        customer.0,
        subscription.0
    )
    .fetch_optional(conn)
    .await
}

/// Notes which subscription pays for an order.
pub(crate) async fn subscribed(
    conn: &mut PgConnection,
    instance: InstanceId,
    account: AccountId,
    subscription: SubscriptionId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders set account_id = $2, subscription_id = $3 where instance_id = $1 and subscription_id is null",
        instance.0,
        account.0,
        subscription.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that an order is over, once.
pub(crate) async fn end(
    conn: &mut PgConnection,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders set ended_at = $2 where instance_id = $1 and ended_at is null",
        instance.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that an order cannot be carried out, and why.
pub(crate) async fn refuse(
    conn: &mut PgConnection,
    instance: InstanceId,
    why: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders set ended_at = coalesce(ended_at, $3), refused = $2 where instance_id = $1",
        instance.0,
        why,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the time zone database has a zone of this name.
pub(crate) async fn knows_timezone(
    conn: &mut PgConnection,
    timezone: &TimeZone,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from pg_timezone_names where name = $1) as "is_known!""#,
        timezone.as_str()
    )
    .fetch_one(conn)
    .await
}

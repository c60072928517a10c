//! What staff and the worker may ask: of everybody.

use crate::order::Order;
use contract::billing::HeldEntitlement;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;
use vocabulary::{
    AccountId, CustomerId, DisplayName, EmailAddress, InstanceId, Language, OdooVersion, OrderId,
    PlanName, Standing, Subdomain, SubscriptionId, TimeZone,
};

pub(crate) async fn order(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> sqlx::Result<Option<Order>> {
    sqlx::query_as!(
        Order,
        r#"select id as "id: OrderId", instance_id as "instance: InstanceId", customer_id as "customer: CustomerId",
                  account_id as "account: AccountId", subscription_id as "subscription: SubscriptionId",
                  plan_name as "plan: PlanName", name as "name: DisplayName", subdomain as "subdomain: Subdomain",
                  odoo_version as "odoo_version: OdooVersion", admin_email as "admin_email: EmailAddress",
                  language as "language: Language", timezone as "timezone: TimeZone", created_at, refused
           from orders where instance_id = $1"#,
        instance.0
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn order_of_subscription(
    conn: &mut PgConnection,
    subscription: SubscriptionId,
) -> sqlx::Result<Option<Order>> {
    sqlx::query_as!(
        Order,
        r#"select id as "id: OrderId", instance_id as "instance: InstanceId", customer_id as "customer: CustomerId",
                  account_id as "account: AccountId", subscription_id as "subscription: SubscriptionId",
                  plan_name as "plan: PlanName", name as "name: DisplayName", subdomain as "subdomain: Subdomain",
                  odoo_version as "odoo_version: OdooVersion", admin_email as "admin_email: EmailAddress",
                  language as "language: Language", timezone as "timezone: TimeZone", created_at, refused
           from orders where subscription_id = $1"#,
        subscription.0
    )
    .fetch_optional(conn)
    .await
}

/// The instances of an account whose orders were not refused.
pub(crate) async fn instances_of_account(
    conn: &mut PgConnection,
    account: AccountId,
) -> sqlx::Result<Vec<InstanceId>> {
    sqlx::query_scalar!(
        r#"select instance_id as "instance_id: InstanceId" from orders
           where account_id = $1 and refused is null"#,
        account.0
    )
    .fetch_all(conn)
    .await
}

/// What people call instances and accounts: by their subdomains.
pub(crate) async fn names(
    conn: &mut PgConnection,
    things: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows = sqlx::query!(
        r#"select instance_id as "id!", subdomain as "name!" from orders where instance_id = any($1)
           union all
           select account_id, string_agg(subdomain, ', ' order by subdomain) from orders
           where account_id = any($1) group by account_id"#,
        things
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The accounts of the newest orders.
pub(crate) async fn newest_accounts(
    conn: &mut PgConnection,
    limit: i64,
) -> sqlx::Result<Vec<AccountId>> {
    sqlx::query_scalar!(
        r#"select account_id as "account_id!: AccountId" from orders where account_id is not null
           group by account_id order by max(created_at) desc limit $1"#,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The instances whose entitlement may have to be stated: all but those whose end was acknowledged a month ago.
pub(crate) async fn unsettled(conn: &mut PgConnection) -> sqlx::Result<Vec<InstanceId>> {
    sqlx::query_scalar!(
        r#"select e.instance_id as "instance_id: InstanceId"
           from entitlements e join orders o using (instance_id)
           where o.refused is null
             and (e.standing is distinct from 'ended' or e.acknowledged_version < e.version
                  or e.changed_at > now() - interval '30 days')"#
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn entitlements(
    conn: &mut PgConnection,
    alarmed: bool,
) -> sqlx::Result<Vec<HeldEntitlement>> {
    sqlx::query_as!(
        HeldEntitlement,
        r#"select o.instance_id as "instance_id: InstanceId", o.customer_id as "customer_id: CustomerId",
                  o.subscription_id as "subscription_id: SubscriptionId", o.plan_name,
                  e.standing as "standing: Standing", e.version, e.acknowledged_version, e.alarm
           from orders o join entitlements e using (instance_id)
           where e.alarm is not null or not $1
           order by o.id desc limit 500"#,
        alarmed
    )
    .fetch_all(conn)
    .await
}

/// How many instances stand how, those that are over too.
pub(crate) async fn count_by_standing(
    conn: &mut PgConnection,
) -> sqlx::Result<Vec<(Standing, i64)>> {
    let rows = sqlx::query!(
        r#"select standing as "standing!: Standing", count(*) as "count!" from entitlements
           where standing is not null group by standing"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.standing, row.count)).collect())
}

/// What the chain of truth has not passed on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    /// Entitlements that instance-service has not acknowledged.
    pub(crate) unacknowledged: i64,
    /// For how long the oldest of them has held.
    pub(crate) oldest_seconds: f64,
    /// Entitlements that need a person.
    pub(crate) alarmed: i64,
    /// Orders without a subscription.
    pub(crate) open_orders: i64,
}

pub(crate) async fn chain(conn: &mut PgConnection) -> sqlx::Result<Chain> {
    sqlx::query_as!(
        Chain,
        r#"select count(*) filter (where acknowledged_version < version) as "unacknowledged!",
                  coalesce(extract(epoch from now() - min(changed_at)
                      filter (where acknowledged_version < version)), 0)::float8 as "oldest_seconds!",
                  count(*) filter (where alarm is not null) as "alarmed!",
                  count(*) filter (where subscription_id is null) as "open_orders!"
           from entitlements join orders using (instance_id) where refused is null"#
    )
    .fetch_one(conn)
    .await
}

//! The heads: one row for each account.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use vocabulary::{AccountId, CustomerId, InstanceId, InvoiceId, SubscriptionId};

/// Waits until nobody else works on the account, and keeps it until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("select from engine_accounts where id = $1 for update", account.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

pub(crate) async fn ensure(
    conn: &mut PgConnection,
    customer: CustomerId,
    currency: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<AccountId> {
    sqlx::query!(
        "insert into engine_accounts (id, customer_id, currency, created_at, settled_at)
         values ($1, $2, $3, $4, $4)
         on conflict on constraint engine_accounts_one_per_customer do nothing",
        AccountId::new().0,
        customer.0,
        currency,
        now
    )
    .execute(&mut *conn)
    .await?;
    of_customer(conn, customer).await?.ok_or(sqlx::Error::RowNotFound)
}

pub(crate) async fn of_customer(
    conn: &mut PgConnection,
    customer: CustomerId,
) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"select id as "id: AccountId" from engine_accounts where customer_id = $1"#,
        customer.0
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn of_subscription(
    conn: &mut PgConnection,
    subscription: SubscriptionId,
) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"select account_id as "account_id: AccountId" from engine_subscriptions where id = $1"#,
        subscription.0
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn of_bundle(
    conn: &mut PgConnection,
    bundle: InstanceId,
) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"select account_id as "account_id: AccountId" from engine_subscriptions where bundle_key = $1"#,
        bundle.0
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn of_invoice(
    conn: &mut PgConnection,
    invoice: InvoiceId,
) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"select account_id as "account_id: AccountId" from engine_invoices where id = $1"#,
        invoice.0
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<AccountId>> {
    sqlx::query_scalar!(
        r#"select id as "id: AccountId" from engine_accounts where next_due_at <= $1 order by next_due_at"#,
        now
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn settle(
    conn: &mut PgConnection,
    account: AccountId,
    settled_at: DateTime<Utc>,
    next_due_at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update engine_accounts set settled_at = $2, next_due_at = $3 where id = $1",
        account.0,
        settled_at,
        next_due_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

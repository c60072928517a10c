//! What happened, in an order in which it can be read without gaps.

use crate::engine::Cursor;
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;
use vocabulary::AccountId;

/// Whose key in the space of advisory locks this is: the outbox of the billing engine.
const LOCK: i64 = 0x5aa5_0b17_0001;

pub(crate) async fn add(
    conn: &mut PgConnection,
    account: AccountId,
    event_type: &str,
    object: Uuid,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_outbox (account_id, event_type, object_id, created_at) values ($1, $2, $3, $4)",
        account.0,
        event_type,
        object,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says that rows are being added, until the transaction ends. Goes before the first row.
pub(crate) async fn begin(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1)", LOCK).execute(conn).await?;
    Ok(())
}

/// The accounts with rows after the cursor. Waits a moment until nobody is adding rows, so that none is passed over whose
/// transaction ends late; where that takes too long it answers that there is nothing yet.
pub(crate) async fn since(
    conn: &mut PgConnection,
    cursor: Cursor,
) -> sqlx::Result<(Vec<AccountId>, Cursor)> {
    let mut tx = conn.begin().await?;
    sqlx::query!("set local lock_timeout = '500ms'").execute(&mut *tx).await?;
    let lock = sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *tx).await;
    match lock {
        Err(error) if is_timeout(&error) => return Ok((Vec::new(), cursor)),
        other => other?,
    };
    let rows = sqlx::query!(
        r#"select account_id as "account_id: AccountId", sequence from engine_outbox
           where sequence > $1 order by sequence limit 1000"#,
        cursor.0
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let end = rows.last().map_or(cursor, |row| Cursor(row.sequence));
    let mut accounts: Vec<_> = rows.into_iter().map(|row| row.account_id).collect();
    accounts.sort();
    accounts.dedup();
    Ok((accounts, end))
}

fn is_timeout(error: &sqlx::Error) -> bool {
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    error.as_database_error().and_then(|error| error.code()).as_deref() == Some(LOCK_NOT_AVAILABLE)
}

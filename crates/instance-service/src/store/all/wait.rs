//! `instance_waits`: how long people wait for an Odoo that they may have. Whoever changes one has locked its instance's row.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use vocabulary::InstanceId;

/// Begins a wait, unless the instance is waited for already. What is said to lie in the future begins now.
pub async fn begin(
    conn: &mut PgConnection,
    instance: InstanceId,
    kind: &str,
    since: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into instance_waits (instance_id, kind, since) values ($1, $2, least($3, now()))
         on conflict (instance_id) where ready_at is null do nothing",
        instance as InstanceId,
        kind,
        since
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The Odoo answers: the wait is over.
pub async fn end(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<()> {
    sqlx::query!(
        "update instance_waits set ready_at = now() where instance_id = $1 and ready_at is null",
        instance as InstanceId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Nobody waits any more.
pub async fn abandon(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from instance_waits where instance_id = $1 and ready_at is null",
        instance as InstanceId
    )
    .execute(conn)
    .await?;
    Ok(())
}

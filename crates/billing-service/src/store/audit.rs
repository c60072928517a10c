//! Who did what. Rows are only added.

use crate::audit::Actor;
use sqlx::PgConnection;
use vocabulary::CorrelationId;

pub(crate) async fn add(
    conn: &mut PgConnection,
    actor: &Actor,
    act: &str,
    subject: &str,
    outcome: &str,
    correlation: CorrelationId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into billing_audit (actor, act, subject, outcome, origin, correlation_id)
         values ($1, $2, $3, $4, $5, $6)",
        actor.name,
        act,
        subject,
        outcome,
        actor.origin,
        correlation.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether there is an entry of this act.
pub(crate) async fn is_noted(
    conn: &mut PgConnection,
    actor: &Actor,
    act: &str,
    subject: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from billing_audit where actor = $1 and act = $2 and subject = $3) as "is_noted!""#,
        actor.name,
        act,
        subject
    )
    .fetch_one(conn)
    .await
}

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

//! `instance_audit`: who did what.

use sqlx::PgConnection;
use vocabulary::{CorrelationId, InstanceId};

/// One act.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// Who, such as `staff ann@example.com`.
    pub actor: &'a str,
    /// What, such as `delete`.
    pub act: &'a str,
    /// To which instance.
    pub instance: InstanceId,
    /// `done`, or why not.
    pub outcome: &'a str,
    /// From where.
    pub origin: Option<String>,
    /// What it belongs to.
    pub correlation: CorrelationId,
}

/// Writes down an act.
pub async fn insert(conn: &mut PgConnection, act: &Act<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into instance_audit (actor, act, instance_id, outcome, origin, correlation_id) values ($1, $2, $3, $4, $5, $6)",
        act.actor,
        act.act,
        act.instance as InstanceId,
        act.outcome,
        act.origin,
        act.correlation as CorrelationId
    )
    .execute(conn)
    .await?;
    Ok(())
}

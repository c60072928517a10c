//! `db_audit`: who did what, from where, with what outcome. Written in the transaction of the act.

use sqlx::PgConnection;
use uuid::Uuid;

/// Whose act it is.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// Such as `staff ann@example.com`.
    pub name: String,
    /// The address that the request came from.
    pub origin: Option<String>,
}

impl Actor {
    /// The worker, which acts by itself.
    #[must_use]
    pub(crate) fn worker() -> Self {
        Self { name: "database-worker".to_owned(), origin: None }
    }
}

/// Writes down one act.
pub(crate) async fn write(
    conn: &mut PgConnection,
    actor: &Actor,
    action: &str,
    subject: &str,
    outcome: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into database.db_audit (id, actor, origin, action, subject, outcome, correlation_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        actor.name,
        actor.origin,
        action,
        subject,
        outcome,
        contract::correlation::current().0
    )
    .execute(conn)
    .await?;
    Ok(())
}

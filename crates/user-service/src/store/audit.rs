use api::Origin;
use contract::correlation;
use sqlx::PgConnection;

/// Who did what to which thing, from where, and with what outcome.
pub(crate) struct Entry<'a> {
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) from: Origin,
    pub(crate) outcome: &'a str,
}

pub(crate) async fn write(conn: &mut PgConnection, entry: &Entry<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into user_audit (actor, action, subject, origin, outcome, correlation_id)
         values ($1, $2, $3, $4, $5, $6)",
        entry.actor,
        entry.action,
        entry.subject,
        super::text(entry.from),
        entry.outcome,
        correlation::current().0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

//! `db_findings`: what the inventory could not explain, for as long as it is so.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::state::FindingKind;

/// One thing that rows and world disagree about.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// The server's name, or `runtime`.
    pub place: String,
    /// What kind of disagreement.
    pub kind: FindingKind,
    /// The name of the database, role or workload.
    pub name: String,
    /// Since when.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
}

/// Remembers what was found at a place, and forgets what is not found there any more.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    place: &str,
    found: &[(FindingKind, String)],
) -> sqlx::Result<()> {
    let kinds: Vec<String> = found.iter().map(|(kind, _)| kind.to_string()).collect();
    let names: Vec<String> = found.iter().map(|(_, name)| name.clone()).collect();
    sqlx::query!(
        "delete from database.db_findings
          where place = $1 and (kind, name) not in (select * from unnest($2::text[], $3::text[]))",
        place,
        &kinds,
        &names
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into database.db_findings (place, kind, name)
         select $1, kind, name from unnest($2::text[], $3::text[]) as found (kind, name)
         on conflict (place, kind, name) do update set last_seen_at = now()",
        place,
        &kinds,
        &names
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Everything that is found and not explained.
pub(crate) async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    sqlx::query_as!(
        Finding,
        r#"select place, kind as "kind: FindingKind", name, first_seen_at, last_seen_at
             from database.db_findings order by place, kind, name"#
    )
    .fetch_all(conn)
    .await
}

//! What makes a fresh server fit for tenants who must not see each other.

use sqlx::{AssertSqlSafe, PgConnection};

use super::role::tolerate;

/// Owns the tables of golden databases; nobody can log in as it.
pub(crate) const GOLDEN_OWNER: &str = "golden_owner";

/// Closes the server's own databases to everybody but the superuser, and tells the server's version.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn prepare(session: &mut PgConnection) -> sqlx::Result<String> {
    let make_owner = format!("create role {GOLDEN_OWNER} nologin");
    tolerate(sqlx::raw_sql(AssertSqlSafe(make_owner)).execute(&mut *session).await, "42710")?;
    sqlx::raw_sql(
        "revoke all on database postgres from public; revoke all on database template1 from public",
    )
    .execute(&mut *session)
    .await?;
    sqlx::query_scalar!(
        r#"select split_part(current_setting('server_version'), ' ', 1) as "version!""#
    )
    .fetch_one(session)
    .await
}

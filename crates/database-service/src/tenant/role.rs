//! A tenant's role: it owns one database, and may nothing else.

use sqlx::{AssertSqlSafe, PgConnection};

use super::identifier::{identifier, literal};
use crate::options::TenantLimits;

/// What a server keeps of a password (SCRAM-SHA-256): proves it, and does not give it away.
#[must_use]
pub(crate) fn verifier(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}

/// Makes the role, without the right to log in.
///
/// # Errors
/// When the server refuses; that the role exists is no error.
pub(crate) async fn create_role(session: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let sql = format!(
        "create role {} nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls",
        identifier(role)
    );
    tolerate(sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await, "42710")
}

/// Sets the bounds of the role, and nothing else of what it may have set for itself.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn limit(
    session: &mut PgConnection,
    role: &str,
    limits: &TenantLimits,
) -> sqlx::Result<()> {
    let databases = sqlx::query_scalar!(
        r#"select d.datname::text as "name!" from pg_db_role_setting s
             join pg_roles r on r.oid = s.setrole join pg_database d on d.oid = s.setdatabase
            where r.rolname = $1"#,
        role
    )
    .fetch_all(&mut *session)
    .await?;
    let role = identifier(role);
    let mut sql = format!("alter role {role} connection limit {};", limits.connections);
    for database in databases {
        sql.push_str(&format!(
            "alter role {role} in database {} reset all;",
            identifier(&database)
        ));
    }
    sql.push_str(&format!("alter role {role} reset all;"));
    for (name, value) in limits.settings() {
        sql.push_str(&format!("alter role {role} set {name} = {};", literal(&value)));
    }
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?;
    Ok(())
}

/// Lets the role log in with the password of this verifier, and with no other.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn let_in(
    session: &mut PgConnection,
    role: &str,
    verifier: &str,
) -> sqlx::Result<()> {
    let sql = format!("alter role {} login password {}", identifier(role), literal(verifier));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?;
    Ok(())
}

/// Takes the right to log in away, so that nobody writes into what is being removed.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn lock_out(session: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let sql = format!("alter role {} nologin", identifier(role));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?;
    Ok(())
}

/// Removes the role.
///
/// # Errors
/// When the server refuses, as it does while the role owns something.
pub(crate) async fn drop_role(session: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let sql = format!("drop role if exists {}", identifier(role));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?;
    Ok(())
}

/// Turns the error with this code into success: somebody else was first.
pub(super) fn tolerate<T>(result: sqlx::Result<T>, code: &str) -> sqlx::Result<()> {
    match result {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(code) => Ok(()),
        Err(error) => Err(error),
    }
}

//! Databases on a tenants' server. One that is not finished has a connection limit of 0, so that nobody but the
//! superuser gets into it; lifting the limit is the last thing that is done to it.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::connection::Login;
use super::identifier::identifier;
use super::role::tolerate;
use super::wall::GOLDEN_OWNER;

const EXISTS: &str = "42P04";

/// A golden database that can be cloned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoldenCopy {
    /// Its name on the server.
    pub db_name: String,
}

/// Makes an empty database that nobody can enter yet. Collation as Odoo itself makes its databases.
///
/// # Errors
/// When the server refuses; that the database exists is no error.
pub(crate) async fn create_empty(
    session: &mut PgConnection,
    name: &str,
    owner: &str,
) -> sqlx::Result<()> {
    let sql = format!(
        "create database {} owner {} template template0 encoding 'UTF8' lc_collate 'C' connection limit 0",
        identifier(name),
        identifier(owner)
    );
    tolerate(sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await, EXISTS)
}

/// Clones a golden database into one that nobody can enter yet.
///
/// # Errors
/// When the server refuses; that the database exists is no error.
pub(crate) async fn clone_golden(
    session: &mut PgConnection,
    golden: &GoldenCopy,
    name: &str,
    owner: &str,
) -> sqlx::Result<()> {
    let sql = format!(
        "create database {} owner {} template {} connection limit 0",
        identifier(name),
        identifier(owner),
        identifier(&golden.db_name)
    );
    tolerate(sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await, EXISTS)
}

/// Gives what a clone brought along to its new owner, shuts everybody else out, and opens the database to its owner.
///
/// # Errors
/// When the server refuses, or the database is not there.
pub(crate) async fn open(
    session: &mut PgConnection,
    login: &Login,
    name: &str,
    owner: &str,
) -> sqlx::Result<()> {
    let database = identifier(name);
    let close = format!("revoke all on database {database} from public");
    sqlx::raw_sql(AssertSqlSafe(close)).execute(&mut *session).await?;

    let mut inside = login.enter(name).await?;
    let hand_over = format!(
        "create extension if not exists pg_trgm; reassign owned by {GOLDEN_OWNER} to {}",
        identifier(owner)
    );
    sqlx::raw_sql(AssertSqlSafe(hand_over)).execute(&mut inside).await?;
    inside.close().await?;

    let lift = format!("alter database {database} connection limit -1");
    sqlx::raw_sql(AssertSqlSafe(lift)).execute(session).await?;
    Ok(())
}

/// Makes a template of a restored database: nobody enters it, and reassigning in a clone leaves it alone.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn seal_golden(session: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let name = identifier(name);
    let sql = format!(
        "alter database {name} owner to postgres; revoke all on database {name} from public; \
         alter database {name} with is_template true allow_connections false"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?;
    Ok(())
}

/// Removes a database and ends everybody's connection to it.
///
/// # Errors
/// When the server refuses; that the database is gone is no error.
pub(crate) async fn drop_database(session: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let is_template =
        sqlx::query_scalar!("select datistemplate from pg_database where datname = $1", name)
            .fetch_optional(&mut *session)
            .await?;
    let name = identifier(name);
    if is_template == Some(true) {
        let sql = format!("alter database {name} with is_template false");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *session).await?;
    }
    let sql = format!("drop database if exists {name} with (force)");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?;
    Ok(())
}

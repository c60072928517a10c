//! How a service reaches its database.

use std::time::Duration;

use anyhow::Context;
use backon::{ConstantBuilder, Retryable};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Row};

use crate::credentials::Credentials;
use crate::databases::Databases;
use crate::role::Role;

/// The options of a role on the server where `server` points to.
#[must_use]
pub fn connect_options(
    server: &PgConnectOptions,
    credentials: &Credentials,
    databases: &Databases,
    role: Role,
) -> PgConnectOptions {
    server
        .clone()
        .username(role.name())
        .password(credentials.password(role).expose_secret())
        .database(&databases.of(role))
        .application_name(role.name())
}

/// A pool that connects at its first use. No statement, no wait for a lock and no idle transaction of a service
/// outlives half a minute, so that one that hangs blocks nobody for long.
#[must_use]
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    let options = options.options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_mins(5))
        .after_release(|connection, _| Box::pin(is_between_transactions(connection)))
        .connect_lazy_with(options)
}

/// A request that is dropped while its transaction begins leaves it open on a connection that goes back to the pool
/// (sqlx 0.9.0, issue 4393), and what is done there later is lost. In an open transaction the statement began after
/// it; only the simple protocol begins both with one message.
async fn is_between_transactions(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::raw_sql("select transaction_timestamp() = statement_timestamp()")
        .fetch_one(connection)
        .await?
        .try_get(0)
}

/// Waits until the server answers a query.
///
/// # Errors
/// It does not within a minute, or refuses the password.
pub async fn wait_until_ready(admin: &PgConnectOptions) -> anyhow::Result<()> {
    let pace =
        ConstantBuilder::default().with_delay(Duration::from_millis(50)).with_max_times(1200);
    (|| answer(admin)).retry(pace).when(may_pass).await.with_context(|| {
        format!("PostgreSQL at {}:{} does not answer", admin.get_host(), admin.get_port())
    })
}

async fn answer(admin: &PgConnectOptions) -> anyhow::Result<()> {
    let query = async {
        let mut connection =
            PgConnection::connect_with(&admin.clone().database("postgres")).await?;
        sqlx::query_scalar!("select 1 as one").fetch_one(&mut connection).await?;
        connection.close().await
    };
    tokio::time::timeout(Duration::from_secs(5), query).await.context("no answer within 5 s")??;
    Ok(())
}

/// A refused password stays refused; everything else may be a server that is still starting.
fn may_pass(error: &anyhow::Error) -> bool {
    const CLASS: &str = "28";
    let refusal = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    !refusal.and_then(|e| e.code()).is_some_and(|code| code.starts_with(CLASS))
}

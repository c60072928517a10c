//! The platform's own PostgreSQL: its databases, the login roles of the services, their rights and their tables.
//!
//! [`prepare`] makes everything that is missing and may be run at any time, by several at once. It needs a
//! superuser; the services connect as their own role and reach nothing but their own database. The tables of the
//! queue are not made here: they belong to `work`.

mod connection;
mod credentials;
mod databases;
mod environment;
mod identifier;
mod migration;
mod role;

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

pub use crate::connection::{connect_options, pool, wait_until_ready};
pub use crate::credentials::Credentials;
pub use crate::databases::Databases;
pub use crate::environment::{Environment, environment};
pub use crate::migration::{DB_TYPE, fingerprint, migrate, revert};
pub use crate::role::Role;

/// Makes or completes the platform's databases: roles with these passwords, databases, rights, migrations.
///
/// # Errors
/// `admin` is no superuser, or a migration does not apply.
pub async fn prepare(admin: &PgConnectOptions, credentials: &Credentials) -> anyhow::Result<()> {
    prepare_databases(admin, credentials, &Databases::default()).await
}

/// [`prepare`], for databases of other names.
///
/// # Errors
/// As [`prepare`].
pub async fn prepare_databases(
    admin: &PgConnectOptions,
    credentials: &Credentials,
    databases: &Databases,
) -> anyhow::Result<()> {
    let mut lock = lock(admin).await?;
    role::make_all(&mut lock, credentials).await.context("can't make the services' roles")?;
    databases.make(&mut lock).await.context("can't make the platform's databases")?;
    databases.fence(&mut lock).await.context("can't set the rights on the databases")?;
    for role in Role::ALL {
        migration::migrate(admin, databases, role).await?;
    }
    lock.close().await.context("the connection to PostgreSQL broke at the end")
}

/// A connection that nobody else has while it is open: roles and rights are shared by the whole server, and
/// PostgreSQL refuses two changes of one of them at the same time.
///
/// # Errors
/// PostgreSQL can't be reached.
pub async fn lock(admin: &PgConnectOptions) -> anyhow::Result<PgConnection> {
    const KEY: i64 = 0x005a_a50d_0000;
    let mut connection = PgConnection::connect_with(&admin.clone().database("postgres"))
        .await
        .context("can't reach the platform's PostgreSQL")?;
    sqlx::query!("select pg_advisory_lock($1)", KEY).execute(&mut connection).await?;
    Ok(connection)
}

#[cfg(test)]
mod tests;

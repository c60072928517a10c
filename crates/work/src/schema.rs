//! The layer's own tables and functions in the queue's schema, and the one place where the schema's name enters SQL.

use crate::Queue;
use anyhow::Context;
use graphile_worker::WorkerUtils;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// Each is applied once, in this order; later ones are appended.
const MIGRATIONS: &[&str] =
    &[include_str!("schema/tables.sql"), include_str!("schema/tallies.sql")];

/// Replaced every time, so that a function can be repaired without a migration.
const FUNCTIONS: &str = include_str!("schema/functions.sql");

impl Queue {
    /// Makes the queue's schema, graphile_worker's tables and ours. Idempotent; run as the role that will own them, which needs
    /// the right to create a schema in its database and no more.
    pub async fn prepare(&self, pool: &PgPool) -> anyhow::Result<()> {
        let mut conn = pool.acquire().await.context("connecting to the queue's database")?;
        // Two that start together would create the same schema twice.
        let mut lock = conn.begin().await?;
        sqlx::query("select pg_advisory_xact_lock(hashtext('prepare ' || $1))")
            .bind(self.schema())
            .execute(&mut *lock)
            .await?;
        WorkerUtils::new(pool.clone(), self.schema())
            .migrate()
            .await
            .with_context(|| format!("migrating graphile_worker's tables in {}", self.schema()))?;
        self.migrate(&mut lock)
            .await
            .with_context(|| format!("migrating the tables of {}", self.schema()))?;
        lock.commit().await?;
        Ok(())
    }

    async fn migrate(&self, conn: &mut PgConnection) -> sqlx::Result<()> {
        let table = "create table if not exists {schema}.layer_migrations \
                     (version integer primary key, at timestamptz not null default now())";
        sqlx::raw_sql(self.sql("set local client_min_messages to warning"))
            .execute(&mut *conn)
            .await?;
        sqlx::raw_sql(self.sql(table)).execute(&mut *conn).await?;
        for (version, migration) in (1_i32..).zip(MIGRATIONS) {
            let claim = "insert into {schema}.layer_migrations (version) values ($1) on conflict do nothing";
            let new = sqlx::query(self.sql(claim)).bind(version).execute(&mut *conn).await?;
            if new.rows_affected() == 1 {
                sqlx::raw_sql(self.sql(migration)).execute(&mut *conn).await?;
            }
        }
        sqlx::raw_sql(self.sql(FUNCTIONS)).execute(&mut *conn).await?;
        Ok(())
    }

    /// SQL for this queue's schema. The schema is a constant of the program and made of letters and underscores only; everything
    /// else is bound. It is not checked at compile time because the schema is not in the database that is checked against.
    pub(crate) fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(text.replace("{schema}", self.schema()))
    }
}

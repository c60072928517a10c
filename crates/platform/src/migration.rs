//! The tables: one folder of migrations for each role, embedded, and applied as that role, so that what they make
//! belongs to it.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::Context;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::databases::{Databases, give_schema, show_instances};
use crate::role::Role;

/// The migration of folder `billing` that adds `plan_entitlements.db_type`.
pub const DB_TYPE: i64 = 2;

/// Applies what is missing in a role's own schema.
///
/// # Errors
/// A migration does not apply, or one that was applied has changed since.
pub async fn migrate(
    admin: &PgConnectOptions,
    databases: &Databases,
    role: Role,
) -> anyhow::Result<()> {
    let mut connection = connect(admin, databases, role).await?;
    let migrator = migrator(role);
    give_schema(&mut connection, role).await?;
    become_role(&mut connection, role).await?;
    migrator
        .run_direct(None, &mut connection, false)
        .await
        .with_context(|| format!("can't migrate the tables of {role}"))?;
    sqlx::query!("reset role").execute(&mut connection).await?;
    if role == Role::InstanceService {
        show_instances(&mut connection)
            .await
            .context("can't show database-service the instances")?;
    }
    connection.close().await.context("the connection to PostgreSQL broke at the end")
}

/// Takes one migration back by its `.down.sql`, and none of those that came after it; [`migrate`] applies it again.
///
/// # Errors
/// There is no such migration, it has no way back, it is not applied, or its script fails.
pub async fn revert(
    admin: &PgConnectOptions,
    databases: &Databases,
    role: Role,
    version: i64,
) -> anyhow::Result<()> {
    let migrator = migrator(role);
    let down = migrator
        .iter()
        .find(|m| m.version == version && m.migration_type.is_down_migration())
        .with_context(|| format!("no migration {version} of {role} that can be taken back"))?;
    let mut connection = connect(admin, databases, role).await?;
    become_role(&mut connection, role).await?;
    connection.lock().await?;
    let applied = connection.list_applied_migrations(&migrator.table_name).await?;
    anyhow::ensure!(
        applied.iter().any(|m| m.version == version),
        "migration {version} of {role} is not applied"
    );
    connection
        .revert(&migrator.table_name, down)
        .await
        .with_context(|| format!("can't take back migration {version} of {role}"))?;
    connection.close().await.context("the connection to PostgreSQL broke at the end")
}

/// Changes whenever a migration or a right does: what was prepared under the same fingerprint is the same.
#[must_use]
pub fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    include_str!("databases.rs").hash(&mut hasher);
    for role in Role::ALL {
        for migration in migrator(role).iter() {
            (role, migration.version, &migration.checksum).hash(&mut hasher);
        }
    }
    format!("{:016x}", hasher.finish())
}

fn migrator(role: Role) -> Migrator {
    let mut migrator = match role {
        Role::AuthService => sqlx::migrate!("migrations/auth"),
        Role::BillingService => sqlx::migrate!("migrations/billing"),
        Role::InstanceService => sqlx::migrate!("migrations/instance"),
        Role::DatabaseService => sqlx::migrate!("migrations/database"),
        Role::NotificationService => sqlx::migrate!("migrations/communication"),
    };
    // Two folders share the database `instance`, so each has its list in its own schema.
    migrator.table_name = Cow::Owned(format!("{}._sqlx_migrations", role.schema()));
    migrator
}

async fn connect(
    admin: &PgConnectOptions,
    databases: &Databases,
    role: Role,
) -> anyhow::Result<PgConnection> {
    let database = databases.of(role);
    let options = admin.clone().database(&database).options([("search_path", role.search_path())]);
    PgConnection::connect_with(&options)
        .await
        .with_context(|| format!("can't connect to the database {database}"))
}

async fn become_role(connection: &mut PgConnection, role: Role) -> sqlx::Result<()> {
    sqlx::query_scalar!("select set_config('role', $1, false)", role.name())
        .fetch_one(connection)
        .await?;
    Ok(())
}

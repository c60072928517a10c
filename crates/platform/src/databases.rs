//! The four databases, and who may do what in them.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::identifier::quote;
use crate::role::Role;

/// The platform's databases on one server. Tests have several sets, told apart by a prefix.
#[derive(Debug, Clone, Default)]
pub struct Databases {
    prefix: String,
}

impl Databases {
    const NAMES: [&'static str; 4] = ["auth", "billing", "instance", "communication"];

    /// A set whose names begin with the prefix.
    #[must_use]
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The database that a role works in.
    #[must_use]
    pub fn of(&self, role: Role) -> String {
        self.named(role.database())
    }

    /// The names of all of them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        Self::NAMES.map(|name| self.named(name)).to_vec()
    }

    fn named(&self, database: &str) -> String {
        format!("{}{database}", self.prefix)
    }

    /// Makes the databases that are missing.
    pub(crate) async fn make(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        for name in self.names() {
            let exists = sqlx::query_scalar!(
                r#"select exists(select from pg_database where datname = $1) as "exists!""#,
                name
            );
            if !exists.fetch_one(&mut *connection).await? {
                let name = quote(&name);
                connection
                    .execute(AssertSqlSafe(format!(
                        "create database {name} template template0 encoding 'UTF8'"
                    )))
                    .await?;
            }
        }
        Ok(())
    }

    /// Sets the rights that lie on the databases themselves: a role connects to its own, and nobody to the
    /// server's. A clone of a database does not have them, so they are set again on it.
    ///
    /// # Errors
    /// The connection is no superuser's.
    pub async fn fence(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        for name in ["postgres", "template1"] {
            if is_open_to_all(connection, name).await? {
                revoke(connection, name).await?;
            }
        }
        for database in Self::NAMES {
            self.fence_one(connection, database).await?;
        }
        Ok(())
    }

    /// [`Databases::fence`] for the database that a role works in.
    ///
    /// # Errors
    /// The connection is no superuser's.
    pub async fn fence_of(&self, connection: &mut PgConnection, role: Role) -> sqlx::Result<()> {
        self.fence_one(connection, role.database()).await
    }

    async fn fence_one(&self, connection: &mut PgConnection, database: &str) -> sqlx::Result<()> {
        let name = self.named(database);
        revoke(connection, &name).await?;
        for role in Role::ALL.into_iter().filter(|role| role.database() == database) {
            let (name, role) = (quote(&name), quote(role.name()));
            connection
                .execute(AssertSqlSafe(format!(
                    "grant connect, create, temporary on database {name} to {role}"
                )))
                .await?;
        }
        Ok(())
    }
}

/// Gives a role its schema. The transaction is in the role's own database, as a superuser.
pub(crate) async fn give_schema(connection: &mut PgConnection, role: Role) -> sqlx::Result<()> {
    let (schema, role) = (quote(role.schema()), quote(role.name()));
    let mut transaction = connection.begin().await?;
    transaction
        .execute(AssertSqlSafe(format!(
            "create schema if not exists {schema};
             alter schema {schema} owner to {role};
             revoke all on schema {schema} from public"
        )))
        .await?;
    transaction.commit().await
}

/// Lets database-service read the instances, and nothing else of instance-service's.
pub(crate) async fn show_instances(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection
        .execute(
            "grant usage on schema public to database_service;
             grant select on table public.instances to database_service",
        )
        .await?;
    Ok(())
}

async fn is_open_to_all(connection: &mut PgConnection, database: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select has_database_privilege('public', $1, 'connect') as "is_open!""#,
        database
    )
    .fetch_one(connection)
    .await
}

async fn revoke(connection: &mut PgConnection, database: &str) -> sqlx::Result<()> {
    let database = quote(database);
    connection
        .execute(AssertSqlSafe(format!("revoke all on database {database} from public")))
        .await?;
    Ok(())
}

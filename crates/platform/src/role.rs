//! The login roles: one for each service, none of which may more than log in.

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::credentials::Credentials;
use crate::identifier::quote;

/// The login role of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// user-service.
    AuthService,
    /// billing-service.
    BillingService,
    /// instance-service and its worker.
    InstanceService,
    /// database-service and its worker.
    DatabaseService,
    /// notification-service.
    NotificationService,
}

impl Role {
    /// Every role, in the order in which their tables are made.
    pub const ALL: [Self; 5] = [
        Self::AuthService,
        Self::BillingService,
        Self::InstanceService,
        Self::DatabaseService,
        Self::NotificationService,
    ];

    /// The role's name in PostgreSQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthService => "auth_service",
            Self::BillingService => "billing_service",
            Self::InstanceService => "instance_service",
            Self::DatabaseService => "database_service",
            Self::NotificationService => "notification_service",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The database that the role works in.
    #[must_use]
    pub fn database(self) -> &'static str {
        match self {
            Self::AuthService => "auth",
            Self::BillingService => "billing",
            Self::InstanceService | Self::DatabaseService => "instance",
            Self::NotificationService => "communication",
        }
    }

    /// The schema that is the role's own.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::DatabaseService => "database",
            _ => "public",
        }
    }

    /// Where the role's unqualified names are looked up.
    pub(crate) fn search_path(self) -> &'static str {
        match self {
            Self::DatabaseService => "database, public",
            _ => "public",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Makes the roles that are missing and gives all of them their password.
pub(crate) async fn make_all(
    connection: &mut PgConnection,
    credentials: &Credentials,
) -> anyhow::Result<()> {
    for role in Role::ALL {
        make(connection, role, credentials.password(role))
            .await
            .with_context(|| format!("can't make the role {role}"))?;
    }
    Ok(())
}

async fn make(
    connection: &mut PgConnection,
    role: Role,
    password: &SecretString,
) -> sqlx::Result<()> {
    let name = quote(role.name());
    let exists = sqlx::query_scalar!(
        r#"select exists(select from pg_roles where rolname = $1) as "exists!""#,
        role.name()
    );
    if !exists.fetch_one(&mut *connection).await? {
        connection.execute(AssertSqlSafe(format!("create role {name}"))).await?;
    }
    // Only the verifier travels, so that no log of statements ever holds the password.
    let verifier = postgres_protocol::password::scram_sha_256(password.expose_secret().as_bytes());
    let path = role.search_path();
    connection
        .execute(AssertSqlSafe(format!(
            "alter role {name} with login nosuperuser nocreatedb nocreaterole noinherit password '{verifier}';
             alter role {name} set search_path = {path}"
        )))
        .await?;
    Ok(())
}

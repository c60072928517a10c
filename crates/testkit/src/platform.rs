//! A set of the platform's databases that belongs to one test.

use std::collections::BTreeSet;

use ::platform::{Credentials, Databases, Role, connect_options};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use crate::template;

/// The databases `auth`, `billing`, `instance` and `communication` under names of their own, migrated and empty,
/// with the services' roles. They go when this value does.
#[derive(Debug)]
pub struct Platform {
    server: PgConnectOptions,
    credentials: Credentials,
    databases: Databases,
}

impl Platform {
    /// A fresh set, cloned from one that is prepared once for each state of the migrations.
    ///
    /// # Panics
    /// `TEST_POSTGRES_URL` is missing, or PostgreSQL does not do what it should.
    pub async fn new() -> Self {
        Self::of(&Role::ALL).await
    }

    /// Only the database that this role works in, in a quarter of the time.
    ///
    /// # Panics
    /// As [`Platform::new`], and when there is no such role.
    pub async fn only(role: &str) -> Self {
        Self::of(&[find(role)]).await
    }

    async fn of(roles: &[Role]) -> Self {
        let server = server();
        let credentials = template::credentials();
        let template = template::get(&server, &credentials).await;
        let name = Uuid::now_v7().simple().to_string();
        let databases = Databases::with_prefix(format!("{}{name}_", template::TEST));
        clone(&server, template, &databases, roles).await.expect("the template can be cloned");
        Self { server, credentials, databases }
    }

    /// A pool as this role (`instance_service`), in its own database.
    ///
    /// # Panics
    /// There is no such role.
    #[must_use]
    pub fn pool(&self, role: &str) -> PgPool {
        ::platform::pool(self.connect_options(role), 8)
    }

    /// How this role connects to its own database.
    ///
    /// # Panics
    /// There is no such role.
    #[must_use]
    pub fn connect_options(&self, role: &str) -> PgConnectOptions {
        connect_options(&self.server, &self.credentials, &self.databases, find(role))
    }

    /// How the superuser connects to the server.
    #[must_use]
    pub fn admin(&self) -> &PgConnectOptions {
        &self.server
    }

    /// The names of the databases.
    #[must_use]
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// The passwords of the roles; on a throw-away server they are all the same.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }
}

impl Drop for Platform {
    /// Waits until the databases are gone: the process of the tests may end right after.
    fn drop(&mut self) {
        let (server, names) = (self.server.clone(), self.databases.names());
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(template::drop_all(&server, &names)))
        });
        // What stays behind is removed by a later run, so a failure here fails no test.
        drop(removal.join());
    }
}

/// The server that tests may do anything with.
#[expect(clippy::disallowed_methods, reason = "a test has no settings but this one")]
fn server() -> PgConnectOptions {
    let url = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "TEST_POSTGRES_URL is missing: it is the address of a PostgreSQL that tests may do anything with, \
             as its superuser. `scripts/with-postgres cargo test …` starts one and sets it."
        )
    });
    let options: PgConnectOptions = url.parse().expect("TEST_POSTGRES_URL is an address");
    options.database("postgres").disable_statement_logging()
}

fn find(role: &str) -> Role {
    Role::find(role).unwrap_or_else(|| panic!("no role is called {role}"))
}

async fn clone(
    server: &PgConnectOptions,
    template: &Databases,
    databases: &Databases,
    roles: &[Role],
) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect_with(server).await?;
    let mut made = BTreeSet::new();
    for role in roles {
        let (from, to) = (template.of(*role), databases.of(*role));
        if made.insert(to.clone()) {
            let sql = format!("create database \"{to}\" template \"{from}\"");
            connection.execute(AssertSqlSafe(sql)).await?;
            databases.fence_of(&mut connection, *role).await?;
        }
    }
    connection.close().await
}

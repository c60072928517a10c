//! The sets that tests are cloned from: one for each state of the migrations. What tests that were killed left
//! behind, and templates that nobody needs any more, are found by their age.

use ::platform::{Credentials, Databases, fingerprint, prepare_databases};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

/// How the names of a test's databases begin.
pub(crate) const TEST: &str = "test_";
const TEMPLATE: &str = "template_of_tests_";

static DATABASES: OnceCell<Databases> = OnceCell::const_new();

/// Roles belong to the whole server, so all tests share one password.
pub(crate) fn credentials() -> Credentials {
    Credentials::known("password of tests")
}

/// The template for the migrations of this build, made if it is missing.
pub(crate) async fn get(
    server: &PgConnectOptions,
    credentials: &Credentials,
) -> &'static Databases {
    DATABASES
        .get_or_init(async || {
            let databases = Databases::with_prefix(format!("{TEMPLATE}{}_", fingerprint()));
            let mut connection = lock(server).await.expect("TEST_POSTGRES_URL leads to a server");
            remove_old(&mut connection, server).await.expect("old databases can be removed");
            if !is_complete(&mut connection, &databases).await.expect("the server answers") {
                make(&mut connection, server, credentials, &databases).await;
            }
            databases
        })
        .await
}

/// Drops databases with everybody who is connected to them; goes on where one can't be dropped.
pub(crate) async fn drop_all(server: &PgConnectOptions, names: &[String]) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect_with(server).await?;
    for name in names {
        let dropped = connection
            .execute(AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)")))
            .await;
        if let Err(error) = dropped {
            eprintln!("the database {name} stays behind: {error}");
        }
    }
    connection.close().await
}

/// Of all processes that run tests, one at a time gets past this.
async fn lock(server: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    const KEY: i64 = 0x005a_a50d_0001;
    let mut connection = PgConnection::connect_with(server).await?;
    sqlx::query!("select pg_advisory_lock($1)", KEY).execute(&mut connection).await?;
    Ok(connection)
}

async fn make(
    connection: &mut PgConnection,
    server: &PgConnectOptions,
    credentials: &Credentials,
    databases: &Databases,
) {
    // One that was not completed is of no use.
    drop_all(server, &databases.names()).await.expect("a half-made template can be dropped");
    prepare_databases(server, credentials, databases).await.expect("the migrations apply");
    for name in databases.names() {
        let complete = format!("alter database \"{name}\" with is_template true");
        connection.execute(AssertSqlSafe(complete)).await.expect("a template can be completed");
    }
}

async fn is_complete(connection: &mut PgConnection, databases: &Databases) -> sqlx::Result<bool> {
    let names = databases.names();
    let complete = sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_database where datistemplate and datname = any($1)"#,
        &names
    );
    Ok(usize::try_from(complete.fetch_one(connection).await?) == Ok(names.len()))
}

async fn remove_old(connection: &mut PgConnection, server: &PgConnectOptions) -> sqlx::Result<()> {
    let old = sqlx::query_scalar!(
        "select datname::text as \"name!\" from pg_database,
           lateral (select (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification) as made
         where starts_with(datname, $1) and modification < now() - interval '1 hour'
            or starts_with(datname, $2) and modification < now() - interval '3 days'",
        TEST,
        TEMPLATE
    );
    let names = old.fetch_all(&mut *connection).await?;
    for name in names.iter().filter(|name| name.starts_with(TEMPLATE)) {
        let plain = format!("alter database \"{name}\" with is_template false");
        connection.execute(AssertSqlSafe(plain)).await?;
    }
    drop_all(server, &names).await
}

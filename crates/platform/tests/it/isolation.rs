//! A service reaches what is its own, and nothing else.

use platform::Role;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use testkit::Platform;

const PERMISSION_DENIED: &str = "42501";

#[tokio::test]
async fn a_service_connects_to_no_database_but_its_own() {
    let platform = Platform::new().await;
    let mut databases = platform.databases().names();
    databases.extend(["postgres".to_owned(), "template1".to_owned()]);
    for role in Role::ALL {
        let options = platform.connect_options(role.name());
        for database in &databases {
            let code = refusal(&options.clone().database(database)).await;
            if *database == platform.databases().of(role) {
                assert_eq!(code, None, "{role} in {database}");
            } else {
                assert_eq!(code.as_deref(), Some(PERMISSION_DENIED), "{role} in {database}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_is_not_more_than_a_service() {
    let platform = Platform::new().await;
    for role in Role::ALL {
        let pool = platform.pool(role.name());
        for sql in [
            "create role intruder",
            "create database intruder",
            "alter role postgres password 'x'",
            "copy (select 1) to program 'true'",
            "select pg_read_file('postgresql.conf')",
            "select rolpassword from pg_authid",
        ] {
            assert_eq!(code(&pool, sql).await.as_deref(), Some(PERMISSION_DENIED), "{role}: {sql}");
        }
    }
}

#[tokio::test]
async fn database_service_reads_instances_and_nothing_else_of_instance_service() {
    let platform = Platform::new().await;
    let theirs = platform.pool("database_service");
    for sql in [
        "insert into instances default values",
        "update instances set name = ''",
        "delete from instances",
    ] {
        assert_eq!(code(&theirs, sql).await.as_deref(), Some(PERMISSION_DENIED), "{sql}");
    }
    assert_eq!(code(&theirs, "select * from instances").await, None);
    for table in tables(&platform, "public").await {
        if table != "instances" {
            let sql = format!("select * from public.{table}");
            assert_eq!(code(&theirs, &sql).await.as_deref(), Some(PERMISSION_DENIED), "{sql}");
        }
    }
    for schema in ["public", "instance_work"] {
        sqlx::query("create schema if not exists instance_work")
            .execute(&platform.pool("instance_service"))
            .await
            .unwrap();
        let sql = format!("create table {schema}.intruder (id int)");
        assert_eq!(code(&theirs, &sql).await.as_deref(), Some(PERMISSION_DENIED), "{sql}");
    }
}

#[tokio::test]
async fn instance_service_sees_nothing_of_database_service() {
    let platform = Platform::new().await;
    let tables = tables(&platform, "database").await;
    assert!(tables.iter().any(|table| table == "db_servers"), "{tables:?}");
    for table in tables {
        let sql = format!("select * from database.{table}");
        let code = code(&platform.pool("instance_service"), &sql).await;
        assert_eq!(code.as_deref(), Some(PERMISSION_DENIED), "{sql}");
    }
}

#[tokio::test]
async fn every_table_belongs_to_its_service() {
    let platform = Platform::new().await;
    for role in Role::ALL {
        let options = platform.admin().clone().database(&platform.databases().of(role));
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let strangers: Vec<String> = sqlx::query_scalar(
            "select tablename::text from pg_tables where schemaname = $1 and tableowner <> $2",
        )
        .bind(role.schema())
        .bind(role.name())
        .fetch_all(&mut connection)
        .await
        .unwrap();
        assert_eq!(strangers, Vec::<String>::new(), "{role}");
    }
}

#[tokio::test]
async fn a_service_makes_the_schema_of_its_queue_itself() {
    let platform = Platform::new().await;
    for (role, schema) in [
        ("instance_service", "instance_work"),
        ("database_service", "database_work"),
        ("billing_service", "billing_work"),
    ] {
        let sql = format!("create schema {schema}; create table {schema}.jobs (id int)");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&platform.pool(role)).await.unwrap();
    }
}

/// Why a connection is refused, as a code of PostgreSQL's.
async fn refusal(options: &PgConnectOptions) -> Option<String> {
    match PgConnection::connect_with(options).await {
        Ok(connection) => {
            connection.close().await.unwrap();
            None
        }
        Err(error) => Some(error.into_database_error().unwrap().code().unwrap().into_owned()),
    }
}

/// Why a statement is refused.
async fn code(pool: &PgPool, sql: &str) -> Option<String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await;
    done.err().map(|error| error.into_database_error().unwrap().code().unwrap().into_owned())
}

/// The tables of a schema in database `instance`.
async fn tables(platform: &Platform, schema: &str) -> Vec<String> {
    let options =
        platform.admin().clone().database(&platform.databases().of(Role::InstanceService));
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = $1")
        .bind(schema)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

//! A set of databases for each test.

use std::process::Command;

use sqlx::{Connection, PgConnection};
use testkit::Platform;

#[tokio::test]
async fn two_tests_see_nothing_of_each_other() {
    let (mine, yours) = (Platform::new().await, Platform::new().await);
    sqlx::query(
        "insert into plan_entitlements (plan_name, effective_date, cpu_limit, memory_limit, storage_limit)
         values ('mine', now(), 1, '2G', '10G')",
    )
    .execute(&mine.pool("billing_service"))
    .await
    .unwrap();
    assert_eq!(plans(&mine).await, 1);
    assert_eq!(plans(&yours).await, 0);
}

#[tokio::test]
async fn the_databases_of_a_test_go_with_it() {
    let platform = Platform::new().await;
    let (server, names) = (platform.admin().clone(), platform.databases().names());
    let pool = platform.pool("instance_service");
    sqlx::query("select 1").execute(&pool).await.unwrap();
    let mut connection = PgConnection::connect_with(&server).await.unwrap();
    assert_eq!(count(&mut connection, &names).await, 4);
    drop(platform);
    assert_eq!(count(&mut connection, &names).await, 0, "although somebody was connected");
}

#[tokio::test]
async fn a_test_may_have_only_the_database_that_it_needs() {
    let platform = Platform::only("database_service").await;
    let mut connection = PgConnection::connect_with(platform.admin()).await.unwrap();
    assert_eq!(count(&mut connection, &platform.databases().names()).await, 1);
    for role in ["database_service", "instance_service"] {
        sqlx::query("select id from instances").execute(&platform.pool(role)).await.unwrap();
    }
}

#[test]
fn a_test_without_a_server_is_told_how_to_get_one() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "platform::two_tests_see_nothing_of_each_other"])
        .env_remove("TEST_POSTGRES_URL")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("`scripts/with-postgres cargo test …` starts one"), "{text}");
}

async fn plans(platform: &Platform) -> i64 {
    sqlx::query_scalar("select count(*) from plan_entitlements where plan_name = 'mine'")
        .fetch_one(&platform.pool("billing_service"))
        .await
        .unwrap()
}

async fn count(connection: &mut PgConnection, names: &[String]) -> i64 {
    sqlx::query_scalar("select count(*) from pg_database where datname = any($1)")
        .bind(names)
        .fetch_one(connection)
        .await
        .unwrap()
}

//! Preparing may be repeated, and done by several at once.

use platform::{Databases, Role, prepare_databases};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testkit::Platform;

#[tokio::test]
async fn preparing_again_changes_nothing() {
    let platform = Platform::new().await;
    let pool = platform.pool("billing_service");
    let counts = || async {
        sqlx::query_scalar::<_, i64>("select count(*) from _sqlx_migrations")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let before = counts().await;
    insert_plan(&platform).await;
    for _ in 0..2 {
        prepare_databases(platform.admin(), platform.credentials(), platform.databases())
            .await
            .unwrap();
    }
    assert_eq!(counts().await, before);
    let plans: i64 =
        sqlx::query_scalar("select count(*) from plan_entitlements where plan_name = 'kept'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(plans, 1);
}

#[tokio::test]
async fn several_prepare_the_same_databases_at_once() {
    let platform = Platform::new().await;
    let databases = Databases::with_prefix(format!("test_{}_", uuid::Uuid::now_v7().simple()));
    let prepare = || prepare_databases(platform.admin(), platform.credentials(), &databases);
    let (first, second) = tokio::join!(prepare(), prepare());
    let mut connection = PgConnection::connect_with(platform.admin()).await.unwrap();
    for name in databases.names() {
        connection
            .execute(AssertSqlSafe(format!("drop database \"{name}\" with (force)")))
            .await
            .unwrap();
    }
    first.unwrap();
    second.unwrap();
}

#[tokio::test]
async fn a_right_that_was_lost_comes_back() {
    let platform = Platform::new().await;
    let database = platform.databases().of(Role::BillingService);
    let mut connection = PgConnection::connect_with(platform.admin()).await.unwrap();
    connection
        .execute(AssertSqlSafe(format!(
            "revoke connect on database \"{database}\" from billing_service;
             grant connect on database \"{database}\" to public"
        )))
        .await
        .unwrap();
    prepare_databases(platform.admin(), platform.credentials(), platform.databases())
        .await
        .unwrap();
    let stranger = platform.connect_options("auth_service").database(&database);
    assert!(PgConnection::connect_with(&stranger).await.is_err());
    let own = platform.connect_options("billing_service");
    PgConnection::connect_with(&own).await.unwrap();
}

#[tokio::test]
async fn a_server_that_refuses_the_password_is_not_waited_for() {
    let platform = Platform::new().await;
    let stranger = platform.admin().clone().username("nobody_of_this_name").password("x");
    let started = std::time::Instant::now();
    platform::wait_until_ready(&stranger).await.unwrap_err();
    assert!(started.elapsed().as_secs() < 5);
    platform::wait_until_ready(platform.admin()).await.unwrap();
}

async fn insert_plan(platform: &Platform) {
    sqlx::query(
        "insert into plan_entitlements (plan_name, effective_date, cpu_limit, memory_limit, storage_limit)
         values ('kept', now(), 1, '2G', '10G')",
    )
    .execute(&platform.pool("billing_service"))
    .await
    .unwrap();
}

//! `plan_entitlements.db_type` comes in a migration of its own that can be taken back, also where there are rows.

use platform::{DB_TYPE, Role, migrate, revert};
use sqlx::PgPool;
use testkit::Platform;

type Plan = (String, String, String, String, Option<String>);

#[tokio::test]
async fn db_type_is_applied_rolled_back_and_applied_again_on_a_database_with_rows() {
    let platform = Platform::new().await;
    let pool = platform.pool("billing_service");
    insert(&pool, "basic-kept", "shared").await;
    insert(&pool, "premium-kept", "dedicated").await;
    let (rows, others) = (plans(&pool).await, columns(&pool).await);
    let version = versions(&pool).await;

    revert(platform.admin(), platform.databases(), Role::BillingService, DB_TYPE).await.unwrap();
    assert_eq!(plans(&pool).await, rows, "the rollback changed a row");
    let without: Vec<_> = others.iter().filter(|name| *name != "db_type").cloned().collect();
    assert_eq!(columns(&pool).await, without, "the rollback removes exactly one column");
    assert_eq!(indexes(&pool).await, 0);
    assert_eq!(versions(&pool).await.len(), version.len() - 1);

    migrate(platform.admin(), platform.databases(), Role::BillingService).await.unwrap();
    assert_eq!(plans(&pool).await, rows, "the migration changed a row");
    assert_eq!(columns(&pool).await.len(), others.len());
    assert_eq!(versions(&pool).await, version);
    assert_eq!(indexes(&pool).await, 1);
    assert_eq!(db_type(&pool, "basic-kept").await, "shared");
    assert_eq!(db_type(&pool, "premium-kept").await, "dedicated");
    insert(&pool, "new-dedicated", "dedicated").await;
    assert_eq!(db_type(&pool, "new-dedicated").await, "dedicated");
}

#[tokio::test]
async fn db_type_is_shared_or_dedicated_and_shared_when_nothing_is_said() {
    let platform = Platform::new().await;
    let pool = platform.pool("billing_service");
    sqlx::query(
        "insert into plan_entitlements (plan_name, effective_date, cpu_limit, memory_limit, storage_limit)
         values ('silent', now(), 1, '2G', '10G')",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(db_type(&pool, "silent").await, "shared");
    for bad in ["'SHARED'", "''", "null", "'shared; drop table plan_entitlements'"] {
        let sql = format!("update plan_entitlements set db_type = {bad}");
        assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_is_not_applied_or_has_no_way_back_is_not_taken_back() {
    let platform = Platform::new().await;
    let take_back = |role, version| revert(platform.admin(), platform.databases(), role, version);
    assert!(take_back(Role::BillingService, 9999).await.is_err());
    assert!(take_back(Role::InstanceService, 1).await.is_err());
    take_back(Role::BillingService, DB_TYPE).await.unwrap();
    let error = take_back(Role::BillingService, DB_TYPE).await.unwrap_err().to_string();
    assert!(error.contains("is not applied"), "{error}");
}

async fn insert(pool: &PgPool, plan: &str, db_type: &str) {
    sqlx::query(
        "insert into plan_entitlements
             (plan_name, effective_date, cpu_limit, memory_limit, storage_limit, db_type)
         values ($1, now(), 1, '2G', '10G', $2)",
    )
    .bind(plan)
    .bind(db_type)
    .execute(pool)
    .await
    .unwrap();
}

async fn db_type(pool: &PgPool, plan: &str) -> String {
    sqlx::query_scalar("select db_type from plan_entitlements where plan_name = $1")
        .bind(plan)
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Everything of the rows but their `db_type`.
async fn plans(pool: &PgPool) -> Vec<Plan> {
    sqlx::query_as(
        "select plan_name::text, cpu_limit::text, memory_limit::text, storage_limit::text, description::text
         from plan_entitlements order by id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn columns(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select column_name::text from information_schema.columns
         where table_name = 'plan_entitlements' order by column_name",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn indexes(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_indexes where tablename = 'plan_entitlements' and indexdef like '%(db_type)%'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn versions(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
        .fetch_all(pool)
        .await
        .unwrap()
}

//! Rows against servers, in both directions.

use serde_json::json;
use sqlx::Connection;

use crate::world::{World, lean};

async fn findings(world: &World) -> Vec<String> {
    // A new shift begins with its sweeps, the inventory among them.
    world.hurry().await;
    world.settle().await;
    let (_, answer) = world.staff("GET", "/admin/inventory", None).await;
    let findings = answer["findings"].as_array().unwrap().clone();
    findings
        .iter()
        .map(|f| {
            format!(
                "{} {} {}",
                f["place"].as_str().unwrap(),
                f["kind"].as_str().unwrap(),
                f["name"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_row_knows_is_reported_and_left_alone() {
    let world = World::with_pool(lean(), 3).await;
    let (_, answer) = world.allocated(json!({})).await;
    assert_eq!(findings(&world).await, Vec::<String>::new());
    let pool = world.the_pool().await;
    let mut session = world.superuser(&pool, "postgres").await;
    sqlx::raw_sql("create database stray").execute(&mut session).await.unwrap();
    sqlx::raw_sql("create role stray_user").execute(&mut session).await.unwrap();
    assert_eq!(
        findings(&world).await,
        ["postgres-pool-1 unknown_database stray", "postgres-pool-1 unknown_role stray_user"]
    );
    assert_eq!(world.counted().await, (2, 2));
    sqlx::raw_sql("drop database stray").execute(&mut session).await.unwrap();
    sqlx::raw_sql("drop role stray_user").execute(&mut session).await.unwrap();
    let name = answer["db_name"].as_str().unwrap();
    let lose = format!("alter database \"{name}\" rename to lost");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lose)).execute(&mut session).await.unwrap();
    session.close().await.unwrap();
    assert_eq!(
        findings(&world).await,
        [
            format!("postgres-pool-1 missing_database {name}"),
            "postgres-pool-1 unknown_database lost".to_owned()
        ]
    );
}

//! Servers that fail and come back.

use axum::http::StatusCode;
use runtime::{Runtime, WorkloadName};
use serde_json::{Value, json};

use crate::world::{Tenant, World, lean, works};

async fn check(world: &World, pool: &Value) -> Value {
    let path = format!("/admin/pools/{}/health-check", pool["id"].as_str().unwrap());
    let (status, answer) = world.staff("POST", &path, None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn three_failures_take_a_server_out_of_choice_and_one_success_brings_it_back() {
    let world = World::with_pool(lean(), 3).await;
    let pool = world.the_pool().await;
    let healthy = check(&world, &pool).await;
    assert_eq!(
        (&healthy["health_status"], &healthy["message"]),
        (&json!("healthy"), &json!("answers"))
    );
    assert!(healthy["connections"].as_i64().unwrap() >= 1, "{healthy}");
    assert!(healthy["free_disk_mb"].as_i64().unwrap() >= 1, "{healthy}");
    world.stop_server(&pool).await;
    for expected in ["degraded", "degraded", "unhealthy", "unhealthy"] {
        assert_eq!(check(&world, &pool).await["health_status"], expected);
    }
    let tenant = Tenant::new();
    assert_eq!(world.allocate(&tenant, json!({})).await.0, StatusCode::ACCEPTED);
    // The reconciler starts it again, and the health checks see it.
    world.hurry().await;
    world.settle().await;
    let pool = world.the_pool_named("postgres-pool-1").await;
    assert_eq!(check(&world, &pool).await["health_status"], "healthy");
    world.settle().await;
    let (status, answer) = world.allocate(&tenant, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(works(&answer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_for_a_moment_keeps_its_databases() {
    let world = World::with_pool(lean(), 3).await;
    let (tenant, before) = world.allocated(json!({})).await;
    assert!(works(&before).await);
    let pool = world.the_pool().await;
    world.stop_server(&pool).await;
    let (status, _) = world.allocate(&Tenant::new(), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "its database is made later");
    world.hurry().await;
    world.settle().await;
    let (_, after) = world.allocate(&tenant, json!({})).await;
    assert_eq!(before["db_name"], after["db_name"]);
    assert!(works(&after).await);
    assert_eq!(world.counted().await, (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_data_is_gone_is_not_made_anew() {
    let world = World::with_pool(lean(), 3).await;
    world.allocated(json!({})).await;
    let pool = world.the_pool().await;
    let name = WorkloadName::new(pool["name"].as_str().unwrap());
    world.runtime.remove(&name).await.unwrap();
    world.hurry().await;
    world.settle().await;
    let pool = world.the_pool_named("postgres-pool-1").await;
    assert_eq!(
        (&pool["status"], &pool["status_reason"]),
        (&json!("error"), &json!("its data is gone"))
    );
    assert_eq!(world.runtime.observe(&name).await, runtime::Observed::Absent);
    let (_, found) = world.staff("GET", "/admin/inventory", None).await;
    assert_eq!(found["findings"][0]["kind"], "missing_workload", "{found}");
}

//! Pools: from nothing to active and back, by staff and by the planner.

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{Tenant, World, lean, works};

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_staff_ask_for_becomes_active() {
    let world = World::new().await;
    let coming = world.make_pool(7).await;
    assert_eq!(coming["max_instances"], 7);
    let pool = world.the_pool().await;
    assert_eq!(pool["name"], "postgres-pool-1");
    assert_eq!(pool["status"], "active");
    assert_eq!(pool["health_status"], "healthy");
    assert_eq!(pool["current_instances"], 0);
    assert_eq!(pool["capacity_percentage"], "0");
    assert!(pool["postgres_version"].as_str().is_some(), "{pool}");
    let task = format!("/admin/operations/{}", coming["task_id"].as_str().unwrap());
    let (_, operation) = world.staff("GET", &task, None).await;
    assert_eq!(operation["state"], "done", "{operation}");
    let (_, stats) = world.staff("GET", "/admin/stats", None).await;
    assert_eq!(
        stats,
        json!({"total_pools": 1, "active_pools": 1, "total_capacity": 7, "total_used": 0,
               "overall_utilization": "0", "by_status": {"active": 1}, "by_type": {"shared": 1}})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_numbers_when_there_is_nothing() {
    let world = World::new().await;
    let (status, stats) = world.staff("GET", "/admin/stats", None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&stats["total_pools"], &stats["overall_utilization"]), (&json!(0), &json!("0")));
    let (_, pools) = world.staff("GET", "/admin/pools", None).await;
    assert_eq!(pools, json!({"pools": [], "total_count": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_get_one_pool_and_their_databases() {
    let world = World::new().await;
    let tenants: Vec<_> = (0..4).map(|_| Tenant::new()).collect();
    for tenant in &tenants {
        for _ in 0..3 {
            let (status, answer) = world.allocate(tenant, json!({})).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
            assert_eq!(answer["status"], "provisioning");
        }
    }
    world.settle().await;
    assert_eq!(world.the_pool().await["current_instances"], 4);
    for tenant in &tenants {
        let (status, answer) = world.allocate(tenant, json!({})).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert!(works(&answer).await);
    }
    assert_eq!(world.counted().await, (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn some_slots_stay_free_before_they_are_needed() {
    let options = database_service::Options { free_slots_low: 2, pool_size: 3, ..lean() };
    let world = World::with(options).await;
    world.settle().await;
    assert_eq!(world.pools().await.len(), 1);
    world.allocated(json!({})).await;
    world.settle().await;
    assert_eq!(world.pools().await.len(), 1);
    world.allocated(json!({})).await;
    world.settle().await;
    assert_eq!(world.pools().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_pool_takes_nothing_new_and_keeps_what_it_has() {
    let world = World::with_pool(lean(), 3).await;
    let (_, first) = world.allocated(json!({})).await;
    let path = format!("/admin/pools/{}", world.the_pool().await["id"].as_str().unwrap());
    let (status, pool) = world.staff("POST", &format!("{path}/drain"), None).await;
    assert_eq!(status, StatusCode::OK, "{pool}");
    let tenant = Tenant::new();
    assert_eq!(world.allocate(&tenant, json!({})).await.0, StatusCode::ACCEPTED);
    assert!(works(&first).await);
    world.staff("POST", &format!("{path}/resume"), None).await;
    world.settle().await;
    assert_eq!(world.allocate(&tenant, json!({})).await.0, StatusCode::OK);
    let pools = world.pools().await;
    assert!(pools.iter().all(|pool| pool["status"] == "active"), "{pools:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_gets_no_smaller_than_what_it_holds() {
    let world = World::with_pool(lean(), 3).await;
    let (tenant, _) = world.allocated(json!({})).await;
    world.allocated(json!({})).await;
    let path = format!("/admin/pools/{}", world.the_pool().await["id"].as_str().unwrap());
    let resize = |size: u32| {
        let (world, path) = (&world, format!("{path}/resize"));
        async move { world.staff("POST", &path, Some(json!({"max_instances": size}))).await }
    };
    let (status, answer) = resize(1).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::CONFLICT, &json!("pool_is_in_use"))
    );
    let (status, pool) = resize(2).await;
    assert_eq!((status, &pool["status"]), (StatusCode::OK, &json!("full")), "{pool}");
    assert_eq!(pool["tenants"].as_array().unwrap().len(), 2);
    assert!(pool["tenants"][0]["choice"].as_str().unwrap().contains("postgres-pool-1"), "{pool}");
    let (_, pool) = resize(4).await;
    assert_eq!((&pool["status"], &pool["max_instances"]), (&json!("active"), &json!(4)));
    assert_eq!(resize(0).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.staff("DELETE", &path, None).await.0, StatusCode::CONFLICT);
    world.release(&tenant).await;
    world.settle().await;
    assert_eq!(world.the_pool().await["current_instances"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_pool_is_removed_with_everything_on_it() {
    let world = World::with_pool(lean(), 3).await;
    let pool = world.the_pool().await;
    let path = format!("/admin/pools/{}", pool["id"].as_str().unwrap());
    assert_eq!(world.staff("DELETE", &path, None).await.0, StatusCode::ACCEPTED);
    assert_eq!(world.allocate(&Tenant::new(), json!({})).await.0, StatusCode::ACCEPTED);
    world.settle().await;
    let pools = world.pools().await;
    assert_eq!(pools.len(), 1);
    assert_eq!(pools[0]["name"], "postgres-pool-2");
    let inventory = runtime::Runtime::inventory(&*world.runtime).await.unwrap();
    let names: Vec<_> = inventory.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["postgres-pool-2"]);
    assert_eq!(world.staff("GET", &path, None).await.1["status"], "gone");
}

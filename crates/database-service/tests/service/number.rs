//! What monitors see, through `/metrics`.

use api::test::{Numbers, numbers};
use axum::http::StatusCode;
use serde_json::json;

use crate::world::{Tenant, World, lean, stocked};

const DOCUMENT: &str = include_str!("../../../../docs/operations/metrics.md");

/// The numbers as they are now: a router keeps what it has read for a moment.
async fn now(world: &World) -> Numbers {
    numbers(&database_service::service(world.context.clone()).into_router()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_slots_stock_and_allocations_are_counted() {
    let world = World::with_pool(stocked(), 3).await;
    world.settle().await;
    world.allocated(json!({"template": "odoo-19.0"})).await;
    let seen = now(&world).await;
    seen.are_documented("database-service", DOCUMENT);
    let pool = [("server_type", "shared"), ("status", "active"), ("health", "healthy")];
    assert_eq!(seen.get("saasodoo_database_servers", &pool), 1.0);
    assert_eq!(seen.get("saasodoo_database_slots", &[("kind", "free")]), 2.0);
    let stock =
        |state| [("server", "postgres-pool-1"), ("template", "odoo-19.0"), ("state", state)];
    assert_eq!(seen.get("saasodoo_database_stock", &stock("ready")), 1.0);
    assert_eq!(seen.get("saasodoo_database_stock", &stock("making")), 0.0);
    let ready = [("db_type", "shared"), ("state", "ready")];
    assert_eq!(seen.get("saasodoo_database_allocations", &ready), 1.0);
    let shared = [("db_type", "shared")];
    assert_eq!(seen.get("saasodoo_database_allocation_seconds_count", &shared), 1.0);
    assert!(seen.get("saasodoo_database_allocation_seconds_sum", &shared) > 0.0);
    assert_eq!(seen.sum("saasodoo_database_findings", &[]), 0.0);
    assert_eq!(seen.get("saasodoo_readings_complete", &[]), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_counted_and_for_how_long() {
    let world = World::with(lean()).await;
    assert_eq!(now(&world).await.get("saasodoo_database_allocation_oldest_wait_seconds", &[]), 0.0);
    assert_eq!(world.allocate(&Tenant::new(), json!({})).await.0, StatusCode::ACCEPTED);
    let seen = now(&world).await;
    assert_eq!(seen.get("saasodoo_database_slots", &[("kind", "waiting")]), 1.0);
    assert!(seen.get("saasodoo_database_allocation_oldest_wait_seconds", &[]) > 0.0);
    let task = ("task", "reconcile_allocation");
    assert_eq!(seen.sum("saasodoo_work_jobs", &[task]), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_the_rest_is_served() {
    let world = World::with(lean()).await;
    world.pool.close().await;
    let seen = now(&world).await;
    assert_eq!(seen.get("saasodoo_readings_complete", &[]), 0.0);
    assert!(!seen.families().contains("saasodoo_database_slots"));
}

//! What monitors see, through `/metrics`.

use api::test::{Numbers, numbers};
use axum::http::StatusCode;
use serde_json::json;
use vocabulary::InstanceId;

use crate::world::World;

const DOCUMENT: &str = include_str!("../../../../docs/operations/metrics.md");

/// The numbers as they are now: a router keeps what it has read for a moment.
async fn now(world: &World) -> Numbers {
    numbers(&instance_service::service(world.context.clone()).into_router()).await
}

#[tokio::test]
async fn the_time_from_a_purchase_to_an_odoo_that_answers_is_measured_from_when_it_was_bought() {
    let world = World::new().await;
    let id = InstanceId::new();
    let mut entitlement = world.entitlement(1, "trial");
    entitlement["since"] = json!(chrono::Utc::now() - chrono::TimeDelta::seconds(30));
    world.entitle(id, &entitlement).await;
    let before = now(&world).await;
    assert_eq!(before.get("saasodoo_instances_amiss", &[("kind", "owed")]), 1.0);
    assert!(before.get("saasodoo_instances_amiss_oldest_seconds", &[("kind", "owed")]) >= 30.0);
    assert_eq!(before.get("saasodoo_instance_purchase_to_ready_seconds_count", &[]), 0.0);
    world.settle().await;
    let after = now(&world).await;
    assert_eq!(after.get("saasodoo_instances", &[("status", "running")]), 1.0);
    assert_eq!(after.sum("saasodoo_instances", &[]), 1.0);
    assert_eq!(after.sum("saasodoo_instances_amiss", &[]), 0.0);
    let bucket = "saasodoo_instance_purchase_to_ready_seconds_bucket";
    assert_eq!(after.get(bucket, &[("le", "20.0")]), 0.0);
    assert_eq!(after.get(bucket, &[("le", "60.0")]), 1.0);
    assert_eq!(after.get(bucket, &[("le", "+Inf")]), 1.0);
    let sum = after.get("saasodoo_instance_purchase_to_ready_seconds_sum", &[]);
    assert!((30.0..60.0).contains(&sum), "{sum}");
}

#[tokio::test]
async fn the_time_from_a_payment_to_an_odoo_that_answers_again_is_measured_apart() {
    let world = World::new().await;
    let id = world.running().await;
    world.entitle(id, &world.entitlement(2, "suspended")).await;
    world.settle().await;
    for (version, standing) in [(3, "active"), (4, "past_due")] {
        world.entitle(id, &world.entitlement(version, standing)).await;
    }
    world.settle().await;
    let seen = now(&world).await;
    assert_eq!(seen.get("saasodoo_instance_purchase_to_ready_seconds_count", &[]), 1.0);
    assert_eq!(seen.get("saasodoo_instance_return_to_ready_seconds_count", &[]), 1.0);
}

#[tokio::test]
async fn what_its_owner_stops_is_not_waited_for() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    assert_eq!(world.act(&world.ann.token, id, "stop").await.0, StatusCode::ACCEPTED);
    world.settle().await;
    world.act(&world.ann.token, id, "start").await;
    world.settle().await;
    let seen = now(&world).await;
    assert_eq!(seen.get("saasodoo_instances", &[("status", "running")]), 1.0);
    assert_eq!(seen.get("saasodoo_instance_purchase_to_ready_seconds_count", &[]), 0.0);
    assert_eq!(seen.sum("saasodoo_instances_amiss", &[]), 0.0);
}

#[tokio::test]
async fn the_queue_is_measured_from_its_tables() {
    let world = World::new().await;
    world.entitle(InstanceId::new(), &world.entitlement(1, "trial")).await;
    let task = ("task", "reconcile_instance");
    let due = now(&world).await;
    assert_eq!(due.get("saasodoo_work_jobs", &[task, ("state", "due")]), 1.0);
    assert!(due.get("saasodoo_work_oldest_due_seconds", &[task]) > 0.0);
    world.databases.is_down(true);
    world.settle().await;
    let failing = now(&world).await;
    assert_eq!(failing.get("saasodoo_work_failing", &[task]), 1.0);
    let failed = [task, ("outcome", "failed")];
    assert!(failing.get("saasodoo_work_attempts_total", &failed) >= 1.0);
}

#[tokio::test]
async fn every_number_stands_in_the_document() {
    let world = World::new().await;
    world.running().await;
    now(&world).await.are_documented("instance-service", DOCUMENT);
}

//! The end of an instance.

use axum::http::StatusCode;
use serde_json::json;
use vocabulary::InstanceId;

use crate::world::{World, odoo};

#[tokio::test]
async fn its_owner_types_its_subdomain_and_nothing_of_it_is_left() {
    let world = World::new().await;
    let id = world.running().await;
    let path = format!("/{id}?confirm=gardens");
    let (status, answer) = world.ask(&world.ann.token, "DELETE", &path, None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    world.settle().await;
    assert_eq!(world.status(id).await, "running");

    world.delete(id).await;
    world.delete(id).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "terminated");
    assert_eq!((world.databases.count(), world.runtime.has(&odoo(id))), (0, false));
    assert_eq!(world.target(id).await, None);
    let secrets: i64 = sqlx::query_scalar("select count(*) from instance_secrets")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(secrets, 0);
    let (_, check) = world.ask(&world.ann.token, "GET", "/check-subdomain/Garden", None).await;
    assert_eq!(check["available"], json!(true));
}

#[tokio::test]
async fn billing_learns_of_it_and_cannot_bring_it_back() {
    let world = World::new().await;
    let id = world.running().await;
    world.delete(id).await;
    let stored = world.entitle(id, &world.entitlement(2, "active")).await;
    assert_eq!(stored["is_unwanted"], json!(true));
    world.settle().await;
    world.entitle(id, &world.entitlement(3, "past_due")).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "terminated");
    let (status, refused) = world.act(&world.ann.token, id, "start").await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (StatusCode::CONFLICT, &json!("instance_is_deleted"))
    );
}

#[tokio::test]
async fn what_never_ran_is_deleted_too() {
    let world = World::new().await;
    world.databases.is_full(true);
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    world.settle().await;
    world.delete(id).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "terminated");
}

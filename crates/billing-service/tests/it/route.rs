//! What holds for every route.

use crate::world::World;
use api::test::{
    Senders, Stranger, every_operation_refuses_a_stranger, every_operation_refuses_bad_bodies,
    every_operation_refuses_nobody,
};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn every_operation_refuses_nobody_and_strangers() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.ordered(&ann, "basic-immediate", "ann").await;
    let service = billing_service::service(world.context.clone());
    let openapi = service.openapi().clone();
    every_operation_refuses_nobody(world.router.clone(), &openapi, &[]).await;
    let stranger = world.identity.customer();
    // A subscription and an invoice are both called `id`; each is no thing of the other's paths.
    for id in [&body["subscription_id"], &body["invoice"]["id"]] {
        let things = [
            ("id", id.as_str().unwrap().to_owned()),
            ("customer", ann.id.to_string()),
            ("name", "x".to_owned()),
        ];
        let stranger = Stranger {
            token: &stranger.token,
            things: &things,
            bodies: &[],
            queries: &[],
            open: &["GET /api/billing/plans/{name}"],
        };
        every_operation_refuses_a_stranger(world.router.clone(), &openapi, stranger).await;
    }
}

#[tokio::test]
async fn every_operation_refuses_bad_bodies_by_field_and_rule() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.ordered(&ann, "basic-immediate", "ann").await;
    let openapi = billing_service::service(world.context.clone()).openapi().clone();
    let order = json!({
        "customer_id": ann.id, "plan_name": "basic-monthly", "subdomain": "fresh", "name": "Fresh",
        "odoo_version": "19.0", "admin_email": "ann@example.com", "language": "en_US", "timezone": "UTC",
    });
    let payment = json!({"invoice_id": body["invoice"]["id"], "amount": "5.00", "reference": "1"});
    let senders = Senders {
        tokens: &[&world.staff.token],
        things: &[],
        bodies: &[("POST /api/billing/instances", order), ("POST /api/billing/payments", payment)],
    };
    every_operation_refuses_bad_bodies(world.router.clone(), &openapi, senders).await;
}

#[tokio::test]
async fn the_interface_is_what_it_was() {
    let world = World::new().await;
    let service = billing_service::service(world.context.clone());
    insta::assert_json_snapshot!("openapi", service.openapi());
}

#[tokio::test]
async fn plans_are_listed_cheapest_first() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.call(&ann.token, "GET", "/plans", None).await;
    let names: Vec<_> =
        body["plans"].as_array().unwrap().iter().map(|plan| &plan["name"]).collect();
    assert_eq!(names.len(), 5);
    assert_eq!(names[4], "premium-monthly");
    let (_, plan) = world.call(&ann.token, "GET", "/plans/basic-monthly", None).await;
    assert_eq!((&plan["price"], &plan["trial_days"]), (&json!("5.00"), &json!(14)));
    let (status, _) = world.call(&ann.token, "GET", "/plans/nothing", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn webhooks_of_outside_engines_are_not_offered() {
    let world = World::new().await;
    for path in ["/webhooks/killbill/secret", "/webhooks/paynow"] {
        let (status, _) = world.call(&world.staff.token, "POST", path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn staff_see_what_is_held_and_customers_do_not() {
    let world = World::new().await;
    let ann = world.identity.customer();
    world.ordered(&ann, "basic-monthly", "ann").await;
    let (_, body) = world.call(&world.staff.token, "GET", "/admin/entitlements", None).await;
    let held = &body["entitlements"][0];
    assert_eq!(
        (&held["version"], &held["acknowledged_version"], &held["standing"]),
        (&json!(1), &json!(1), &json!("trial"))
    );
    for path in ["/admin/entitlements", "/admin/operations"] {
        assert_eq!(world.call(&ann.token, "GET", path, None).await.0, StatusCode::FORBIDDEN);
        assert_eq!(world.call(&world.staff.token, "GET", path, None).await.0, StatusCode::OK);
    }
}

//! Every route there is, and who gets in.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, lean};

async fn document(world: &World) -> utoipa::openapi::OpenApi {
    let (_, json) = api::test::request(&world.router, "GET", "/openapi.json", None, None).await;
    serde_json::from_value(json).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token() {
    let world = World::with(lean()).await;
    let document = document(&world).await;
    api::test::every_operation_refuses_nobody(world.router.clone(), &document, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_get_nothing_here() {
    let world = World::with(lean()).await;
    let document = document(&world).await;
    let stranger = world.identity.customer().token;
    let nothing = uuid::Uuid::now_v7().to_string();
    let stranger = api::test::Stranger {
        token: &stranger,
        things: &[("id", nothing.clone()), ("instance_id", nothing)],
        bodies: &[("POST /api/database/admin/pools/{id}/resize", json!({"max_instances": 5}))],
        queries: &[],
        open: &[],
    };
    api::test::every_operation_refuses_a_stranger(world.router.clone(), &document, stranger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_bad_bodies_by_field_and_rule() {
    let world = World::with(lean()).await;
    let document = document(&world).await;
    let (staff, service) = (world.identity.staff(), world.identity.service("instance-service"));
    let id = uuid::Uuid::now_v7().to_string();
    let allocate = json!({
        "instance_id": id, "customer_id": id, "db_type": "shared", "require_dedicated": false,
        "plan_tier": "starter", "template": null, "reserve_for": 60, "cpu_limit": "1.0", "memory_limit": "1G",
    });
    let dedicated = json!({"instance_id": id, "customer_id": id, "plan_tier": "premium"});
    let pool = json!({"max_instances": 5, "server_type": "shared"});
    let senders = api::test::Senders {
        tokens: &[&staff.token, &service.token],
        things: &[("id", id)],
        bodies: &[
            ("POST /api/database/allocate", allocate),
            ("POST /api/database/provision-dedicated", dedicated),
            ("POST /api/database/admin/provision-pool", pool),
            ("POST /api/database/admin/pools/{id}/resize", json!({"max_instances": 5})),
        ],
    };
    api::test::every_operation_refuses_bad_bodies(world.router.clone(), &document, senders).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_for_services_and_servers_are_for_staff() {
    let world = World::with(lean()).await;
    let path = format!("/allocations/{}", uuid::Uuid::now_v7());
    assert_eq!(world.staff("GET", &path, None).await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.service("GET", "/admin/pools", None).await.0, StatusCode::FORBIDDEN);
    for bad in ["status=nice", "server_type=other", "surprise=1"] {
        let (status, answer) = world.staff("GET", &format!("/admin/pools?{bad}"), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    }
    for bad in [
        json!({"max_instances": 0}),
        json!({"max_instances": 1001}),
        json!({"max_instances": -5}),
        json!({"server_type": "dedicated"}),
        json!({"x": 1}),
    ] {
        let (status, answer) = world.staff("POST", "/admin/provision-pool", Some(bad)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    }
    let unknown = format!("/admin/pools/{}", uuid::Uuid::now_v7());
    for (method, path) in [
        ("GET", unknown.clone()),
        ("DELETE", unknown.clone()),
        ("POST", format!("{unknown}/drain")),
        ("POST", format!("{unknown}/health-check")),
    ] {
        assert_eq!(world.staff(method, &path, None).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_is_what_it_was() {
    let world = World::with(lean()).await;
    let (_, json) = api::test::request(&world.router, "GET", "/openapi.json", None, None).await;
    let mut lines = Vec::new();
    for (path, item) in json["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers: Vec<_> =
                operation["responses"].as_object().unwrap().keys().cloned().collect();
            let body = operation.pointer("/requestBody/content/application~1json/schema/$ref");
            let body = body
                .and_then(Value::as_str)
                .and_then(|text| text.rsplit('/').next())
                .unwrap_or("-");
            lines.push(format!("{} {path} {body} {}", method.to_uppercase(), answers.join(" ")));
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    GET /api/database/admin/inventory - 200 400 401 403 503
    POST /api/database/admin/inventory - 200 400 401 403 503
    GET /api/database/admin/operations - 200 400 401 403 503
    GET /api/database/admin/operations/{id} - 200 400 401 403 404 422 503
    POST /api/database/admin/operations/{id}/cancel - 200 400 401 403 404 409 422 503
    POST /api/database/admin/operations/{id}/retry - 200 400 401 403 404 409 422 503
    POST /api/database/admin/operations/{id}/undo - 200 400 401 403 404 409 422 503
    GET /api/database/admin/pools - 200 400 401 403 404 422 503
    DELETE /api/database/admin/pools/{id} - 202 400 401 403 404 409 422 503
    GET /api/database/admin/pools/{id} - 200 400 401 403 404 422 503
    POST /api/database/admin/pools/{id}/drain - 200 400 401 403 404 409 422 503
    POST /api/database/admin/pools/{id}/health-check - 200 400 401 403 404 422 503
    POST /api/database/admin/pools/{id}/resize Resize 200 400 401 403 404 409 413 415 422 503
    POST /api/database/admin/pools/{id}/resume - 200 400 401 403 404 409 422 503
    POST /api/database/admin/provision-pool ProvisionPool 202 400 401 403 404 413 415 422 503
    GET /api/database/admin/stats - 200 400 401 403 503
    POST /api/database/admin/sweep - 200 400 401 403 503
    GET /api/database/admin/violations - 200 400 401 403 503
    POST /api/database/allocate Allocate 200 202 400 401 403 404 409 413 415 422 503
    DELETE /api/database/allocations/{instance_id} - 202 400 401 403 404 422 503
    GET /api/database/allocations/{instance_id} - 200 202 400 401 403 404 422 503
    POST /api/database/allocations/{instance_id}/rotate - 200 202 400 401 403 404 409 422 503
    POST /api/database/provision-dedicated ProvisionDedicated 200 202 400 401 403 404 409 413 415 422 503
    ");
}

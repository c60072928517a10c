//! Who may do what.

use api::test::{
    Senders, Stranger, every_operation_refuses_a_stranger, every_operation_refuses_bad_bodies,
    every_operation_refuses_nobody,
};
use axum::http::StatusCode;
use contract::instance::Instances;
use serde_json::json;
use vocabulary::InstanceId;

use crate::world::{BASE, World};

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let world = World::new().await;
    let service = instance_service::service(world.context.clone());
    let openapi = service.openapi().clone();
    every_operation_refuses_nobody(service.into_router(), &openapi, &[]).await;
}

#[tokio::test]
async fn the_interface_is_this() {
    let world = World::new().await;
    let openapi =
        serde_json::to_value(instance_service::service(world.context.clone()).openapi()).unwrap();
    let paths = openapi["paths"].as_object().unwrap();
    let operations: Vec<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {}", path.trim_start_matches(BASE)))
        })
        .collect();
    insta::assert_json_snapshot!(operations, @r#"
    [
      "get /",
      "post /",
      "get /admin/operations",
      "get /admin/operations/{id}",
      "post /admin/operations/{id}/cancel",
      "post /admin/operations/{id}/retry",
      "post /admin/operations/{id}/undo",
      "get /admin/routes",
      "get /admin/routes/events",
      "get /admin/statements",
      "post /admin/sweep",
      "get /admin/violations",
      "get /by-subscription/{subscription_id}",
      "get /check-subdomain/{subdomain}",
      "delete /{id}",
      "get /{id}",
      "put /{id}",
      "post /{id}/actions",
      "get /{id}/admin-login",
      "put /{id}/entitlement",
      "get /{id}/events",
      "get /{id}/logs",
      "get /{id}/status"
    ]
    "#);
}

#[tokio::test]
async fn a_stranger_cannot_tell_somebody_elses_instance_from_none() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let service = instance_service::service(world.context.clone());
    let openapi = service.openapi().clone();
    let stranger = world.identity.customer();
    let subscription =
        world.entitlement(1, "trial")["subscription_id"].as_str().unwrap().to_owned();
    let check = format!("GET {BASE}/check-subdomain/{{subdomain}}");
    let (act, rename) = (format!("POST {BASE}/{{id}}/actions"), format!("PUT {BASE}/{{id}}"));
    let (entitle, delete) =
        (format!("PUT {BASE}/{{id}}/entitlement"), format!("DELETE {BASE}/{{id}}"));
    every_operation_refuses_a_stranger(
        service.into_router(),
        &openapi,
        Stranger {
            token: &stranger.token,
            things: &[("id", id.to_string()), ("subscription_id", subscription)],
            bodies: &[
                (&act, json!({"action": "stop"})),
                (&rename, json!({"name": "Mine"})),
                (&entitle, world.entitlement(2, "active")),
            ],
            queries: &[(&delete, "confirm=garden")],
            open: &[&check],
        },
    )
    .await;
}

#[tokio::test]
async fn every_operation_refuses_bad_bodies_by_field_and_rule() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let service = instance_service::service(world.context.clone());
    let openapi = service.openapi().clone();
    let mut entitlement = world.entitlement(2, "suspended");
    entitlement["reason"] = json!("unpaid");
    entitlement["order"]["language"] = json!("en_US");
    entitlement["order"]["timezone"] = json!("UTC");
    let create = json!({
        "id": InstanceId::new(), "customer_id": world.ann.id, "subscription_id": InstanceId::new(),
        "plan_name": "basic-monthly", "db_type": "shared", "name": "Fresh", "subdomain": "fresh",
        "odoo_version": "19.0", "admin_email": "ann@example.com", "language": "en_US", "timezone": "UTC",
    });
    let operation = |method: &str, path: &str| format!("{method} {BASE}{path}");
    let senders = Senders {
        tokens: &[&world.ann.token, &world.staff.token, &world.billing.token],
        things: &[("id", id.to_string())],
        bodies: &[
            (&operation("POST", "/"), create),
            (&operation("PUT", "/{id}"), json!({"name": "Orchard"})),
            (&operation("POST", "/{id}/actions"), json!({"action": "stop"})),
            (&operation("PUT", "/{id}/entitlement"), entitlement),
        ],
    };
    every_operation_refuses_bad_bodies(service.into_router(), &openapi, senders).await;
}

#[tokio::test]
async fn customers_list_their_own_and_staff_everybodys_page_by_page() {
    let world = World::new().await;
    let bob = world.identity.customer();
    let mut made = Vec::new();
    for number in 0..5 {
        let mut body = world.entitlement(1, "awaiting_payment");
        body["subscription_id"] = json!(InstanceId::new());
        body["order"]["subdomain"] = json!(format!("garden-{number}"));
        if number == 4 {
            body["customer_id"] = json!(bob.id);
        }
        let id = InstanceId::new();
        world.entitle(id, &body).await;
        made.insert(0, id);
    }
    assert_eq!(all(&world, &world.staff.token, "").await, made);
    assert_eq!(all(&world, &world.ann.token, "").await, made[1..]);
    assert_eq!(all(&world, &bob.token, "").await, made[..1]);
    let anothers = format!("&customer_id={}", bob.id);
    assert_eq!(all(&world, &world.ann.token, &anothers).await, []);
    assert_eq!(all(&world, &world.staff.token, &anothers).await, made[..1]);
    assert_eq!(all(&world, &world.staff.token, "&status=running").await, []);
    let (status, _) = world.ask(&world.ann.token, "GET", "/?limit=101", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_last_slash_may_be_left_out() {
    let world = World::new().await;
    assert_eq!(world.ask(&world.ann.token, "GET", "", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn its_owner_renames_it_and_reads_its_log_and_staff_sees_what_is_under_way() {
    let world = World::new().await;
    let id = world.running().await;
    let (status, renamed) = world
        .ask(&world.ann.token, "PUT", &format!("/{id}"), Some(&json!({"name": " Orchard "})))
        .await;
    assert_eq!((status, &renamed["name"]), (StatusCode::OK, &json!("Orchard")));
    let (status, logs) =
        world.ask(&world.ann.token, "GET", &format!("/{id}/logs?lines=1"), None).await;
    assert_eq!((status, &logs["lines"]), (StatusCode::OK, &json!([format!("apply odoo-{id}")])));
    let (status, told) = world.ask(&world.ann.token, "GET", &format!("/{id}/status"), None).await;
    assert_eq!((status, &told["status_text"]), (StatusCode::OK, &json!("It is running.")));
    let (status, _) = world.ask(&world.ann.token, "GET", "/admin/operations", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, under_way) = world.ask(&world.staff.token, "GET", "/admin/operations", None).await;
    assert_eq!(status, StatusCode::OK, "{under_way}");
}

/// Every page, two at a time.
async fn all(world: &World, token: &str, filter: &str) -> Vec<InstanceId> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/?limit=2{filter}{after}");
        let (status, page) = world.ask(token, "GET", &path, None).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let page: Instances = serde_json::from_value(page).unwrap();
        found.extend(page.instances.into_iter().map(|instance| instance.id));
        match page.next {
            Some(id) => after = format!("&after={id}"),
            None => return found,
        }
    }
}

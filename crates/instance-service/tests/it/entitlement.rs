//! What billing states: in any order, as often as it likes.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vocabulary::InstanceId;

use crate::world::World;

#[tokio::test]
async fn the_highest_version_holds_in_whatever_order_they_come() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(5, "active")).await;
    for version in [3, 1, 4] {
        let stored = world.entitle(id, &world.entitlement(version, "suspended")).await;
        assert_eq!((&stored["version"], &stored["changed"]), (&json!(5), &json!(false)));
    }
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    let stored = world.entitle(id, &world.entitlement(6, "suspended")).await;
    assert_eq!((&stored["version"], &stored["changed"]), (&json!(6), &json!(true)));
    world.settle().await;
    assert_eq!(world.status(id).await, "suspended, unpaid");
}

#[tokio::test]
async fn saying_the_same_again_changes_nothing_and_wakes_nobody() {
    let world = World::new().await;
    let id = world.running().await;
    let told = world.told(id).await;
    for version in [1, 2, 2] {
        let stored = world.entitle(id, &world.entitlement(version, "trial")).await;
        assert_eq!(stored["changed"], json!(false), "version {version}");
    }
    world.settle().await;
    assert_eq!(world.told(id).await, told);
}

#[tokio::test]
async fn what_is_taken_or_reserved_is_a_conflict() {
    let world = World::new().await;
    world.entitle(InstanceId::new(), &world.entitlement(1, "trial")).await;

    let mut other = world.entitlement(1, "trial");
    other["subscription_id"] = json!("0198c5a0-0000-7000-8000-000000000002");
    assert_eq!(refusal(&world, &other).await, "409 subdomain_is_taken");
    other["order"]["subdomain"] = json!("billing");
    assert_eq!(refusal(&world, &other).await, "409 subdomain_is_reserved");
    let mut same_subscription = world.entitlement(1, "trial");
    same_subscription["order"]["subdomain"] = json!("orchard");
    assert_eq!(refusal(&world, &same_subscription).await, "409 subscription_is_taken");
}

#[tokio::test]
async fn an_instance_does_not_change_hands() {
    let world = World::new().await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let mut anothers = world.entitlement(2, "trial");
    anothers["customer_id"] = json!("0198c5a0-0000-7000-8000-00000000000a");
    let path = format!("/{id}/entitlement");
    let (status, answer) = world.ask(&world.billing.token, "PUT", &path, Some(&anothers)).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::CONFLICT, &json!("instance_is_anothers"))
    );
    assert!(world.audit(id).await[1].contains("entitle conflict"), "{:?}", world.audit(id).await);
}

#[tokio::test]
async fn bad_input_is_refused_with_the_field_and_the_rule() {
    let world = World::new().await;
    let hostile = "'; DROP TABLE instances; --";
    let long = "x".repeat(300);
    let cases: [(&str, Value, &str); 13] = [
        ("/order/subdomain", json!(hostile), "order.subdomain"),
        ("/order/subdomain", json!(long), "order.subdomain"),
        ("/order/name", json!(long), "order.name"),
        ("/order/odoo_version", json!("99.0"), "order.odoo_version"),
        ("/order/admin_email", json!(hostile), "order.admin_email"),
        ("/order/language", json!(hostile), "order.language"),
        ("/order/timezone", json!("../../etc/passwd\u{0}"), "order.timezone"),
        ("/plan_name", json!(hostile), "plan_name"),
        ("/version", json!(0), "version"),
        ("/version", json!("one"), "version"),
        ("/resources/cpu_limit", json!("-1"), "resources.cpu_limit"),
        ("/resources/memory_limit", json!("-2G"), "resources.memory_limit"),
        ("/standing", json!("rich"), "standing"),
    ];
    for (pointer, value, field) in cases {
        let mut body = world.entitlement(1, "trial");
        match body.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => body["order"][pointer.trim_start_matches("/order/")] = value,
        }
        let path = format!("/{}/entitlement", InstanceId::new());
        let (status, answer) = world.ask(&world.billing.token, "PUT", &path, Some(&body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{pointer}: {answer}");
        assert_eq!(answer["error"]["details"][0]["field"], json!(field), "{answer}");
    }
    let mut unknown = world.entitlement(1, "trial");
    unknown["status"] = json!("running");
    assert_eq!(refusal(&world, &unknown).await, "422 invalid");
    // A name is free text, and stays text.
    let mut named = world.entitlement(1, "trial");
    named["order"]["name"] = json!(hostile);
    let id = InstanceId::new();
    world.entitle(id, &named).await;
    world.settle().await;
    assert_eq!(
        (world.status(id).await.as_str(), world.shown(id).await.name.as_str()),
        ("running", hostile)
    );
}

#[tokio::test]
async fn making_an_instance_twice_is_making_it_once() {
    let world = World::new().await;
    let entitlement = world.entitlement(1, "trial");
    let mut create = entitlement["order"].clone();
    create["id"] = json!(InstanceId::new());
    for field in ["customer_id", "subscription_id", "plan_name"] {
        create[field] = entitlement[field].clone();
    }
    for _ in 0..2 {
        let (status, made) = world.ask(&world.staff.token, "POST", "/", Some(&create)).await;
        assert_eq!((status, &made["id"]), (StatusCode::CREATED, &create["id"]), "{made}");
    }
    create["colour"] = json!("green");
    let (status, answer) = world.ask(&world.staff.token, "POST", "/", Some(&create)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
}

async fn refusal(world: &World, body: &Value) -> String {
    let path = format!("/{}/entitlement", InstanceId::new());
    let (status, answer) = world.ask(&world.billing.token, "PUT", &path, Some(body)).await;
    format!("{} {}", status.as_u16(), answer["error"]["code"].as_str().unwrap())
}

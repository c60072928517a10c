//! A server for one instance of one customer.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Tenant, World, lean, stocked, works};

async fn ask(world: &World, tenant: &Tenant) -> (StatusCode, Value) {
    world
        .allocate(tenant, json!({"db_type": "dedicated", "cpu_limit": "2", "memory_limit": "1G"}))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gets_a_server_that_nobody_else_gets() {
    let world = World::with_pool(lean(), 2).await;
    let tenant = Tenant::new();
    let (status, answer) = ask(&world, &tenant).await;
    assert_eq!((status, &answer["status"]), (StatusCode::ACCEPTED, &json!("provisioning")));
    assert_eq!(ask(&world, &tenant).await.0, StatusCode::ACCEPTED);
    world.settle().await;
    let (status, answer) = ask(&world, &tenant).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(works(&answer).await);
    let pools = world.pools().await;
    assert_eq!(pools.len(), 2);
    let own = pools.iter().find(|pool| pool["server_type"] == "dedicated").unwrap();
    assert_eq!(own["id"], answer["db_server_id"]);
    assert_eq!(own["name"], format!("postgres-dedicated-{}", tenant.instance));
    assert_eq!((&own["cpu_limit"], &own["memory_limit"]), (&json!("2"), &json!("1G")));
    assert_eq!(own["dedicated_to_customer_id"], json!(tenant.customer));
    for _ in 0..2 {
        let (_, other) = world.allocated(json!({})).await;
        assert_ne!(other["db_server_id"], own["id"]);
    }
    let (status, answer) = world.allocate(&tenant, json!({"db_type": "shared"})).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::CONFLICT, &json!("allocation_has_other_type"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn its_server_goes_with_its_allocation_and_may_come_again() {
    let world = World::new().await;
    let tenant = Tenant::new();
    let path = format!("/allocations/{}", tenant.instance);
    for _ in 0..2 {
        ask(&world, &tenant).await;
        world.settle().await;
        assert_eq!(ask(&world, &tenant).await.0, StatusCode::OK);
        assert_eq!(world.release(&tenant).await, StatusCode::ACCEPTED);
        world.settle().await;
        assert_eq!(world.service("GET", &path, None).await.0, StatusCode::NOT_FOUND);
        assert!(world.pools().await.is_empty());
        assert!(runtime::Runtime::inventory(&*world.runtime).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_given_back_before_it_is_there_leaves_nothing() {
    let world = World::new().await;
    let tenant = Tenant::new();
    ask(&world, &tenant).await;
    assert_eq!(world.release(&tenant).await, StatusCode::ACCEPTED);
    world.settle().await;
    assert!(world.pools().await.is_empty());
    assert!(runtime::Runtime::inventory(&*world.runtime).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_the_template_in_it() {
    let world = World::with_pool(stocked(), 1).await;
    world.settle().await;
    let tenant = Tenant::new();
    let more = json!({"db_type": "dedicated", "template": "odoo-19.0"});
    world.allocate(&tenant, more.clone()).await;
    world.settle().await;
    let (status, answer) = world.allocate(&tenant, more).await;
    assert_eq!((status, &answer["template"]), (StatusCode::OK, &json!("odoo-19.0")), "{answer}");
    let mut session = crate::world::log_in(&answer, None).await.unwrap();
    let logins: Vec<String> =
        sqlx::query_scalar("select login from users").fetch_all(&mut session).await.unwrap();
    assert_eq!(logins, ["admin"]);
    assert!(works(&answer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_call_asks_for_the_same() {
    let world = World::new().await;
    let tenant = Tenant::new();
    let body = |tier: &str| json!({"instance_id": tenant.instance, "customer_id": tenant.customer, "plan_tier": tier});
    let (status, _) = world.service("POST", "/provision-dedicated", Some(body("starter"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = world.service("POST", "/provision-dedicated", Some(body("premium"))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    world.settle().await;
    let (status, answer) = ask(&world, &tenant).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

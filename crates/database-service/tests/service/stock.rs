//! Templates, golden databases and stock.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Tenant, World, jobs, lean, log_in, stocked, works};

const ODOO: &str = "odoo-19.0";

/// Who owns the tables, the sequences and the views of a tenant's database.
async fn owners(answer: &Value) -> Vec<String> {
    let mut session = log_in(answer, None).await.unwrap();
    sqlx::query_scalar(
        "select distinct relowner::regrole::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v')",
    )
    .fetch_all(&mut session)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_built_once_and_its_clones_wait_in_stock() {
    let world = World::with_pool(stocked(), 5).await;
    world.settle().await;
    assert_eq!(jobs(&world), 2, "one installation and one script");
    assert_eq!(world.the_pool().await["stock"], 2);
    let (_, answer) = world.allocated(json!({"template": ODOO})).await;
    assert_eq!(answer["template"], ODOO);
    assert!(works(&answer).await);
    assert_eq!(owners(&answer).await, [answer["db_user"].as_str().unwrap()]);
    let mut session = log_in(&answer, None).await.unwrap();
    let logins: Vec<String> =
        sqlx::query_scalar("select login from users").fetch_all(&mut session).await.unwrap();
    assert_eq!(logins, ["admin"]);
    assert_eq!(world.the_pool().await["stock"], 1);
    world.settle().await;
    assert_eq!(world.the_pool().await["stock"], 2);
    // One golden database, one tenant's, two in stock; nothing is left of the building.
    assert_eq!(world.counted().await, (4, 3));
    let path = format!("/admin/pools/{}", world.the_pool().await["id"].as_str().unwrap());
    let (_, pool) = world.staff("GET", &path, None).await;
    assert!(pool["tenants"][0]["choice"].as_str().unwrap().ends_with("from stock"), "{pool}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_stock_falls_back_to_cloning() {
    let world = World::with_pool(stocked(), 6).await;
    world.settle().await;
    for _ in 0..4 {
        let (_, answer) = world.allocated(json!({"template": ODOO})).await;
        assert_eq!(answer["template"], ODOO);
        assert_eq!(owners(&answer).await, [answer["db_user"].as_str().unwrap()]);
    }
    world.settle().await;
    // Two slots are left, so two pieces are kept; a full server keeps none.
    assert_eq!(world.the_pool().await["stock"], 2);
    for _ in 0..2 {
        world.allocated(json!({"template": ODOO})).await;
    }
    world.settle().await;
    assert_eq!(world.the_pool().await["stock"], 0);
    assert_eq!(world.counted().await, (7, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_not_built_yet_is_an_empty_database() {
    let world = World::with_pool(lean(), 2).await;
    let mut options = stocked();
    options.stock = 0;
    let context = database_service::Context::new(
        world.pool.clone(),
        world.context.vault.clone(),
        options,
        world.identity.verifier(),
    );
    let router = database_service::service(context).into_router();
    let tenant = Tenant::new();
    let body =
        json!({"instance_id": tenant.instance, "customer_id": tenant.customer, "template": ODOO});
    let token = world.identity.service("instance-service").token;
    let (status, answer) =
        api::test::request(&router, "POST", "/api/database/allocate", Some(&token), Some(&body))
            .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer.get("template"), None);
    assert!(works(&answer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_gets_its_golden_database_without_another_build() {
    let world = World::with_pool(stocked(), 2).await;
    world.settle().await;
    world.make_pool(2).await;
    let pools = world.pools().await;
    assert_eq!(pools.len(), 2);
    assert!(pools.iter().all(|pool| pool["stock"] == 2), "{pools:?}");
    assert_eq!(jobs(&world), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_server_gets_a_clone_and_not_an_empty_database() {
    let world = World::with_pool(stocked(), 1).await;
    world.settle().await;
    world.allocated(json!({"template": ODOO})).await;
    let tenant = Tenant::new();
    assert_eq!(world.allocate(&tenant, json!({"template": ODOO})).await.0, StatusCode::ACCEPTED);
    world.settle().await;
    let wait = format!("/allocations/{}?wait=10s", tenant.instance);
    assert_eq!(world.service("GET", &wait, None).await.0, StatusCode::OK);
    let (status, answer) = world.allocate(&tenant, json!({"template": ODOO})).await;
    assert_eq!((status, &answer["template"]), (StatusCode::OK, &json!(ODOO)), "{answer}");
}

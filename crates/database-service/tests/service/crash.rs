//! A crash after every step: the effect has happened, the result is lost, the worker is gone. The world ends the same.

use axum::http::StatusCode;
use serde_json::{Value, json};
use testkit::crash::{after_every_step, names_every_kind};
use work::Faults;

use crate::world::{Tenant, World, lean, stocked, works};

/// What is really there, without ids: databases and roles of each pool, what its row says, and what nobody explains.
async fn end(world: &World) -> Vec<String> {
    world.hurry().await;
    world.settle().await;
    let mut lines = Vec::new();
    for pool in world.pools().await {
        let (databases, roles) = world.on_server(&pool).await;
        lines.push(format!(
            "{} {} {} used {} stock {} databases {} roles {}",
            pool["server_type"],
            pool["status"],
            pool["health_status"],
            pool["current_instances"],
            pool["stock"],
            databases.len(),
            roles.len()
        ));
    }
    let workloads = runtime::Runtime::inventory(&*world.runtime).await.unwrap().len();
    lines.push(format!("{workloads} servers run"));
    let (_, found) = world.staff("GET", "/admin/inventory", None).await;
    lines.push(found.to_string());
    lines
}

async fn handed_out(world: &World, tenant: &Tenant, more: Value) -> String {
    let (status, answer) = world.allocate(tenant, more).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    format!("template {} works {}", answer["template"], works(&answer).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_comes_up_and_goes() {
    after_every_step(|faults: Faults| async move {
        let world = World::new().await;
        let body = json!({"max_instances": 2});
        world.staff("POST", "/admin/provision-pool", Some(body)).await;
        world.settle_with(&faults).await;
        let there = end(&world).await;
        let path = format!("/admin/pools/{}", world.the_pool().await["id"].as_str().unwrap());
        assert_eq!(world.staff("DELETE", &path, None).await.0, StatusCode::ACCEPTED);
        world.settle_with(&faults).await;
        (there, end(&world).await)
    })
    .await
    .covers(&["provision_pool", "reconcile_server"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_waits_gets_a_database_and_gives_it_back() {
    after_every_step(|faults: Faults| async move {
        let world = World::with_pool(lean(), 1).await;
        let (first, _) = world.allocated(json!({})).await;
        let tenant = Tenant::new();
        world.release(&first).await;
        // Its slot may be taken by the worker as soon as it is free, and by nobody else.
        world.allocate(&tenant, json!({})).await;
        world.settle_with(&faults).await;
        let handed = handed_out(&world, &tenant, json!({})).await;
        let there = end(&world).await;
        world.release(&tenant).await;
        world.settle_with(&faults).await;
        (handed, there, end(&world).await)
    })
    .await
    .covers(&["reconcile_allocation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_built_and_cloned_into_stock() {
    after_every_step(|faults: Faults| async move {
        let mut options = stocked();
        options.stock = 1;
        let world = World::with(options).await;
        let body = json!({"max_instances": 2});
        world.staff("POST", "/admin/provision-pool", Some(body)).await;
        world.settle_with(&faults).await;
        let template = json!({"template": "odoo-19.0"});
        let tenant = Tenant::new();
        let handed = handed_out(&world, &tenant, template).await;
        (handed, end(&world).await)
    })
    .await
    .covers(&["reconcile_template", "reconcile_stock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_its_own_comes_and_goes() {
    after_every_step(|faults: Faults| async move {
        let world = World::new().await;
        let tenant = Tenant::new();
        let more = json!({"db_type": "dedicated"});
        world.allocate(&tenant, more.clone()).await;
        world.settle_with(&faults).await;
        let handed = handed_out(&world, &tenant, more).await;
        let there = end(&world).await;
        world.release(&tenant).await;
        world.settle_with(&faults).await;
        (handed, there, end(&world).await)
    })
    .await
    .covers(&["reconcile_allocation", "reconcile_server"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_wait_get_one_pool() {
    after_every_step(|faults: Faults| async move {
        let world = World::new().await;
        let tenants = [Tenant::new(), Tenant::new()];
        for tenant in &tenants {
            world.allocate(tenant, json!({})).await;
        }
        world.settle_with(&faults).await;
        let mut handed = Vec::new();
        for tenant in &tenants {
            handed.push(handed_out(&world, tenant, json!({})).await);
        }
        (handed, end(&world).await)
    })
    .await
    .covers(&["plan_capacity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_drained_loses_its_stock_and_gets_it_back() {
    after_every_step(|faults: Faults| async move {
        let mut options = stocked();
        options.stock = 1;
        let world = World::with_pool(options, 2).await;
        world.settle().await;
        let path = format!("/admin/pools/{}", world.the_pool().await["id"].as_str().unwrap());
        world.staff("POST", &format!("{path}/drain"), None).await;
        world.settle_with(&faults).await;
        let drained = end(&world).await;
        world.staff("POST", &format!("{path}/resume"), None).await;
        world.settle_with(&faults).await;
        (drained, end(&world).await)
    })
    .await
    .covers(&["reconcile_stock", "reconcile_server"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_undone_by_hand_leaves_nothing() {
    after_every_step(|faults: Faults| async move {
        let world = World::new().await;
        let body = json!({"max_instances": 2});
        let (_, coming) = world.staff("POST", "/admin/provision-pool", Some(body)).await;
        // It is written down, and then the worker is gone.
        world.worker(Faults::crash_at(1)).settle().await.unwrap_err();
        let path = format!("/admin/operations/{}", coming["task_id"].as_str().unwrap());
        let (status, answer) = world.staff("POST", &format!("{path}/undo"), None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        world.settle_with(&faults).await;
        (world.staff("GET", &path, None).await.1["state"].clone(), end(&world).await)
    })
    .await
    .covers(&["provision_pool", "reconcile_server"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_that_runs_out_gives_its_slot_back() {
    after_every_step(|faults: Faults| async move {
        let world = World::with_pool(lean(), 1).await;
        world.allocated(json!({"reserve_for": 3600})).await;
        sqlx::query("update database.db_allocations set reserved_until = now()")
            .execute(&world.pool)
            .await
            .unwrap();
        world.settle_with(&faults).await;
        end(&world).await
    })
    .await
    .covers(&["reconcile_allocation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_work_is_crashed_here() {
    let world = World::with(lean()).await;
    // These only look: what they write down is one transaction each, and replaced by the next look.
    let _only_look = ["check_health", "take_inventory"];
    names_every_kind(&world.worker(Faults::none()), include_str!("crash.rs"));
}

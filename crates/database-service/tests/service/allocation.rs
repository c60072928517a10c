//! Asking for databases, handing them out, and giving them back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{Tenant, World, lean, log_in, works};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_ten_times_at_once_has_one_answer() {
    let world = World::with_pool(lean(), 5).await;
    let tenant = Tenant::new();
    let answers = join_all((0..10).map(|_| world.allocate(&tenant, json!({})))).await;
    for (status, answer) in &answers {
        assert_eq!(*status, StatusCode::OK, "{answer}");
        assert_eq!(*answer, answers[0].1);
    }
    assert!(works(&answers[0].1).await);
    assert_eq!(world.counted().await, (1, 1));
    let (_, again) = world.allocate(&tenant, json!({})).await;
    assert_eq!(again, answers[0].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_for_five_slots_are_five_databases_and_nothing_else() {
    let world = World::with_pool(lean(), 5).await;
    let tenants: Vec<_> = (0..20).map(|_| Tenant::new()).collect();
    let answers = join_all(tenants.iter().map(|tenant| world.allocate(tenant, json!({})))).await;
    let count = |wanted: StatusCode| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(StatusCode::OK), count(StatusCode::ACCEPTED)), (5, 15), "{answers:?}");
    assert_eq!(world.counted().await, (5, 5));
    let pool = world.the_pool().await;
    assert_eq!((&pool["current_instances"], &pool["status"]), (&json!(5), &json!("full")));
    let row: String = sqlx::query_scalar("select status from database.db_servers")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(row, "full");
    let names: BTreeSet<_> =
        answers.iter().filter_map(|(_, answer)| answer["db_name"].as_str()).collect();
    assert_eq!(names.len(), 5);
    for (_, answer) in answers.iter().filter(|(status, _)| *status == StatusCode::OK) {
        assert!(works(answer).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_given_back_leaves_nothing_and_its_slot_is_free() {
    let world = World::with_pool(lean(), 1).await;
    let (tenant, answer) = world.allocated(json!({})).await;
    let mut session = log_in(&answer, None).await.unwrap();
    assert_eq!(world.the_pool().await["status"], "full");
    assert_eq!(world.release(&tenant).await, StatusCode::ACCEPTED);
    let path = format!("/allocations/{}", tenant.instance);
    assert_eq!(world.service("GET", &path, None).await.1["status"], "releasing");
    world.settle().await;
    assert_eq!(world.service("GET", &path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.release(&tenant).await, StatusCode::NOT_FOUND);
    assert_eq!(world.counted().await, (0, 0));
    assert_eq!(world.the_pool().await["status"], "active");
    assert!(sqlx::query("select 1").execute(&mut session).await.is_err());
    world.allocated(json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_works_and_the_old_one_does_not() {
    let world = World::with_pool(lean(), 1).await;
    let (tenant, old) = world.allocated(json!({})).await;
    log_in(&old, None).await.unwrap();
    let path = format!("/allocations/{}/rotate", tenant.instance);
    let (status, new) = world.service("POST", &path, None).await;
    assert_eq!(status, StatusCode::OK, "{new}");
    assert_ne!(old["db_password"], new["db_password"]);
    assert!(works(&new).await);
    assert!(log_in(&old, None).await.is_err());
    assert_eq!(world.allocate(&tenant, json!({})).await.1, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_runs_out_unless_it_is_confirmed() {
    let world = World::with_pool(lean(), 2).await;
    let (lost, _) = world.allocated(json!({"reserve_for": 1})).await;
    let (kept, answer) = world.allocated(json!({"reserve_for": 1})).await;
    assert_eq!(world.allocate(&kept, json!({})).await.0, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.settle().await;
    let path = format!("/allocations/{}", lost.instance);
    assert_eq!(world.service("GET", &path, None).await.0, StatusCode::NOT_FOUND);
    assert!(works(&answer).await);
    assert_eq!(world.counted().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_hears_of_the_database_at_once() {
    let world = World::new().await;
    let tenant = Tenant::new();
    world.allocate(&tenant, json!({})).await;
    let path = format!("/allocations/{}?wait=60s", tenant.instance);
    let until_it_is_there = async {
        loop {
            let (status, answer) = world.service("GET", &path, None).await;
            if status == StatusCode::OK {
                return (answer, Instant::now());
            }
        }
    };
    let working = async {
        world.settle().await;
        Instant::now()
    };
    let ((answer, heard), settled) = tokio::join!(until_it_is_there, working);
    assert!(works(&answer).await);
    assert!(heard < settled + Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_that_others_read_says_where_the_database_is_when_it_is_ready() {
    let world = World::with_pool(lean(), 1).await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&world.pool).await.unwrap();
    listener.listen("allocation_changed").await.unwrap();
    let (tenant, _) = world.allocated(json!({})).await;
    let heard =
        tokio::time::timeout(Duration::from_secs(5), listener.recv()).await.unwrap().unwrap();
    assert_eq!(heard.payload(), tenant.instance.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_can_not_have_is_refused() {
    let world = World::with_pool(lean(), 2).await;
    let (tenant, _) = world.allocated(json!({})).await;
    let refused = |more: Value| {
        let (world, tenant) = (&world, &tenant);
        async move {
            let (status, answer) = world.allocate(tenant, more).await;
            (status.as_u16(), answer["error"]["code"].clone())
        }
    };
    assert_eq!(
        refused(json!({"db_type": "dedicated"})).await,
        (409, json!("allocation_has_other_type"))
    );
    let somebody = Tenant::new().customer;
    let other = json!({"customer_id": somebody});
    assert_eq!(refused(other).await, (409, json!("allocation_of_other_customer")));
    for bad in [
        json!({"db_type": "DROP TABLE"}),
        json!({"instance_id": "1; drop table"}),
        json!({"template": "odoo-99.0"}),
        json!({"reserve_for": 0}),
        json!({"reserve_for": 90000}),
        json!({"reserve_for": -1}),
        json!({"memory_limit": "-2G"}),
        json!({"cpu_limit": "1000"}),
        json!({"surprise": true}),
        json!({"require_dedicated": true}),
    ] {
        let (status, code) = refused(bad.clone()).await;
        assert_eq!((status, code), (422, json!("invalid")), "{bad}");
    }
    let (status, answer) = world.service("GET", "/allocations/x", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let path = format!("/allocations/{}?wait=2h", tenant.instance);
    assert_eq!(world.service("GET", &path, None).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

//! An instance lives: it runs when it may, rests when it must, and comes back.

use std::time::Duration;

use api::test::request;
use axum::http::StatusCode;
use contract::instance::RouteTarget;
use serde_json::json;
use vocabulary::{InstanceId, StatusReason};

use crate::odoo_tables;
use crate::world::{BASE, World, odoo};

#[tokio::test]
async fn an_entitled_instance_gets_its_database_and_runs() {
    let world = World::new().await;
    let id = InstanceId::new();
    let stored = world.entitle(id, &world.entitlement(1, "trial")).await;
    assert_eq!(
        stored,
        json!({"version": 1, "changed": true, "status": "creating", "is_unwanted": false})
    );
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    assert!(world.runtime.runs(&odoo(id)));
    assert!(matches!(world.target(id).await, Some(RouteTarget::Odoo { .. })));
    insta::assert_json_snapshot!(world.told(id).await, @r#"
    [
      "It is ordered.",
      "Its database is ready, and its Odoo is being started.",
      "It is running."
    ]
    "#);
    let shown = world.shown(id).await;
    assert_eq!(shown.url, "http://garden.localhost:8080");
    assert!(shown.db_server_id.is_some() && shown.started_at.is_some());
}

#[tokio::test]
async fn without_an_entitlement_there_is_a_database_and_no_odoo() {
    let world = World::new().await;
    let entitlement = world.entitlement(1, "active");
    let mut create = entitlement["order"].clone();
    for field in ["customer_id", "subscription_id", "plan_name"] {
        create[field] = entitlement[field].clone();
    }
    let (status, made) = world.ask(&world.billing.token, "POST", "/", Some(&create)).await;
    assert_eq!(
        (status, &made["status"]),
        (StatusCode::CREATED, &json!("awaiting_payment")),
        "{made}"
    );
    let id: InstanceId = serde_json::from_value(made["id"].clone()).unwrap();
    world.settle().await;
    assert_eq!(world.status(id).await, "awaiting_payment");
    assert_eq!((world.databases.count(), world.runtime.has(&odoo(id))), (1, false));
    assert_eq!(world.databases.last_asked().reserve_for, Some(86400));

    world.entitle(id, &entitlement).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    assert_eq!((world.databases.count(), world.databases.last_asked().reserve_for), (1, None));
}

#[tokio::test]
async fn who_waits_for_a_database_runs_as_soon_as_there_is_one() {
    let world = World::new().await;
    world.databases.is_full(true);
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "waiting_for_database");
    assert_eq!(world.target(id).await, Some(RouteTarget::Starting));

    // The next look is ten seconds away; database-service's word brings it about at once.
    world.databases.is_full(false);
    let begin = std::time::Instant::now();
    world
        .run_until(|| async {
            let word = "select pg_notify('allocation_changed', $1)";
            sqlx::query(word).bind(id.to_string()).execute(&world.pool).await.unwrap();
            world.status(id).await == "running"
        })
        .await;
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn after_its_looks_people_are_told_and_it_goes_on_by_itself() {
    let world = World::with(|options| {
        (options.look_every, options.looks) = (Duration::from_millis(100), 3);
    })
    .await;
    world.databases.is_full(true);
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    world.run_until(|| async { world.status(id).await == "error, no_database" }).await;
    world.databases.is_full(false);
    world.run_until(|| async { world.status(id).await == "running" }).await;
    assert_eq!(world.told(id).await.len(), 5, "{:?}", world.told(id).await);
}

#[tokio::test]
async fn who_does_not_pay_is_suspended_and_who_pays_again_runs_again() {
    let world = World::new().await;
    let id = world.running().await;
    let mut unpaid = world.entitlement(2, "suspended");
    unpaid["reason"] = json!("unpaid");
    world.entitle(id, &unpaid).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "suspended, unpaid");
    assert_eq!((world.runtime.runs(&odoo(id)), world.runtime.has(&odoo(id))), (false, true));
    let target = Some(RouteTarget::Suspended { reason: Some(StatusReason::Unpaid) });
    assert_eq!(world.target(id).await, target);
    assert!(world.shown(id).await.status_text.contains("invoice"));
    let (status, refused) = world.act(&world.ann.token, id, "start").await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (StatusCode::CONFLICT, &json!("instance_may_not_run"))
    );

    world.entitle(id, &world.entitlement(3, "active")).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    assert_eq!(world.databases.count(), 1);
}

#[tokio::test]
async fn what_has_ended_is_suspended_and_nothing_of_it_is_erased() {
    let world = World::new().await;
    let id = world.running().await;
    world.entitle(id, &world.entitlement(2, "ended")).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "suspended, ended");
    assert_eq!((world.databases.count(), world.runtime.has(&odoo(id))), (1, true));
}

#[tokio::test]
async fn its_owner_stops_starts_and_restarts_it() {
    let world = World::new().await;
    let id = world.running().await;
    let (status, _) = world.act(&world.ann.token, id, "stop").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    world.settle().await;
    assert_eq!(world.status(id).await, "stopped");
    assert_eq!(world.target(id).await, Some(RouteTarget::Stopped));
    let (status, refused) = world.act(&world.ann.token, id, "restart").await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");

    world.act(&world.ann.token, id, "start").await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    let before = world.target(id).await;

    world.act(&world.ann.token, id, "restart").await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    let after = world.target(id).await;
    assert!(matches!(after, Some(RouteTarget::Odoo { .. })) && after != before, "{after:?}");
    assert!(world.told(id).await.contains(&"It is being restarted, as you wished.".to_owned()));
}

#[tokio::test]
async fn staff_holds_it_and_lets_it_go() {
    let world = World::new().await;
    let id = world.running().await;
    assert_eq!(world.act(&world.ann.token, id, "hold").await.0, StatusCode::FORBIDDEN);
    world.act(&world.staff.token, id, "hold").await;
    world.settle().await;
    assert_eq!(world.status(id).await, "suspended, staff");
    world.act(&world.staff.token, id, "unhold").await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    insta::assert_json_snapshot!(world.audit(id).await, @r#"
    [
      "service billing-service entitle done",
      "instance-worker running done",
      "staff staff@example.com hold done",
      "instance-worker suspended done",
      "staff staff@example.com unhold done",
      "instance-worker running done"
    ]
    "#);
}

#[tokio::test]
async fn a_larger_plan_is_applied_to_what_runs() {
    let world = World::new().await;
    let id = world.running().await;
    let mut larger = world.entitlement(2, "active");
    larger["plan_name"] = json!("standard-monthly");
    larger["resources"]["cpu_limit"] = json!("4");
    larger["resources"]["memory_limit"] = json!("8G");
    world.entitle(id, &larger).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    match world.runtime.applied(&odoo(id)) {
        Some(runtime::Workload::Odoo(odoo)) => {
            assert_eq!((odoo.workers, odoo.limits.memory.to_string().as_str()), (4, "8G"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_crash_is_seen_and_told_and_so_is_its_end() {
    let world = World::new().await;
    let id = world.running().await;
    let before = world.target(id).await;
    world.runtime.crash(&odoo(id));
    world.run_until(|| async { world.status(id).await == "starting" }).await;
    assert_eq!(world.target(id).await, Some(RouteTarget::Starting));
    world.runtime.heal(&odoo(id));
    world.run_until(|| async { world.status(id).await == "running" }).await;
    assert_ne!(world.target(id).await, before, "the address has changed");
}

#[tokio::test]
async fn an_odoo_that_does_not_come_back_is_an_error_until_it_does() {
    let world = World::with(|options| {
        options.start_patience = Duration::from_millis(300);
        options.look_again = Duration::from_millis(100);
    })
    .await;
    let id = world.running().await;
    world.runtime.crash(&odoo(id));
    world.run_until(|| async { world.status(id).await == "error, odoo_fails" }).await;
    assert_eq!(world.target(id).await, Some(RouteTarget::Failing));
    world.runtime.heal(&odoo(id));
    world.run_until(|| async { world.status(id).await == "running" }).await;
}

#[tokio::test]
async fn a_slow_odoo_gets_no_visitors_before_it_answers() {
    let world = World::with(|options| options.probe_within = Duration::from_millis(200)).await;
    world.runtime.boot_takes(Duration::from_millis(900));
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let begin = std::time::Instant::now();
    world
        .run_until(|| async {
            let is_routed = matches!(world.target(id).await, Some(RouteTarget::Odoo { .. }));
            assert!(!is_routed || begin.elapsed() > Duration::from_millis(900));
            is_routed
        })
        .await;
}

#[tokio::test]
async fn who_stops_paying_while_it_is_being_made_never_gets_it_running() {
    let world = World::new().await;
    world.databases.has_no_template();
    let id = InstanceId::new();
    let (router, token) = (world.router.clone(), world.billing.token.clone());
    let unpaid = world.entitlement(2, "suspended");
    world.runtime.on_job(move |job| {
        let (router, token, unpaid) = (router.clone(), token.clone(), unpaid.clone());
        async move {
            let path = format!("{BASE}/{id}/entitlement");
            let told = request(&router, "PUT", &path, Some(&token), Some(&unpaid)).await;
            assert_eq!(told.1["changed"], json!(true));
            odoo_tables::install(&job.database).await
        }
    });
    world.entitle(id, &world.entitlement(1, "trial")).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "suspended, unpaid");
    assert!(!world.runtime.runs(&odoo(id)));
    let calls = world.runtime.calls();
    assert!(!calls.iter().any(|call| call.starts_with("apply")), "{calls:?}");
}

#[tokio::test]
async fn what_cannot_be_seen_is_neither_stopped_nor_erased() {
    let world = World::new().await;
    let id = world.running().await;
    world.runtime.is_unknown(true);
    world.entitle(id, &world.entitlement(2, "suspended")).await;
    world.settle().await;
    assert_eq!(world.status(id).await, "running");
    world.delete(id).await;
    world.settle().await;
    assert!(world.runtime.runs(&odoo(id)));
    assert_eq!(world.databases.count(), 1);

    world.runtime.is_unknown(false);
    world.run_until(|| async { world.status(id).await == "terminated" }).await;
}

#[tokio::test]
async fn a_database_service_that_is_down_delays_and_breaks_nothing() {
    let world = World::new().await;
    world.databases.is_down(true);
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let asked = || async { !world.runtime.has(&odoo(id)) && world.tries().await > 0 };
    world.run_until(asked).await;
    world.databases.is_down(false);
    world.run_until(|| async { world.status(id).await == "running" }).await;
}

#[tokio::test]
async fn an_odoo_that_belongs_to_nobody_is_stopped_and_keeps_its_volume() {
    let world = World::new().await;
    let id = world.running().await;
    let stranger = odoo(InstanceId::new());
    let workload = world.runtime.applied(&odoo(id)).unwrap();
    runtime::Runtime::apply(&world.runtime, &stranger, &workload).await.unwrap();
    world.run_until(|| async { !world.runtime.runs(&stranger) }).await;
    assert!(world.runtime.has(&stranger) && world.runtime.runs(&odoo(id)));
}

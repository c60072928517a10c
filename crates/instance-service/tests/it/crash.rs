//! A crash after any step changes nothing in the end.

use serde_json::{Value, json};
use testkit::crash;
use vocabulary::InstanceId;
use work::Faults;

use crate::world::{World, odoo};

#[tokio::test]
async fn an_order_becomes_a_running_odoo_whenever_the_worker_dies() {
    crash::after_every_step(|faults| async move {
        let world = World::new().await;
        world.databases.has_no_template();
        let id = InstanceId::new();
        world.entitle(id, &world.entitlement(1, "trial")).await;
        settle(&world, &faults).await;
        end(&world, id).await
    })
    .await
    .covers(&["reconcile_instance"]);
}

#[tokio::test]
async fn every_kind_of_work_is_crashed_here() {
    let world = World::new().await;
    crash::names_every_kind(&world.worker(Faults::none()), include_str!("crash.rs"));
}

#[tokio::test]
async fn who_waits_for_a_database_gets_it_whenever_the_worker_dies() {
    crash::after_every_step(|faults| async move {
        let world = World::new().await;
        world.databases.is_full(true);
        let id = InstanceId::new();
        world.entitle(id, &world.entitlement(1, "trial")).await;
        settle(&world, &faults).await;
        let waiting = end(&world, id).await;
        world.databases.is_full(false);
        world.entitle(id, &world.entitlement(2, "active")).await;
        settle(&world, &faults).await;
        (waiting, end(&world, id).await)
    })
    .await;
}

/// Two acts of somebody on an instance that runs, one after the other.
async fn acts(faults: Faults, is_staff: bool, acts: &[&str]) -> Vec<Value> {
    let world = World::new().await;
    let id = world.running().await;
    let token = if is_staff { &world.staff.token } else { &world.ann.token };
    let mut ends = Vec::new();
    for act in acts {
        world.act(token, id, act).await;
        settle(&world, &faults).await;
        ends.push(end(&world, id).await);
    }
    ends
}

#[tokio::test]
async fn a_stop_and_a_start_hold_whenever_the_worker_dies() {
    crash::after_every_step(|faults| acts(faults, false, &["stop", "start"])).await;
}

#[tokio::test]
async fn a_restart_holds_whenever_the_worker_dies() {
    crash::after_every_step(|faults| acts(faults, false, &["restart"])).await;
}

#[tokio::test]
async fn what_staff_hold_and_release_holds_whenever_the_worker_dies() {
    crash::after_every_step(|faults| acts(faults, true, &["hold", "unhold"])).await;
}

#[tokio::test]
async fn a_reservation_that_is_never_paid_ends_the_same_whenever_the_worker_dies() {
    crash::after_every_step(|faults| async move {
        let world = World::new().await;
        let id = InstanceId::new();
        world.entitle(id, &world.entitlement(1, "awaiting_payment")).await;
        settle(&world, &faults).await;
        let reserved = end(&world, id).await;
        world.entitle(id, &world.entitlement(2, "ended")).await;
        settle(&world, &faults).await;
        (reserved, end(&world, id).await)
    })
    .await;
}

#[tokio::test]
async fn an_odoo_that_nobody_knows_is_stopped_and_kept_whenever_the_worker_dies() {
    crash::after_every_step(|faults| async move {
        let world = World::new().await;
        let known = world.running().await;
        let stranger = odoo(InstanceId::new());
        let workload = world.runtime.applied(&odoo(known)).unwrap();
        runtime::Runtime::apply(&world.runtime, &stranger, &workload).await.unwrap();
        settle(&world, &faults).await;
        (world.runtime.runs(&stranger), world.runtime.has(&stranger), end(&world, known).await)
    })
    .await;
}

#[tokio::test]
async fn a_suspension_and_a_payment_hold_whenever_the_worker_dies() {
    crash::after_every_step(|faults| async move {
        let world = World::new().await;
        let id = world.running().await;
        world.entitle(id, &world.entitlement(2, "suspended")).await;
        settle(&world, &faults).await;
        let suspended = end(&world, id).await;
        world.entitle(id, &world.entitlement(3, "active")).await;
        settle(&world, &faults).await;
        (suspended, end(&world, id).await)
    })
    .await;
}

#[tokio::test]
async fn a_deletion_is_complete_whenever_the_worker_dies() {
    crash::after_every_step(|faults| async move {
        let world = World::new().await;
        let id = world.running().await;
        world.delete(id).await;
        settle(&world, &faults).await;
        end(&world, id).await
    })
    .await;
}

async fn settle(world: &World, faults: &Faults) {
    crash::settle(faults, |faults| world.worker(faults)).await.unwrap();
}

/// The end, counted from the outside.
async fn end(world: &World, id: InstanceId) -> Value {
    let secrets: i64 = sqlx::query_scalar("select count(*) from instance_secrets")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    let is_theirs = if world.databases.count() == 1 {
        let mut conn = world.databases.enter(id).await;
        let sql =
            "select password = (select max(password) from res_users) and login = 'ann@example.com'
                     from res_users where id = 2";
        sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut conn).await.unwrap()
    } else {
        false
    };
    json!({
        "status": world.status(id).await,
        "runs": world.runtime.runs(&odoo(id)),
        "volume": world.runtime.has(&odoo(id)),
        "databases": world.databases.count(),
        "is_theirs": is_theirs,
        "secrets": secrets,
        "told": world.told(id).await,
    })
}

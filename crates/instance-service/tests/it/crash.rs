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

//! A crash after every step: the effect has happened, the result is lost, the worker is gone. The world ends the same.

use crate::world::World;
use serde_json::{Value, json};
use testkit::crash::{after_every_step, names_every_kind};
use vocabulary::{CustomerId, InstanceId, OrderId, Standing};
use work::Faults;

/// What a crash right after an order's intent leaves.
async fn intent(world: &World, customer: CustomerId, plan: &str) -> InstanceId {
    let instance = InstanceId::new();
    let sql = "
        with placed as (
            insert into orders (id, instance_id, customer_id, plan_name, name, subdomain, odoo_version,
                admin_email, placed_by, request, created_at)
            values ($1, $2, $3, $4, 'Ann', 'ann', '19.0', 'ann@example.com', 'a test', '{}', $5)
            returning instance_id)
        insert into entitlements (instance_id) select $2 from placed";
    let now = world.context.clock.now();
    let query = sqlx::query(sql).bind(OrderId::new()).bind(instance).bind(customer).bind(plan);
    query.bind(now).execute(&world.pool).await.unwrap();
    instance
}

async fn is_acknowledged(world: &World, standing: &str) -> bool {
    let sql =
        "select count(*) from entitlements where version = acknowledged_version and standing = $1";
    let count: i64 = sqlx::query_scalar(sql).bind(standing).fetch_one(&world.pool).await.unwrap();
    count == 1
}

async fn until_acknowledged(world: &World, faults: &Faults, standing: &str) {
    world.until(faults, async || is_acknowledged(world, standing).await).await;
}

/// The end, counted: what the engine has, what was stated last, and which acts of the service stand in the audit.
async fn end(world: &World, instance: InstanceId) -> Value {
    let stated = world.fake.entitlement(instance);
    let audit: Vec<String> = sqlx::query_scalar(
        "select act || ' ' || outcome from billing_audit
         where actor = 'service billing-service' and act <> 'entitle' order by id",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    json!({
        "standing": stated.as_ref().map(|stated| stated.standing),
        "version": stated.as_ref().map(|stated| stated.version),
        "since": stated.and_then(|stated| stated.since),
        "accounts": world.count("select count(*) from engine_accounts").await,
        "subscriptions": world.count("select count(*) from engine_subscriptions").await,
        "trials": world.count("select count(*) from engine_trials").await,
        "invoices": world.count("select count(*) from engine_invoices").await,
        "cancellations": world
            .count("select count(*) from engine_subscription_events where kind = 'cancel'")
            .await,
        "audit": audit,
    })
}

#[tokio::test]
async fn an_order_and_its_owners_end_of_it() {
    after_every_step(async |faults: Faults| {
        let world = World::new().await;
        let instance = intent(&world, CustomerId::new(), "basic-monthly").await;
        until_acknowledged(&world, &faults, "trial").await;
        world.fake.inside().unwanted.insert(instance);
        world.days_pass(1);
        until_acknowledged(&world, &faults, "ended").await;
        end(&world, instance).await
    })
    .await
    .covers(&["state_entitlement"]);
}

#[tokio::test]
async fn a_trial_that_is_paid_late() {
    after_every_step(async |faults: Faults| {
        let world = World::new().await;
        let customer = CustomerId::new();
        let instance = intent(&world, customer, "basic-monthly").await;
        until_acknowledged(&world, &Faults::none(), "trial").await;
        // Fourteen days of trial, and ten of patience with what is not paid.
        world.days_pass(24);
        until_acknowledged(&world, &faults, "suspended").await;
        let suspended = end(&world, instance).await;
        world.pay_everything(customer).await;
        until_acknowledged(&world, &faults, "active").await;
        (suspended, end(&world, instance).await)
    })
    .await
    .covers(&["state_entitlement", "settle_account", "follow_engine"]);
}

#[tokio::test]
async fn an_order_whose_name_is_snatched_is_taken_back() {
    after_every_step(async |faults: Faults| {
        let world = World::new().await;
        world.fake.inside().snatched.insert("ann".to_owned());
        let instance = intent(&world, CustomerId::new(), "basic-immediate").await;
        let refused = async || {
            world.count("select count(*) from orders where refused is not null").await == 1
        };
        world.until(&faults, refused).await;
        end(&world, instance).await
    })
    .await;
}

#[tokio::test]
async fn versions_that_were_forgotten_are_overtaken() {
    after_every_step(async |faults: Faults| {
        let world = World::new().await;
        let instance = intent(&world, CustomerId::new(), "basic-monthly").await;
        until_acknowledged(&world, &Faults::none(), "trial").await;
        {
            let mut inside = world.fake.inside();
            let stored = inside.stored.get_mut(&instance).unwrap();
            (stored.version, stored.standing) = (7, Standing::Suspended);
        }
        let stated = async || {
            let stated = world.fake.entitlement(instance).unwrap();
            stated.standing == Standing::Trial && is_acknowledged(&world, "trial").await
        };
        world.until(&faults, stated).await;
        end(&world, instance).await
    })
    .await;
}

#[tokio::test]
async fn what_needs_a_person_says_so() {
    after_every_step(async |faults: Faults| {
        let world = World::new().await;
        let instance = intent(&world, CustomerId::new(), "basic-monthly").await;
        until_acknowledged(&world, &Faults::none(), "trial").await;
        let forget = "delete from plan_entitlements where plan_name = 'basic-monthly'";
        sqlx::query(forget).execute(&world.pool).await.unwrap();
        let alarmed = async || {
            world.count("select count(*) from entitlements where alarm is not null").await == 1
        };
        world.until(&faults, alarmed).await;
        end(&world, instance).await
    })
    .await
    .covers(&["state_entitlement"]);
}

#[tokio::test]
async fn every_kind_of_work_is_crashed_here() {
    let world = World::new().await;
    names_every_kind(&world.worker(Faults::none()), include_str!("crash.rs"));
}

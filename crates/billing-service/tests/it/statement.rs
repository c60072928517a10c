//! What holds is stated until it is acknowledged, whatever is lost, repeated, reordered or killed.

use crate::world::World;
use serde_json::json;
use testkit::crash;
use vocabulary::{CustomerId, InstanceId, OrderId, Standing};
use work::Faults;

/// What a crash right after an order's intent leaves.
async fn intent(world: &World, customer: CustomerId, plan: &str) -> InstanceId {
    let instance = InstanceId::new();
    let sql = "
        with placed as (
            insert into orders (id, instance_id, customer_id, plan_name, name, subdomain, odoo_version,
                admin_email, placed_by, request, created_at)
            values ($1, $2, $3, $4, 'Ann', 'ann', '19.0', 'ann@example.com', 'a test', '{}', now())
            returning instance_id)
        insert into entitlements (instance_id) select $2 from placed";
    let query = sqlx::query(sql).bind(OrderId::new()).bind(instance).bind(customer).bind(plan);
    query.execute(&world.pool).await.unwrap();
    instance
}

async fn is_acknowledged(world: &World, standing: &str) -> bool {
    let sql =
        "select count(*) from entitlements where version = acknowledged_version and standing = $1";
    let count: i64 = sqlx::query_scalar(sql).bind(standing).fetch_one(&world.pool).await.unwrap();
    count == 1
}

#[tokio::test]
async fn an_order_survives_a_crash_after_every_step_of_its_life() {
    crash::after_every_step(async |faults: Faults| {
        let world = World::new().await;
        let customer = CustomerId::new();
        let instance = intent(&world, customer, "basic-monthly").await;
        world.until(&faults, async || is_acknowledged(&world, "trial").await).await;
        world.fake.inside().unwanted.insert(instance);
        world.days_pass(1);
        world.until(&faults, async || is_acknowledged(&world, "ended").await).await;
        let stated = world.fake.entitlement(instance).unwrap();
        (
            stated.standing,
            world.count("select count(*) from engine_accounts").await,
            world.count("select count(*) from engine_subscriptions").await,
            world.count("select count(*) from engine_trials").await,
            world.count("select count(*) from engine_invoices").await,
            world
                .count("select count(*) from engine_subscription_events where kind = 'cancel'")
                .await,
        )
    })
    .await;
}

#[tokio::test]
async fn an_owner_who_deletes_the_instance_ends_the_subscription() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.fake.inside().unwanted.insert(instance);
    world.until_standing(instance, Standing::Ended, None).await;
    let (_, list) = world.call(&ann.token, "GET", "/subscriptions", None).await;
    assert_eq!(list["subscriptions"][0]["standing"], "ended");
}

#[tokio::test]
async fn lost_answers_change_nothing() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.fake.inside().answers_to_lose = 3;
    world.act(&body["subscription_id"], "suspend").await;
    world.until(&Faults::none(), async || is_acknowledged(&world, "suspended").await).await;
    assert_eq!(world.fake.entitlement(instance).unwrap().version, 2);
    assert!(world.fake.inside().stated.iter().filter(|version| **version == 2).count() >= 4);
}

#[tokio::test]
async fn what_was_said_while_instance_service_was_down_is_said_when_it_is_back() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.fake.inside().is_down = true;
    world.act(&body["subscription_id"], "suspend").await;
    world.pay_everything(ann.id).await;
    assert_eq!(world.fake.standing(instance), Some((Standing::Trial, None)));
    world.fake.inside().is_down = false;
    world.until_standing(instance, Standing::Active, None).await;
}

#[tokio::test]
async fn a_sweep_finds_drift_and_puts_it_right() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    let before = drift();
    world.fake.inside().stored.get_mut(&instance).unwrap().standing = Standing::Suspended;
    world.until_standing(instance, Standing::Trial, None).await;
    assert!(drift() > before);
}

#[tokio::test]
async fn versions_that_we_forgot_are_overtaken() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.fake.inside().stored.get_mut(&instance).unwrap().version = 40;
    world.act(&body["subscription_id"], "cancel").await;
    world.until_standing(instance, Standing::Ended, None).await;
    assert!(world.fake.entitlement(instance).unwrap().version > 40);
}

#[tokio::test]
async fn a_plan_that_nobody_knows_is_an_alarm_and_no_guess() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    let stated = world.fake.inside().stated.len();
    let hide = "update plan_entitlements set effective_date = effective_date + interval '1 year'";
    sqlx::query(hide).execute(&world.pool).await.unwrap();
    let alarmed = async || {
        let path = "/admin/entitlements?alarmed=true";
        let (_, body) = world.call(&world.staff.token, "GET", path, None).await;
        body["entitlements"][0]["alarm"] == json!("nothing says what the plan basic-monthly gives")
    };
    world.until(&Faults::none(), alarmed).await;
    assert_eq!(world.fake.inside().stated.len(), stated);
    assert_eq!(world.fake.standing(instance), Some((Standing::Trial, None)));
    world.context.prepare().await.unwrap();
    let calm =
        async || world.count("select count(*) from entitlements where alarm is null").await == 1;
    sqlx::query("delete from billing_work._private_jobs").execute(&world.pool).await.unwrap();
    world.until(&Faults::none(), calm).await;
}

#[tokio::test]
async fn a_changed_plan_is_a_new_row_and_is_stated_to_those_who_have_it() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.context.prepare().await.unwrap();
    assert_eq!(world.count("select count(*) from plan_entitlements").await, 5);
    world.days_pass(1);
    let text = include_str!("../../../../plans.toml").replace("\"2G\"", "\"3G\"");
    let mut changed = world.context.clone();
    changed.plans = std::sync::Arc::new(billing_service::Plans::parse(&text).unwrap());
    changed.prepare().await.unwrap();
    assert_eq!(world.count("select count(*) from plan_entitlements").await, 8);
    let is_stated = async || {
        world.fake.entitlement(instance).unwrap().resources.memory_limit.to_string() == "3G"
    };
    world.until(&Faults::none(), is_stated).await;
}

fn drift() -> u64 {
    let text = api::metrics::text();
    let line = text.lines().find(|line| line.starts_with("billing_drift_total")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

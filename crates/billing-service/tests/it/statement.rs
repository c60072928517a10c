//! What holds is stated until it is acknowledged, whatever is lost, repeated, reordered or killed.

use crate::world::World;
use api::test::numbers;
use serde_json::json;
use vocabulary::Standing;
use work::Faults;

async fn is_acknowledged(world: &World, standing: &str) -> bool {
    let sql =
        "select count(*) from entitlements where version = acknowledged_version and standing = $1";
    let count: i64 = sqlx::query_scalar(sql).bind(standing).fetch_one(&world.pool).await.unwrap();
    count == 1
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
async fn of_two_looks_at_the_same_time_only_one_counts() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    let mut other = world.pool.begin().await.unwrap();
    let look = "update entitlements set looks = looks + 1, version = 2, standing = 'suspended', reason = 'unpaid'";
    sqlx::query(look).execute(&mut *other).await.unwrap();
    let commit = async {
        let waiting = "select count(*) from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock'";
        while world.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
        other.commit().await.unwrap();
    };
    // What this worker had derived from the look before that one must not go back to its version.
    let overtaken = async || world.fake.entitlement(instance).unwrap().version == 3;
    let faults = Faults::none();
    tokio::join!(commit, world.until(&faults, overtaken));
    assert_eq!(world.fake.standing(instance), Some((Standing::Trial, None)));
}

#[tokio::test]
async fn a_sweep_finds_drift_and_puts_it_right() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    let drift = async || numbers(&world.router).await.sum("saasodoo_entitlement_drift_total", &[]);
    let before = drift().await;
    world.fake.inside().stored.get_mut(&instance).unwrap().standing = Standing::Suspended;
    world.until_standing(instance, Standing::Trial, None).await;
    assert!(drift().await > before);
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

//! Paid means running, unpaid means not.

use crate::world::World;
use axum::http::StatusCode;
use serde_json::json;
use vocabulary::{DatabaseType, Standing, StatusReason};

#[tokio::test]
async fn a_trial_is_stated_before_the_order_is_answered() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "premium-monthly", "ann").await;
    assert_eq!(body["standing"], "trial");
    assert!(body["invoice"].is_null());
    let stated = world.fake.entitlement(instance).unwrap();
    assert_eq!((stated.version, stated.customer_id), (1, ann.id));
    assert_eq!(stated.resources.db_type, DatabaseType::Dedicated);
    assert_eq!(stated.resources.memory_limit.to_string(), "8G");
    assert_eq!(stated.order.admin_email.as_str(), "ann@example.com");
}

#[tokio::test]
async fn without_a_trial_payment_comes_first() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-immediate", "ann").await;
    assert_eq!(
        (&body["standing"], &body["invoice"]["balance"]),
        (&json!("awaiting_payment"), &json!("5.00"))
    );
    assert_eq!(world.fake.standing(instance), Some((Standing::AwaitingPayment, None)));
    world.pay_everything(ann.id).await;
    world.until_standing(instance, Standing::Active, None).await;
    assert_eq!(world.fake.entitlement(instance).unwrap().version, 2);
}

#[tokio::test]
async fn suspending_on_demand_stops_it_until_it_is_paid() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    let (status, answer) = world.act(&body["subscription_id"], "suspend").await;
    assert_eq!((status, &answer["standing"]), (StatusCode::OK, &json!("suspended")));
    world.until_standing(instance, Standing::Suspended, Some(StatusReason::Unpaid)).await;
    world.pay_everything(ann.id).await;
    world.until_standing(instance, Standing::Active, None).await;
    // What the engine does is written down before it and after it.
    let audited = "select count(*) from billing_audit
                    where (act, outcome) in (('order', 'placed'), ('suspend', 'asked'), ('suspend', 'done'),
                                             ('record payment', 'asked'), ('record payment', 'done'))";
    assert_eq!(world.count(audited).await, 5);
}

#[tokio::test]
async fn a_trial_that_nobody_pays_goes_through_every_grace() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, _) = world.ordered(&ann, "basic-monthly", "ann").await;
    for (days, standing, reason) in [
        (14, Standing::Active, None),
        (3, Standing::PastDue, None),
        (7, Standing::Suspended, Some(StatusReason::Unpaid)),
        (20, Standing::Ended, None),
    ] {
        world.days_pass(days);
        world.until_standing(instance, standing, reason).await;
    }
    assert_eq!(world.fake.entitlement(instance).unwrap().version, 5);
}

#[tokio::test]
async fn pausing_and_resuming_and_cancelling_do_what_they_say() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-immediate", "ann").await;
    world.pay_everything(ann.id).await;
    let subscription = &body["subscription_id"];
    world.act(subscription, "pause").await;
    world.until_standing(instance, Standing::Suspended, Some(StatusReason::Paused)).await;
    world.act(subscription, "resume").await;
    world.until_standing(instance, Standing::Active, None).await;
    let (_, answer) = world.act(subscription, "cancel").await;
    assert_eq!(
        (&answer["standing"], &answer["ends_at"]),
        (&json!("active"), &json!("2026-02-15T00:00:00Z"))
    );
    let (_, answer) = world.act(subscription, "uncancel").await;
    assert_eq!(answer["ends_at"], json!(null));
    let (_, answer) = world.act(subscription, "cancel?when=now").await;
    assert_eq!(answer["standing"], "ended");
    world.until_standing(instance, Standing::Ended, None).await;
    let (status, answer) = world.act(subscription, "uncancel").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::CONFLICT, &json!("subscription_has_ended"))
    );
}

#[tokio::test]
async fn a_change_of_plan_says_that_it_is_not_offered() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    let (status, answer) = world.act(&body["subscription_id"], "upgrade").await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("not_offered")));
}

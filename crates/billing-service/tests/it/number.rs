//! What monitors see, through `/metrics`.

use api::test::{Numbers, numbers};
use serde_json::json;
use vocabulary::Standing;

use crate::world::World;

const DOCUMENT: &str = include_str!("../../../../docs/operations/metrics.md");

/// The numbers as they are now: a router keeps what it has read for a moment.
async fn now(world: &World) -> Numbers {
    numbers(&billing_service::service(world.context.clone()).into_router()).await
}

#[tokio::test]
async fn standings_and_what_is_not_passed_on_are_counted() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    let seen = now(&world).await;
    assert_eq!(seen.get("saasodoo_entitlements", &[("standing", "trial")]), 1.0);
    assert_eq!(seen.get("saasodoo_entitlements_unacknowledged", &[]), 0.0);
    assert_eq!(seen.get("saasodoo_orders_open", &[]), 0.0);
    assert!(seen.get("saasodoo_entitlement_statements_total", &[]) >= 1.0);
    world.fake.inside().is_down = true;
    world.act(&body["subscription_id"], "suspend").await;
    let waits = async || {
        world.count("select count(*) from entitlements where acknowledged_version < version").await
            == 1
    };
    world.until(&work::Faults::none(), waits).await;
    let seen = now(&world).await;
    seen.are_documented("billing-service", DOCUMENT);
    assert_eq!(seen.get("saasodoo_entitlements_unacknowledged", &[]), 1.0);
    let route = ("route", "/api/billing/subscriptions/{id}/suspend");
    let answered = [route, ("method", "POST"), ("status", "200")];
    assert!(seen.get("saasodoo_http_requests_total", &answered) >= 1.0);
    assert!(seen.get("saasodoo_http_request_seconds_count", &[route]) >= 1.0);
}

#[tokio::test]
async fn what_is_stated_says_since_when_it_holds() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let begin = world.context.clock.now();
    let (instance, _) = world.ordered(&ann, "basic-immediate", "ann").await;
    let since = || world.fake.entitlement(instance).unwrap().since.unwrap();
    assert_eq!(json!(since()), json!(begin));
    world.days_pass(1);
    let paid = world.context.clock.now();
    world.pay_everything(ann.id).await;
    // The worker comes late; the customer has waited since the payment.
    world.days_pass(1);
    world.until_standing(instance, Standing::Active, None).await;
    assert_eq!(json!(since()), json!(paid));
}

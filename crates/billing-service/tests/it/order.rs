//! Orders: who may, what is refused, and what happens when they are repeated or race.

use crate::world::{World, id};
use axum::http::StatusCode;
use serde_json::json;
use std::collections::HashSet;
use vocabulary::Standing;
use work::Faults;

#[tokio::test]
async fn the_same_key_is_the_same_order() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let body = json!({"plan_name": "basic-monthly", "subdomain": "ann"});
    let (status, first) = world.order_with_key(&ann.token, "k1", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    let (_, second) = world.order_with_key(&ann.token, "k1", &body).await;
    assert_eq!(first, second);
    let other = json!({"plan_name": "basic-monthly", "subdomain": "bob"});
    let (status, answer) = world.order_with_key(&ann.token, "k1", &other).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::CONFLICT, &json!("idempotency_key_is_used"))
    );
    assert_eq!(world.count("select count(*) from orders").await, 1);
}

#[tokio::test]
async fn a_second_trial_is_not_given_and_the_second_instance_is_paid_first() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let path = format!("/trial-eligibility/{}", ann.id);
    assert_eq!(world.call(&ann.token, "GET", &path, None).await.1["eligible"], true);
    let (_, first) = world.ordered(&ann, "basic-monthly", "first").await;
    let (_, second) = world.ordered(&ann, "standard-monthly", "second").await;
    assert_eq!(
        (&first["standing"], &second["standing"]),
        (&json!("trial"), &json!("awaiting_payment"))
    );
    assert_eq!(second["invoice"]["amount"], "8.00");
    let (_, eligibility) = world.call(&ann.token, "GET", &path, None).await;
    assert_eq!(eligibility, json!({"eligible": false, "reason": "had_a_trial"}));
}

#[tokio::test]
async fn of_many_orders_for_one_name_at_once_one_is_taken() {
    let world = World::new().await;
    let customers: Vec<_> = (0..6).map(|_| world.identity.customer()).collect();
    let orders =
        customers.iter().map(|customer| world.order(&customer.token, "basic-monthly", "one"));
    let mut answers = Vec::new();
    let mut running: Vec<_> = orders.map(Box::pin).collect();
    // All of them begin before the first is awaited to its end.
    for order in &mut running {
        let waker = std::task::Waker::noop();
        drop(std::future::Future::poll(order.as_mut(), &mut std::task::Context::from_waker(waker)));
    }
    for order in running {
        answers.push(order.await);
    }
    let taken = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    let refused =
        answers.iter().filter(|(_, body)| body["error"]["code"] == "subdomain_is_taken").count();
    assert_eq!((taken, refused), (1, 5), "{answers:?}");
    assert_eq!(world.count("select count(*) from engine_subscriptions").await, 1);
}

#[tokio::test]
async fn bad_orders_are_refused_with_the_field_and_the_rule() {
    let world = World::new().await;
    let ann = world.identity.customer();
    world.fake.inside().taken.insert("taken".to_owned());
    let long = "x".repeat(300);
    let sql = "'; DROP TABLE orders; --";
    for (field, value, status, code) in [
        ("subdomain", "taken", 409, "subdomain_is_taken"),
        ("subdomain", "admin", 409, "subdomain_is_reserved"),
        ("subdomain", sql, 422, "invalid"),
        ("subdomain", &long, 422, "invalid"),
        ("name", &long, 422, "invalid"),
        ("plan_name", "no-such-plan", 422, "invalid"),
        ("plan_name", sql, 422, "invalid"),
        ("odoo_version", "99.0", 422, "invalid"),
        ("admin_email", sql, 422, "invalid"),
        ("language", sql, 422, "invalid"),
        ("language", "xx_XX", 422, "invalid"),
        ("language", "en_U", 422, "invalid"),
        ("timezone", "Mars/Phobos", 422, "invalid"),
        ("timezone", sql, 422, "invalid"),
        ("customer_id", "x", 422, "invalid"),
        ("unknown_field", "x", 422, "invalid"),
    ] {
        let mut body = json!({"plan_name": "basic-monthly", "subdomain": "good"});
        body[field] = json!(value);
        let (answered, answer) = world.call(&ann.token, "POST", "/instances", Some(body)).await;
        assert_eq!(
            (answered.as_u16(), &answer["error"]["code"]),
            (status, &json!(code)),
            "{field}: {answer}"
        );
        if status == 422 {
            assert_eq!(answer["error"]["details"][0]["field"], field, "{answer}");
        }
    }
    assert_eq!(world.count("select count(*) from orders").await, 0);
}

#[tokio::test]
async fn staff_order_for_anybody_and_customers_only_for_themselves() {
    let world = World::new().await;
    let (ann, bob) = (world.identity.customer(), world.identity.customer());
    let mut body =
        json!({"plan_name": "basic-monthly", "subdomain": "bobs", "customer_id": bob.id});
    let (status, _) = world.call(&ann.token, "POST", "/instances", Some(body.clone())).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let staff = &world.staff.token;
    let (status, answer) = world.call(staff, "POST", "/instances", Some(body.clone())).await;
    assert_eq!(
        (status, &answer["error"]["details"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("admin_email"))
    );
    body["admin_email"] = json!("bob@example.com");
    let (status, answer) = world.call(staff, "POST", "/instances", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let (_, list) = world.call(&bob.token, "GET", "/subscriptions", None).await;
    assert_eq!(list["subscriptions"][0]["id"], answer["subscription_id"]);
    let (_, list) = world.call(&ann.token, "GET", "/subscriptions", None).await;
    assert_eq!(list["subscriptions"], json!([]));
}

#[tokio::test]
async fn while_instance_service_is_down_nothing_is_ordered() {
    let world = World::new().await;
    let ann = world.identity.customer();
    world.fake.inside().is_down = true;
    let (status, answer) = world.order(&ann.token, "basic-monthly", "ann").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable"))
    );
    assert_eq!(world.count("select count(*) from orders").await, 0);
}

#[tokio::test]
async fn a_name_that_is_snatched_after_the_check_takes_the_order_back() {
    let world = World::new().await;
    let ann = world.identity.customer();
    world.fake.inside().snatched.insert("ann".to_owned());
    let (status, answer) = world.order(&ann.token, "basic-immediate", "ann").await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::CONFLICT, &json!("order_refused")));
    let (_, account) = world.call(&ann.token, "GET", &format!("/accounts/{}", ann.id), None).await;
    assert_eq!(account["balance"], "0.00");
    world.fake.inside().snatched.clear();
    world.ordered(&ann, "basic-immediate", "ann").await;
}

#[tokio::test]
async fn an_account_with_overdue_invoices_orders_nothing_more() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.act(&body["subscription_id"], "suspend").await;
    let (status, answer) = world.order(&ann.token, "basic-immediate", "more").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (StatusCode::CONFLICT, &json!("account_is_overdue"))
    );
}

#[tokio::test]
async fn payments_are_recorded_once_and_refused_clearly() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (_, body) = world.ordered(&ann, "basic-immediate", "ann").await;
    let pay = async |amount: &str, reference: &str| {
        let body =
            json!({"invoice_id": body["invoice"]["id"], "amount": amount, "reference": reference});
        world.call(&world.staff.token, "POST", "/payments", Some(body)).await
    };
    let (status, first) = pay("2.00", "a").await;
    assert_eq!((status, &first["balance"]), (StatusCode::CREATED, &json!("3.00")));
    assert_eq!(pay("2.00", "a").await.1["id"], first["id"]);
    for (amount, reference, status) in [
        ("1.00", "a", 409),
        ("3.01", "b", 422),
        ("-1", "c", 422),
        ("0.001", "d", 422),
        ("1", "", 422),
    ] {
        let (answered, answer) = pay(amount, reference).await;
        assert_eq!(answered.as_u16(), status, "{amount} {reference}: {answer}");
    }
    let (status, _) = world
        .call(
            &ann.token,
            "POST",
            "/payments",
            Some(json!({"invoice_id": body["invoice"]["id"], "reference": "x"})),
        )
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn ended_names_can_be_ordered_again() {
    let world = World::new().await;
    let ann = world.identity.customer();
    let (instance, body) = world.ordered(&ann, "basic-monthly", "ann").await;
    world.act(&body["subscription_id"], "cancel").await;
    world.until_standing(instance, Standing::Ended, None).await;
    let ended =
        async || world.count("select count(*) from orders where ended_at is not null").await == 1;
    world.until(&Faults::none(), ended).await;
    let (again, _) = world.ordered(&ann, "basic-immediate", "ann").await;
    assert_eq!(HashSet::from([instance, again]).len(), 2);
    assert_ne!(id(&body["instance_id"]), again);
}

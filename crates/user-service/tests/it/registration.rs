use serde_json::json;
use user_service::Options;

use crate::world::World;

const ANN: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn who_registers_proves_the_address_and_logs_in() {
    let world = World::new().await;
    assert_eq!(world.register("Ann@Example.com", PASSWORD).await.0, 201);
    let (status, answer) = world.log_in(ANN, PASSWORD).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("not_verified")));

    let token = world.link_to(ANN).await;
    assert_eq!(world.post("/auth/verify-email", json!({ "token": token })).await.0, 200);
    let (status, login) = world.log_in(ANN, PASSWORD).await;
    assert_eq!((status, &login["kind"]), (200, &json!("customer")));
    let (_, me) = world.get("/auth/me", login["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (&me["kind"], &me["email"], &me["company"], &me["is_verified"]),
        (&json!("customer"), &json!(ANN), &json!("Ann Smith"), &json!(true))
    );
    assert_eq!(me["customer_id"], login["customer_id"]);
    insta::assert_snapshot!(world.audit().await.join("\n"), @r"
    register by nobody: registered
    log_in by nobody: refused: not verified
    verify_email by holder of a link: done
    log_in by customer ann@example.com: done
    ");
}

#[tokio::test]
async fn the_link_of_the_mail_opens_a_page_and_may_be_opened_twice() {
    use tower::ServiceExt;

    let world = World::new().await;
    world.register(ANN, PASSWORD).await;
    let link = world.mails_to(ANN).await[0].variables["link"].clone();
    let path = link.strip_prefix("http://api.localhost:8080/user").unwrap().to_owned();
    for (path, status, title) in [
        (path.clone(), 200, "Your address is proven"),
        (path, 200, "Your address is proven"),
        ("/auth/verify-email?token=unknown".to_owned(), 422, "This link does not work"),
    ] {
        let request = axum::http::Request::get(&path).body(axum::body::Body::empty()).unwrap();
        let response = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let page = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&page).contains(title), "{path}");
    }
    assert_eq!(world.log_in(ANN, PASSWORD).await.0, 200);
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_its_owner_a_mail() {
    let world = World::new().await;
    world.member(ANN, PASSWORD).await;
    let again = world.register(ANN, "another password").await;
    let fresh = world.register("new@example.com", "another password").await;
    assert_eq!(again, fresh);
    assert_eq!(world.mails_to(ANN).await.last().unwrap().template, "already_registered");
    assert_eq!(world.log_in(ANN, "another password").await.0, 401);
    assert_eq!(world.log_in(ANN, PASSWORD).await.0, 200);
}

#[tokio::test]
async fn a_second_registration_before_the_proof_replaces_the_first() {
    let world = World::new().await;
    world.register(ANN, PASSWORD).await;
    let first = world.link_to(ANN).await;
    world.register(ANN, "another password").await;
    assert_eq!(world.post("/auth/verify-email", json!({ "token": first })).await.0, 422);
    let second = world.link_to(ANN).await;
    assert_eq!(world.post("/auth/verify-email", json!({ "token": second })).await.0, 200);
    assert_eq!(world.log_in(ANN, "another password").await.0, 200);
}

#[tokio::test]
async fn twenty_registrations_at_once_make_one_customer() {
    let world = World::with(Options { mail_asks: 20, ..Options::default() }).await;
    let calls = (0..20).map(|_| world.register(ANN, PASSWORD));
    for (status, _) in futures::future::join_all(calls).await {
        assert_eq!(status, 201);
    }
    let staff = world.identity.staff();
    let (_, answer) = world.get("/admin/customers", &staff.token).await;
    assert_eq!(answer["customers"].as_array().unwrap().len(), 1);
}

/// Otherwise whoever knows the address of a staff-made customer could put a password on it, and wait for its
/// owner to open the link.
#[tokio::test]
async fn registering_a_customer_that_staff_made_sets_no_password() {
    let world = World::new().await;
    let staff = world.identity.staff();
    let body = json!({ "email": ANN });
    world.call("PUT", "/admin/customers", Some(&staff.token), Some(body)).await;
    assert_eq!(world.register(ANN, "the attacker's").await.0, 201);
    assert_eq!(world.mails_to(ANN).await[0].template, "password_reset");

    let body = json!({"token": world.link_to(ANN).await, "new_password": PASSWORD});
    assert_eq!(world.post("/auth/password-reset-complete", body).await.0, 200);
    assert_eq!(world.log_in(ANN, "the attacker's").await.0, 401);
    assert_eq!(world.log_in(ANN, PASSWORD).await.0, 200);
}

#[tokio::test]
async fn a_link_is_sent_again_only_while_it_is_needed() {
    let world = World::new().await;
    world.register(ANN, PASSWORD).await;
    let known = world.post("/auth/resend-verification", json!({ "email": ANN })).await;
    let unknown = world.post("/auth/resend-verification", json!({"email": "x@example.com"})).await;
    assert_eq!(known, unknown);
    assert_eq!(world.mails_to(ANN).await.len(), 2);
    assert!(world.mails_to("x@example.com").await.is_empty());
    let token = world.link_to(ANN).await;
    world.post("/auth/verify-email", json!({ "token": token })).await;
    world.post("/auth/resend-verification", json!({ "email": ANN })).await;
    assert_eq!(world.mails_to(ANN).await.len(), 2);
}

#[tokio::test]
async fn mails_wait_for_notification_service() {
    let world = World::new().await;
    world.notification.set_down(true);
    assert_eq!(world.register(ANN, PASSWORD).await.0, 201);
    assert!(world.mails_to(ANN).await.is_empty());
    world.notification.set_down(false);
    assert!(world.mails_to(ANN).await.is_empty(), "the next try comes after a while");
    sqlx::query!("update user_mails set next_try = now()")
        .execute(&world.context.pool)
        .await
        .unwrap();
    assert_eq!(world.mails_to(ANN).await.len(), 1);
    assert_eq!(world.mails_to(ANN).await.len(), 1);
}

#[tokio::test]
async fn no_secret_of_a_link_or_password_is_kept() {
    let world = World::new().await;
    world.register(ANN, PASSWORD).await;
    let secret = world.link_to(ANN).await;
    let everything = sqlx::query_scalar!(
        r#"select concat(
               (select string_agg(m::text, ' ') from members m),
               (select string_agg(l::text, ' ') from one_time_links l),
               (select string_agg(u::text, ' ') from user_mails u),
               (select string_agg(a::text, ' ') from user_audit a)) as "text!""#
    )
    .fetch_one(&world.context.pool)
    .await
    .unwrap();
    assert!(everything.contains(ANN));
    assert!(!everything.contains(&secret) && !everything.contains(PASSWORD));
}

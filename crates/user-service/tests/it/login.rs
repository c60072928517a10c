use serde_json::json;
use user_service::Options;

use crate::world::World;

const ANN: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let world = World::new().await;
    world.member(ANN, PASSWORD).await;
    let wrong = world.log_in(ANN, "wrong password").await;
    let unknown = world.log_in("unknown@example.com", "wrong password").await;
    assert_eq!(wrong.0, 401);
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn too_many_tries_have_to_wait_known_or_not() {
    let world = World::with(Options { login_tries: 3, ..Options::default() }).await;
    world.member(ANN, PASSWORD).await;
    for email in [ANN, "unknown@example.com"] {
        for _ in 0..3 {
            assert_eq!(world.log_in(email, "wrong password").await.0, 401);
        }
        let (status, answer) = world.log_in(email, PASSWORD).await;
        assert_eq!((status, &answer["error"]["code"]), (429, &json!("too_many_requests")));
    }
    sqlx::query!("update tries set since = since - interval '16 minutes'")
        .execute(&world.context.pool)
        .await
        .unwrap();
    assert_eq!(world.log_in(ANN, PASSWORD).await.0, 200);
}

#[tokio::test]
async fn a_log_in_that_works_forgets_the_tries_before() {
    let world = World::with(Options { login_tries: 2, ..Options::default() }).await;
    world.member(ANN, PASSWORD).await;
    for _ in 0..3 {
        assert_eq!(world.log_in(ANN, "wrong password").await.0, 401);
        assert_eq!(world.log_in(ANN, PASSWORD).await.0, 200);
    }
}

#[tokio::test]
async fn after_logging_out_the_token_is_refused() {
    let world = World::new().await;
    let token = world.member(ANN, PASSWORD).await;
    assert_eq!(world.get("/users/profile", &token).await.0, 200);
    assert_eq!(world.call("POST", "/auth/logout", Some(&token), None).await.0, 200);
    assert_eq!(world.get("/users/profile", &token).await.0, 401);
    assert_eq!(world.get("/auth/me", &token).await.0, 401);
    assert_eq!(world.log_in(ANN, PASSWORD).await.0, 200);
}

#[tokio::test]
async fn a_new_password_by_mail_ends_the_old_one_and_all_log_ins() {
    let world = World::new().await;
    let token = world.member(ANN, PASSWORD).await;
    let known = world.post("/auth/password-reset", json!({ "email": ANN })).await;
    let unknown = world.post("/auth/password-reset", json!({"email": "x@example.com"})).await;
    assert_eq!(known, unknown);

    let link = world.link_to(ANN).await;
    let short = json!({"token": link, "new_password": "short"});
    assert_eq!(world.post("/auth/password-reset-complete", short).await.0, 422);
    let body = json!({"token": link, "new_password": "a new password"});
    assert_eq!(world.post("/auth/password-reset-complete", body.clone()).await.0, 200);
    let (status, answer) = world.post("/auth/password-reset-complete", body).await;
    assert_eq!((status, &answer["error"]["details"][0]["field"]), (422, &json!("token")));
    assert_eq!(world.log_in(ANN, PASSWORD).await.0, 401);
    assert_eq!(world.log_in(ANN, "a new password").await.0, 200);
    assert_eq!(world.get("/users/profile", &token).await.0, 401);
}

#[tokio::test]
async fn a_link_for_one_purpose_does_not_serve_another_and_ends() {
    let world = World::new().await;
    world.register(ANN, PASSWORD).await;
    let link = world.link_to(ANN).await;
    let body = json!({"token": link, "new_password": "a new password"});
    assert_eq!(world.post("/auth/password-reset-complete", body).await.0, 422);
    sqlx::query!("update one_time_links set expires_at = now()")
        .execute(&world.context.pool)
        .await
        .unwrap();
    assert_eq!(world.post("/auth/verify-email", json!({ "token": link })).await.0, 422);
}

#[tokio::test]
async fn the_first_start_makes_one_staff_account_that_comes_through_the_same_door() {
    use secrecy::ExposeSecret;

    let world = World::new().await;
    let email = "admin@example.com".parse().unwrap();
    let starts = (0..5).map(|_| user_service::ensure_first_staff(&world.context, &email));
    let made: Vec<_> =
        futures::future::join_all(starts).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(made.len(), 1);
    assert!(user_service::ensure_first_staff(&world.context, &email).await.unwrap().is_none());

    let (status, login) = world.log_in("admin@example.com", made[0].expose_secret()).await;
    assert_eq!((status, &login["kind"]), (200, &json!("staff")));
    let token = login["access_token"].as_str().unwrap();
    assert_eq!(world.get("/auth/me", token).await.1["kind"], "staff");
    assert_eq!(world.get("/admin/customers", token).await.0, 200);
    assert_eq!(world.get("/users/profile", token).await.0, 403);
}

use api::test::{
    Senders, Stranger, every_operation_refuses_a_stranger, every_operation_refuses_bad_bodies,
    every_operation_refuses_nobody,
};
use serde_json::json;
use user_service::Options;

use crate::world::{World, registration};

const PUBLIC: &[&str] = &[
    "POST /auth/register",
    "POST /auth/verify-email",
    "GET /auth/verify-email",
    "POST /auth/resend-verification",
    "POST /auth/password-reset",
    "POST /auth/password-reset-complete",
];

#[tokio::test]
async fn the_interface_is_what_it_was() {
    insta::assert_json_snapshot!("openapi", World::new().await.openapi);
}

#[tokio::test]
async fn every_operation_but_the_doors_refuses_nobody() {
    let world = World::new().await;
    let public: Vec<&str> = PUBLIC.iter().copied().chain(["POST /auth/login"]).collect();
    every_operation_refuses_nobody(world.router.clone(), &world.openapi, &public).await;
}

#[tokio::test]
async fn every_operation_refuses_a_stranger_to_a_customer() {
    let world = World::new().await;
    let staff = world.identity.staff();
    let body = json!({"email": "bob@example.com"});
    let (status, customer) =
        world.call("PUT", "/admin/customers", Some(&staff.token), Some(body)).await;
    assert_eq!(status, 200);
    let stranger = Stranger {
        token: &world.identity.customer().token,
        things: &[("id", customer["id"].as_str().unwrap().to_owned())],
        bodies: &[],
        queries: &[],
        open: &[],
    };
    every_operation_refuses_a_stranger(world.router.clone(), &world.openapi, stranger).await;
}

#[tokio::test]
async fn every_operation_refuses_bad_bodies_by_field_and_rule() {
    let world =
        World::with(Options { mail_asks: 1000, login_tries: 1000, ..Options::default() }).await;
    let (ann, staff) =
        (world.member("ann@example.com", "correct horse").await, world.identity.staff());
    let token = "0".repeat(64);
    let senders = Senders {
        tokens: &[&ann, &staff.token],
        things: &[],
        bodies: &[
            ("POST /auth/register", registration("new@example.com", "correct horse")),
            ("POST /auth/verify-email", json!({ "token": token })),
            ("POST /auth/resend-verification", json!({"email": "x@example.com"})),
            ("POST /auth/login", json!({"email": "x@example.com", "password": "correct horse"})),
            ("POST /auth/password-reset", json!({"email": "x@example.com"})),
            (
                "POST /auth/password-reset-complete",
                json!({ "token": token, "new_password": "correct horse" }),
            ),
            ("PUT /users/profile", json!({"first_name": "Ann", "last_name": "Smith"})),
            ("PUT /admin/customers", json!({"email": "x@example.com", "company": "X"})),
        ],
    };
    every_operation_refuses_bad_bodies(world.router.clone(), &world.openapi, senders).await;
}

#[tokio::test]
async fn bad_input_is_answered_with_the_field_and_the_rule() {
    let world = World::new().await;
    let long = "x".repeat(300);
    let cases = [
        ("email", json!("nobody")),
        ("email", json!("'; drop table members;--")),
        ("email", json!(7)),
        ("password", json!("short")),
        ("password", json!(long)),
        ("first_name", json!("")),
        ("first_name", json!("a\u{0}b")),
        ("last_name", json!(long)),
        ("company", json!("two\nlines")),
        ("accept_terms", json!(false)),
        ("is_staff", json!(true)),
    ];
    for (field, value) in cases {
        let mut body = registration("ann@example.com", "correct horse");
        body[field] = value.clone();
        let (status, answer) = world.post("/auth/register", body).await;
        assert_eq!(status, 422, "{field} = {value}: {answer}");
        assert_eq!(answer["error"]["details"][0]["field"], field, "{answer}");
    }
    let (status, answer) = world.post("/auth/verify-email", json!({"token": "a\u{0}b"})).await;
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")));
}

#[tokio::test]
async fn what_looks_like_sql_is_a_name() {
    let world = World::new().await;
    let mut body = registration("ann@example.com", "correct horse");
    body["company"] = json!("Robert'); DROP TABLE members;--");
    assert_eq!(world.post("/auth/register", body).await.0, 201);
    let staff = world.identity.staff();
    let (_, answer) = world.get("/admin/customers?email=ann@example.com", &staff.token).await;
    assert_eq!(answer["customers"][0]["name"], "Robert'); DROP TABLE members;--");
}

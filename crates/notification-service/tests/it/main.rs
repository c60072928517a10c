//! notification-service through its front door.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use api::test::{Senders, every_operation_refuses_bad_bodies, every_operation_refuses_nobody};
use notification_service::{Context, service};
use serde_json::{Value, json};
use testkit::{Identity, Platform};

struct World {
    identity: Identity,
    router: axum::Router,
    openapi: utoipa::openapi::OpenApi,
    _platform: Platform,
}

impl World {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let identity = testkit::identity();
        let pool = platform.pool("notification_service");
        let service = service(Context { pool, verifier: identity.verifier() });
        let openapi = service.openapi().clone();
        Self { identity, router: service.into_router(), openapi, _platform: platform }
    }

    async fn send(&self, body: &Value) -> (u16, Value) {
        let token = self.identity.service("user-service").token;
        let path = "/api/v1/emails";
        let (status, answer) =
            api::test::request(&self.router, "POST", path, Some(&token), Some(body)).await;
        (status.as_u16(), answer)
    }

    async fn get(&self, path: &str) -> Value {
        let token = self.identity.staff().token;
        let (status, answer) =
            api::test::request(&self.router, "GET", path, Some(&token), None).await;
        assert_eq!(status.as_u16(), 200, "{answer}");
        answer
    }
}

fn mail(key: &str) -> Value {
    json!({
        "to": "ann@example.com", "template": "verify_email", "key": key,
        "variables": {"name": "Ann", "link": "http://api.localhost/verify?token=x"}
    })
}

#[tokio::test]
async fn the_interface_is_what_it_was() {
    insta::assert_json_snapshot!("openapi", World::new().await.openapi);
}

#[tokio::test]
async fn every_operation_refuses_nobody_and_customers() {
    let world = World::new().await;
    every_operation_refuses_nobody(world.router.clone(), &world.openapi, &[]).await;
    let customer = world.identity.customer().token;
    for path in ["/api/v1/emails", "/api/v1/templates"] {
        let (status, _) =
            api::test::request(&world.router, "GET", path, Some(&customer), None).await;
        assert_eq!(status.as_u16(), 403);
    }
}

#[tokio::test]
async fn every_operation_refuses_bad_bodies_by_field_and_rule() {
    let world = World::new().await;
    let service = world.identity.service("user-service").token;
    let senders = Senders {
        tokens: &[&service],
        things: &[],
        bodies: &[("POST /api/v1/emails", mail("k1"))],
    };
    every_operation_refuses_bad_bodies(world.router.clone(), &world.openapi, senders).await;
}

#[tokio::test]
async fn a_mail_is_held_in_the_outbox_where_staff_read_it() {
    let world = World::new().await;
    let (status, email) = world.send(&mail("k1")).await;
    assert_eq!((status, &email["state"]), (201, &json!("held")));
    assert_eq!(email["subject"], "Please confirm your e-mail address");
    let text = email["text"].as_str().unwrap();
    assert!(text.contains("Hello Ann,") && text.contains("http://api.localhost/verify?token=x"));
    assert_eq!(world.get("/api/v1/emails").await["emails"], json!([email]));
    assert_eq!(world.get("/api/v1/emails?to=Ann@example.com").await["emails"], json!([email]));
    assert_eq!(world.get("/api/v1/emails?to=bob@example.com").await["emails"], json!([]));
}

#[tokio::test]
async fn the_same_key_makes_one_mail() {
    let world = World::new().await;
    let (_, first) = world.send(&mail("k1")).await;
    let mut other = mail("k1");
    other["variables"]["name"] = json!("Bob");
    assert_eq!(world.send(&other).await, (200, first));
    assert_eq!(world.send(&mail("k2")).await.0, 201);
    assert_eq!(world.get("/api/v1/emails").await["emails"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_mails_are_refused_with_the_field_and_the_rule() {
    let world = World::new().await;
    let cases = [
        ("/to", json!("nobody"), "to"),
        ("/template", json!("'; drop table emails"), "template"),
        ("/key", json!(""), "key"),
        ("/key", json!("x".repeat(300)), "key"),
        ("/key", json!("a\u{0}b"), "key"),
        ("/variables/name", json!("a\r\nBcc: all@example.com"), "variables.name"),
        ("/variables/name", json!(7), "variables.name"),
    ];
    for (pointer, value, field) in cases {
        let mut body = mail("k1");
        *body.pointer_mut(pointer).unwrap() = value;
        let (status, answer) = world.send(&body).await;
        assert_eq!(status, 422, "{answer}");
        assert_eq!(answer["error"]["details"][0]["field"], field, "{answer}");
    }
    assert_eq!(world.get("/api/v1/emails").await["emails"], json!([]));
}

#[tokio::test]
async fn staff_read_the_templates() {
    let templates = World::new().await.get("/api/v1/templates").await;
    let names: Vec<_> =
        templates["templates"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
    assert!(names.contains(&&json!("instance_ready")), "{names:?}");
}

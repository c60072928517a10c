//! How often something may be tried, and that nobody learns by it who is known.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use user_service::Options;

use crate::world::{World, registration};

const ANN: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery";

/// A path that is counted, and what is sent there for an address of mail.
type Door = (&'static str, fn(&str) -> Value);

const DOORS: [Door; 4] = [
    ("/auth/login", |email| json!({"email": email, "password": "a wrong password"})),
    ("/auth/register", |email| registration(email, "another password")),
    ("/auth/password-reset", |email| json!({ "email": email })),
    ("/auth/resend-verification", |email| json!({ "email": email })),
];

fn strict(most: i32) -> Options {
    Options { login_tries: most, mail_asks: most, ..Options::default() }
}

/// What a visitor at an address is answered: the status, after how many seconds to come again, and the body.
async fn ask(world: &World, from: &str, path: &str, body: &Value) -> (u16, Option<u32>, Value) {
    let request = Request::post(path)
        .header("x-forwarded-for", from)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = world.router.clone().oneshot(request).await.unwrap();
    let again = answer.headers().get(header::RETRY_AFTER);
    let again = again.map(|value| value.to_str().unwrap().parse().unwrap());
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, again, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_door_is_limited_for_an_account_from_one_place() {
    for (path, body) in DOORS {
        let world = World::with(strict(2)).await;
        world.member(ANN, PASSWORD).await;
        for email in [ANN, "unknown@example.com"] {
            let body = body(email);
            for _ in 0..2 {
                let status = ask(&world, "192.0.2.1", path, &body).await.0;
                assert_ne!(status, 429, "{path} {email}");
            }
            let (status, again, answer) = ask(&world, "192.0.2.1", path, &body).await;
            assert_eq!((status, &answer["error"]["code"]), (429, &json!("too_many_requests")));
            assert!(again.is_some_and(|seconds| (890..=900).contains(&seconds)), "{again:?}");
            let elsewhere = ask(&world, "192.0.2.2", path, &body).await.0;
            assert_ne!(elsewhere, 429, "{path} {email}: its owner is elsewhere");
        }
    }
}

#[tokio::test]
async fn an_account_is_limited_from_all_places_together() {
    for ((path, body), most) in DOORS.into_iter().zip([10, 3, 3, 3]) {
        let world = World::with(strict(1)).await;
        for number in 0..most {
            let from = format!("198.51.100.{number}");
            assert_ne!(ask(&world, &from, path, &body(ANN)).await.0, 429, "{path} {number}");
        }
        assert_eq!(ask(&world, "192.0.2.9", path, &body(ANN)).await.0, 429, "{path}");
        assert_ne!(ask(&world, "192.0.2.9", path, &body("bob@example.com")).await.0, 429);
    }
}

#[tokio::test]
async fn a_place_is_limited_for_all_accounts_together() {
    for (path, body) in DOORS {
        let world = World::with(strict(1)).await;
        for number in 0..10 {
            let body = body(&format!("u{number}@example.com"));
            // One who has a network of IPv6 has many addresses.
            let from = format!("2001:db8::{number:x}");
            assert_ne!(ask(&world, &from, path, &body).await.0, 429, "{path} {number}");
        }
        let body = body(ANN);
        assert_eq!(ask(&world, "2001:db8::ffff", path, &body).await.0, 429, "{path}");
        assert_ne!(ask(&world, "2001:db8:0:1::1", path, &body).await.0, 429, "{path}");
    }
}

#[tokio::test]
async fn log_ins_that_work_use_nothing_up() {
    let world = World::with(strict(2)).await;
    world.member(ANN, PASSWORD).await;
    let right = json!({"email": ANN, "password": PASSWORD});
    for _ in 0..22 {
        assert_eq!(ask(&world, "192.0.2.1", "/auth/login", &right).await.0, 200);
    }
}

/// As the processes of a larger installation: they share the database and nothing else.
#[tokio::test]
async fn two_processes_count_together() {
    let world = World::with(strict(2)).await;
    let other = user_service::service(world.context.clone()).into_router();
    let body = json!({"email": ANN, "password": "a wrong password"});
    for router in [&world.router, &other] {
        let path = "/auth/login";
        let answer = api::test::request(router, "POST", path, None, Some(&body)).await;
        assert_eq!(answer.0.as_u16(), 401);
    }
    assert_eq!(ask(&world, "", "/auth/login", &body).await.0, 429);
}

#[tokio::test]
async fn known_and_unknown_accounts_are_answered_alike_and_in_the_same_time() {
    let world = World::with(strict(1000)).await;
    world.member(ANN, PASSWORD).await;
    for (path, body) in DOORS {
        let known = body(ANN);
        let mut times = [Vec::new(), Vec::new()];
        for number in 0..7 {
            let unknown = body(&format!("u{number}@example.com"));
            let begun = Instant::now();
            let to_known = ask(&world, "192.0.2.1", path, &known).await;
            let between = Instant::now();
            let to_unknown = ask(&world, "192.0.2.1", path, &unknown).await;
            times[0].push(between - begun);
            times[1].push(between.elapsed());
            assert_eq!(to_known, to_unknown, "{path}");
        }
        let [known, unknown] = times.map(median);
        let ratio = known.as_secs_f64() / unknown.as_secs_f64();
        assert!((0.6..1.7).contains(&ratio), "{path}: {known:?} and {unknown:?}");
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

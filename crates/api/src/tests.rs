use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use identity::{Subject, TokenKey};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vocabulary::{CustomerId, InstanceId, MemberId, StaffId, Subdomain};

use crate::test::{
    Senders, Stranger, every_operation_refuses_a_stranger, every_operation_refuses_bad_bodies,
    every_operation_refuses_nobody,
};
use crate::{
    ApiError, ApiResult, Caller, CustomerOrStaff, Json, Path, Query, ServiceServer, Staff,
};

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    subdomain: Subdomain,
    parts: Vec<Part>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    size: u8,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    #[serde(default)]
    limit: Option<u8>,
}

/// Says who asks.
#[utoipa::path(get, path = "/me", responses((status = 200)))]
async fn me(caller: Caller) -> Json<Value> {
    Json(json!({ "me": caller.to_string() }))
}

/// Makes a thing.
#[utoipa::path(post, path = "/things", responses((status = 201)))]
async fn make(_: Staff, Json(thing): Json<Thing>) -> (StatusCode, Json<Thing>) {
    (StatusCode::CREATED, Json(thing))
}

/// Reads a thing.
#[utoipa::path(get, path = "/things/{id}", params(("id" = InstanceId, Path)), responses((status = 200)))]
async fn read(
    _: CustomerOrStaff,
    Path(_id): Path<InstanceId>,
    Query(page): Query<Page>,
) -> ApiResult<Json<Value>> {
    match page.limit {
        Some(0) => panic!("no page at all"),
        Some(1) => Err(sqlx::Error::PoolTimedOut.into()),
        Some(2) => Err(anyhow::anyhow!("the secret cause").context("reading").into()),
        _ => Err(ApiError::NotFound),
    }
}

struct World {
    key: TokenKey,
    router: axum::Router,
    openapi: utoipa::openapi::OpenApi,
}

impl World {
    fn new() -> Self {
        let key = TokenKey::generate();
        let routes = OpenApiRouter::default()
            .routes(routes!(me))
            .routes(routes!(make))
            .routes(routes!(read));
        let service = ServiceServer::new("test-service", routes, key.verifier());
        let openapi = service.openapi().clone();
        Self { key, router: service.into_router(), openapi }
    }

    fn token(&self, subject: &Subject) -> String {
        self.key.issue(subject, Duration::from_secs(60)).expose_secret().to_owned()
    }

    fn staff(&self) -> String {
        let email = "ann@example.com".parse().unwrap();
        self.token(&Subject::Staff { staff: StaffId::new(), email })
    }

    fn customer(&self) -> String {
        let email = "bob@example.com".parse().unwrap();
        let (customer, member) = (CustomerId::new(), MemberId::new());
        self.token(&Subject::Customer { customer, member, email })
    }

    async fn post(&self, body: &str) -> (u16, Value) {
        let request = Request::post("/things")
            .header("authorization", format!("Bearer {}", self.staff()))
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let (status, body) = crate::test::request(&self.router, "GET", path, token, None).await;
        (status.as_u16(), body)
    }
}

#[tokio::test]
async fn every_operation_refuses_nobody_here_too() {
    let world = World::new();
    every_operation_refuses_nobody(world.router, &world.openapi, &[]).await;
}

#[tokio::test]
async fn every_operation_refuses_a_stranger_here_too() {
    let world = World::new();
    let stranger = Stranger {
        token: &world.customer(),
        things: &[("id", InstanceId::new().to_string())],
        bodies: &[],
        queries: &[],
        open: &[],
    };
    every_operation_refuses_a_stranger(world.router.clone(), &world.openapi, stranger).await;
}

#[tokio::test]
async fn a_caller_of_the_wrong_kind_is_forbidden() {
    let world = World::new();
    let body = json!({});
    let token = world.customer();
    let path = "/things";
    let (status, answer) =
        crate::test::request(&world.router, "POST", path, Some(&token), Some(&body)).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (403, &json!("forbidden")));
    let (_, answer) = world.get("/me", Some(&token)).await;
    assert_eq!(answer, json!({"me": "customer bob@example.com"}));
}

#[tokio::test]
async fn a_body_that_breaks_a_rule_is_answered_with_the_field_and_the_rule() {
    let world = World::new();
    let mut answers = Vec::new();
    for body in [
        r#"{"subdomain": "a b", "parts": []}"#,
        r#"{"subdomain": "abc"}"#,
        r#"{"subdomain": "abc", "parts": [{"size": 1}, {"size": 300}]}"#,
        r#"{"subdomain": "abc", "parts": [{"size": 1, "weight": 2}]}"#,
        r#"{"subdomain": 7, "parts": []}"#,
        "[",
        "hello",
        r#"{"subdomain": "abc", "parts": []} {}"#,
    ] {
        let (status, answer) = world.post(body).await;
        answers.push(match answer["error"]["details"].get(0) {
            Some(detail) => format!("{status} {} | {}", detail["field"], detail["rule"]),
            None => {
                format!("{status} {} | {}", answer["error"]["code"], answer["error"]["message"])
            }
        });
    }
    insta::assert_snapshot!(answers.join("\n"), @r#"
    422 "subdomain" | "a subdomain has 3 to 50 letters, digits and hyphens, with no hyphen at either end"
    422 "parts" | "is needed"
    422 "parts[1].size" | "invalid value: integer `300`, expected u8"
    422 "parts[0].weight" | "is not a field of this"
    422 "subdomain" | "invalid type: integer `7`, expected a string"
    422 "" | "the body is an object and no list"
    400 "malformed" | "the body is not JSON: expected value"
    400 "malformed" | "the body is more than one JSON value"
    "#);
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let (status, answer) = World::new().post(&" ".repeat((1 << 20) + 1)).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!("too_large")));
}

#[tokio::test]
async fn paths_and_queries_are_answered_in_our_format_too() {
    let world = World::new();
    let token = world.staff();
    let id = InstanceId::new();
    let mut answers = Vec::new();
    for path in [
        "/things/hello".to_owned(),
        format!("/things/{id}?limit=x"),
        format!("/things/{id}?colour=red"),
        format!("/things/{id}"),
        "/nowhere".to_owned(),
        "/things".to_owned(),
    ] {
        let (status, answer) = world.get(&path, Some(&token)).await;
        let error = &answer["error"];
        answers.push(format!("{status} {} | {}", error["code"], error["message"]));
    }
    insta::assert_snapshot!(answers.join("\n"), @r#"
    422 "invalid" | "id: Cannot parse `id` with value `hello`: UUID parsing failed: invalid character: found `h` at 0"
    422 "invalid" | "limit: invalid digit found in string"
    422 "invalid" | "colour: is not a field of this"
    404 "not_found" | "there is no such thing"
    404 "not_found" | "there is no such thing"
    405 "method_not_allowed" | "this path does not know this method"
    "#);
}

#[tokio::test]
async fn our_faults_show_no_cause() {
    let world = World::new();
    let token = world.staff();
    let id = InstanceId::new();
    for (limit, expected) in [(0, 500), (1, 503), (2, 500)] {
        let (status, answer) =
            world.get(&format!("/things/{id}?limit={limit}"), Some(&token)).await;
        assert_eq!(status, expected);
        let text = answer.to_string();
        assert!(!text.contains("secret") && !text.contains("no page"), "{text}");
    }
}

#[tokio::test]
async fn every_service_has_its_common_routes() {
    let world = World::new();
    assert_eq!(world.get("/health", None).await.0, 200);
    assert_eq!(world.get("/ready", None).await.0, 200);
    assert_eq!(world.get("/openapi.json", None).await.1["info"]["title"], "test-service");
    for (path, part) in [("/metrics", "http_requests_total"), ("/docs", "Makes a thing.")] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = world.router.clone().oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(part), "{path}");
    }
}

#[tokio::test]
async fn a_correlation_id_comes_back_and_a_bad_one_is_replaced() {
    let world = World::new();
    for (sent, same) in [("0199a1b2-0000-7000-8000-000000000001", true), ("'; drop table", false)] {
        let request = Request::get("/health").header("x-correlation-id", sent);
        let request = request.body(Body::empty()).unwrap();
        let response = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-correlation-id"] == sent, same);
    }
}

#[tokio::test]
async fn a_server_stops_when_it_is_told_to() {
    let key = TokenKey::generate();
    let service = ServiceServer::new("test-service", OpenApiRouter::default(), key.verifier());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    crate::serve(listener, service, stop).await.unwrap();
}

#[test]
fn the_document_says_who_is_refused_and_why() {
    let document = serde_json::to_value(World::new().openapi).unwrap();
    let answers = |path: &str, method: &str| -> Vec<String> {
        let answers = &document["paths"][path][method]["responses"];
        answers.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(answers("/me", "get"), ["200", "400", "401", "403", "503"]);
    assert_eq!(
        answers("/things", "post"),
        ["201", "400", "401", "403", "404", "413", "415", "422", "503"]
    );
    let refused = &document["paths"]["/things"]["post"]["responses"]["422"];
    let schema = &refused["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/ErrorBody");
    assert!(document["components"]["schemas"]["FieldError"].is_object());
    assert_eq!(document["security"], json!([{"bearer": []}]));
}

#[tokio::test]
async fn a_word_of_the_wrong_type_is_said_by_its_field() {
    let world = World::new();
    let (status, answer) = world.post(r#"{"subdomain": 7, "parts": []}"#).await;
    assert_eq!((status, &answer["error"]["details"][0]["field"]), (422, &json!("subdomain")));
}

#[tokio::test]
async fn every_operation_refuses_bad_bodies_here_too() {
    let world = World::new();
    let senders = Senders {
        tokens: &[&world.customer(), &world.staff()],
        things: &[],
        bodies: &[("POST /things", json!({"subdomain": "demo", "parts": [{"size": 1}]}))],
    };
    every_operation_refuses_bad_bodies(world.router.clone(), &world.openapi, senders).await;
}

/// Whoever stands before a service uses its connections again: one that is closed with a part of a request still on
/// the way loses the answer.
#[tokio::test]
async fn a_request_that_is_refused_is_read_to_its_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = World::new().router;
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let body = vec![b' '; 900_000];
    let head = format!(
        "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream.write_all(&body).await.unwrap();
    let second = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(second).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 401"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200"), "{answers}");
}

//! Three tests that cover every route there will ever be: nobody gets in without a token, a stranger can't tell
//! somebody else's thing from one that does not exist, and a body that breaks a rule of the document is refused
//! with the field and the rule. Only for tests of services.

mod body;
mod spoiled;

pub use body::{Senders, every_operation_refuses_bad_bodies};

use std::collections::BTreeMap;

mod numbers;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

use crate::docs::operations;

pub use numbers::{Numbers, numbers};

/// Calls every operation of the document without a token and with a forged one, and expects 401; but for the
/// operations of `public`, written like `POST /auth/login`, which must exist and not answer 401.
///
/// # Panics
/// An operation lets nobody in, or refuses everybody although it is said to be public.
pub async fn every_operation_refuses_nobody(router: Router, openapi: &OpenApi, public: &[&str]) {
    let mut left: Vec<&str> = public.to_vec();
    for (method, path) in all(openapi) {
        let name = format!("{method} {path}");
        let is_public = left.iter().position(|entry| *entry == name).map(|at| left.remove(at));
        for token in [None, Some("v4.public.forged")] {
            let status = call(&router, method, &fill(&path, |_| "x".into()), token, None).await;
            if is_public.is_some() {
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{name} is not public");
            } else {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{name} with the token {token:?}");
            }
        }
    }
    assert!(left.is_empty(), "no such operations: {left:?}");
}

/// Somebody who owns nothing, and things of somebody else.
pub struct Stranger<'a> {
    /// The stranger's token.
    pub token: &'a str,
    /// Parameters of paths, by name: ids of things that exist and are somebody else's.
    pub things: &'a [(&'a str, String)],
    /// Bodies that are valid, by operation: `("PUT /things/{id}", json!({…}))`.
    pub bodies: &'a [(&'a str, Value)],
    /// Queries that are valid, by operation: `("DELETE /things/{id}", "confirm=x")`.
    pub queries: &'a [(&'a str, &'a str)],
    /// Operations that speak of no one's things although there is a parameter in their path.
    pub open: &'a [&'a str],
}

/// Calls every operation that has a parameter in its path as a stranger, once for a thing of somebody else and
/// once for one that does not exist: both must be answered with the same 403 or 404.
///
/// # Panics
/// A stranger learns that a thing exists, or gets it.
pub async fn every_operation_refuses_a_stranger(
    router: Router,
    openapi: &OpenApi,
    stranger: Stranger<'_>,
) {
    let bodies: BTreeMap<_, _> = stranger.bodies.iter().cloned().collect();
    let queries: BTreeMap<_, _> = stranger.queries.iter().copied().collect();
    let things: BTreeMap<_, _> = stranger.things.iter().cloned().collect();
    for (method, path) in all(openapi) {
        let name = format!("{method} {path}");
        if !path.contains('{') || stranger.open.contains(&name.as_str()) {
            continue;
        }
        let query = queries.get(name.as_str()).map(|q| format!("?{q}")).unwrap_or_default();
        let existing = fill(&path, |parameter| {
            let thing = things.get(parameter);
            thing.unwrap_or_else(|| panic!("{name}: say what {{{parameter}}} is")).clone()
        });
        let missing = fill(&path, |_| Uuid::now_v7().to_string());
        let body = bodies.get(name.as_str());
        let token = Some(stranger.token);
        let theirs = request(&router, method, &format!("{existing}{query}"), token, body).await;
        let nothing = request(&router, method, &format!("{missing}{query}"), token, body).await;
        assert!(
            matches!(theirs.0, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN),
            "{name} answers a stranger with {theirs:?}"
        );
        assert_eq!(theirs, nothing, "{name}: a stranger can tell whether a thing exists");
    }
}

/// One request with a JSON body, or none; the answer with its body as JSON (null where there is none).
///
/// # Panics
/// The answer is no JSON.
pub async fn request(
    router: &Router,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> (StatusCode, Value) {
    let response = send(router, method, path, token, body).await;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the answer has an end");
    let json = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| panic!("{method} {path}: {}", String::from_utf8_lossy(&bytes)))
    };
    (status, json)
}

async fn call(
    router: &Router,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> StatusCode {
    send(router, method, path, token, body).await.status()
}

async fn send(
    router: &Router,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request.body(body).expect("a request of these parts");
    router.clone().oneshot(request).await.expect("a router always answers")
}

fn all(openapi: &OpenApi) -> Vec<(&'static str, String)> {
    let paths = openapi.paths.paths.iter();
    paths
        .flat_map(|(path, item)| {
            operations(item).into_iter().map(move |(method, _)| (method, path.clone()))
        })
        .collect()
}

/// A path with its parameters filled in.
fn fill(path: &str, with: impl Fn(&str) -> String) -> String {
    let part = |part: &str| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        Some(parameter) => with(parameter),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

//! Bodies that break a rule, for every operation that takes one.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;

use super::spoiled::{Spoiled, spoil};
use super::{all, fill, request};

/// Who may send bodies, and bodies that are right.
pub struct Senders<'a> {
    /// Tokens; each operation is called with the first that it lets in.
    pub tokens: &'a [&'a str],
    /// Parameters of paths, by name: ids of things that exist and may be spoken of.
    pub things: &'a [(&'a str, String)],
    /// A body that is right, for each operation that takes one: `("PUT /things/{id}", json!({…}))`.
    pub bodies: &'a [(&'a str, Value)],
}

/// Sends every operation every body that the document forbids: without a needed field, with one too many, with
/// values of other types, too long, too large or out of their range; and what is no JSON at all.
///
/// # Panics
/// A body is taken, or refused without saying which field breaks which rule.
pub async fn every_operation_refuses_bad_bodies(
    router: Router,
    openapi: &OpenApi,
    senders: Senders<'_>,
) {
    let document = serde_json::to_value(openapi).expect("a document is plain data");
    let bodies: BTreeMap<_, _> = senders.bodies.iter().cloned().collect();
    let mut left: Vec<&str> = bodies.keys().copied().collect();
    for (method, path) in all(openapi) {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema")
        else {
            continue;
        };
        let name = format!("{method} {path}");
        left.retain(|entry| *entry != name);
        let right = bodies.get(name.as_str());
        let right = right.unwrap_or_else(|| panic!("{name}: say what a right body is"));
        let target = Target { router: &router, senders: &senders, method, path: &path };
        for spoiled in spoil(&document["components"]["schemas"], schema, right) {
            target.refuses(&name, &spoiled).await;
        }
        target.refuses_what_is_no_body(&name).await;
    }
    assert!(left.is_empty(), "no such operations: {left:?}");
}

struct Target<'a> {
    router: &'a Router,
    senders: &'a Senders<'a>,
    method: &'a str,
    path: &'a str,
}

impl Target<'_> {
    async fn refuses(&self, name: &str, Spoiled { how, field, body }: &Spoiled) {
        let path = self.filled();
        for token in self.senders.tokens {
            let (status, answer) =
                request(self.router, self.method, &path, Some(token), Some(body)).await;
            if status == StatusCode::FORBIDDEN {
                continue;
            }
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}, {how}: {answer}");
            let broken = answer["error"]["details"].as_array().cloned().unwrap_or_default();
            let is_named = broken.iter().any(|rule| {
                rule["field"] == **field
                    && rule["rule"].as_str().is_some_and(|text| !text.is_empty())
            });
            assert!(is_named, "{name}, {how}: {field} is not named in {answer}");
            return;
        }
        panic!("{name} lets nobody in");
    }

    async fn refuses_what_is_no_body(&self, name: &str) {
        let long = json!({ "x": "x".repeat(2 << 20) }).to_string();
        let deep = "[".repeat(100_000);
        for (kind, body, status) in [
            ("application/json", "", StatusCode::BAD_REQUEST),
            ("application/json", "{", StatusCode::BAD_REQUEST),
            ("application/json", "{} {}", StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", &deep, StatusCode::BAD_REQUEST),
            ("application/json", "7", StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", "null", StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", "[]", StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", &long, StatusCode::PAYLOAD_TOO_LARGE),
            ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            let start: String = body.chars().take(20).collect();
            let answered = self.raw(kind, body).await;
            let is_expected = answered == status
                // Which of the two it breaks first is nobody's concern.
                || (status != StatusCode::PAYLOAD_TOO_LARGE
                    && status != StatusCode::UNSUPPORTED_MEDIA_TYPE
                    && matches!(answered.as_u16(), 400 | 422));
            assert!(is_expected, "{name} answers {kind} {start} with {answered}");
        }
    }

    async fn raw(&self, kind: &str, body: &str) -> StatusCode {
        for token in self.senders.tokens {
            let request = Request::builder()
                .method(self.method)
                .uri(self.filled())
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from(body.to_owned()))
                .expect("a request of these parts");
            let answer = self.router.clone().oneshot(request).await;
            let status = answer.expect("a router always answers").status();
            if status != StatusCode::FORBIDDEN {
                return status;
            }
        }
        StatusCode::FORBIDDEN
    }

    fn filled(&self) -> String {
        let things: BTreeMap<_, _> = self.senders.things.iter().cloned().collect();
        fill(self.path, |parameter| {
            let thing = things.get(parameter);
            thing.unwrap_or_else(|| panic!("{}: say what {{{parameter}}} is", self.path)).clone()
        })
    }
}

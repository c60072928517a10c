use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use identity::{Subject, TokenKey};
use serde_json::{Value, json};
use vocabulary::CorrelationId;

use super::*;

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/")
}

async fn headers(headers: HeaderMap) -> axum::Json<Value> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    axum::Json(json!({ "bearer": text("authorization"), "id": text("x-correlation-id") }))
}

#[tokio::test]
async fn a_call_carries_a_service_token_and_the_correlation_id() {
    let key = TokenKey::generate();
    let url = serve(Router::new().route("/a/b", get(headers))).await;
    let client = Client::new(url, Bearer::Service { key: key.clone(), name: "x-service" });
    let id = CorrelationId::new();
    let answer: Value = correlation::scope(id, client.get("/a/b")).await.unwrap();
    assert_eq!(answer["id"], id.to_string());
    let token = answer["bearer"].as_str().unwrap().strip_prefix("Bearer ").unwrap();
    let claims = key.verifier().verify(token).unwrap();
    assert_eq!(claims.subject, Subject::Service { name: "x-service".to_owned() });
    let again: Value = client.get("/a/b").await.unwrap();
    assert_eq!(again["bearer"], answer["bearer"], "a young token is used again");
}

#[tokio::test]
async fn a_refusal_says_what_the_other_side_said() {
    let refuse = || async {
        let body = json!({"error": {"code": "taken", "message": "it is taken"}});
        (StatusCode::CONFLICT, axum::Json(body))
    };
    let router = Router::new().route("/ours", post(refuse)).route("/empty", get(|| async {}));
    let client = Client::new(serve(router).await, Bearer::Nobody);
    let error = client.post::<Value, _>("/ours", &json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "refused with status 409, taken: it is taken");
    let error = client.get::<Value>("/nowhere").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    client.get::<()>("/empty").await.unwrap();
    assert!(matches!(client.get::<u32>("/empty").await, Err(CallError::Malformed(_))));
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(format!("http://{address}"), Bearer::Nobody);
    let error = client.post::<Value, _>("/x", &json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_asked_for_twice() {
    let count = Arc::new(AtomicUsize::new(0));
    let calls = count.clone();
    let slow = move || async move {
        calls.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    };
    let url = serve(Router::new().route("/slow", get(slow))).await;
    let client = Client::new(url, Bearer::Nobody).with_timeout(Duration::from_millis(100));
    assert!(matches!(client.get::<Value>("/slow").await, Err(CallError::TooLate)));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn events_come_one_by_one() {
    let body = "event: table\ndata: {\"a\":1}\n\nevent: route\nid: 3\ndata: 2\n\n";
    let url = serve(Router::new().route("/e", get(move || async move { body }))).await;
    let mut events = Client::new(url, Bearer::Nobody).events("/e", Some("2")).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().json::<Value>().unwrap()["a"], 1);
    assert_eq!(events.next().await.unwrap().unwrap().id.as_deref(), Some("3"));
    assert_eq!(events.next().await.unwrap(), None);
}

//! A user-service on databases of its own, beside a notification-service that keeps what it is sent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use contract::client::{Bearer, Client, NotificationClient};
use contract::notification::SendEmail;
use serde_json::{Value, json};
use testkit::{Identity, Platform};
use user_service::{Context, Options};

/// Has what it was sent, once for each key; refuses everything while it is down.
#[derive(Clone, Default)]
pub(crate) struct FakeNotification {
    mails: Arc<Mutex<BTreeMap<String, SendEmail>>>,
    is_down: Arc<AtomicBool>,
}

pub(crate) struct World {
    pub(crate) context: Context,
    pub(crate) identity: Identity,
    pub(crate) notification: FakeNotification,
    pub(crate) router: Router,
    pub(crate) openapi: utoipa::openapi::OpenApi,
    _platform: Platform,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let platform = Platform::new().await;
        let identity = testkit::identity();
        let notification = FakeNotification::default();
        let bearer = Bearer::Service { key: identity.key.clone(), name: user_service::NAME };
        let client = NotificationClient(Client::new(notification.serve().await, bearer));
        let pool = platform.pool("auth_service");
        let context = Context::new(pool, identity.key.clone(), client, options);
        let service = user_service::service(context.clone());
        let openapi = service.openapi().clone();
        let router = service.into_router();
        Self { context, identity, notification, router, openapi, _platform: platform }
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let (status, answer) =
            api::test::request(&self.router, method, path, token, body.as_ref()).await;
        (status.as_u16(), answer)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, None, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        self.call("GET", path, Some(token), None).await
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> (u16, Value) {
        self.post("/auth/register", registration(email, password)).await
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> (u16, Value) {
        self.post("/auth/login", json!({"email": email, "password": password})).await
    }

    /// A member who may log in with this password; the token of a first log-in.
    pub(crate) async fn member(&self, email: &str, password: &str) -> String {
        assert_eq!(self.register(email, password).await.0, 201);
        let token = self.link_to(email).await;
        assert_eq!(self.post("/auth/verify-email", json!({ "token": token })).await.0, 200);
        let (status, answer) = self.log_in(email, password).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The mails to this address, oldest first.
    pub(crate) async fn mails_to(&self, email: &str) -> Vec<SendEmail> {
        user_service::deliver_due(&self.context).await.unwrap();
        let mails = self.notification.mails.lock().unwrap();
        let mut mails: Vec<_> =
            mails.values().filter(|mail| mail.to.as_str() == email).cloned().collect();
        mails.sort_by_key(|mail| mail.key.rsplit_once(':').unwrap().1.to_owned());
        mails
    }

    /// The secret of the newest link that was sent to this address.
    pub(crate) async fn link_to(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let link = &mails.last().expect("a mail").variables["link"];
        link.split_once("?token=").expect("a link with a token").1.to_owned()
    }

    /// What happened, as `action: outcome`, oldest first.
    pub(crate) async fn audit(&self) -> Vec<String> {
        sqlx::query_scalar!(
            r#"select action || ' by ' || actor || ': ' || outcome as "entry!" from user_audit order by id"#
        )
        .fetch_all(&self.context.pool)
        .await
        .unwrap()
    }
}

pub(crate) fn registration(email: &str, password: &str) -> Value {
    json!({
        "email": email, "password": password, "first_name": "Ann", "last_name": "Smith", "accept_terms": true
    })
}

impl FakeNotification {
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    async fn serve(&self) -> String {
        let router = Router::new().route("/api/v1/emails", post(receive)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}")
    }
}

async fn receive(
    State(fake): State<FakeNotification>,
    Json(mail): Json<SendEmail>,
) -> (StatusCode, Json<Value>) {
    if fake.is_down.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    fake.mails.lock().unwrap().insert(mail.key.clone(), mail.clone());
    (
        StatusCode::CREATED,
        Json(json!({
            "id": "0199a1b2-0000-7000-8000-000000000001", "to": mail.to, "subject": "s", "text": "t",
            "state": "held", "created_at": "2026-01-01T00:00:00Z"
        })),
    )
}

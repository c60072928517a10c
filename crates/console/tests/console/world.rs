//! A console with everything that stands behind it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use console::{Context, Services};
use identity::{Subject, TokenKey};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;
use vocabulary::{CustomerId, MemberId, StaffId};

/// A console and its services.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) services: Behind,
    key: TokenKey,
}

/// What the services have, and what they were asked to do.
#[derive(Clone)]
pub(crate) struct Behind {
    pub(crate) instances: Arc<Mutex<Vec<Value>>>,
    pub(crate) servers: Arc<Mutex<Vec<Value>>>,
    pub(crate) invoices: Arc<Mutex<Vec<Value>>>,
    pub(crate) acts: Arc<Mutex<Vec<String>>>,
    /// Where those came from who have logged in.
    pub(crate) visitors: Arc<Mutex<Vec<String>>>,
    /// A status with which all services refuse.
    pub(crate) refusal: Arc<Mutex<Option<StatusCode>>>,
    key: TokenKey,
}

impl World {
    pub(crate) async fn new() -> Self {
        let key = TokenKey::generate();
        let services = Behind {
            instances: Arc::default(),
            servers: Arc::default(),
            invoices: Arc::default(),
            acts: Arc::default(),
            visitors: Arc::default(),
            refusal: Arc::default(),
            key: key.clone(),
        };
        let url = serve(services.clone()).await;
        let all = Services {
            user: url.clone(),
            instance: url.clone(),
            billing: url.clone(),
            database: url,
        };
        let router = console::service(Context::new(all, key.verifier())).into_router();
        Self { router, services, key }
    }

    pub(crate) fn customer(&self) -> String {
        cookie(&customer(&self.key))
    }

    pub(crate) fn staff(&self) -> String {
        let subject =
            Subject::Staff { staff: StaffId::new(), email: "sam@host.example".parse().unwrap() };
        cookie(self.key.issue(&subject, Duration::from_secs(60)).expose_secret())
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Response {
        self.ask(Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        cookie: &str,
        origin: &str,
        form: &str,
    ) -> Response {
        let request = Request::post(path)
            .header("host", "app.localhost:8080")
            .header("origin", origin)
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }
}

pub(crate) const HERE: &str = "http://app.localhost:8080";

/// The page as text.
pub(crate) async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn instance(name: &str, status: &str, sentence: &str) -> Value {
    let now = Utc::now();
    json!({
        "id": uuid(name), "customer_id": uuid("c"), "subscription_id": uuid("s"), "name": name,
        "subdomain": name.to_lowercase(), "url": format!("http://{}.localhost:8080", name.to_lowercase()),
        "odoo_version": "19.0", "status": status, "status_text": sentence, "plan_name": "basic-monthly",
        "db_type": "shared", "admin_email": "ann@shop.example", "created_at": now, "updated_at": now,
    })
}

pub(crate) fn server(name: &str, used: i64) -> Value {
    json!({
        "id": uuid(name), "name": name, "server_type": "shared", "status": "active", "health_status": "healthy",
        "current_instances": used, "max_instances": 50, "capacity_percentage": "24.0", "stock": 3,
        "cpu_limit": "2", "memory_limit": "4G", "created_at": Utc::now(),
    })
}

pub(crate) fn invoice(number: i64, balance: &str) -> Value {
    let item = json!({"subscription_id": uuid("s"), "plan_name": "basic-monthly", "kind": "RECURRING",
        "start": "2026-11-01", "end": "2026-12-01", "amount": "5.00"});
    json!({"id": uuid("i"), "number": number, "customer_id": uuid("c"), "date": "2026-11-01", "currency": "USD",
        "amount": "5.00", "balance": balance, "items": [item]})
}

/// The same id for the same name.
pub(crate) fn uuid(name: &str) -> String {
    let number = name.bytes().fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % (1 << 48));
    format!("019ab000-0000-7000-8000-{number:012x}")
}

fn customer(key: &TokenKey) -> String {
    let email = "ann@shop.example".parse().unwrap();
    let subject = Subject::Customer { customer: CustomerId::new(), member: MemberId::new(), email };
    key.issue(&subject, Duration::from_secs(60)).expose_secret().to_owned()
}

fn cookie(token: &str) -> String {
    format!("other=1; saasodoo_session={token}")
}

async fn serve(services: Behind) -> String {
    let router = Router::new()
        .route("/auth/login", post(log_in))
        .route("/auth/logout", post(|| async { Json(json!({"message": "bye"})) }))
        .route(
            "/api/v1/instances/",
            get(|State(it): State<Behind>, headers: HeaderMap| async move {
                it.list("instances", &it.instances, &headers)
            }),
        )
        .route("/api/v1/instances/{id}/actions", post(act))
        .route(
            "/api/database/admin/pools",
            get(|State(it): State<Behind>, headers: HeaderMap| async move {
                it.list("pools", &it.servers, &headers)
            }),
        )
        .route(
            "/api/billing/invoices",
            get(|State(it): State<Behind>, headers: HeaderMap| async move {
                it.list("invoices", &it.invoices, &headers)
            }),
        )
        .with_state(services);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

impl Behind {
    fn list(&self, name: &str, things: &Mutex<Vec<Value>>, headers: &HeaderMap) -> Response {
        if let Some(status) = *self.refusal.lock().unwrap() {
            return error(status, "the service refuses");
        }
        let token =
            headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        assert!(self.key.verifier().verify(&token).is_ok(), "the caller's own token is passed on");
        let things = things.lock().unwrap();
        Json(json!({ name: things.clone(), "total_count": things.len() })).into_response()
    }
}

async fn log_in(
    State(it): State<Behind>,
    headers: HeaderMap,
    Json(login): Json<Value>,
) -> Response {
    if let Some(visitor) = headers.get("x-forwarded-for") {
        it.visitors.lock().unwrap().push(visitor.to_str().unwrap().to_owned());
    }
    match login["password"].as_str().unwrap() {
        "correct horse" => {
            let expires_at: DateTime<Utc> = Utc::now() + Duration::from_secs(60);
            let token = customer(&it.key);
            Json(json!({"access_token": token, "token_type": "bearer", "expires_at": expires_at, "kind": "customer"})).into_response()
        }
        "too often" => error(StatusCode::TOO_MANY_REQUESTS, "too many attempts: wait a minute"),
        _ => error(StatusCode::UNAUTHORIZED, "wrong"),
    }
}

async fn act(
    State(it): State<Behind>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    let action = body["action"].as_str().unwrap().to_owned();
    if action == "restart" {
        return error(StatusCode::CONFLICT, "it is being backed up");
    }
    it.acts.lock().unwrap().push(format!("{action} {id}"));
    Json(instance("Shop", "stopping", "It is being stopped.")).into_response()
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"error": {"code": "code", "message": message}}))).into_response()
}

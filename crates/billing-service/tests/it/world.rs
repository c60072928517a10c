//! billing-service with its worker, on a database of its own, before an instance-service that is a fake.

use crate::fake::Fake;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use billing_engine::{Dunning, ManualClock};
use billing_service::{Context, Plans, QUEUE};
use chrono::TimeDelta;
use contract::client::{Bearer, Client, InstanceClient};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use testkit::{Holder, Identity, Platform, crash};
use tower::ServiceExt as _;
use vocabulary::{CustomerId, InstanceId, StaffId, Standing, StatusReason};
use work::{Faults, Pace, Worker};

pub(crate) struct World {
    pub(crate) context: Context,
    pub(crate) router: Router,
    pub(crate) fake: Fake,
    pub(crate) clock: ManualClock,
    pub(crate) identity: Identity,
    pub(crate) staff: Holder<StaffId>,
    pub(crate) pool: PgPool,
    _platform: Platform,
}

impl World {
    pub(crate) async fn new() -> Self {
        let platform = Platform::only("billing_service").await;
        let pool = platform.pool("billing_service");
        QUEUE.prepare(&pool).await.unwrap();
        let (fake, identity) = (Fake::default(), testkit::identity());
        let bearer = Bearer::Service { key: identity.key.clone(), name: "billing-service" };
        let instances = InstanceClient(Client::new(fake.serve().await, bearer));
        let clock = ManualClock::at("2026-01-15T10:00:00Z".parse().unwrap());
        let context = Context::with(
            pool.clone(),
            instances,
            identity.verifier(),
            Plans::load(None).unwrap(),
            Arc::new(clock.clone()),
            Dunning::default(),
        );
        context.prepare().await.unwrap();
        let router = billing_service::service(context.clone()).into_router();
        let staff = identity.staff();
        Self { context, router, fake, clock, identity, staff, pool, _platform: platform }
    }

    pub(crate) async fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let path = format!("/api/billing{path}");
        api::test::request(&self.router, method, &path, Some(token), body.as_ref()).await
    }

    pub(crate) async fn order(
        &self,
        token: &str,
        plan: &str,
        subdomain: &str,
    ) -> (StatusCode, Value) {
        let body = json!({"plan_name": plan, "subdomain": subdomain});
        self.call(token, "POST", "/instances", Some(body)).await
    }

    /// Orders, and expects that the order is taken.
    pub(crate) async fn ordered(
        &self,
        customer: &Holder<CustomerId>,
        plan: &str,
        subdomain: &str,
    ) -> (InstanceId, Value) {
        let (status, body) = self.order(&customer.token, plan, subdomain).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        (id(&body["instance_id"]), body)
    }

    pub(crate) async fn order_with_key(
        &self,
        token: &str,
        key: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let request = Request::post("/api/billing/instances")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Staff acts on a subscription.
    pub(crate) async fn act(&self, subscription: &Value, action: &str) -> (StatusCode, Value) {
        let path = format!("/subscriptions/{}/{action}", subscription.as_str().unwrap());
        self.call(&self.staff.token, "POST", &path, None).await
    }

    /// Staff records the payment of everything that a customer owes.
    pub(crate) async fn pay_everything(&self, customer: CustomerId) {
        let path = format!("/invoices?customer_id={customer}");
        let (_, body) = self.call(&self.staff.token, "GET", &path, None).await;
        for invoice in body["invoices"].as_array().unwrap() {
            if invoice["balance"] != "0.00" {
                let reference = format!("transfer for {}", invoice["number"]);
                let body = json!({"invoice_id": invoice["id"], "reference": reference});
                let (status, body) =
                    self.call(&self.staff.token, "POST", "/payments", Some(body)).await;
                assert_eq!(status, StatusCode::CREATED, "{body}");
            }
        }
    }

    pub(crate) fn worker(&self, faults: Faults) -> Worker {
        let pace = Pace {
            heartbeat: Duration::from_millis(100),
            closed: Duration::from_millis(300),
            silent: Duration::from_secs(1),
            first_retry: Duration::from_millis(50),
            last_retry: Duration::from_millis(200),
            poll: Duration::from_millis(200),
            ..Pace::default()
        };
        billing_service::worker(self.context.clone()).pace(pace).faults(faults)
    }

    /// Lets a worker run until it is so.
    pub(crate) async fn until(&self, faults: &Faults, is_done: impl AsyncFn() -> bool) {
        crash::run_until(faults, |faults| vec![self.worker(faults)], || is_done()).await.unwrap();
    }

    /// Lets a worker run until instance-service has been told that an instance stands so.
    pub(crate) async fn until_standing(
        &self,
        instance: InstanceId,
        standing: Standing,
        reason: Option<StatusReason>,
    ) {
        let is_so = async || self.fake.standing(instance) == Some((standing, reason));
        self.until(&Faults::none(), is_so).await;
    }

    pub(crate) fn days_pass(&self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

pub(crate) fn id(value: &Value) -> InstanceId {
    value.as_str().unwrap().parse().unwrap()
}

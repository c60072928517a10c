//! A world of its own for each test.

use std::sync::Arc;
use std::time::Duration;

use api::test::request;
use axum::Router;
use axum::http::StatusCode;
use contract::client::{Bearer, Client, DatabaseClient};
use contract::instance::{Instance, RouteTarget, Routes};
use instance_service::{Context, Options, QUEUE};
use runtime::WorkloadName;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::fake_runtime::FakeRuntime;
use testkit::{Holder, Identity, Platform};
use vault::Vault;
use vocabulary::{CustomerId, InstanceId, StaffId};
use work::{Faults, Worker};

use crate::database::FakeDatabases;
use crate::odoo_tables;

pub(crate) const BASE: &str = "/api/v1/instances";

pub(crate) struct World {
    pub(crate) context: Context,
    pub(crate) pool: PgPool,
    pub(crate) identity: Identity,
    pub(crate) ann: Holder<CustomerId>,
    pub(crate) staff: Holder<StaffId>,
    pub(crate) billing: Holder<String>,
    pub(crate) runtime: FakeRuntime,
    pub(crate) databases: FakeDatabases,
    pub(crate) router: Router,
    pub(crate) vault: Vault,
    _platform: Platform,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let platform = Platform::only("instance_service").await;
        let pool = platform.pool("instance_service");
        QUEUE.prepare(&pool).await.unwrap();
        let identity = testkit::identity();
        let runtime = FakeRuntime::new();
        runtime.on_job(|job| async move { odoo_tables::install(&job.database).await });
        let databases = FakeDatabases::start(platform.admin()).await;
        let vault = Vault::generate();
        let bearer = Bearer::Service { key: identity.key.clone(), name: "instance-worker" };
        let mut options = Options { concurrency: 4, ..Options::default() };
        change(&mut options);
        let context = Context::new(
            pool.clone(),
            identity.verifier(),
            vault.clone(),
            Arc::new(runtime.clone()),
            DatabaseClient(Client::new(databases.url.clone(), bearer)),
            options,
        );
        Self {
            router: instance_service::service(context.clone()).into_router(),
            ann: identity.customer(),
            staff: identity.staff(),
            billing: identity.service("billing-service"),
            context,
            pool,
            identity,
            runtime,
            databases,
            vault,
            _platform: platform,
        }
    }

    pub(crate) fn worker(&self, faults: Faults) -> Worker {
        instance_service::worker(self.context.clone()).faults(faults)
    }

    pub(crate) async fn settle(&self) {
        self.worker(Faults::none()).settle().await.unwrap();
    }

    /// Lets a worker and its hints run until something is so.
    pub(crate) async fn run_until<D: Future<Output = bool>>(&self, is_done: impl Fn() -> D) {
        let stop = tokio_util::sync::CancellationToken::new();
        let hints = tokio::spawn(instance_service::watch(self.context.clone(), stop.clone()));
        let workers = |faults| vec![self.worker(faults)];
        let faults = Faults::none();
        let done = testkit::crash::run_until(&faults, workers, is_done);
        tokio::time::timeout(Duration::from_secs(60), done).await.expect("it is done").unwrap();
        stop.cancel();
        hints.await.unwrap().unwrap();
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        request(&self.router, method, &format!("{BASE}{path}"), Some(token), body).await
    }

    /// Ann's entitlement with this version and standing.
    pub(crate) fn entitlement(&self, version: i64, standing: &str) -> Value {
        json!({
            "version": version,
            "customer_id": self.ann.id,
            "subscription_id": "0198c5a0-0000-7000-8000-000000000001",
            "plan_name": "basic-monthly",
            "standing": standing,
            "resources": {"db_type": "shared", "cpu_limit": "1.0", "memory_limit": "2G", "storage_limit": "10G"},
            "order": {
                "name": "Ann's Garden",
                "subdomain": "garden",
                "odoo_version": "19.0",
                "admin_email": "ann@example.com",
            },
        })
    }

    pub(crate) async fn entitle(&self, id: InstanceId, body: &Value) -> Value {
        let path = format!("/{id}/entitlement");
        let (status, answer) = self.ask(&self.billing.token, "PUT", &path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Ann's instance, which runs.
    pub(crate) async fn running(&self) -> InstanceId {
        let id = InstanceId::new();
        self.entitle(id, &self.entitlement(1, "trial")).await;
        self.settle().await;
        assert_eq!(self.status(id).await, "running");
        id
    }

    pub(crate) async fn shown(&self, id: InstanceId) -> Instance {
        let (status, answer) = self.ask(&self.ann.token, "GET", &format!("/{id}"), None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    pub(crate) async fn status(&self, id: InstanceId) -> String {
        let shown = self.shown(id).await;
        match shown.status_reason {
            Some(reason) => format!("{}, {reason}", shown.status),
            None => shown.status.to_string(),
        }
    }

    pub(crate) async fn act(
        &self,
        token: &str,
        id: InstanceId,
        action: &str,
    ) -> (StatusCode, Value) {
        let path = format!("/{id}/actions");
        self.ask(token, "POST", &path, Some(&json!({"action": action}))).await
    }

    pub(crate) async fn delete(&self, id: InstanceId) {
        let path = format!("/{id}?confirm=garden");
        let (status, answer) = self.ask(&self.ann.token, "DELETE", &path, None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    }

    pub(crate) async fn target(&self, id: InstanceId) -> Option<RouteTarget> {
        let (status, answer) = self.ask(&self.billing.token, "GET", "/admin/routes", None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let routes: Routes = serde_json::from_value(answer).unwrap();
        routes.routes.into_iter().find(|r| r.instance_id == id).map(|route| route.target)
    }

    /// What people were told, in order.
    pub(crate) async fn told(&self, id: InstanceId) -> Vec<String> {
        sqlx::query_scalar("select message from instance_events where instance_id = $1 order by id")
            .bind(id)
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// How often the reconciling of anything failed in a row.
    pub(crate) async fn tries(&self) -> i32 {
        let mut conn = self.pool.acquire().await.unwrap();
        let operations = QUEUE.operations(&mut conn, work::Which::UnderWay).await.unwrap();
        operations.iter().map(|operation| operation.tries).max().unwrap_or_default()
    }

    pub(crate) async fn audit(&self, id: InstanceId) -> Vec<String> {
        let sql = "select concat_ws(' ', actor, act, outcome) from instance_audit where instance_id = $1 order by id";
        sqlx::query_scalar(sql).bind(id).fetch_all(&self.pool).await.unwrap()
    }
}

pub(crate) fn odoo(id: InstanceId) -> WorkloadName {
    WorkloadName::new(format!("odoo-{id}"))
}

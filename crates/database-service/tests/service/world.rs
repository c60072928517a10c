//! A platform's database, a runtime with real servers, a worker and a router, all of one test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::test::request;
use axum::Router;
use axum::http::StatusCode;
use database_service::{Context, Options, QUEUE};
use runtime::{Runtime, WorkloadName};
use runtime_local::{LocalOptions, LocalRuntime};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool};
use tempfile::TempDir;
use testkit::{Identity, Platform};
use uuid::Uuid;
use vault::{Sealed, Vault};
use vocabulary::{CustomerId, InstanceId};
use work::{Faults, Worker};

use crate::odoo::QuickOdoo;

/// Everything that a test of this service needs. What it started ends with it.
pub(crate) struct World {
    pub(crate) context: Context,
    pub(crate) runtime: Arc<QuickOdoo>,
    pub(crate) router: Router,
    pub(crate) identity: Identity,
    pub(crate) pool: PgPool,
    _platform: Platform,
    _folder: TempDir,
}

/// Options in which nothing is made in advance, and servers are small.
pub(crate) fn lean() -> Options {
    let small = runtime::Limits {
        cpu: rust_decimal::Decimal::ONE.try_into().unwrap(),
        memory: "512M".parse().unwrap(),
    };
    Options {
        free_slots_low: 0,
        pool_size: 5,
        stock: 0,
        templates: Vec::new(),
        pool_limits: small,
        dedicated_limits: small,
        ..Options::default()
    }
}

/// The same, with a template on offer and two clones of it in stock.
pub(crate) fn stocked() -> Options {
    Options { stock: 2, templates: Options::default().templates, ..lean() }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(lean()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        tracing_subscriber::fmt().with_test_writer().with_env_filter("warn").try_init().ok();
        let platform = Platform::only("database_service").await;
        let pool = platform.pool("database_service");
        QUEUE.prepare(&pool).await.unwrap();
        let folder = tempfile::Builder::new().prefix("database-service-").tempdir().unwrap();
        let local = LocalOptions::new(folder.path(), folder.path().join("images"));
        let local = Arc::new(LocalRuntime::open(local).await.unwrap());
        let runtime = Arc::new(QuickOdoo { local, jobs: AtomicUsize::new(0) });
        let identity = testkit::identity();
        let context = Context::new(pool.clone(), Vault::generate(), options, identity.verifier());
        let router = database_service::service(context.clone()).into_router();
        Self { context, runtime, router, identity, pool, _platform: platform, _folder: folder }
    }

    /// A world with one active pool of this size.
    pub(crate) async fn with_pool(options: Options, size: u32) -> Self {
        let world = Self::with(options).await;
        world.make_pool(size).await;
        world
    }

    pub(crate) async fn make_pool(&self, size: u32) -> Value {
        let body = json!({"max_instances": size});
        let (status, answer) = self.staff("POST", "/admin/provision-pool", Some(body)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        self.settle().await;
        answer
    }

    pub(crate) fn worker(&self, faults: Faults) -> Worker {
        let runtime: Arc<dyn Runtime> = Arc::clone(&self.runtime) as Arc<dyn Runtime>;
        database_service::worker(&self.context, runtime, 8).faults(faults)
    }

    /// Lets the worker do everything that is due.
    pub(crate) async fn settle(&self) {
        self.worker(Faults::none()).settle().await.unwrap();
    }

    /// The same, with a crash where the faults say.
    pub(crate) async fn settle_with(&self, faults: &Faults) {
        testkit::crash::settle(faults, |faults| self.worker(faults)).await.unwrap();
    }

    pub(crate) async fn staff(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let path = format!("/api/database{path}");
        request(&self.router, method, &path, Some(&self.identity.staff().token), body.as_ref())
            .await
    }

    pub(crate) async fn service(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let path = format!("/api/database{path}");
        let token = self.identity.service("instance-service").token;
        request(&self.router, method, &path, Some(&token), body.as_ref()).await
    }

    /// Asks for a shared database, with what else the body says.
    pub(crate) async fn allocate(&self, tenant: &Tenant, more: Value) -> (StatusCode, Value) {
        let mut body = json!({"instance_id": tenant.instance, "customer_id": tenant.customer, "db_type": "shared"});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.service("POST", "/allocate", Some(body)).await
    }

    /// A database that is there.
    pub(crate) async fn allocated(&self, more: Value) -> (Tenant, Value) {
        let tenant = Tenant::new();
        let (status, answer) = self.allocate(&tenant, more).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        (tenant, answer)
    }

    pub(crate) async fn release(&self, tenant: &Tenant) -> StatusCode {
        self.service("DELETE", &format!("/allocations/{}", tenant.instance), None).await.0
    }

    pub(crate) async fn pools(&self) -> Vec<Value> {
        let (status, answer) = self.staff("GET", "/admin/pools", None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["pools"].as_array().unwrap().clone()
    }

    /// The only pool there is.
    pub(crate) async fn the_pool(&self) -> Value {
        let mut pools = self.pools().await;
        assert_eq!(pools.len(), 1, "{pools:?}");
        pools.remove(0)
    }

    /// The pool of this name.
    pub(crate) async fn the_pool_named(&self, name: &str) -> Value {
        self.pools().await.into_iter().find(|pool| pool["name"] == name).unwrap()
    }

    /// A session as the superuser of a server, in one of its databases.
    pub(crate) async fn superuser(&self, pool: &Value, database: &str) -> PgConnection {
        let id: Uuid = pool["id"].as_str().unwrap().parse().unwrap();
        let sealed: Vec<u8> =
            sqlx::query_scalar("select superuser_password from database.db_servers where id = $1")
                .bind(id)
                .fetch_one(&self.pool)
                .await
                .unwrap();
        let vault = &self.context.vault;
        let password = vault.open("db_servers", "superuser_password", id, &Sealed(sealed)).unwrap();
        let options = PgConnectOptions::new_without_pgpass()
            .host(pool["host"].as_str().unwrap())
            .port(u16::try_from(pool["port"].as_i64().unwrap()).unwrap())
            .username("postgres")
            .password(password.expose_secret())
            .database(database);
        PgConnection::connect_with(&options).await.unwrap()
    }

    /// What is really on a server: databases and roles of tenants, golden databases and builds.
    pub(crate) async fn on_server(&self, pool: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut session = self.superuser(pool, "postgres").await;
        let databases: Vec<String> = sqlx::query_scalar(
            "select datname::text from pg_database where datname not in ('postgres', 'template0', 'template1')",
        )
        .fetch_all(&mut session)
        .await
        .unwrap();
        let roles: Vec<String> = sqlx::query_scalar(
            "select rolname::text from pg_roles
              where rolname not in ('postgres', 'golden_owner') and rolname not like 'pg\\_%'",
        )
        .fetch_all(&mut session)
        .await
        .unwrap();
        (databases.into_iter().collect(), roles.into_iter().collect())
    }

    /// How many databases and roles of tenants are on the only pool.
    pub(crate) async fn counted(&self) -> (usize, usize) {
        let (databases, roles) = self.on_server(&self.the_pool().await).await;
        (databases.len(), roles.len())
    }

    /// Lets everything that waits for a time be due now.
    pub(crate) async fn hurry(&self) {
        sqlx::query(
            "update database_work._private_jobs set run_at = now() where locked_at is null",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }

    pub(crate) async fn stop_server(&self, pool: &Value) {
        let name = WorkloadName::new(pool["name"].as_str().unwrap());
        self.runtime.stop(&name).await.unwrap();
    }
}

impl Drop for World {
    /// Waits until the servers are gone: the process of the tests may end right after.
    fn drop(&mut self) {
        let local = Arc::clone(&self.runtime.local);
        let end = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(local.shut_down(&[])))
        });
        // A server that does not end fails no test.
        drop(end.join());
    }
}

/// An instance of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) instance: InstanceId,
    pub(crate) customer: CustomerId,
}

impl Tenant {
    pub(crate) fn new() -> Self {
        Self { instance: InstanceId::new(), customer: CustomerId::new() }
    }
}

/// Logs in with what an allocation hands out, into its database or another.
pub(crate) async fn log_in(answer: &Value, database: Option<&str>) -> sqlx::Result<PgConnection> {
    let text = |field: &str| answer[field].as_str().unwrap().to_owned();
    let options = PgConnectOptions::new_without_pgpass()
        .host(&text("db_host"))
        .port(u16::try_from(answer["db_port"].as_i64().unwrap()).unwrap())
        .username(&text("db_user"))
        .password(&text("db_password"))
        .database(database.unwrap_or(&text("db_name")));
    PgConnection::connect_with(&options).await
}

/// Whether what an allocation hands out lets its holder work: log in, make a table and read it.
pub(crate) async fn works(answer: &Value) -> bool {
    let mut session = match log_in(answer, None).await {
        Ok(session) => session,
        Err(error) => {
            eprintln!("no way in: {error}");
            return false;
        }
    };
    let sql =
        "create table if not exists mine (n int); insert into mine values (1); select * from mine";
    match sqlx::raw_sql(sql).execute(&mut session).await {
        Ok(_) => true,
        Err(error) => {
            eprintln!("no work there: {error}");
            false
        }
    }
}

/// How many jobs the quick Odoo has run.
pub(crate) fn jobs(world: &World) -> usize {
    world.runtime.jobs.load(Ordering::SeqCst)
}

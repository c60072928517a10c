//! A database per test, prepared as an ordinary role, and toys to work on.

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row};
use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use work::{Attempt, Load, Next, Pace, Queue, Reconcile, Worker};

pub(crate) const QUEUE: Queue = Queue::new("toy_work");
const ROLE: &str = "work_tester";

/// A database that goes when this does.
pub(crate) struct Database(pub(crate) String);

/// A database of its own, prepared, with a table for toys.
pub(crate) struct World {
    pub(crate) pool: PgPool,
    _database: Database,
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings but this one")]
pub(crate) fn admin() -> PgConnectOptions {
    let url =
        std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL names a PostgreSQL for tests");
    url.parse().unwrap()
}

/// A crash drops attempts anywhere, also between sending `begin` and hearing of it. Then sqlx 0.9.0 returns a connection to the
/// pool whose transaction is open (sqlx issue 4393), and everything that is done on it later is lost.
pub(crate) async fn connect(name: &str) -> PgPool {
    let options = admin().database(name).username(ROLE).password(ROLE);
    PgPoolOptions::new()
        .max_connections(12)
        .after_release(|conn, _| Box::pin(is_between_transactions(conn)))
        .connect_with(options)
        .await
        .unwrap()
}

/// In an open transaction the statement began after it. Only the simple protocol begins both with one message.
async fn is_between_transactions(conn: &mut PgConnection) -> sqlx::Result<bool> {
    let begins_here = sqlx::raw_sql("select transaction_timestamp() = statement_timestamp()");
    begins_here.fetch_one(conn).await?.try_get(0)
}

impl Database {
    /// Empty; the role may make a schema in it, and nothing else.
    pub(crate) async fn empty() -> Self {
        let database = Self(fresh_name());
        let mut conn = PgConnection::connect_with(&admin()).await.unwrap();
        let Self(name) = &database;
        let role = format!(
            "do $$ begin create role {ROLE} login password '{ROLE}'; exception when duplicate_object or unique_violation then null; end $$"
        );
        for sql in [
            role,
            format!("create database {name}"),
            format!("grant create on database {name} to {ROLE}"),
        ] {
            conn.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        database
    }

    /// A copy of one that is prepared once for each state of the schema, whatever test needs it first.
    async fn prepared() -> Self {
        let mut conn = PgConnection::connect_with(&admin()).await.unwrap();
        conn.execute("select pg_advisory_lock(hashtext('the template of work'))").await.unwrap();
        let template = template_name();
        let there: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(&template)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        if !there {
            make_template(&mut conn, &template).await;
        }
        let database = Self(fresh_name());
        let copy = format!("create database {} template {template}", database.0);
        conn.execute(AssertSqlSafe(copy)).await.unwrap();
        conn.close().await.unwrap();
        database
    }
}

fn fresh_name() -> String {
    format!("work_test_{}", uuid::Uuid::now_v7().simple())
}

fn template_name() -> String {
    let mut hasher = DefaultHasher::new();
    include_str!("../../src/schema/tables.sql").hash(&mut hasher);
    include_str!("../../src/schema/tallies.sql").hash(&mut hasher);
    include_str!("../../src/schema/functions.sql").hash(&mut hasher);
    include_str!("../../src/schema.rs").hash(&mut hasher);
    include_str!("world.rs").hash(&mut hasher);
    format!("work_template_{:x}", hasher.finish())
}

async fn make_template(conn: &mut PgConnection, template: &str) {
    let database = Database::empty().await;
    let pool = connect(&database.0).await;
    QUEUE.prepare(&pool).await.unwrap();
    pool.execute("create schema toy").await.unwrap();
    let things = "create table toy.things (name text primary key, wanted int not null default 0, found int not null default 0)";
    pool.execute(things).await.unwrap();
    pool.close().await;
    let old: Vec<String> = sqlx::query_scalar(
        "select datname::text from pg_database where datname like 'work\\_template\\_%'",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    for name in old {
        conn.execute(AssertSqlSafe(format!("drop database if exists {name}"))).await.unwrap();
    }
    conn.execute(AssertSqlSafe(format!("alter database {} rename to {template}", database.0)))
        .await
        .unwrap();
}

impl World {
    pub(crate) async fn new() -> Self {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let database = Database::prepared().await;
        Self { pool: connect(&database.0).await, _database: database }
    }

    pub(crate) fn worker(&self) -> Worker {
        Worker::new(self.pool.clone(), QUEUE, 4).pace(Pace::quick())
    }

    pub(crate) async fn conn(&self) -> PgConnection {
        self.pool.acquire().await.unwrap().detach()
    }

    /// Wakes a thing of the toy reconcile.
    pub(crate) async fn wake(&self, key: &str) {
        QUEUE.wake::<Toy>(&mut self.conn().await, &key.to_owned()).await.unwrap();
    }

    /// How much there is to do of one kind.
    pub(crate) async fn load(&self, kind: &str) -> Load {
        let loads = QUEUE.loads(&mut self.conn().await).await.unwrap();
        loads.into_iter().find(|load| load.kind == kind).unwrap_or_default()
    }

    /// How many attempts at one kind of work ended so, as the workers have handed in.
    pub(crate) async fn ended(&self, kind: &str, outcome: &str) -> i64 {
        let outcomes = QUEUE.outcomes(&mut self.conn().await).await.unwrap();
        let found =
            outcomes.iter().find(|o| (o.kind.as_str(), o.outcome.as_str()) == (kind, outcome));
        found.map_or(0, |outcome| outcome.attempts)
    }

    /// How many workers have said that they live, later than so long after now.
    pub(crate) async fn beats(&self, since: chrono::DateTime<chrono::Utc>) -> i64 {
        sqlx::query_scalar(
            "select count(*) from toy_work._private_workers where last_heartbeat_at > $1",
        )
        .bind(since)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// The time by the database's clock, so much later.
    pub(crate) async fn later(&self, by: Duration) -> chrono::DateTime<chrono::Utc> {
        sqlx::query_scalar("select clock_timestamp() + make_interval(secs => $1)")
            .bind(by.as_secs_f64())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// How many jobs there are, chores apart.
    pub(crate) async fn jobs(&self) -> i64 {
        let sql = "select count(*) from toy_work._private_jobs where key !~ '^(sweep_|keep_house)'";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.0.clone();
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut conn = PgConnection::connect_with(&admin()).await.unwrap();
                let drop = format!("drop database if exists {name} with (force)");
                conn.execute(AssertSqlSafe(drop)).await.unwrap();
            });
        });
        let _ = dropping.join();
    }
}

/// A pace at which nothing is retried during a test.
pub(crate) fn slow() -> Pace {
    let minute = Duration::from_secs(60);
    Pace { first_retry: minute, last_retry: minute, ..Pace::quick() }
}

/// A worker that runs beside the test.
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<anyhow::Result<()>>,
}

pub(crate) fn run(worker: Worker) -> Running {
    let stop = CancellationToken::new();
    let token = stop.clone();
    Running { stop, task: tokio::spawn(async move { worker.run(token).await }) }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

type Act = Box<
    dyn Fn(String, &Attempt) -> Pin<Box<dyn Future<Output = anyhow::Result<Next>> + Send + '_>>
        + Send
        + Sync,
>;

/// A reconcile that does what a test says, and keeps a diary.
pub(crate) struct Toy {
    pub(crate) diary: Arc<Diary>,
    pub(crate) keys: Vec<String>,
    act: Act,
}

/// When each key was begun.
#[derive(Default)]
pub(crate) struct Diary {
    begun: Mutex<BTreeMap<String, Vec<Instant>>>,
    pub(crate) sweeps: std::sync::atomic::AtomicUsize,
}

impl Diary {
    pub(crate) fn runs(&self, key: &str) -> usize {
        self.times(key).len()
    }

    pub(crate) fn times(&self, key: &str) -> Vec<Instant> {
        self.begun.lock().unwrap().get(key).cloned().unwrap_or_default()
    }
}

impl Toy {
    pub(crate) fn new<A>(act: A) -> Self
    where
        A: Fn(String, &Attempt) -> Pin<Box<dyn Future<Output = anyhow::Result<Next>> + Send + '_>>
            + Send
            + Sync
            + 'static,
    {
        Self { diary: Arc::default(), keys: Vec::new(), act: Box::new(act) }
    }

    /// Settles at once.
    pub(crate) fn idle() -> Self {
        Self::new(|_, _| Box::pin(async { Ok(Next::Settled) }))
    }

    pub(crate) fn keys(self, keys: &[&str]) -> Self {
        Self { keys: keys.iter().map(|key| (*key).to_owned()).collect(), ..self }
    }
}

#[async_trait]
impl Reconcile for Toy {
    const NAME: &'static str = "toy";
    type Key = String;
    const SWEEP: Duration = Duration::from_millis(400);

    async fn keys(&self) -> anyhow::Result<Vec<String>> {
        self.diary.sweeps.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(self.keys.clone())
    }

    async fn reconcile(&self, key: &String, attempt: &Attempt) -> anyhow::Result<Next> {
        self.diary.begun.lock().unwrap().entry(key.clone()).or_default().push(Instant::now());
        (self.act)(key.clone(), attempt).await
    }
}

/// Waits until something is so, for at most ten seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: not within ten seconds");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

//! `db_servers`.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{CustomerId, InstanceId, ServerId};

use crate::choice::Candidate;
use crate::state::{HealthStatus, ServerStatus, ServerType, Strategy, Wish};

/// A server as its row has it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Its id.
    pub id: ServerId,
    /// Its name, which is also its name in the runtime.
    pub name: String,
    /// What it is for.
    pub server_type: ServerType,
    /// Where it was last seen.
    pub host: Option<String>,
    /// And on which port.
    pub port: Option<i32>,
    /// How many databases it may hold.
    pub max_instances: i32,
    /// How many connections it takes.
    pub max_connections: i32,
    /// What is wanted of it.
    pub wish: Wish,
    /// What it does.
    pub status: ServerStatus,
    /// Whether it answers.
    pub health_status: HealthStatus,
    /// Failed looks in a row.
    pub health_failures: i32,
    /// Cores.
    pub cpu_limit: Decimal,
    /// Memory.
    pub memory_limit: String,
    /// The sealed password of its superuser.
    pub superuser_password: Vec<u8>,
    /// The description that the runtime took last.
    pub applied: Option<String>,
    /// Since when its walls stand.
    pub prepared_at: Option<DateTime<Utc>>,
    /// Whose instance it is for, if it is dedicated.
    pub dedicated_to_instance_id: Option<InstanceId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// A server that is to be.
#[derive(Debug)]
pub(crate) struct NewServer {
    /// Its id.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// For whom alone, if for one.
    pub dedicated_to: Option<(CustomerId, InstanceId)>,
    /// How many databases it may hold.
    pub max_instances: i32,
    /// How many connections it takes.
    pub max_connections: i32,
    /// Cores.
    pub cpu_limit: Decimal,
    /// Memory.
    pub memory_limit: String,
    /// The sealed password of its superuser.
    pub superuser_password: Vec<u8>,
}

/// Writes down a server that is to be; false if its name or its id is there already.
pub(crate) async fn insert(conn: &mut PgConnection, new: &NewServer) -> sqlx::Result<bool> {
    let server_type = match new.dedicated_to {
        Some(_) => ServerType::Dedicated,
        None => ServerType::Shared,
    };
    let (customer, instance) = new.dedicated_to.unzip();
    let done = sqlx::query!(
        "insert into database.db_servers
             (id, name, server_type, max_instances, max_connections, cpu_limit, memory_limit,
              dedicated_to_customer_id, dedicated_to_instance_id, superuser_password)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict do nothing",
        new.id as ServerId,
        new.name,
        server_type as ServerType,
        new.max_instances,
        new.max_connections,
        new.cpu_limit,
        new.memory_limit,
        customer as Option<CustomerId>,
        instance as Option<InstanceId>,
        new.superuser_password,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The number of the next pool.
pub(crate) async fn next_pool_number(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select nextval('database.pool_numbers') as "number!""#)
        .fetch_one(conn)
        .await
}

macro_rules! select_server {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Server,
            r#"select id as "id: ServerId", name, server_type as "server_type: ServerType", host, port,
                      max_instances, max_connections, wish as "wish: Wish", status as "status: ServerStatus",
                      health_status as "health_status: HealthStatus", health_failures,
                      cpu_limit, memory_limit, superuser_password, applied, prepared_at,
                      dedicated_to_instance_id as "dedicated_to_instance_id: InstanceId", created_at
                 from database.db_servers "# + $rest
            $(, $argument)*
        )
    };
}

/// The server of this id.
pub(crate) async fn find(conn: &mut PgConnection, id: ServerId) -> sqlx::Result<Option<Server>> {
    select_server!("where id = $1", id as ServerId).fetch_optional(conn).await
}

/// Every server that is not gone, by name.
pub(crate) async fn present(conn: &mut PgConnection) -> sqlx::Result<Vec<Server>> {
    select_server!("where status <> 'gone' order by name").fetch_all(conn).await
}

/// The server of one instance, unless it is gone.
pub(crate) async fn dedicated_to(
    conn: &mut PgConnection,
    instance: InstanceId,
) -> sqlx::Result<Option<Server>> {
    select_server!(
        "where dedicated_to_instance_id = $1 and status <> 'gone'",
        instance as InstanceId
    )
    .fetch_optional(conn)
    .await
}

/// Every shared server with its slots, for the choice.
pub(crate) async fn candidates(conn: &mut PgConnection) -> sqlx::Result<Vec<Candidate>> {
    sqlx::query_as!(
        Candidate,
        r#"select v.id as "id: ServerId", v.name, v.server_type as "server_type: ServerType",
                  v.wish as "wish: Wish", v.status as "status: ServerStatus",
                  v.health_status as "health: HealthStatus", v.allocation_strategy as "strategy: Strategy",
                  v.priority, count(s.allocation_id) as "used!", count(s.number) as "size!"
             from database.db_servers v
             left join database.db_slots s on s.server_id = v.id
            where v.server_type = 'shared' and v.status <> 'gone'
            group by v.id"#
    )
    .fetch_all(conn)
    .await
}

/// How many slots of a server are taken, and how many of those by allocations that are not on their way out.
pub(crate) async fn claims(conn: &mut PgConnection, id: ServerId) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) as "taken!", count(*) filter (where a.state <> 'releasing') as "live!"
             from database.db_slots s join database.db_allocations a on a.id = s.allocation_id
            where s.server_id = $1"#,
        id as ServerId
    )
    .fetch_one(conn)
    .await?;
    Ok((row.taken, row.live))
}

/// Changes the status, unless somebody else changed it since it was read.
pub(crate) async fn become_status(
    conn: &mut PgConnection,
    server: &Server,
    next: ServerStatus,
    reason: Option<&str>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_servers set status = $3, status_reason = $4, updated_at = now()
          where id = $1 and status = $2",
        server.id as ServerId,
        server.status as ServerStatus,
        next as ServerStatus,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes `full` follow the slots. Called after every change of a slot, when the change can be seen by all.
pub(crate) async fn refresh_full(conn: &mut PgConnection, id: ServerId) -> sqlx::Result<()> {
    sqlx::query!(
        "with counted as (
             select case when exists (select from database.db_slots where server_id = $1 and allocation_id is null)
                         then 'active' else 'full' end as status)
         update database.db_servers v set status = counted.status, updated_at = now()
           from counted
          where v.id = $1 and v.status in ('active', 'full') and v.status <> counted.status",
        id as ServerId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers what the runtime took.
pub(crate) async fn set_applied(
    conn: &mut PgConnection,
    id: ServerId,
    text: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_servers set applied = $2, updated_at = now() where id = $1",
        id as ServerId,
        text
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers where the server was seen.
pub(crate) async fn set_address(
    conn: &mut PgConnection,
    id: ServerId,
    address: &runtime::Address,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_servers set host = $2, port = $3, updated_at = now() where id = $1",
        id as ServerId,
        address.host,
        i32::from(address.port)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers that the walls stand. Whoever put them up was let in and answered, so the server is healthy.
pub(crate) async fn set_prepared(
    conn: &mut PgConnection,
    id: ServerId,
    version: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_servers
            set prepared_at = now(), postgres_version = $2, health_status = 'healthy', health_failures = 0,
                updated_at = now()
          where id = $1",
        id as ServerId,
        version
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes what is wanted of a server; false if it is gone or to be removed.
pub(crate) async fn set_wish(
    conn: &mut PgConnection,
    id: ServerId,
    wish: Wish,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update database.db_servers set wish = $2, updated_at = now()
          where id = $1 and status <> 'gone' and (wish <> 'remove' or $2 = 'remove')",
        id as ServerId,
        wish as Wish
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes how many databases a server may hold; its slots are changed beside it.
pub(crate) async fn set_size(conn: &mut PgConnection, id: ServerId, size: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_servers set max_instances = $2, updated_at = now() where id = $1",
        id as ServerId,
        size
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What one look at a server's health came to.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    /// How it stands now.
    pub status: HealthStatus,
    /// Failures in a row.
    pub failures: i32,
    /// A sentence.
    pub message: &'a str,
    /// How long its answer took.
    pub latency_ms: Option<i64>,
    /// Connections in use.
    pub connections: Option<i64>,
}

/// Remembers a look at a server's health.
pub(crate) async fn set_health(
    conn: &mut PgConnection,
    id: ServerId,
    look: &Look<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update database.db_servers
            set health_status = $2, health_failures = $3, health_message = $4, health_latency_ms = $5,
                health_connections = $6, last_health_check = now()
          where id = $1",
        id as ServerId,
        look.status as HealthStatus,
        look.failures,
        look.message,
        look.latency_ms,
        look.connections
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the planner weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Supply {
    /// Free slots that the choice would take.
    pub free: i64,
    /// Slots of servers that are being made.
    pub coming: i64,
    /// Servers that never came up.
    pub failing: i64,
    /// Allocations without a server.
    pub waiting: i64,
}

/// Counts slots and who waits for them, shared servers only.
pub(crate) async fn supply(conn: &mut PgConnection) -> sqlx::Result<Supply> {
    sqlx::query_as!(
        Supply,
        r#"with slots as (
               select v.id, v.status, v.prepared_at, v.health_status, v.allocation_strategy,
                      count(s.number) filter (where s.allocation_id is null) as free
                 from database.db_servers v left join database.db_slots s on s.server_id = v.id
                where v.server_type = 'shared' and v.wish = 'serve' and v.status <> 'gone'
                group by v.id)
           select coalesce(sum(free) filter (where status in ('active', 'full') and allocation_strategy = 'auto'
                                               and health_status in ('healthy', 'degraded')), 0)::bigint as "free!",
                  coalesce(sum(free) filter (where status in ('provisioning', 'initializing')), 0)::bigint as "coming!",
                  count(*) filter (where status = 'error' and prepared_at is null) as "failing!",
                  (select count(*) from database.db_allocations
                    where state = 'waiting' and db_type = 'shared') as "waiting!"
             from slots"#
    )
    .fetch_one(conn)
    .await
}

//! What changes a server.

use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{CustomerId, InstanceId, ServerId};

use super::Server;
use crate::state::{HealthStatus, ServerStatus, ServerType, Wish};

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

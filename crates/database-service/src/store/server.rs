//! `db_servers`.

mod change;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{InstanceId, ServerId};

use crate::choice::Candidate;
use crate::state::{HealthStatus, ServerStatus, ServerType, Strategy, Wish};
pub(crate) use change::{
    Look, NewServer, become_status, insert, next_pool_number, refresh_full, set_address,
    set_applied, set_health, set_prepared, set_size, set_wish,
};

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

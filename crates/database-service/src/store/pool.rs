//! `db_servers` as staff see them: with what is counted.

use contract::database::{Pool, Stats};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use vocabulary::{CustomerId, InstanceId, ServerId};

use crate::state::{ServerStatus, ServerType};

/// Which servers to list.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter {
    /// Only this one.
    pub id: Option<ServerId>,
    /// Only those in this status; those that are gone are listed only when they are asked for.
    pub status: Option<ServerStatus>,
    /// Only those of this type.
    pub server_type: Option<ServerType>,
}

/// The servers, by name. Whether one is full is counted here, and not believed.
pub(crate) async fn list(conn: &mut PgConnection, filter: Filter) -> sqlx::Result<Vec<Pool>> {
    sqlx::query_as!(
        Pool,
        r#"with counted as (
               select v.id,
                      (select count(*) from database.db_slots s
                        where s.server_id = v.id and s.allocation_id is not null) as used,
                      (select count(*) from database.db_stock k
                        where k.server_id = v.id and k.state = 'ready') as stock
                 from database.db_servers v),
           pools as (
               select v.*, c.used, c.stock,
                      case when v.status not in ('active', 'full') then v.status
                           when c.used < v.max_instances then 'active' else 'full' end as shown
                 from database.db_servers v join counted c on c.id = v.id)
           select id as "id: ServerId", name, server_type, shown as "status!", status_reason, health_status,
                  used as "current_instances!", max_instances,
                  round(100.0 * used / max_instances, 1) as "capacity_percentage!: Decimal",
                  stock as "stock!", host, port, postgres_version, cpu_limit, memory_limit,
                  dedicated_to_customer_id as "dedicated_to_customer_id: CustomerId",
                  dedicated_to_instance_id as "dedicated_to_instance_id: InstanceId",
                  created_at, last_health_check
             from pools
            where ($1::uuid is null or id = $1)
              and ($2::text is null or shown = $2)
              and ($3::text is null or server_type = $3)
              and (shown <> 'gone' or $1 is not null or $2 = 'gone')
            order by name, created_at"#,
        filter.id as Option<ServerId>,
        filter.status.map(ServerStatus::as_str),
        filter.server_type.map(ServerType::as_str)
    )
    .fetch_all(conn)
    .await
}

/// What the last look at a server's health found.
pub(crate) async fn health_message(
    conn: &mut PgConnection,
    id: ServerId,
) -> sqlx::Result<Option<String>> {
    let message = sqlx::query_scalar!(
        "select health_message from database.db_servers where id = $1",
        id as ServerId
    )
    .fetch_optional(conn)
    .await?;
    Ok(message.flatten())
}

/// All servers in numbers; zeros when there are none.
pub(crate) async fn stats(conn: &mut PgConnection) -> sqlx::Result<Stats> {
    let pools = list(conn, Filter::default()).await?;
    let mut stats = Stats::default();
    for pool in pools {
        stats.total_pools += 1;
        stats.active_pools += i64::from(matches!(pool.status.as_str(), "active" | "full"));
        stats.total_capacity += i64::from(pool.max_instances);
        stats.total_used += pool.current_instances;
        *stats.by_status.entry(pool.status).or_default() += 1;
        *stats.by_type.entry(pool.server_type).or_default() += 1;
    }
    if stats.total_capacity > 0 {
        let share = Decimal::from(100 * stats.total_used) / Decimal::from(stats.total_capacity);
        stats.overall_utilization = share.round_dp(1);
    }
    Ok(stats)
}

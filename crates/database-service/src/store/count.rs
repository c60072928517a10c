//! What monitors count. Each is one query over whole tables, and its answer is bounded by the number of servers.

use sqlx::PgConnection;
use vocabulary::DatabaseType;

/// How many of something there are, by up to three words.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    /// What kind.
    pub kind: String,
    /// In which state.
    pub state: String,
    /// And what else tells them apart.
    pub more: String,
    /// How many.
    pub count: i64,
}

/// Allocations by type and state, those that are over apart.
pub(crate) async fn allocations(conn: &mut PgConnection) -> sqlx::Result<Vec<Count>> {
    sqlx::query_as!(
        Count,
        r#"select db_type as kind, state, '' as "more!", count(*) as "count!"
             from database.db_allocations where state <> 'released' group by 1, 2"#
    )
    .fetch_all(conn)
    .await
}

/// For how long the oldest allocation has waited for its database.
pub(crate) async fn oldest_wait(conn: &mut PgConnection) -> sqlx::Result<f64> {
    sqlx::query_scalar!(
        r#"select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "seconds!"
             from database.db_allocations where state in ('waiting', 'making') and first_ready_at is null"#
    )
    .fetch_one(conn)
    .await
}

/// Servers by type, status and health.
pub(crate) async fn servers(conn: &mut PgConnection) -> sqlx::Result<Vec<Count>> {
    sqlx::query_as!(
        Count,
        r#"select server_type as kind, status as state, health_status as more, count(*) as "count!"
             from database.db_servers where status <> 'gone' group by 1, 2, 3"#
    )
    .fetch_all(conn)
    .await
}

/// Stock by server, state and template. A server that serves and has none of a template is there, with 0 that are ready.
pub(crate) async fn stock(conn: &mut PgConnection) -> sqlx::Result<Vec<Count>> {
    sqlx::query_as!(
        Count,
        r#"select v.name as "kind!", states.state as "state!", t.name as "more!", count(s.id) as "count!"
             from database.db_servers v
             cross join database.db_templates t
             cross join (values ('making'), ('ready'), ('dropping')) as states (state)
             left join database.db_stock s
                  on s.server_id = v.id and s.template = t.name and s.state = states.state
            where v.server_type = 'shared' and v.status <> 'gone' and v.prepared_at is not null
            group by 1, 2, 3"#
    )
    .fetch_all(conn)
    .await
}

/// What the inventory cannot explain, by kind.
pub(crate) async fn findings(conn: &mut PgConnection) -> sqlx::Result<Vec<Count>> {
    sqlx::query_as!(
        Count,
        r#"select kind, '' as "state!", '' as "more!", count(*) as "count!" from database.db_findings group by kind"#
    )
    .fetch_all(conn)
    .await
}

/// So many allocations of one type that took between the same bounds.
#[derive(Debug, Clone)]
pub(crate) struct Took {
    /// Of which type.
    pub db_type: DatabaseType,
    /// Which of the bounds is the first above them.
    pub bucket: i32,
    /// How many.
    pub count: i64,
    /// How long they took in all.
    pub seconds: f64,
}

/// How long allocations took from being asked for to being ready, counted within these bounds of seconds.
pub(crate) async fn allocating(conn: &mut PgConnection, bounds: &[f64]) -> sqlx::Result<Vec<Took>> {
    sqlx::query_as!(
        Took,
        r#"select db_type as "db_type: DatabaseType", width_bucket(seconds, $1) as "bucket!", count(*) as "count!",
                  sum(seconds) as "seconds!"
             from (select db_type, extract(epoch from first_ready_at - created_at)::float8 as seconds
                     from database.db_allocations where first_ready_at is not null) as made
            group by 1, 2"#,
        bounds
    )
    .fetch_all(conn)
    .await
}

//! What monitors count. Each is one query over the whole table, and of a fixed size.

use sqlx::PgConnection;
use vocabulary::InstanceStatus;

/// How many instances there are in each status that any is in.
pub async fn by_status(conn: &mut PgConnection) -> sqlx::Result<Vec<(InstanceStatus, i64)>> {
    let rows = sqlx::query!(
        r#"select status as "status: InstanceStatus", count(*) as "count!" from instances group by status"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.count)).collect())
}

/// Instances that are not what they should be: how many, and for how many seconds the oldest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amiss {
    /// They should run, and don't.
    pub owed: i64,
    /// For how long, the oldest.
    pub owed_seconds: f64,
    /// They run, and should not.
    pub excess: i64,
    /// For how long they have run, the oldest.
    pub excess_seconds: f64,
}

/// Counts what is amiss. What an operation has in its hands is not.
pub async fn amiss(conn: &mut PgConnection) -> sqlx::Result<Amiss> {
    sqlx::query_as!(
        Amiss,
        r#"with judged as (
               select status, coalesce(w.since, status_since) as since,
                      coalesce(standing in ('trial', 'active', 'past_due'), false) and wish = 'run' and not is_held
                          and unwanted_at is null as may_run
                 from instances i left join instance_waits w on w.instance_id = i.id and w.ready_at is null
                where status not in ('terminated', 'maintenance', 'migrating'))
           select count(*) filter (where may_run and status not in ('running', 'sleeping')) as "owed!",
                  coalesce(extract(epoch from now() - min(since)
                      filter (where may_run and status not in ('running', 'sleeping'))), 0)::float8 as "owed_seconds!",
                  count(*) filter (where not may_run and status = 'running') as "excess!",
                  coalesce(extract(epoch from now() - min(since)
                      filter (where not may_run and status = 'running')), 0)::float8 as "excess_seconds!"
             from judged"#
    )
    .fetch_one(conn)
    .await
}

/// So many waits of one kind that ended within the same bounds.
#[derive(Debug, Clone)]
pub struct Waited {
    /// `purchase` or `return`.
    pub kind: String,
    /// Which of the bounds is the first above them.
    pub bucket: i32,
    /// How many.
    pub count: i64,
    /// How long they were in all.
    pub seconds: f64,
}

/// All waits that are over, counted within these bounds of seconds.
pub async fn waits(conn: &mut PgConnection, bounds: &[f64]) -> sqlx::Result<Vec<Waited>> {
    sqlx::query_as!(
        Waited,
        r#"select kind, width_bucket(seconds, $1) as "bucket!", count(*) as "count!", sum(seconds) as "seconds!"
             from (select kind, extract(epoch from ready_at - since)::float8 as seconds
                     from instance_waits where ready_at is not null) as ended
            group by 1, 2"#,
        bounds
    )
    .fetch_all(conn)
    .await
}

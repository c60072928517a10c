//! What people and monitors see of a queue.

use crate::Queue;
use chrono::{DateTime, Utc};
use contract::operation::Operation;
use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::OperationId;

/// Which operations to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// What waits, runs or is stuck, and every thing that is not settled.
    UnderWay,
    /// Those too that are over.
    Everything,
    /// Everything about one thing, over or not.
    About(&'a str),
}

/// An error that an attempt ended with.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Failure {
    /// The step that it had reached.
    pub step: String,
    /// The error with its causes, outermost first.
    pub error: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, sqlx::FromRow)]
pub struct Load {
    /// Jobs that wait, for whatever time.
    pub waiting: i64,
    /// Jobs that are due and not taken.
    pub due: i64,
    /// Jobs that a worker has.
    pub running: i64,
    /// How long the oldest due job has been due, in seconds.
    pub oldest_due_seconds: f64,
    /// Things whose latest attempt failed.
    pub failing: i64,
    /// Operations that somebody has to look at.
    pub stuck: i64,
}

impl Queue {
    /// Operations and unsettled things, newest first, 500 at most.
    pub async fn operations(
        &self,
        conn: &mut PgConnection,
        which: Which<'_>,
    ) -> sqlx::Result<Vec<Operation>> {
        let (all, subject) = match which {
            Which::UnderWay => (false, None),
            Which::Everything => (true, None),
            Which::About(subject) => (true, Some(subject)),
        };
        self.select(conn, all, subject, None).await
    }

    /// One operation.
    pub async fn operation(
        &self,
        conn: &mut PgConnection,
        id: OperationId,
    ) -> sqlx::Result<Option<Operation>> {
        Ok(self.select(conn, true, None, Some(id)).await?.pop())
    }

    /// The latest errors of a thing, or of an operation by its id; newest first.
    pub async fn failures(
        &self,
        conn: &mut PgConnection,
        kind: &str,
        subject: &str,
    ) -> sqlx::Result<Vec<Failure>> {
        let sql = "select step, error, at from {schema}.failures where key = $1 || '/' || $2 order by id desc";
        sqlx::query_as(self.sql(sql)).bind(kind).bind(subject).fetch_all(conn).await
    }

    /// How much there is to do.
    pub async fn load(&self, conn: &mut PgConnection) -> sqlx::Result<Load> {
        sqlx::query_as(self.sql(LOAD)).fetch_one(conn).await
    }

    async fn select(
        &self,
        conn: &mut PgConnection,
        all: bool,
        subject: Option<&str>,
        id: Option<OperationId>,
    ) -> sqlx::Result<Vec<Operation>> {
        let rows: Vec<Shown> = sqlx::query_as(self.sql(OPERATIONS))
            .bind(all)
            .bind(subject)
            .bind(id)
            .fetch_all(conn)
            .await?;
        Ok(rows.into_iter().map(Operation::from).collect())
    }
}

const LOAD: &str = "
    select
        count(*) filter (where jobs.locked_at is null) as waiting,
        count(*) filter (where jobs.locked_at is null and jobs.run_at <= now()) as due,
        count(*) filter (where jobs.locked_at is not null) as running,
        coalesce(greatest(extract(epoch from now() - min(jobs.run_at) filter (where jobs.locked_at is null)), 0), 0)::double precision
            as oldest_due_seconds,
        (select count(*) from {schema}.attempts where tries > 0) as failing,
        (select count(*) from {schema}.operations where state = 'stuck') as stuck
    from {schema}._private_jobs as jobs
    where jobs.key is not null";

// A step that is saved as an object is called by its one field, the name of the variant.
const OPERATIONS: &str = "
    select operations.id, operations.kind, operations.subject, operations.state,
        case when operations.is_undoing then 'undo ' else '' end
            || case jsonb_typeof(operations.step)
                when 'string' then operations.step #>> '{}'
                when 'object' then coalesce((select name from jsonb_object_keys(operations.step) as name limit 1), '')
                else '' end
            || coalesce(': ' || nullif(attempts.step, ''), '') as step,
        operations.tries, operations.error, operations.next_try, operations.correlation_id,
        operations.created_at, operations.updated_at
    from {schema}.operations
    left join {schema}.attempts on attempts.key = operations.kind || '/' || operations.id
    where ($1 or operations.state in ('queued', 'running', 'stuck'))
        and ($2::text is null or operations.subject = $2)
        and ($3::uuid is null or operations.id = $3)
    union all
    select null, attempts.kind, attempts.subject,
        case when jobs.locked_at is null then 'queued' else 'running' end,
        attempts.step, attempts.tries, attempts.error,
        case when jobs.locked_at is null then jobs.run_at end,
        attempts.correlation_id, attempts.created_at, attempts.updated_at
    from {schema}.attempts
    left join {schema}._private_jobs as jobs on jobs.key = attempts.key
    where ($2::text is null or attempts.subject = $2)
        and $3::uuid is null
        and not exists (
            select from {schema}.operations
            where operations.kind = attempts.kind and operations.id::text = attempts.subject)
    order by created_at desc
    limit 500";

#[derive(sqlx::FromRow)]
struct Shown {
    id: Option<OperationId>,
    kind: String,
    subject: String,
    state: String,
    step: String,
    tries: i32,
    error: Option<String>,
    next_try: Option<DateTime<Utc>>,
    correlation_id: Option<vocabulary::CorrelationId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Shown> for Operation {
    fn from(shown: Shown) -> Self {
        Self {
            id: shown.id.unwrap_or(OperationId(Uuid::nil())),
            kind: shown.kind,
            subject: shown.subject,
            state: shown.state,
            step: shown.step,
            tries: shown.tries,
            error: shown.error,
            next_try: shown.next_try,
            correlation_id: shown.correlation_id,
            created_at: shown.created_at,
            updated_at: shown.updated_at,
        }
    }
}

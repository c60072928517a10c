//! What people see of a queue.

use crate::Queue;
use chrono::{DateTime, Utc};
use contract::operation::Operation;
use sqlx::PgConnection;
use vocabulary::OperationId;

/// Which operations to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// What waits, runs or is stuck, and every thing that is not settled or is about to be looked at.
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

    /// One operation, or the reconciling of a thing, whose id is made of its name and never changes.
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

// A step that is saved as an object is called by its one field, the name of the variant.
const OPERATIONS: &str = "
    select operations.id, false as is_reconcile, operations.kind, operations.subject, operations.state,
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
    select md5(coalesce(attempts.key, jobs.key))::uuid, true,
        coalesce(attempts.kind, jobs.kind), coalesce(attempts.subject, jobs.subject),
        case when jobs.locked_at is null then 'queued' else 'running' end,
        coalesce(attempts.step, ''), coalesce(attempts.tries, 0), attempts.error,
        case when jobs.locked_at is null then jobs.run_at end,
        attempts.correlation_id, coalesce(attempts.created_at, jobs.created_at),
        coalesce(attempts.updated_at, jobs.updated_at)
    from {schema}.attempts
    full join (
        select jobs.*, tasks.identifier as kind, substr(jobs.key, length(tasks.identifier) + 2) as subject
        from {schema}._private_jobs as jobs join {schema}._private_tasks as tasks on tasks.id = jobs.task_id
        where jobs.key is not null
    ) as jobs on jobs.key = attempts.key
    where ($2::text is null or coalesce(attempts.subject, jobs.subject) = $2)
        and ($3::uuid is null or md5(coalesce(attempts.key, jobs.key))::uuid = $3)
        -- A chore has a job at any time; it is shown while it fails.
        and (attempts.key is not null or jobs.kind !~ '^(sweep_|keep_house$)')
        and not exists (
            select from {schema}.operations
            where operations.kind = coalesce(attempts.kind, jobs.kind)
                and operations.id::text = coalesce(attempts.subject, jobs.subject))
    order by created_at desc
    limit 500";

#[derive(sqlx::FromRow)]
struct Shown {
    id: OperationId,
    is_reconcile: bool,
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
            id: shown.id,
            is_reconcile: shown.is_reconcile,
            service: String::new(),
            kind: shown.kind,
            subject: shown.subject,
            name: None,
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

//! What monitors see of a queue: how much there is to do, for how long it has waited, and how attempts end. All of it is
//! read from the queue's tables, so that every process says the same and a restart changes nothing.

use crate::Queue;
use api::metrics::Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use sqlx::PgConnection;
use std::sync::atomic::AtomicU64;

/// How much there is to do of one kind of work.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
pub struct Load {
    /// Which kind.
    pub kind: String,
    /// Jobs that wait, for whatever time.
    pub waiting: i64,
    /// Jobs that are due and not taken.
    pub due: i64,
    /// Jobs that a worker has.
    pub running: i64,
    /// How long the oldest due job has been due, in seconds.
    pub oldest_due_seconds: f64,
    /// How long the longest attempt has run, in seconds.
    pub longest_attempt_seconds: f64,
    /// Things whose latest attempt failed.
    pub failing: i64,
    /// Operations that somebody has to look at.
    pub stuck: i64,
}

/// How often attempts of one kind ended in one way.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Outcome {
    /// Which kind.
    pub kind: String,
    /// `settled`, `after`, `requeued`, `failed` or `superseded`.
    pub outcome: String,
    /// How many.
    pub attempts: i64,
    /// How long they took in all.
    pub seconds: f64,
}

impl Queue {
    /// How much there is to do, of each kind that is known.
    pub async fn loads(&self, conn: &mut PgConnection) -> sqlx::Result<Vec<Load>> {
        sqlx::query_as(self.sql(LOADS)).fetch_all(conn).await
    }

    /// How attempts ended so far, over all workers.
    pub async fn outcomes(&self, conn: &mut PgConnection) -> sqlx::Result<Vec<Outcome>> {
        let sql =
            "select kind, outcome, attempts, seconds from {schema}.tallies order by kind, outcome";
        sqlx::query_as(self.sql(sql)).fetch_all(conn).await
    }

    /// Adds both to the numbers of the service whose queue it is.
    pub async fn measure(
        &self,
        conn: &mut PgConnection,
        registry: &mut Registry,
    ) -> sqlx::Result<()> {
        let (loads, outcomes) = (self.loads(conn).await?, self.outcomes(conn).await?);
        show_jobs(registry, &loads);
        show_ages(registry, &loads);
        show_outcomes(registry, &outcomes);
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Task {
    task: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Jobs {
    task: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    task: String,
    outcome: String,
}

fn show_jobs(registry: &mut Registry, loads: &[Load]) {
    let (jobs, failing, stuck) =
        (Family::<Jobs, Gauge>::default(), Family::default(), Family::default());
    for load in loads {
        let states =
            [("scheduled", load.waiting - load.due), ("due", load.due), ("running", load.running)];
        for (state, count) in states {
            jobs.get_or_create(&Jobs { task: load.kind.clone(), state }).set(count);
        }
        let task = Task { task: load.kind.clone() };
        Family::<Task, Gauge>::get_or_create(&failing, &task).set(load.failing);
        Family::<Task, Gauge>::get_or_create(&stuck, &task).set(load.stuck);
    }
    registry.register("work_jobs", "Jobs of the queue", jobs);
    registry.register("work_failing", "Things whose latest attempt failed", failing);
    registry.register("work_stuck", "Operations whose undoing failed: a person must act", stuck);
}

fn show_ages(registry: &mut Registry, loads: &[Load]) {
    let (due, running) = (Family::<Task, Gauge<f64, AtomicU64>>::default(), Family::default());
    for load in loads {
        let task = Task { task: load.kind.clone() };
        due.get_or_create(&task).set(load.oldest_due_seconds);
        Family::<Task, Gauge<f64, AtomicU64>>::get_or_create(&running, &task)
            .set(load.longest_attempt_seconds);
    }
    let help = "For how long the oldest due job has been due";
    registry.register("work_oldest_due_seconds", help, due);
    let help = "For how long the longest attempt under way has run";
    registry.register("work_longest_attempt_seconds", help, running);
}

fn show_outcomes(registry: &mut Registry, outcomes: &[Outcome]) {
    let (count, seconds) = (Family::<Ended, Counter>::default(), Family::default());
    for ended in outcomes {
        let labels = Ended { task: ended.kind.clone(), outcome: ended.outcome.clone() };
        count.get_or_create(&labels).inc_by(ended.attempts.unsigned_abs());
        let task = Task { task: ended.kind.clone() };
        Family::<Task, Counter<f64, AtomicU64>>::get_or_create(&seconds, &task)
            .inc_by(ended.seconds);
    }
    registry.register("work_attempts", "Attempts that ended, by how", count);
    registry.register("work_attempt_seconds", "How long attempts took in all", seconds);
}

const LOADS: &str = "
    select tasks.identifier as kind,
        count(jobs.id) filter (where jobs.locked_at is null) as waiting,
        count(jobs.id) filter (where jobs.locked_at is null and jobs.run_at <= now()) as due,
        count(jobs.id) filter (where jobs.locked_at is not null) as running,
        coalesce(extract(epoch from now() - min(jobs.run_at)
            filter (where jobs.locked_at is null and jobs.run_at <= now())), 0)::double precision as oldest_due_seconds,
        coalesce(extract(epoch from now() - min(jobs.locked_at)), 0)::double precision as longest_attempt_seconds,
        (select count(*) from {schema}.attempts where attempts.kind = tasks.identifier and attempts.tries > 0)
            + (select count(*) from {schema}.operations
               where operations.kind = tasks.identifier and operations.tries > 0
                   and operations.state in ('queued', 'running')) as failing,
        (select count(*) from {schema}.operations
         where operations.kind = tasks.identifier and operations.state = 'stuck') as stuck
    from {schema}._private_tasks as tasks
    left join {schema}._private_jobs as jobs on jobs.task_id = tasks.id and jobs.key is not null
    group by tasks.id, tasks.identifier
    order by tasks.identifier";

//! How a worker shows that it lives, and what it does for those that don't.

use super::hands::Hands;
use crate::task::ALL;
use serde_json::Value;
use sqlx::types::Json;
use std::time::Duration;

impl Hands {
    /// Says that the worker lives.
    pub(super) async fn heartbeat(&self, about: Value) -> sqlx::Result<()> {
        sqlx::query(self.queue.sql("select {schema}.worker_heartbeat($1, $2::jsonb::json)"))
            .bind(&*self.id)
            .bind(Json(about))
            .execute(&self.desk)
            .await?;
        Ok(())
    }

    /// Takes the jobs of workers that were silent for so long, or whose connection has closed and that were silent for that long.
    pub(super) async fn recover(&self, silent: Duration, closed: Duration) -> sqlx::Result<()> {
        let dead: Vec<String> =
            sqlx::query_scalar(self.queue.sql("select {schema}.recover($1, $2, $3)"))
                .bind(&*self.id)
                .bind(silent.as_secs_f64())
                .bind(closed.as_secs_f64())
                .fetch_one(&self.desk)
                .await?;
        if !dead.is_empty() {
            tracing::warn!(?dead, "took over what workers that are gone had begun");
        }
        Ok(())
    }

    /// Returns jobs that are locked as this worker's and that it doesn't run.
    pub(super) async fn return_strays(&self, known: &[i64]) -> sqlx::Result<()> {
        sqlx::query(self.queue.sql("select {schema}.stray($1, $2)"))
            .bind(&*self.id)
            .bind(known)
            .execute(&self.desk)
            .await?;
        Ok(())
    }

    /// Makes the kinds of work known, so that the first wake-up of a kind doesn't hold up the others until its transaction ends.
    pub(super) async fn introduce(&self) -> sqlx::Result<()> {
        let kinds: Vec<&String> = self.tasks.keys().collect();
        let sql = "insert into {schema}._private_tasks (identifier) select kind from unnest($1) as kind \
                   where not exists (select from {schema}._private_tasks where identifier = kind) on conflict do nothing";
        sqlx::query(self.queue.sql(sql)).bind(kinds).execute(&self.desk).await?;
        Ok(())
    }

    /// Makes the chores due, so that a worker that starts begins with a sweep.
    pub(super) async fn wake_chores(&self) -> sqlx::Result<()> {
        let mut conn = self.desk.acquire().await?;
        for task in self.tasks.values().filter(|task| task.is_chore()) {
            self.queue.wake_kind(&mut conn, task.kind(), &[ALL.to_owned()], Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Returns what is still locked, hands in what was counted, and takes leave.
    pub(super) async fn leave(&self) -> sqlx::Result<()> {
        self.hand_in().await?;
        let sql = "select {schema}.recover_dead_worker_jobs(array[$1]), {schema}.worker_deregister($1), pg_notify($2, '')";
        sqlx::query(self.queue.sql(sql))
            .bind(&*self.id)
            .bind(self.queue.schema())
            .execute(&self.desk)
            .await?;
        Ok(())
    }
}

//! What people do to an operation by hand. Each says whether the operation was in a state that allows it.

use crate::Queue;
use sqlx::PgConnection;
use std::time::Duration;
use vocabulary::OperationId;

impl Queue {
    /// Tries again now, in the direction it was going: an operation that waits or is stuck.
    pub async fn retry(&self, conn: &mut PgConnection, id: OperationId) -> sqlx::Result<bool> {
        let sql = "update {schema}.operations \
                   set state = 'queued', tries = 0, next_try = null, revision = revision + 1, updated_at = now() \
                   where id = $1 and state in ('queued', 'stuck') returning kind";
        self.change(conn, sql, id).await
    }

    /// Undoes what was done so far: an operation that is not over. A step that is running is undone when it ends.
    pub async fn undo(&self, conn: &mut PgConnection, id: OperationId) -> sqlx::Result<bool> {
        let sql = "update {schema}.operations \
                   set state = 'queued', is_undoing = true, tries = 0, next_try = null, \
                   revision = revision + 1, updated_at = now() \
                   where id = $1 and state in ('queued', 'running', 'stuck') returning kind";
        self.change(conn, sql, id).await
    }

    /// Does nothing more, forward or back: an operation that is not over. What was done stays, also what a step that is running
    /// is doing; [`undo`](Self::undo) is what removes it.
    pub async fn cancel(&self, conn: &mut PgConnection, id: OperationId) -> sqlx::Result<bool> {
        let sql = "update {schema}.operations \
                   set state = 'cancelled', next_try = null, revision = revision + 1, updated_at = now() \
                   where id = $1 and state in ('queued', 'running', 'stuck') returning kind";
        self.change(conn, sql, id).await
    }

    /// Looks at a thing now, by the names that [`operations`](Self::operations) shows: what `retry` is to an operation.
    /// False where nothing of that name is unsettled.
    pub async fn look_now(
        &self,
        conn: &mut PgConnection,
        kind: &str,
        subject: &str,
    ) -> sqlx::Result<bool> {
        let sql = "select exists (select from {schema}._private_jobs as jobs where jobs.key = $1 || '/' || $2)
                   or exists (select from {schema}.attempts where attempts.key = $1 || '/' || $2)";
        let exists = sqlx::query_scalar(self.sql(sql))
            .bind(kind)
            .bind(subject)
            .fetch_one(&mut *conn)
            .await?;
        if exists {
            self.wake_kind(conn, kind, &[subject.to_owned()], Duration::ZERO).await?;
        }
        Ok(exists)
    }

    async fn change(
        &self,
        conn: &mut PgConnection,
        sql: &str,
        id: OperationId,
    ) -> sqlx::Result<bool> {
        let kind: Option<String> =
            sqlx::query_scalar(self.sql(sql)).bind(id).fetch_optional(&mut *conn).await?;
        match kind {
            Some(kind) => {
                self.wake_kind(conn, &kind, &[id.to_string()], Duration::ZERO).await.map(|()| true)
            }
            None => Ok(false),
        }
    }
}

//! The rows of operations, as the worker changes them.

use super::progress::{Change, Rest};
use crate::Attempt;
use crate::claim::Lock;
use anyhow::Context;
use serde_json::Value;
use sqlx::types::Json;
use vocabulary::OperationId;

/// What the worker needs to know of an operation.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: OperationId,
    pub(super) is_undoing: bool,
    pub(super) step: Value,
    #[sqlx(json)]
    pub(super) passed: Vec<Value>,
    pub(super) tries: i32,
    pub(super) revision: i64,
    pub(super) error: Option<String>,
}

impl Row {
    /// The row as it stands after a change that was saved.
    pub(super) fn after(self, change: Change) -> Self {
        Self {
            is_undoing: change.is_undoing,
            step: change.step,
            passed: change.passed,
            tries: change.tries,
            revision: self.revision + 1,
            error: change.error,
            ..self
        }
    }
}

/// What a saved step is called: the name of its variant.
pub(super) fn name(step: &Value) -> &str {
    match step {
        Value::String(name) => name,
        Value::Object(fields) => fields.keys().next().map_or("", String::as_str),
        _ => "",
    }
}

/// Marks the operation of this attempt as running. Nothing where it is over, stuck or gone.
pub(super) async fn begin(attempt: &Attempt) -> anyhow::Result<Option<Row>> {
    let (lock, id) = owner(attempt)?;
    let sql = "update {schema}.operations set state = 'running', next_try = null, updated_at = now() \
               where id = $1 and state in ('queued', 'running') \
               returning id, is_undoing, step, passed, tries, revision, error";
    Ok(sqlx::query_as(lock.queue.sql(sql)).bind(id).fetch_optional(&lock.pool).await?)
}

/// Saves a change, if the attempt still has its job and the row is still the one that the change was decided on.
pub(super) async fn save(row: &Row, change: &Change, attempt: &Attempt) -> anyhow::Result<bool> {
    let (lock, _) = owner(attempt)?;
    let mut tx = lock.pool.begin().await?;
    let wait = match change.rest {
        Rest::For(wait) => Some(wait.as_secs_f64()),
        Rest::None | Rest::Over => None,
    };
    let sql = "update {schema}.operations set state = $3, is_undoing = $4, step = $5, passed = $6, tries = $7, error = $8, \
               next_try = now() + make_interval(secs => $9), revision = revision + 1, updated_at = now() \
               where id = $1 and revision = $2";
    let saved = sqlx::query(lock.queue.sql(sql))
        .bind(row.id)
        .bind(row.revision)
        .bind(change.state)
        .bind(change.is_undoing)
        .bind(&change.step)
        .bind(Json(&change.passed))
        .bind(change.tries)
        .bind(&change.error)
        .bind(wait)
        .execute(&mut *tx)
        .await?;
    if let Some(failure) = &change.failure {
        sqlx::query(lock.queue.sql("select {schema}.remember($1, $2, $3)"))
            .bind(format!("{}/{}", lock.claim.kind, row.id))
            .bind(name(&row.step))
            .bind(failure)
            .execute(&mut *tx)
            .await?;
    }
    if saved.rows_affected() == 0 || !lock.hold(&mut tx).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

fn owner(attempt: &Attempt) -> anyhow::Result<(&Lock, OperationId)> {
    let lock = attempt.lock().context("an operation runs in a worker only")?;
    let id = attempt.subject().parse().context("reading the operation's id")?;
    Ok((lock, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_called_by_its_variant() {
        assert_eq!(name(&json!("Plain")), "Plain");
        assert_eq!(name(&json!({ "WithFields": { "a": 1 } })), "WithFields");
        assert_eq!(name(&json!(null)), "");
    }
}

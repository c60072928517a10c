//! The queue of one database: where work is asked for, inside the transaction that makes it necessary.

use crate::{Operation, Reconcile};
use contract::correlation;
use sqlx::PgConnection;
use std::time::Duration;
use vocabulary::OperationId;

/// A queue, named by its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    schema: &'static str,
}

impl Queue {
    /// The queue in `schema`: lower-case letters and underscores.
    ///
    /// # Panics
    /// On any other character; at compile time, in a constant.
    #[must_use]
    pub const fn new(schema: &'static str) -> Self {
        let bytes = schema.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            assert!(
                bytes[at].is_ascii_lowercase() || bytes[at] == b'_',
                "a schema is lower-case letters and underscores"
            );
            at += 1;
        }
        assert!(!bytes.is_empty() && bytes.len() < 64, "a schema has 1 to 63 letters");
        Self { schema }
    }

    /// The schema.
    #[must_use]
    pub const fn schema(&self) -> &'static str {
        self.schema
    }

    /// Says "look now" at one thing. It takes effect when the caller's transaction commits, and carries the correlation id of
    /// this task. A reconcile doesn't wake itself: it returns [`Next::After`](crate::Next).
    pub async fn wake<R: Reconcile>(
        &self,
        conn: &mut PgConnection,
        key: &R::Key,
    ) -> sqlx::Result<()> {
        self.wake_after::<R>(conn, key, Duration::ZERO).await
    }

    /// Says "look after this long at the latest". An earlier wake-up stays as it is.
    pub async fn wake_after<R: Reconcile>(
        &self,
        conn: &mut PgConnection,
        key: &R::Key,
        after: Duration,
    ) -> sqlx::Result<()> {
        self.wake_kind(conn, R::NAME, &[key.to_string()], after).await
    }

    /// Says "look now" at many things, in an order in which two that do so don't wait for each other.
    pub async fn wake_all<R: Reconcile>(
        &self,
        conn: &mut PgConnection,
        keys: &[R::Key],
    ) -> sqlx::Result<()> {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        self.wake_kind(conn, R::NAME, &keys, Duration::ZERO).await
    }

    /// Starts an operation about `subject`. It begins when the caller's transaction commits.
    pub async fn start<O: Operation>(
        &self,
        conn: &mut PgConnection,
        subject: &str,
        first: &O::Step,
    ) -> sqlx::Result<OperationId> {
        let id = OperationId::new();
        let step =
            serde_json::to_value(first).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let insert = "insert into {schema}.operations (id, kind, subject, step, correlation_id) values ($1, $2, $3, $4, $5)";
        sqlx::query(self.sql(insert))
            .bind(id)
            .bind(O::KIND)
            .bind(subject)
            .bind(step)
            .bind(correlation::current())
            .execute(&mut *conn)
            .await?;
        self.wake_kind(conn, O::KIND, &[id.to_string()], Duration::ZERO).await?;
        Ok(id)
    }

    pub(crate) async fn wake_kind(
        &self,
        conn: &mut PgConnection,
        kind: &str,
        subjects: &[String],
        after: Duration,
    ) -> sqlx::Result<()> {
        sqlx::query(
            self.sql("select {schema}.wake($1, $2, now() + make_interval(secs => $3), $4)"),
        )
        .bind(kind)
        .bind(subjects)
        .bind(after.as_secs_f64())
        .bind(correlation::current())
        .execute(conn)
        .await?;
        Ok(())
    }
}

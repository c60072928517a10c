//! Mutual exclusion where the effects happen: a lock on the tenants' server, held by the very session that acts.
//! A worker that was frozen and lost its session cannot act any more; one that still has it keeps everybody else out.

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};

/// The only session that may change one thing on one server.
#[derive(Debug)]
pub(crate) struct Fence {
    session: Option<PoolConnection<Postgres>>,
    name: String,
}

impl Fence {
    /// Takes the fence of what has this name on the server; `None` when somebody else has it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(crate) async fn take(pool: &PgPool, name: &str) -> sqlx::Result<Option<Self>> {
        let mut session = pool.acquire().await?;
        let is_ours = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock(hashtextextended($1, 0)) as "is_ours!""#,
            name
        )
        .fetch_one(&mut *session)
        .await?;
        Ok(is_ours.then(|| Self { session: Some(session), name: name.to_owned() }))
    }

    /// The session that acts.
    pub(crate) fn session(&mut self) -> &mut PgConnection {
        self.session.as_mut().expect("the session leaves only with the fence")
    }

    /// Lets others in.
    ///
    /// # Errors
    /// When the server does not answer; the session is closed then, and with it the fence is gone.
    pub(crate) async fn release(mut self) -> sqlx::Result<()> {
        let name = std::mem::take(&mut self.name);
        sqlx::query_scalar!("select pg_advisory_unlock(hashtextextended($1, 0))", name)
            .fetch_one(self.session())
            .await?;
        self.session = None;
        Ok(())
    }
}

impl Drop for Fence {
    /// A fence that was not released goes with its session, which therefore never returns to the pool.
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            drop(session.detach());
        }
    }
}

//! The chore that brings back what has no job though it should, and forgets what is long over.

use crate::task::{Ending, Task};
use crate::{Attempt, Queue};
use async_trait::async_trait;
use sqlx::PgPool;
use std::time::Duration;

/// How often it is done.
const EVERY: Duration = Duration::from_secs(60);

/// The chore.
pub(crate) struct Housekeeping {
    pub(crate) pool: PgPool,
    pub(crate) queue: Queue,
}

#[async_trait]
impl Task for Housekeeping {
    fn kind(&self) -> &'static str {
        "keep_house"
    }

    fn is_chore(&self) -> bool {
        true
    }

    async fn run(&self, _attempt: &Attempt) -> anyhow::Result<Ending> {
        sqlx::query(self.queue.sql("select {schema}.keep_house()")).execute(&self.pool).await?;
        Ok(Ending::Requeued(EVERY))
    }
}

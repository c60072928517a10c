//! Follows the engine's changes. Whoever changes an account has it looked at right away; this catches what a crash between
//! the two left, and what changes without us.

use crate::account::SettleAccount;
use crate::context::QUEUE;
use crate::{Context, store};
use async_trait::async_trait;
use std::time::Duration;
use work::{Attempt, Next, Reconcile};

/// There is one feed.
const ENGINE: &str = "engine";
const PAUSE: Duration = Duration::from_secs(5);

/// Follows the engine's changes.
pub(crate) struct FollowEngine(pub(crate) Context);

#[async_trait]
impl Reconcile for FollowEngine {
    const NAME: &'static str = "follow_engine";
    type Key = String;
    const SWEEP: Duration = Duration::from_secs(60);

    async fn keys(&self) -> anyhow::Result<Vec<String>> {
        Ok(vec![ENGINE.to_owned()])
    }

    async fn reconcile(&self, _: &String, attempt: &Attempt) -> anyhow::Result<Next> {
        let mut conn = self.0.pool.acquire().await?;
        let cursor = store::feed::read(&mut conn).await?;
        drop(conn);
        let (accounts, end) = self.0.engine.changes_since(cursor).await?;
        if end == cursor {
            return Ok(Next::After(PAUSE));
        }
        let mut tx = self.0.pool.begin().await?;
        attempt.hold(&mut tx).await?;
        QUEUE.wake_all::<SettleAccount>(&mut tx, &accounts).await?;
        store::feed::advance(&mut tx, end).await?;
        tx.commit().await?;
        attempt.did("woke the accounts that changed").await?;
        Ok(Next::After(Duration::ZERO))
    }
}

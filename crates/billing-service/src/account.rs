//! Does what becomes due for an account (the end of a trial, an invoice, a missed payment), and has its instances looked at.

use crate::context::QUEUE;
use crate::entitlement::StateEntitlement;
use crate::{Context, store};
use async_trait::async_trait;
use std::time::Duration;
use vocabulary::AccountId;
use work::{Attempt, Next, Reconcile};

/// Whatever is due later than this is left to the sweep, which finds it by its time.
const HORIZON: Duration = Duration::from_secs(3600);

/// Keeps an account up to date.
pub(crate) struct SettleAccount(pub(crate) Context);

#[async_trait]
impl Reconcile for SettleAccount {
    const NAME: &'static str = "settle_account";
    type Key = AccountId;
    const SWEEP: Duration = Duration::from_secs(60);

    async fn keys(&self) -> anyhow::Result<Vec<AccountId>> {
        Ok(self.0.engine.due_accounts().await?)
    }

    async fn reconcile(&self, account: &AccountId, attempt: &Attempt) -> anyhow::Result<Next> {
        let next_due = self.0.engine.settle(*account).await?;
        attempt.did("settled").await?;
        let mut conn = self.0.pool.acquire().await?;
        let instances = store::all::instances_of_account(&mut conn, *account).await?;
        QUEUE.wake_all::<StateEntitlement>(&mut conn, &instances).await?;
        attempt.did("woke its instances").await?;
        let wait = next_due.map(|due| (due - self.0.clock.now()).to_std().unwrap_or_default());
        Ok(wait.filter(|wait| *wait < HORIZON).map_or(Next::Settled, Next::After))
    }
}

impl Context {
    /// Has an account looked at now: to be called after every act on it.
    pub(crate) async fn look_at(&self, account: AccountId) -> sqlx::Result<()> {
        let mut conn = self.pool.acquire().await?;
        QUEUE.wake::<SettleAccount>(&mut conn, &account).await
    }
}

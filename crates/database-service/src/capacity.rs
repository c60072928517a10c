//! The planner: keeps slots free, and makes one pool for any shortage. One key, so it is never two who plan.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use vocabulary::ServerId;
use work::{Attempt, Next, Reconcile};

use crate::allocation::Allocations;
use crate::server::{Order, write_down};
use crate::store::server::Supply;
use crate::{Context, QUEUE, store};

/// The one key of what is looked at as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Everything;

impl fmt::Display for Everything {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("everything")
    }
}

impl FromStr for Everything {
    type Err = Infallible;

    fn from_str(_: &str) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// Servers that do not come up are not answered with ever more servers.
const FAILING_MOST: i64 = 2;

/// Whether one more pool is to be made. What waits has a claim on what is free or coming; beyond that some stay free.
fn is_short(supply: Supply, free_slots_low: u32) -> bool {
    let left = supply.free + supply.coming - supply.waiting;
    left < i64::from(free_slots_low) && supply.failing < FAILING_MOST
}

/// Plans how many slots there are.
pub(crate) struct Capacity {
    context: Context,
}

impl Capacity {
    /// Plans for this context.
    #[must_use]
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Says "look" to as many of those who wait as there are free slots, the oldest first.
    async fn wake_waiting(&self, supply: Supply) -> anyhow::Result<()> {
        let most = supply.free.min(supply.waiting);
        if most > 0 {
            let mut tx = self.context.pool.begin().await?;
            let waiting = store::allocation::oldest_waiting(&mut tx, most).await?;
            QUEUE.wake_all::<Allocations>(&mut tx, &waiting).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn make_pool(&self) -> anyhow::Result<()> {
        let order = Order::pool(&self.context, ServerId::new(), self.context.options.pool_size);
        let mut tx = self.context.pool.begin().await?;
        write_down(&mut tx, &order).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[async_trait]
impl Reconcile for Capacity {
    const NAME: &'static str = "plan_capacity";
    type Key = Everything;
    const SWEEP: Duration = Duration::from_secs(30);

    async fn keys(&self) -> anyhow::Result<Vec<Everything>> {
        Ok(vec![Everything])
    }

    async fn reconcile(&self, _: &Everything, attempt: &Attempt) -> anyhow::Result<Next> {
        loop {
            let mut conn = self.context.pool.acquire().await?;
            let supply = store::server::supply(&mut conn).await?;
            drop(conn);
            self.wake_waiting(supply).await?;
            if !is_short(supply, self.context.options.free_slots_low) {
                return Ok(Next::Settled);
            }
            self.make_pool().await?;
            attempt.did("asked for one more pool").await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Supply = Supply { free: 0, coming: 0, failing: 0, waiting: 0 };

    /// How many pools of this size are made before the planner is content.
    fn pools(mut supply: Supply, low: u32, size: i64) -> usize {
        let mut made = 0;
        while is_short(supply, low) {
            supply.coming += size;
            made += 1;
            assert!(made < 100, "it never ends");
        }
        made
    }

    #[test]
    fn many_who_wait_get_one_pool() {
        assert_eq!(pools(Supply { waiting: 10, ..NOTHING }, 5, 50), 1);
        assert_eq!(pools(Supply { waiting: 10, coming: 50, ..NOTHING }, 5, 50), 0);
    }

    #[test]
    fn some_slots_stay_free_also_while_a_pool_is_being_made() {
        assert_eq!(pools(Supply { free: 4, ..NOTHING }, 5, 50), 1);
        assert_eq!(pools(Supply { free: 5, ..NOTHING }, 5, 50), 0);
        assert_eq!(pools(Supply { waiting: 48, coming: 50, ..NOTHING }, 5, 50), 1);
    }

    #[test]
    fn as_many_pools_as_are_needed_and_no_more() {
        assert_eq!(pools(Supply { waiting: 120, ..NOTHING }, 5, 50), 3);
    }

    #[test]
    fn servers_that_do_not_come_up_make_no_storm() {
        assert_eq!(pools(Supply { waiting: 10, failing: 2, ..NOTHING }, 5, 50), 0);
    }
}

//! The claim of one instance to one database: asked for, made true, handed out, and given back.

mod act;
mod decision;
mod placement;
mod request;
mod site;

use std::time::Duration;

use async_trait::async_trait;
use vocabulary::AllocationId;
use work::{Attempt, Next, Reconcile};

use crate::store::allocation::Allocation;
use crate::{Context, store};
use act::act;
use decision::{Action, Source, decide};
pub(crate) use placement::short_name;
pub(crate) use request::{Refused, Request, allocate, await_change, release, rotate};
use site::{Look, Site, look};

/// Keeps every allocation as it should be.
pub(crate) struct Allocations {
    context: Context,
}

impl Allocations {
    /// Keeps the allocations of this context.
    #[must_use]
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }
}

/// Who acts: a request does what takes a moment, and leaves the rest to the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hands {
    Request,
    Worker,
}

impl Hands {
    fn may(self, action: Action) -> bool {
        match self {
            Self::Worker => true,
            Self::Request => !matches!(action, Action::CreateDatabase(Source::Dump)),
        }
    }
}

/// How far one run came.
#[derive(Debug)]
enum Outcome {
    /// There is nothing to do.
    Settled,
    /// Somebody else is at it.
    Busy,
    /// It waits for something.
    Waiting,
}

/// Brings an allocation as near to what it should be as can be done now. Whoever asks for a database and the worker run
/// the same code; the fence on the server lets only one of them act.
async fn settle(
    context: &Context,
    id: AllocationId,
    attempt: &Attempt,
    hands: Hands,
) -> anyhow::Result<Outcome> {
    let mut site = Site::default();
    let outcome = loop {
        let look = match look(context, id, &mut site).await? {
            Look::Nothing => break Outcome::Settled,
            Look::Busy => break Outcome::Busy,
            Look::At(look) => look,
        };
        let Some(action) = decide(&look.world).filter(|action| hands.may(*action)) else {
            break if is_settled(&look.allocation) { Outcome::Settled } else { Outcome::Waiting };
        };
        if !act(context, &look, action, &mut site).await? {
            break Outcome::Waiting;
        }
        attempt.did(action.name()).await?;
        if matches!(action, Action::BecomeReady | Action::BecomeReleased) {
            break Outcome::Settled;
        }
    };
    site.leave().await?;
    Ok(outcome)
}

fn is_settled(allocation: &Allocation) -> bool {
    use crate::state::AllocationState::{Ready, Released};
    matches!(allocation.state, Ready | Released)
}

#[async_trait]
impl Reconcile for Allocations {
    const NAME: &'static str = "reconcile_allocation";
    type Key = AllocationId;
    const SWEEP: Duration = Duration::from_secs(10);
    const DEADLINE: Duration = Duration::from_mins(30);

    async fn keys(&self) -> anyhow::Result<Vec<AllocationId>> {
        let mut conn = self.context.pool.acquire().await?;
        Ok(store::allocation::unsettled(&mut conn).await?)
    }

    async fn reconcile(&self, key: &AllocationId, attempt: &Attempt) -> anyhow::Result<Next> {
        Ok(match settle(&self.context, *key, attempt, Hands::Worker).await? {
            Outcome::Settled => Next::Settled,
            Outcome::Busy => Next::After(Duration::from_secs(1)),
            // Whoever makes what it waits for wakes it; this is for the case that nobody does.
            Outcome::Waiting => Next::After(Duration::from_secs(5)),
        })
    }
}

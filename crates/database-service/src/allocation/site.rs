//! Where an allocation is made true, and what is seen there.

use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use vocabulary::{AllocationId, DatabaseType, ServerId};

use super::decision::{Action, Place, Source, World};
use super::placement;
use crate::capacity::{Capacity, Everything};
use crate::server::Servers;
use crate::state::{AllocationState, CopyState, ServerStatus, Wish};
use crate::stock::Stocks;
use crate::store::allocation::Allocation;
use crate::store::server::Server;
use crate::tenant::{self, Fence, GoldenCopy, Login};
use crate::{Context, QUEUE, credential, store};

/// The session on the allocation's server, once there is one.
#[derive(Default)]
pub(super) struct Site {
    open: Option<Open>,
}

/// A session that only we have.
pub(super) struct Open {
    pub(super) fence: Fence,
    pub(super) login: Login,
}

impl Site {
    /// Lets others in.
    pub(super) async fn leave(self) -> sqlx::Result<()> {
        match self.open {
            Some(open) => open.fence.release().await,
            None => Ok(()),
        }
    }

    pub(super) fn open(&mut self) -> anyhow::Result<&mut Open> {
        self.open.as_mut().context("an act on a server without a session there")
    }
}

/// What a look came to.
pub(super) enum Look {
    /// There is no such allocation.
    Nothing,
    /// Somebody else is acting on it.
    Busy,
    /// This is how it stands.
    At(Box<Seen>),
}

/// An allocation as it was seen.
pub(super) struct Seen {
    pub(super) allocation: Allocation,
    pub(super) world: World,
}

/// Looks at an allocation. What is read of its row is read under the fence, so that it stands until we leave.
pub(super) async fn look(
    context: &Context,
    id: AllocationId,
    site: &mut Site,
) -> anyhow::Result<Look> {
    let mut conn = context.pool.acquire().await?;
    let Some(mut allocation) = store::allocation::find(&mut conn, id).await? else {
        return Ok(Look::Nothing);
    };
    drop(conn);
    if site.open.is_none() && needs_session(context, &allocation).await? {
        if !enter(context, &allocation, site).await? {
            return Ok(Look::Busy);
        }
        let mut conn = context.pool.acquire().await?;
        allocation = store::allocation::find(&mut conn, id).await?.context("rows stay")?;
    }
    let mut conn = context.pool.acquire().await?;
    let has_expired = store::allocation::has_expired(&mut conn, id).await?;
    let source = source(context, &mut conn, &allocation).await?;
    drop(conn);
    let world = World {
        state: allocation.state,
        has_expired,
        was_ready: allocation.first_ready_at.is_some(),
        place: place(context, &allocation, site).await?,
        source,
        verifier: allocation.place.as_ref().map(|p| p.db_verifier.clone()).unwrap_or_default(),
    };
    Ok(Look::At(Box::new(Seen { allocation, world })))
}

/// Whether something can be done on the server. A server of one's own goes as a whole, without us.
async fn needs_session(context: &Context, allocation: &Allocation) -> anyhow::Result<bool> {
    let Some(place) = &allocation.place else { return Ok(false) };
    let is_gone = server(context, place.server).await?.status == ServerStatus::Gone;
    Ok(!is_gone
        && match allocation.state {
            AllocationState::Making => true,
            AllocationState::Releasing => allocation.db_type == DatabaseType::Shared,
            _ => false,
        })
}

/// Takes the fence; false if somebody else has it. A server that does not answer is an error, which is looked at again.
async fn enter(
    context: &Context,
    allocation: &Allocation,
    site: &mut Site,
) -> anyhow::Result<bool> {
    let place = allocation.place.as_ref().context("an allocation without a place")?;
    let server = server(context, place.server).await?;
    let login = context.login(&server)?;
    let pool = context.connections.pool(&login);
    let fence = Fence::take(&pool, &place.db_name)
        .await
        .with_context(|| format!("{} does not let us in", server.name))?;
    site.open = fence.map(|fence| Open { fence, login });
    Ok(site.open.is_some())
}

pub(super) async fn server(context: &Context, id: ServerId) -> anyhow::Result<Server> {
    let mut conn = context.pool.acquire().await?;
    store::server::find(&mut conn, id).await?.context("an allocation's server has a row")
}

async fn place(
    context: &Context,
    allocation: &Allocation,
    site: &mut Site,
) -> anyhow::Result<Place> {
    let is_dedicated = allocation.db_type == DatabaseType::Dedicated;
    let Some(at) = &allocation.place else {
        return Ok(Place::None(placement::room(context, allocation).await?));
    };
    let server = server(context, at.server).await?;
    if server.status == ServerStatus::Gone {
        return Ok(Place::Gone);
    }
    if is_dedicated && server.wish == Wish::Remove {
        return Ok(Place::Leaving);
    }
    let seen = match &mut site.open {
        Some(open) => {
            let limits = &context.options.tenant;
            tenant::observe(open.fence.session(), &at.db_user, &at.db_name, limits).await?
        }
        None => tenant::Seen::default(),
    };
    Ok(match (is_dedicated, site.open.is_some()) {
        (true, _) => Place::Dedicated { seen },
        (false, true) => Place::Shared { seen },
        (false, false) => Place::Unreachable,
    })
}

/// What the database would be made from, if it had to be made now.
async fn source(
    context: &Context,
    conn: &mut sqlx::PgConnection,
    allocation: &Allocation,
) -> anyhow::Result<Source> {
    let (Some(template), Some(place)) = (&allocation.template, &allocation.place) else {
        return Ok(Source::Nothing);
    };
    let Some(generation) = store::template::generation(conn, template).await? else {
        return Ok(Source::Nothing);
    };
    if allocation.db_type == DatabaseType::Dedicated {
        return Ok(Source::Dump);
    }
    let goldens = store::golden::on_server(conn, place.server).await?;
    let golden = goldens.iter().find(|g| g.template == *template && g.generation == generation);
    let waited = (Utc::now() - allocation.updated_at).to_std().unwrap_or(Duration::ZERO);
    Ok(match golden.map(|golden| golden.state) {
        Some(CopyState::Ready) => Source::Golden,
        _ if waited < context.options.golden_patience => Source::Later,
        _ => Source::Nothing,
    })
}

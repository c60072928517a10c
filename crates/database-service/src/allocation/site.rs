//! Where an allocation is made true, and what is seen there.

use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use vocabulary::{AllocationId, DatabaseType, ServerId};

use super::decision::{Place, Source, World};
use super::placement;
use crate::state::{AllocationState, CopyState, ServerStatus, Wish};
use crate::store::allocation::Allocation;
use crate::store::server::Server;
use crate::tenant::{self, Fence, Login};
use crate::{Context, store};

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
    let Some(mut allocation) = find(context, id).await? else { return Ok(Look::Nothing) };
    let server = match &allocation.place {
        Some(place) => Some(server(context, place.server).await?),
        None => None,
    };
    if let Some(server) = &server
        && site.open.is_none()
        && needs_session(&allocation, server)
    {
        if !enter(context, &allocation, server, site).await? {
            return Ok(Look::Busy);
        }
        allocation = find(context, id).await?.context("rows stay")?;
    }
    let place = place(context, &allocation, server.as_ref(), site).await?;
    let world = World {
        state: allocation.state,
        has_expired: allocation.has_expired,
        was_ready: allocation.first_ready_at.is_some(),
        source: source(context, &allocation, &place).await?,
        place,
        verifier: allocation.place.as_ref().map(|p| p.db_verifier.clone()).unwrap_or_default(),
    };
    Ok(Look::At(Box::new(Seen { allocation, world })))
}

async fn find(context: &Context, id: AllocationId) -> sqlx::Result<Option<Allocation>> {
    let mut conn = context.pool.acquire().await?;
    store::allocation::find(&mut conn, id).await
}

/// Whether something can be done on the server. A server of one's own goes as a whole, without us.
fn needs_session(allocation: &Allocation, server: &Server) -> bool {
    server.status != ServerStatus::Gone
        && match allocation.state {
            AllocationState::Making => true,
            AllocationState::Releasing => allocation.db_type == DatabaseType::Shared,
            _ => false,
        }
}

/// Takes the fence; false if somebody else has it. A server that does not answer is an error, which is looked at again.
async fn enter(
    context: &Context,
    allocation: &Allocation,
    server: &Server,
    site: &mut Site,
) -> anyhow::Result<bool> {
    let place = allocation.place.as_ref().context("an allocation without a place")?;
    let login = context.login(server)?;
    let pool = context.connections.pool(&login);
    let fence = Fence::take(&pool, &place.db_name)
        .await
        .with_context(|| format!("{} does not let us in", server.name))?;
    site.open = fence.map(|fence| Open { fence, login });
    Ok(site.open.is_some())
}

/// The server of an allocation, whose row stays as long as the allocation's does.
pub(super) async fn server(context: &Context, id: ServerId) -> anyhow::Result<Server> {
    let mut conn = context.pool.acquire().await?;
    store::server::find(&mut conn, id).await?.context("an allocation's server has a row")
}

async fn place(
    context: &Context,
    allocation: &Allocation,
    server: Option<&Server>,
    site: &mut Site,
) -> anyhow::Result<Place> {
    let is_dedicated = allocation.db_type == DatabaseType::Dedicated;
    let (Some(at), Some(server)) = (&allocation.place, server) else {
        return Ok(Place::None(placement::room(context, allocation).await?));
    };
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

/// What the database would be made from, if it had to be made now; asked only where it has to be.
async fn source(
    context: &Context,
    allocation: &Allocation,
    place: &Place,
) -> anyhow::Result<Source> {
    let is_there = match place {
        Place::Dedicated { seen } | Place::Shared { seen } => seen.database.is_some(),
        _ => true,
    };
    let (Some(template), Some(at), false) = (&allocation.template, &allocation.place, is_there)
    else {
        return Ok(Source::Nothing);
    };
    let mut conn = context.pool.acquire().await?;
    let Some(generation) = store::template::generation(&mut conn, template).await? else {
        return Ok(Source::Nothing);
    };
    if allocation.db_type == DatabaseType::Dedicated {
        return Ok(Source::Dump);
    }
    let goldens = store::golden::on_server(&mut conn, at.server).await?;
    let golden = goldens.iter().find(|g| g.template == *template && g.generation == generation);
    let waited = (Utc::now() - allocation.updated_at).to_std().unwrap_or(Duration::ZERO);
    Ok(match golden.map(|golden| golden.state) {
        Some(CopyState::Ready) => Source::Golden,
        _ if waited < context.options.golden_patience => Source::Later,
        _ => Source::Nothing,
    })
}

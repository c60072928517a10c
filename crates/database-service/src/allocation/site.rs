//! Where an allocation is made true: what is seen there, and the acts.

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

struct Open {
    fence: Fence,
    login: Login,
}

impl Site {
    /// Lets others in.
    pub(super) async fn leave(self) -> sqlx::Result<()> {
        match self.open {
            Some(open) => open.fence.release().await,
            None => Ok(()),
        }
    }

    fn open(&mut self) -> anyhow::Result<&mut Open> {
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

async fn server(context: &Context, id: ServerId) -> anyhow::Result<Server> {
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

/// Does one thing; false if it can't be done now.
pub(super) async fn act(
    context: &Context,
    seen: &Seen,
    action: Action,
    site: &mut Site,
) -> anyhow::Result<bool> {
    let allocation = &seen.allocation;
    match action {
        Action::Settle => return placement::settle_waiting(context, allocation).await,
        Action::OrderServer => placement::order_own_server(context, allocation).await?,
        Action::BeginRelease => {
            let mut conn = context.pool.acquire().await?;
            store::allocation::expire(&mut conn, allocation).await?;
        }
        Action::BecomeReady => {
            let mut conn = context.pool.acquire().await?;
            store::allocation::advance(&mut conn, allocation, AllocationState::Ready).await?;
        }
        Action::RemoveServer => remove_server(context, allocation).await?,
        Action::BecomeReleased => become_released(context, allocation).await?,
        Action::CreateDatabase(source) => {
            create_database(context, allocation, source, site).await?
        }
        _ => act_there(context, allocation, action, site).await?,
    }
    Ok(true)
}

/// The acts that need nothing but the session on the server.
async fn act_there(
    context: &Context,
    allocation: &Allocation,
    action: Action,
    site: &mut Site,
) -> anyhow::Result<()> {
    let place = allocation.place.as_ref().context("an act without a place")?;
    let Open { fence, login } = site.open()?;
    let (session, role, database) = (fence.session(), &place.db_user, &place.db_name);
    match action {
        Action::CreateRole => tenant::create_role(session, role).await,
        Action::LimitRole => tenant::limit(session, role, &context.options.tenant).await,
        Action::OpenDatabase => tenant::open(session, login, database, role).await,
        Action::LetIn => tenant::let_in(session, role, &place.db_verifier).await,
        Action::LockOut => tenant::lock_out(session, role).await,
        Action::DropDatabase => tenant::drop_database(session, database).await,
        Action::DropRole => tenant::drop_role(session, role).await,
        _ => anyhow::bail!("{action:?} is no act on a server"),
    }
    .with_context(|| format!("{action:?} of {database}"))
}

async fn create_database(
    context: &Context,
    allocation: &Allocation,
    source: Source,
    site: &mut Site,
) -> anyhow::Result<()> {
    let place = allocation.place.as_ref().context("a database without a place")?;
    let template = match source {
        Source::Nothing | Source::Later => None,
        Source::Golden | Source::Dump => allocation.template.as_deref(),
    };
    let mut conn = context.pool.acquire().await?;
    store::allocation::set_made_from(&mut conn, allocation.id, template).await?;
    let generation = match template {
        Some(template) => store::template::generation(&mut conn, template).await?.unwrap_or(0),
        None => 0,
    };
    let dump = match (source, template) {
        (Source::Dump, Some(template)) => {
            store::template::dump(&mut conn, template, generation).await?
        }
        _ => None,
    };
    drop(conn);
    let Open { fence, login } = site.open()?;
    let (session, name, owner) = (fence.session(), &place.db_name, &place.db_user);
    match (template, dump) {
        (Some(_), Some(dump)) => {
            let programs = context.programs();
            tenant::restore_tenant(session, login, (name, owner), &dump, &programs).await
        }
        (Some(template), None) => {
            let golden = GoldenCopy { db_name: crate::stock::golden_name(template, generation) };
            tenant::clone_golden(session, &golden, name, owner)
                .await
                .context("cloning the template")
        }
        (None, _) => {
            tenant::create_empty(session, name, owner).await.context("making an empty database")
        }
    }
}

async fn remove_server(context: &Context, allocation: &Allocation) -> anyhow::Result<()> {
    let place = allocation.place.as_ref().context("a release without a place")?;
    let mut tx = context.pool.begin().await?;
    store::server::set_wish(&mut tx, place.server, Wish::Remove).await?;
    QUEUE.wake::<Servers>(&mut tx, &place.server).await?;
    tx.commit().await?;
    Ok(())
}

/// The slot is free from here on. A server that was asked for and is not needed any more goes too.
async fn become_released(context: &Context, allocation: &Allocation) -> anyhow::Result<()> {
    let mut tx = context.pool.begin().await?;
    if !store::allocation::advance(&mut tx, allocation, AllocationState::Released).await? {
        return Ok(());
    }
    store::slot::free(&mut tx, allocation.id).await?;
    if allocation.db_type == DatabaseType::Dedicated
        && let Some(server) = store::server::dedicated_to(&mut tx, allocation.instance_id).await?
    {
        store::server::set_wish(&mut tx, server.id, Wish::Remove).await?;
        QUEUE.wake::<Servers>(&mut tx, &server.id).await?;
    }
    if let Some(place) = &allocation.place {
        QUEUE.wake::<Stocks>(&mut tx, &place.server).await?;
    }
    QUEUE.wake::<Capacity>(&mut tx, &Everything).await?;
    tx.commit().await?;
    if let Some(place) = &allocation.place {
        let mut conn = context.pool.acquire().await?;
        store::server::refresh_full(&mut conn, place.server).await?;
    }
    Ok(())
}

/// The password that the allocation hands out, and where its database is.
pub(super) async fn hand_out(
    context: &Context,
    allocation: &Allocation,
) -> anyhow::Result<contract::database::Allocated> {
    use secrecy::ExposeSecret;

    let place = allocation.place.as_ref().context("a ready allocation has a place")?;
    let server = server(context, place.server).await?;
    let address = context.login(&server)?.address;
    let password = credential::open_allocation(&context.vault, allocation, place)?;
    Ok(contract::database::Allocated {
        db_server_id: place.server,
        db_host: address.host,
        db_port: address.port,
        db_name: place.db_name.clone(),
        db_user: place.db_user.clone(),
        db_password: password.expose_secret().to_owned(),
        template: allocation.made_from.clone(),
    })
}

//! The acts that make an allocation true.

use anyhow::Context as _;
use sqlx::PgConnection;
use vocabulary::{DatabaseType, ServerId};

use super::decision::{Action, Source};
use super::placement;
use super::site::{Open, Seen, Site};
use crate::capacity::{Capacity, Everything};
use crate::server::Servers;
use crate::state::{AllocationState, Wish};
use crate::stock::Stocks;
use crate::store::allocation::Allocation;
use crate::store::audit::{self, Actor};
use crate::tenant::{self, GoldenCopy};
use crate::{Context, QUEUE, store};

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
        Action::BeginRelease => expire(context, allocation).await?,
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

async fn expire(context: &Context, allocation: &Allocation) -> anyhow::Result<()> {
    let mut tx = context.pool.begin().await?;
    if store::allocation::expire(&mut tx, allocation).await? {
        let subject = format!("instance {}", allocation.instance_id);
        let outcome = "the reservation has run out";
        audit::write(&mut tx, &Actor::worker(), "release", &subject, outcome).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A server goes with its instance's database.
async fn unwant_server(conn: &mut PgConnection, server: ServerId) -> sqlx::Result<()> {
    if store::server::set_wish(conn, server, Wish::Remove).await? {
        let (subject, outcome) =
            (format!("server {server}"), "its instance's database is released");
        audit::write(conn, &Actor::worker(), "remove", &subject, outcome).await?;
    }
    QUEUE.wake::<Servers>(conn, &server).await
}

async fn remove_server(context: &Context, allocation: &Allocation) -> anyhow::Result<()> {
    let place = allocation.place.as_ref().context("a release without a place")?;
    let mut tx = context.pool.begin().await?;
    unwant_server(&mut tx, place.server).await?;
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
        unwant_server(&mut tx, server.id).await?;
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

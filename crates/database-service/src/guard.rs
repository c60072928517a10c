//! What tenants are held to on the servers that they share, beyond what PostgreSQL holds them to by itself: sessions that
//! overstay are ended, and what a tenant has changed of its own role is put back. Every tenant may change the password and
//! the settings of its own role; its Odoo would not get in again, and its bounds would be gone.

use anyhow::Context as _;
use sqlx::PgConnection;

use crate::state::AllocationState;
use crate::store::allocation::{Allocation, Place};
use crate::store::audit::{self, Actor};
use crate::store::server::Server;
use crate::tenant::{self, Fence, Login, SeenRole};
use crate::{Context, store};

/// Looks over one server, for as long as a look at its health may take.
pub(crate) async fn patrol(context: &Context, server: &Server) -> anyhow::Result<()> {
    let deadline = context.options.health_deadline;
    tokio::time::timeout(deadline, Box::pin(look_over(context, server)))
        .await
        .with_context(|| format!("not done within {} ms", deadline.as_millis()))?
}

async fn look_over(context: &Context, server: &Server) -> anyhow::Result<()> {
    let login = context.login(server)?;
    let mut session = context.connections.watch(&login).acquire().await?;
    for ended in tenant::end_overstaying(&mut session, &context.options.tenant).await? {
        let role = ended.role;
        tracing::warn!(server = %server.id, role, "a tenant's session was ended: {}", ended.reason);
    }
    for allocation in changed(context, server, &mut session).await? {
        put_back(context, &login, &allocation).await.context("putting a tenant's role back")?;
    }
    Ok(())
}

/// The allocations of which somebody has changed the role.
async fn changed(
    context: &Context,
    server: &Server,
    session: &mut PgConnection,
) -> anyhow::Result<Vec<Allocation>> {
    let mut conn = context.pool.acquire().await?;
    let mut ready = store::allocation::on_server(&mut conn, server.id).await?;
    drop(conn);
    ready.retain(|allocation| allocation.state == AllocationState::Ready);
    let names: Vec<String> = ready
        .iter()
        .filter_map(|allocation| Some(allocation.place.as_ref()?.db_user.clone()))
        .collect();
    let roles = tenant::roles(session, &names, &context.options.tenant).await?;
    ready.retain(|allocation| {
        let Some(place) = &allocation.place else { return false };
        // A role that is not there is a matter of the inventory.
        roles.get(&place.db_user).is_some_and(|role| !is_as_given(role, place))
    });
    Ok(ready)
}

fn is_as_given(role: &SeenRole, place: &Place) -> bool {
    role.is_limited && lets_in(role, place)
}

fn lets_in(role: &SeenRole, place: &Place) -> bool {
    role.can_login && role.verifier.as_ref() == Some(&place.db_verifier)
}

/// Looks again under the fence: the password may have been changed by us just now.
async fn put_back(context: &Context, login: &Login, allocation: &Allocation) -> anyhow::Result<()> {
    let Some(place) = &allocation.place else { return Ok(()) };
    let pool = context.connections.pool(login);
    let Some(mut fence) = Fence::take(&pool, &place.db_name).await? else { return Ok(()) };
    let mut conn = context.pool.acquire().await?;
    let current = store::allocation::find(&mut conn, allocation.id).await?;
    drop(conn);
    if let Some(current) = current.filter(|current| current.state == AllocationState::Ready) {
        set_right(context, fence.session(), &current).await?;
    }
    Ok(fence.release().await?)
}

async fn set_right(
    context: &Context,
    session: &mut PgConnection,
    allocation: &Allocation,
) -> anyhow::Result<()> {
    let Some(place) = &allocation.place else { return Ok(()) };
    let limits = &context.options.tenant;
    let seen = tenant::observe(session, &place.db_user, &place.db_name, limits).await?;
    let Some(role) = seen.role else { return Ok(()) };
    let mut repaired = Vec::new();
    if !role.is_limited {
        tenant::limit(session, &place.db_user, limits).await?;
        repaired.push("bounds");
    }
    if !lets_in(&role, place) {
        tenant::let_in(session, &place.db_user, &place.db_verifier).await?;
        repaired.push("password");
    }
    if repaired.is_empty() {
        return Ok(());
    }
    let outcome = format!("its role had another {}: put back", repaired.join(" and "));
    tracing::warn!(instance = %allocation.instance_id, role = place.db_user, "a tenant has changed its role: {outcome}");
    let mut conn = context.pool.acquire().await?;
    let subject = format!("instance {}", allocation.instance_id);
    audit::write(&mut conn, &Actor::worker(), "put_back", &subject, &outcome).await?;
    Ok(())
}

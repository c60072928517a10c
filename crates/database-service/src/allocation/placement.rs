//! Finding a place: a slot on the best server, and what lies in stock there. Everything in one short transaction.

use std::time::Duration;

use runtime::Limits;
use sqlx::PgConnection;
use vocabulary::{AllocationId, CpuLimit, DatabaseType, InstanceId, ServerId};

use super::Allocations;
use super::decision::Room;
use crate::capacity::{Capacity, Everything};
use crate::choice::{Choice, rank};
use crate::credential::{self, Credential};
use crate::server::{Order, write_down};
use crate::state::{AllocationState, ServerStatus, Wish};
use crate::stock::Stocks;
use crate::store::allocation::{Allocation, Place};
use crate::{Context, QUEUE, store};

/// Who wants a place, and with which password.
pub(super) struct Claim<'a> {
    pub(super) id: AllocationId,
    pub(super) instance: InstanceId,
    pub(super) db_type: DatabaseType,
    pub(super) template: Option<&'a str>,
    pub(super) credential: &'a Credential,
}

/// When the worker looks after what a request was about to make, in case that it did not.
pub(super) const AFTER_THE_REQUEST: Duration = Duration::from_secs(3);

/// When the stock is filled up again. A clone takes the disk for a moment, which whoever has just bought needs first:
/// other buyers for their databases, and their Odoos to start.
const REFILL_AFTER: Duration = Duration::from_secs(3);

/// The short form of an id, for names on servers.
pub(crate) fn short_name(id: uuid::Uuid) -> String {
    format!("odoo_{}", id.simple())
}

/// Whether a place could be had now.
pub(super) async fn room(context: &Context, allocation: &Allocation) -> anyhow::Result<Room> {
    if allocation.state != AllocationState::Waiting {
        return Ok(Room::Later);
    }
    let mut conn = context.pool.acquire().await?;
    let instance = allocation.instance_id;
    if !choices(&mut conn, allocation.db_type, instance).await?.is_empty() {
        return Ok(Room::Now);
    }
    let is_unasked = allocation.db_type == DatabaseType::Dedicated
        && store::server::dedicated_to(&mut conn, instance).await?.is_none();
    Ok(if is_unasked { Room::Unasked } else { Room::Later })
}

/// Asks for the server of a waiting allocation. One that is on its way out for the instance's last allocation keeps the
/// name until it is gone, and then wakes this one.
pub(super) async fn order_own_server(
    context: &Context,
    allocation: &Allocation,
) -> anyhow::Result<()> {
    let usual = context.options.dedicated_limits;
    let limits = Limits {
        cpu: allocation.cpu_limit.map(CpuLimit::try_from).transpose()?.unwrap_or(usual.cpu),
        memory: match &allocation.memory_limit {
            Some(text) => text.parse()?,
            None => usual.memory,
        },
    };
    let order = Order::dedicated(context, allocation.customer_id, allocation.instance_id, limits);
    let mut tx = context.pool.begin().await?;
    write_down(&mut tx, &order).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a waiting allocation a place, if there is one; false if there is none now.
pub(super) async fn settle_waiting(
    context: &Context,
    allocation: &Allocation,
) -> anyhow::Result<bool> {
    let credential = credential::for_allocation(&context.vault, allocation.id.0).await?;
    let claim = Claim {
        id: allocation.id,
        instance: allocation.instance_id,
        db_type: allocation.db_type,
        template: allocation.template.as_deref(),
        credential: &credential,
    };
    let mut tx = context.pool.begin().await?;
    let Some(server) = find_place(&mut tx, &claim).await? else {
        // Also what was taken from the stock goes back.
        tx.rollback().await?;
        return Ok(false);
    };
    tx.commit().await?;
    refresh(context, server).await?;
    Ok(true)
}

/// Makes `full` follow, once everybody can see the slot.
pub(super) async fn refresh(context: &Context, server: ServerId) -> sqlx::Result<()> {
    let mut conn = context.pool.acquire().await?;
    store::server::refresh_full(&mut conn, server).await
}

/// Takes a slot for the claim on the best server that has one, in the caller's transaction.
pub(super) async fn find_place(
    conn: &mut PgConnection,
    claim: &Claim<'_>,
) -> sqlx::Result<Option<ServerId>> {
    let choices = choices(conn, claim.db_type, claim.instance).await?;
    for choice in &choices {
        let Some(slot) = store::slot::lock_free(conn, choice.server).await? else { continue };
        if !settle_on(conn, claim, choice).await? {
            return Ok(None);
        }
        store::slot::take(conn, (choice.server, slot), claim.id).await?;
        QUEUE.wake_after::<Allocations>(conn, &claim.id, AFTER_THE_REQUEST).await?;
        if claim.template.is_some() {
            QUEUE.wake_after::<Stocks>(conn, &choice.server, REFILL_AFTER).await?;
        }
        QUEUE.wake::<Capacity>(conn, &Everything).await?;
        return Ok(Some(choice.server));
    }
    Ok(None)
}

/// Writes the place down: a piece of stock if there is one, else names of its own.
async fn settle_on(
    conn: &mut PgConnection,
    claim: &Claim<'_>,
    choice: &Choice,
) -> sqlx::Result<bool> {
    let from_stock = match claim.template {
        Some(template) => store::stock::take(conn, choice.server, template).await?,
        None => None,
    };
    let made_from = claim.template.filter(|_| from_stock.is_some());
    let reason = match made_from {
        Some(_) => format!("{}; from stock", choice.reason),
        None => choice.reason.clone(),
    };
    let (db_name, db_user) = from_stock.unwrap_or_else(|| {
        let name = short_name(claim.id.0);
        let user = format!("{name}_user");
        (name, user)
    });
    let place = Place {
        server: choice.server,
        db_name,
        db_user,
        db_password: claim.credential.sealed.clone(),
        db_verifier: claim.credential.verifier.clone(),
    };
    store::allocation::settle_on(conn, claim.id, &place, &reason, made_from).await
}

/// Where the claim could go, the best place first.
async fn choices(
    conn: &mut PgConnection,
    db_type: DatabaseType,
    instance: InstanceId,
) -> sqlx::Result<Vec<Choice>> {
    match db_type {
        DatabaseType::Shared => Ok(rank(&store::server::candidates(conn).await?)),
        DatabaseType::Dedicated => own_server(conn, instance).await,
    }
}

/// A server of its own is taken when it is ready, whatever its health: there is no other.
async fn own_server(conn: &mut PgConnection, instance: InstanceId) -> sqlx::Result<Vec<Choice>> {
    let Some(server) = store::server::dedicated_to(conn, instance).await? else {
        return Ok(Vec::new());
    };
    let is_up = server.status == ServerStatus::Active
        && server.wish == Wish::Serve
        && store::slot::count_free(conn, server.id).await? > 0;
    let reason = format!("{}: made for this instance", server.name);
    Ok(is_up.then_some(Choice { server: server.id, reason }).into_iter().collect())
}

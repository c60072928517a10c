//! What is asked of an allocation from outside. The same question always gets the same answer.

use std::time::Duration;

use anyhow::Context as _;
use contract::database as body;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use sqlx::PgConnection;
use tokio::time::Instant;
use vocabulary::{AllocationId, CpuLimit, CustomerId, DatabaseType, InstanceId, MemorySize};
use work::{Attempt, Faults};

use super::placement::{AFTER_THE_REQUEST, Claim, find_place, refresh};
use super::site::server;
use super::{Allocations, Hands, Outcome, settle};
use crate::capacity::{Capacity, Everything};
use crate::credential;
use crate::state::AllocationState;
use crate::store::allocation::{Allocation, NewAllocation};
use crate::store::audit::{self, Actor};
use crate::{Context, QUEUE, store};

/// A database that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// For which instance.
    pub instance: InstanceId,
    /// Whose instance.
    pub customer: CustomerId,
    /// On which kind of server.
    pub db_type: DatabaseType,
    /// Cloned from this template, if it is there.
    pub template: Option<String>,
    /// Only reserved, for so many seconds.
    pub reserve_for: Option<u32>,
    /// Cores of a server of its own.
    pub cpu_limit: Option<CpuLimit>,
    /// Memory of a server of its own.
    pub memory_limit: Option<MemorySize>,
}

/// Why a database is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The instance has a database of the other kind.
    #[error("the instance has an allocation of type {0}")]
    OtherType(DatabaseType),
    /// The instance is somebody else's.
    #[error("the instance has an allocation for another customer")]
    OtherCustomer,
    /// There is none.
    #[error("the instance has no allocation")]
    None,
    /// It can't be done while it is being made or released.
    #[error("the allocation is not ready")]
    NotReady,
    /// Something went wrong.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Gives an instance its database: the one that it has, or a new one. Answers within a few seconds; what takes longer
/// goes on without the caller.
pub(crate) async fn allocate(
    context: &Context,
    request: &Request,
    actor: &Actor,
) -> Result<body::Allocation, Refused> {
    let allocation = loop {
        if let Some(allocation) = find(context, request.instance).await? {
            break allocation;
        }
        // One that is released as soon as somebody has claimed it is claimed anew.
        claim(context, request, actor).await?;
    };
    if allocation.customer_id != request.customer {
        return Err(Refused::OtherCustomer);
    }
    if allocation.db_type != request.db_type {
        return Err(Refused::OtherType(allocation.db_type));
    }
    if allocation.reserved_until.is_some() && request.reserve_for.is_none() {
        let mut conn = context.pool.acquire().await?;
        store::allocation::confirm(&mut conn, allocation.id).await?;
    }
    finish(context, allocation).await
}

async fn find(context: &Context, instance: InstanceId) -> sqlx::Result<Option<Allocation>> {
    let mut conn = context.pool.acquire().await?;
    store::allocation::live(&mut conn, instance).await
}

/// Writes the claim down and takes a place for it, if there is one. Of several that claim at once one wins, and all of
/// them find what that one wrote.
async fn claim(context: &Context, request: &Request, actor: &Actor) -> anyhow::Result<()> {
    let id = AllocationId::new();
    let credential = credential::for_allocation(&context.vault, id.0).await?;
    let mut tx = context.pool.begin().await?;
    let mut server = None;
    if store::allocation::insert(&mut tx, &new_allocation(id, request)).await? {
        let claim = Claim {
            id,
            instance: request.instance,
            db_type: request.db_type,
            template: request.template.as_deref(),
            credential: &credential,
        };
        let subject = format!("instance {}", request.instance);
        audit::write(&mut tx, actor, "allocate", &subject, request.db_type.as_str()).await?;
        server = find_place(&mut tx, &claim).await?;
        if server.is_none() {
            wait_for_server(&mut tx, request.db_type, id).await?;
        }
    }
    tx.commit().await?;
    if let Some(server) = server {
        refresh(context, server).await?;
    }
    Ok(())
}

fn new_allocation(id: AllocationId, request: &Request) -> NewAllocation {
    NewAllocation {
        id,
        instance_id: request.instance,
        customer_id: request.customer,
        db_type: request.db_type,
        template: request.template.clone(),
        cpu_limit: request.cpu_limit.map(Decimal::from),
        memory_limit: request.memory_limit.map(|size| size.to_string()),
        reserve_for: request.reserve_for,
    }
}

/// Nothing is free: the planner makes room, or the worker asks for a server of its own.
async fn wait_for_server(
    conn: &mut PgConnection,
    db_type: DatabaseType,
    id: AllocationId,
) -> sqlx::Result<()> {
    QUEUE.wake::<Allocations>(conn, &id).await?;
    match db_type {
        DatabaseType::Shared => QUEUE.wake::<Capacity>(conn, &Everything).await,
        DatabaseType::Dedicated => Ok(()),
    }
}

/// Does what can be done at once, waits a moment for what somebody else does, and answers how it stands.
async fn finish(
    context: &Context,
    mut allocation: Allocation,
) -> Result<body::Allocation, Refused> {
    if allocation.state == AllocationState::Making {
        let until = Instant::now() + context.options.answer_within;
        let mut watch = context.changes.watch(allocation.instance_id).await?;
        let attempt = Attempt::inline("allocate", &allocation.id.to_string(), Faults::none());
        let settling = settle(context, allocation.id, &attempt, Hands::Request);
        match tokio::time::timeout_at(until, Box::pin(settling)).await {
            Ok(Ok(Outcome::Settled)) | Err(_) => {}
            Ok(Ok(Outcome::Busy | Outcome::Waiting)) => {
                watch.changed(until).await;
            }
            // The row is there and the worker goes on; the caller asks again.
            Ok(Err(error)) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    allocation = %allocation.id,
                    "a database could not be made at once"
                );
            }
        }
        let mut conn = context.pool.acquire().await?;
        allocation =
            store::allocation::find(&mut conn, allocation.id).await?.context("rows stay")?;
    }
    answer(context, &allocation).await
}

/// How an allocation stands, as callers see it.
async fn answer(context: &Context, allocation: &Allocation) -> Result<body::Allocation, Refused> {
    let provisioning = |message: &str, retry_after| body::Allocation::Provisioning {
        message: message.to_owned(),
        retry_after,
    };
    Ok(match (allocation.state, allocation.db_type) {
        (AllocationState::Ready, _) => {
            body::Allocation::Allocated(hand_out(context, allocation).await?)
        }
        (AllocationState::Waiting, DatabaseType::Shared) => {
            provisioning("no slot is free: a database server is being made", 5)
        }
        (AllocationState::Waiting, DatabaseType::Dedicated) => {
            provisioning("the instance's own database server is being made", 5)
        }
        (AllocationState::Making, _) => provisioning("the database is being made", 1),
        (AllocationState::Releasing, _) => body::Allocation::Releasing,
        (AllocationState::Released, _) => return Err(Refused::None),
    })
}

/// Where the database is, and the password that lets its role in.
async fn hand_out(context: &Context, allocation: &Allocation) -> anyhow::Result<body::Allocated> {
    let place = allocation.place.as_ref().context("a ready allocation has a place")?;
    let server = server(context, place.server).await?;
    let address = context.login(&server)?.address;
    let password = credential::open_allocation(&context.vault, allocation, place)?;
    Ok(body::Allocated {
        db_server_id: place.server,
        db_host: address.host,
        db_port: address.port,
        db_name: place.db_name.clone(),
        db_user: place.db_user.clone(),
        db_password: password.expose_secret().to_owned(),
        template: allocation.made_from.clone(),
    })
}

/// The allocation as it stands; with a wait, as soon as what is under way has changed, or the time is over.
pub(crate) async fn await_change(
    context: &Context,
    instance: InstanceId,
    wait: Duration,
) -> Result<body::Allocation, Refused> {
    let mut watch = context.changes.watch(instance).await?;
    let first = find(context, instance).await?.ok_or(Refused::None)?;
    if wait.is_zero() || first.state == AllocationState::Ready {
        return answer(context, &first).await;
    }
    let until = Instant::now() + wait;
    while watch.changed(until).await {
        let now = find(context, instance).await?.ok_or(Refused::None)?;
        if now.state != first.state || now.id != first.id {
            return answer(context, &now).await;
        }
    }
    answer(context, &find(context, instance).await?.ok_or(Refused::None)?).await
}

/// Gives the database back. Whoever asks has decided that its data may go.
pub(crate) async fn release(
    context: &Context,
    instance: InstanceId,
    actor: &Actor,
) -> Result<body::Allocation, Refused> {
    loop {
        let mut tx = context.pool.begin().await?;
        let allocation = store::allocation::live(&mut tx, instance).await?.ok_or(Refused::None)?;
        if allocation.state == AllocationState::Releasing {
            return Ok(body::Allocation::Releasing);
        }
        // Otherwise it changed since it was read, and is read again.
        if store::allocation::advance(&mut tx, &allocation, AllocationState::Releasing).await? {
            let subject = format!("instance {instance}");
            audit::write(&mut tx, actor, "release", &subject, "releasing").await?;
            QUEUE.wake::<Allocations>(&mut tx, &allocation.id).await?;
            tx.commit().await?;
            return Ok(body::Allocation::Releasing);
        }
    }
}

/// Gives the role another password; the old one works until the new one does.
pub(crate) async fn rotate(
    context: &Context,
    instance: InstanceId,
    actor: &Actor,
) -> Result<body::Allocation, Refused> {
    let allocation = find(context, instance).await?.ok_or(Refused::None)?;
    let fresh = credential::for_allocation(&context.vault, allocation.id.0).await?;
    let mut tx = context.pool.begin().await?;
    let id = allocation.id;
    if !store::allocation::set_password(&mut tx, id, &fresh.sealed, &fresh.verifier).await? {
        return Err(Refused::NotReady);
    }
    let subject = format!("instance {instance}");
    audit::write(&mut tx, actor, "rotate", &subject, "a new password").await?;
    QUEUE.wake_after::<Allocations>(&mut tx, &id, AFTER_THE_REQUEST).await?;
    tx.commit().await?;
    let allocation = find(context, instance).await?.ok_or(Refused::None)?;
    finish(context, allocation).await
}

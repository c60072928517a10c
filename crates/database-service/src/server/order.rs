//! A server that is to be: its row, its slots, and the wake-up of whoever makes it.

use runtime::Limits;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use vault::Vault;
use vocabulary::{CustomerId, InstanceId, ServerId};

use super::Servers;
use crate::store::audit::{self, Actor};
use crate::store::server::NewServer;
use crate::{Context, Options, QUEUE, credential, store};

/// A server that somebody asks for, with the password that its superuser will have.
#[derive(Debug)]
pub(crate) struct Order {
    /// Its id.
    pub id: ServerId,
    /// For whom alone, if for one.
    pub dedicated_to: Option<(CustomerId, InstanceId)>,
    /// How many databases it may hold.
    pub max_instances: u32,
    limits: Limits,
    max_connections: u32,
    superuser_password: Vec<u8>,
}

impl Order {
    /// A pool for so many databases.
    #[must_use]
    pub(crate) fn pool(context: &Context, id: ServerId, max_instances: u32) -> Self {
        let Options { pool_limits, .. } = *context.options;
        Self::new(&context.vault, &context.options, id, (max_instances, pool_limits))
    }

    /// A server for one instance.
    #[must_use]
    pub(crate) fn dedicated(
        context: &Context,
        customer: CustomerId,
        instance: InstanceId,
        limits: Limits,
    ) -> Self {
        let order = Self::new(&context.vault, &context.options, ServerId::new(), (1, limits));
        Self { dedicated_to: Some((customer, instance)), ..order }
    }

    fn new(vault: &Vault, options: &Options, id: ServerId, (size, limits): (u32, Limits)) -> Self {
        Self {
            id,
            dedicated_to: None,
            max_instances: size,
            limits,
            max_connections: options.connections_for(size),
            superuser_password: credential::for_server(vault, id),
        }
    }
}

/// Writes the server down, with its slots; it is made once the transaction is committed. Writing the same server down
/// twice is writing it down once.
///
/// # Errors
/// An error of the database.
pub(crate) async fn write_down(conn: &mut PgConnection, order: &Order) -> sqlx::Result<bool> {
    let name = match order.dedicated_to {
        Some((_, instance)) => format!("postgres-dedicated-{instance}"),
        None => format!("postgres-pool-{}", store::server::next_pool_number(conn).await?),
    };
    let size = i32::try_from(order.max_instances).unwrap_or(i32::MAX);
    let new = NewServer {
        id: order.id,
        name,
        dedicated_to: order.dedicated_to,
        max_instances: size,
        max_connections: i32::try_from(order.max_connections).unwrap_or(i32::MAX),
        cpu_limit: Decimal::from(order.limits.cpu),
        memory_limit: order.limits.memory.to_string(),
        superuser_password: order.superuser_password.clone(),
    };
    if !store::server::insert(conn, &new).await? {
        return Ok(false);
    }
    store::slot::grow(conn, order.id, size).await?;
    audit::write(conn, &Actor::worker(), "make_server", &format!("server {}", order.id), &new.name)
        .await?;
    QUEUE.wake::<Servers>(conn, &order.id).await?;
    Ok(true)
}

//! What `saasodoo doctor` asks of this service: which invariants its rows break, an inventory that is taken now, a sweep
//! over everything, and the secrets that may stand nowhere.

use anyhow::Context as _;
use contract::examination::{Rule, Violation};
use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};
use vault::Vault;

use crate::allocation::Allocations;
use crate::capacity::{Capacity, Everything};
use crate::inventory::{Inventory, Place};
use crate::server::Servers;
use crate::stock::Stocks;
use crate::template::Templates;
use crate::{QUEUE, credential, store};

const OWNERLESS: Rule = Rule::personal(
    1,
    "find out who asked for it; `DELETE /api/database/allocations/{id}` gives it back, with its data",
);
const UNALLOCATED: Rule =
    Rule::personal(1, "its rows were changed by hand: put them back, or restore its database");
const ASTRAY: Rule = Rule::personal(1, "its rows were changed by hand: put them back");
const CROWDED: Rule = Rule::personal(2, "resize it, or move databases away");
const STRANGER: Rule = Rule::personal(2, "move the stranger to another server");
const UNDEMANDED: Rule =
    Rule::personal(4, "find out who released it; restore it from its last backup");
const UNTOLD: Rule =
    Rule::personal(7, "find out who did it, from the log: rows were changed past the services");

/// Every violation that the rows show.
///
/// # Errors
/// An error of the database.
pub(crate) async fn violations(conn: &mut PgConnection) -> sqlx::Result<Vec<Violation>> {
    use store::violation as query;
    let mut found = Vec::new();
    found.extend(OWNERLESS.broken(query::ownerless_allocations(conn).await?));
    found.extend(UNALLOCATED.broken(query::running_without_allocation(conn).await?));
    found.extend(ASTRAY.broken(query::slots_astray(conn).await?));
    found.extend(CROWDED.broken(query::over_capacity(conn).await?));
    found.extend(STRANGER.broken(query::strangers(conn).await?));
    found.extend(UNDEMANDED.broken(query::released_undemanded(conn).await?));
    found.extend(UNTOLD.broken(query::allocations_unaudited(conn).await?));
    found.extend(UNTOLD.broken(query::servers_unaudited(conn).await?));
    Ok(found)
}

/// Has everything looked at; tells how many things that are. In the order of all who wake several kinds.
///
/// # Errors
/// An error of the database.
pub(crate) async fn sweep(conn: &mut PgConnection) -> sqlx::Result<usize> {
    let allocations = store::allocation::alive(conn).await?;
    let servers: Vec<_> =
        store::server::present(conn).await?.into_iter().map(|server| server.id).collect();
    let templates: Vec<_> =
        store::template::all(conn).await?.into_iter().map(|template| template.name).collect();
    let places: Vec<_> = std::iter::once(Place::Runtime)
        .chain(servers.iter().map(|server| Place::Server(*server)))
        .collect();
    QUEUE.wake_all::<Allocations>(conn, &allocations).await?;
    QUEUE.wake_all::<Servers>(conn, &servers).await?;
    QUEUE.wake_all::<Stocks>(conn, &servers).await?;
    QUEUE.wake_all::<Templates>(conn, &templates).await?;
    QUEUE.wake_all::<Inventory>(conn, &places).await?;
    QUEUE.wake::<Capacity>(conn, &Everything).await?;
    Ok(allocations.len() + 2 * servers.len() + templates.len() + places.len() + 1)
}

/// Has the runtime looked at, which only the worker can.
///
/// # Errors
/// An error of the database.
pub(crate) async fn look_at_runtime(conn: &mut PgConnection) -> sqlx::Result<()> {
    QUEUE.wake::<Inventory>(conn, &Place::Runtime).await
}

/// Every password that this service keeps: of tenants' roles, of servers' superusers, of templates that are being built.
///
/// # Errors
/// An error of the database; one that a sealed password does not open.
pub async fn secrets(pool: &PgPool, vault: &Vault) -> anyhow::Result<Vec<SecretString>> {
    let mut conn = pool.acquire().await.context("reading sealed passwords")?;
    let mut secrets = Vec::new();
    for server in store::server::present(&mut conn).await? {
        secrets.push(credential::open_superuser(vault, &server)?);
        for allocation in store::allocation::on_server(&mut conn, server.id).await? {
            if let Some(place) = &allocation.place {
                secrets.push(credential::open_allocation(vault, &allocation, place)?);
            }
        }
    }
    for template in store::template::all(&mut conn).await? {
        if let Some(build) = template.build {
            secrets.push(credential::open_build(vault, build.server, &build.password)?);
        }
    }
    Ok(secrets)
}

//! This service's numbers, read from its rows when a monitor asks.

use std::sync::atomic::AtomicU64;

use api::metrics::{Distribution, Registry, SECONDS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use sqlx::{PgConnection, PgPool};

use crate::QUEUE;
use crate::state::{AllocationState, FindingKind};
use crate::store::{self, count};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    db_type: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Type {
    db_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Server {
    server_type: String,
    status: String,
    health: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Piece {
    server: String,
    template: String,
    state: String,
}

/// Adds this service's numbers.
pub(crate) async fn read(pool: PgPool, mut registry: Registry) -> anyhow::Result<Registry> {
    let mut conn = pool.acquire().await?;
    allocations(&mut conn, &mut registry).await?;
    durations(&mut conn, &mut registry).await?;
    servers(&mut conn, &mut registry).await?;
    slots(&mut conn, &mut registry).await?;
    stock(&mut conn, &mut registry).await?;
    findings(&mut conn, &mut registry).await?;
    QUEUE.measure(&mut conn, &mut registry).await?;
    Ok(registry)
}

async fn allocations(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let gauges = Family::<Asked, Gauge>::default();
    for db_type in vocabulary::DatabaseType::ALL {
        for state in AllocationState::ALL.iter().filter(|s| **s != AllocationState::Released) {
            let asked = Asked { db_type: db_type.to_string(), state: state.to_string() };
            gauges.get_or_create(&asked).set(0);
        }
    }
    for found in count::allocations(conn).await? {
        gauges.get_or_create(&Asked { db_type: found.kind, state: found.state }).set(found.count);
    }
    registry.register("database_allocations", "Allocations by how far they are", gauges);
    let oldest = Gauge::<f64, AtomicU64>::default();
    oldest.set(count::oldest_wait(conn).await?);
    let help = "For how long the oldest allocation has waited for its database";
    registry.register("database_allocation_oldest_wait_seconds", help, oldest);
    Ok(())
}

async fn durations(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let took = Family::<Type, Distribution>::default();
    for found in count::allocating(conn, &SECONDS).await? {
        let of_type = took.get_or_create(&Type { db_type: found.db_type.as_str() });
        of_type.add(found.bucket, found.count, found.seconds);
    }
    let help = "From asking for a database to having it";
    registry.register("database_allocation_seconds", help, took);
    Ok(())
}

async fn servers(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let gauges = Family::<Server, Gauge>::default();
    for found in count::servers(conn).await? {
        let server = Server { server_type: found.kind, status: found.state, health: found.more };
        gauges.get_or_create(&server).set(found.count);
    }
    registry.register("database_servers", "Servers by what they do and how they are", gauges);
    Ok(())
}

async fn slots(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let supply = store::server::supply(conn).await?;
    let gauges = Family::<Kind, Gauge>::default();
    for (kind, count) in
        [("free", supply.free), ("coming", supply.coming), ("waiting", supply.waiting)]
    {
        gauges.get_or_create(&Kind { kind: kind.to_owned() }).set(count);
    }
    let help =
        "Slots of shared servers that can be taken, that are being made, and who waits for one";
    registry.register("database_slots", help, gauges);
    Ok(())
}

async fn stock(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let gauges = Family::<Piece, Gauge>::default();
    for found in count::stock(conn).await? {
        let piece = Piece { server: found.kind, template: found.more, state: found.state };
        gauges.get_or_create(&piece).set(found.count);
    }
    registry.register("database_stock", "Databases that are made in advance", gauges);
    Ok(())
}

async fn findings(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let gauges = Family::<Kind, Gauge>::default();
    for kind in FindingKind::ALL {
        gauges.get_or_create(&Kind { kind: kind.to_string() }).set(0);
    }
    for found in count::findings(conn).await? {
        gauges.get_or_create(&Kind { kind: found.kind }).set(found.count);
    }
    registry.register("database_findings", "What the inventory can't explain", gauges);
    Ok(())
}

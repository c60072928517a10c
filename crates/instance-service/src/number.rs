//! Numbers about instances, read from their rows when a monitor asks.

use std::sync::atomic::AtomicU64;

use api::metrics::{Distribution, Registry, SECONDS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use sqlx::{PgConnection, PgPool};
use vocabulary::InstanceStatus;

use crate::QUEUE;
use crate::store::all::count;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Doing {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Amiss {
    kind: &'static str,
}

/// Adds this service's numbers.
pub(crate) async fn read(pool: PgPool, mut registry: Registry) -> anyhow::Result<Registry> {
    let mut conn = pool.acquire().await?;
    statuses(&mut conn, &mut registry).await?;
    amiss(&mut conn, &mut registry).await?;
    waits(&mut conn, &mut registry).await?;
    QUEUE.measure(&mut conn, &mut registry).await?;
    Ok(registry)
}

async fn statuses(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let (gauges, counts) = (Family::<Doing, Gauge>::default(), count::by_status(conn).await?);
    for status in InstanceStatus::ALL {
        let count = counts.iter().find(|(s, _)| s == status).map_or(0, |(_, count)| *count);
        gauges.get_or_create(&Doing { status: status.as_str() }).set(count);
    }
    registry.register("instances", "Instances by what they are doing", gauges);
    Ok(())
}

async fn amiss(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let found = count::amiss(conn).await?;
    let counts = Family::<Amiss, Gauge>::default();
    let ages = Family::<Amiss, Gauge<f64, AtomicU64>>::default();
    for (kind, count, seconds) in
        [("owed", found.owed, found.owed_seconds), ("excess", found.excess, found.excess_seconds)]
    {
        counts.get_or_create(&Amiss { kind }).set(count);
        ages.get_or_create(&Amiss { kind }).set(seconds);
    }
    let help = "Instances that should run and don't (owed), or run and should not (excess)";
    registry.register("instances_amiss", help, counts);
    registry.register("instances_amiss_oldest_seconds", "For how long the oldest of them", ages);
    Ok(())
}

async fn waits(conn: &mut PgConnection, registry: &mut Registry) -> sqlx::Result<()> {
    let (purchases, returns) = (Distribution::default(), Distribution::default());
    for waited in count::waits(conn, &SECONDS).await? {
        let of_kind = if waited.kind == "purchase" { &purchases } else { &returns };
        of_kind.add(waited.bucket, waited.count, waited.seconds);
    }
    let help = "From an order that may run, or its payment, to an Odoo that answers";
    registry.register("instance_purchase_to_ready_seconds", help, purchases);
    let help = "From the end of a suspension to an Odoo that answers";
    registry.register("instance_return_to_ready_seconds", help, returns);
    Ok(())
}

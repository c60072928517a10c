//! What is counted: what must stay 0, and what shows that the chain of truth is moving. What this process sees happen it
//! counts itself; what stands in rows is read when a monitor asks.

use crate::context::{NAME, QUEUE};
use crate::store::all::{self, Chain};
use api::metrics::Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use sqlx::PgPool;
use std::sync::atomic::AtomicU64;
use std::sync::{LazyLock, Once};
use vocabulary::Standing;

/// Statements that changed something which instance-service had acknowledged already. Must stay 0.
pub(crate) static DRIFT: LazyLock<Counter> = LazyLock::new(Counter::default);
/// Statements that were answered.
pub(crate) static STATEMENTS: LazyLock<Counter> = LazyLock::new(Counter::default);
/// Looks that ended in an alarm: nothing could be derived or stated, and a person must act.
pub(crate) static ALARMS: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Adds what this process counts to the service's numbers, once.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        api::metrics::register(NAME, |registry| {
            let (drift, statements, alarms) = (DRIFT.clone(), STATEMENTS.clone(), ALARMS.clone());
            let help = "Acknowledged entitlements that were found changed";
            registry.register("entitlement_drift", help, drift);
            registry.register("entitlement_statements", "Entitlements stated", statements);
            registry.register("entitlement_alarms", "Looks that ended in an alarm", alarms);
        });
    });
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stands {
    standing: &'static str,
}

/// Adds what stands in rows.
pub(crate) async fn read(pool: PgPool, mut registry: Registry) -> anyhow::Result<Registry> {
    let mut conn = pool.acquire().await?;
    let standings = all::count_by_standing(&mut conn).await?;
    let gauges = Family::<Stands, Gauge>::default();
    for standing in Standing::ALL {
        let count = standings.iter().find(|(s, _)| s == standing).map_or(0, |(_, count)| *count);
        gauges.get_or_create(&Stands { standing: standing.as_str() }).set(count);
    }
    registry.register("entitlements", "Instances by how they stand with billing", gauges);
    chain(&all::chain(&mut conn).await?, &mut registry);
    QUEUE.measure(&mut conn, &mut registry).await?;
    Ok(registry)
}

fn chain(chain: &Chain, registry: &mut Registry) {
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let help = "Entitlements that instance-service has not acknowledged";
    gauge(registry, "entitlements_unacknowledged", help, chain.unacknowledged);
    let help = "Entitlements that can't be derived or stated: a person must act";
    gauge(registry, "entitlements_alarmed", help, chain.alarmed);
    let help = "Orders that have no subscription yet";
    gauge(registry, "orders_open", help, chain.open_orders);
    let oldest = Gauge::<f64, AtomicU64>::default();
    oldest.set(chain.oldest_seconds);
    let help = "For how long the oldest of them has held";
    registry.register("entitlements_unacknowledged_oldest_seconds", help, oldest);
}

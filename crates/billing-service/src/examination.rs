//! What `saasodoo doctor` asks of this service: which invariants its rows break, and a sweep over everything.

use crate::context::QUEUE;
use crate::entitlement::StateEntitlement;
use crate::{Context, store};
use chrono::TimeDelta;
use contract::examination::{Rule, Violation};

/// How long carrying an order out and stating an entitlement may take.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

const UNSTATED: Rule = Rule::swept(5, "it lasts seconds; `saasodoo operations` says what holds it");
const ALARMED: Rule = Rule::personal(5, "its plan is unknown: add it to plans.toml");
const UNTOLD: Rule =
    Rule::personal(7, "find out who did it, from the log: rows were changed past the services");

/// Every violation that the rows show.
pub(crate) async fn violations(context: &Context) -> sqlx::Result<Vec<Violation>> {
    use store::violation as query;
    let mut conn = context.pool.acquire().await?;
    let since = context.clock.now() - PATIENCE;
    let mut found: Vec<_> = UNSTATED.broken(query::unstated(&mut conn, since).await?).collect();
    found.extend(ALARMED.broken(query::alarmed(&mut conn).await?));
    found.extend(UNTOLD.broken(query::orders_unaudited(&mut conn).await?));
    found.extend(UNTOLD.broken(query::entitlements_unaudited(&mut conn).await?));
    found.extend(UNTOLD.broken(query::payments_unaudited(&mut conn).await?));
    Ok(found)
}

/// Has all entitlements stated again; tells how many.
pub(crate) async fn sweep(context: &Context) -> sqlx::Result<usize> {
    let mut tx = context.pool.begin().await?;
    let instances = store::all::unsettled(&mut tx).await?;
    QUEUE.wake_all::<StateEntitlement>(&mut tx, &instances).await?;
    tx.commit().await?;
    Ok(instances.len())
}

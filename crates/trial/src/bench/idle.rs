//! What the control plane takes when it knows many instances and has nothing to do.

use std::time::Duration;

use anyhow::{Context as _, Result};
use contract::billing::OrderInstance;
use contract::user::EnsureCustomer;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::Instant;
use vocabulary::InstanceStatus;

use super::{Measured, Row};
use crate::platform::{Platform, Site};
use crate::{patience, process};

/// How long nothing is done while it is watched.
const WATCHED: Duration = Duration::from_secs(60);
/// Between two looks at the processor time.
const LOOK: Duration = Duration::from_millis(500);

/// Orders instances that wait for their first payment: known to every service, with a database, and no Odoo. Returns
/// orders in a second.
pub(super) async fn order_many(site: &Site, known: u32) -> Result<f64> {
    let interface = site.staff().await?;
    let who = EnsureCustomer { email: "many@example.com".to_owned().try_into()?, company: None };
    let customer = interface.user.ensure_customer(&who).await?.id;
    let begun = Instant::now();
    stream::iter(0..known)
        .map(Ok::<_, anyhow::Error>)
        .try_for_each_concurrent(8, |number| {
            let interface = &interface;
            async move {
                let order = OrderInstance {
                    customer_id: Some(customer),
                    plan_name: "basic-immediate".to_owned().try_into()?,
                    subdomain: format!("many-{number}").try_into()?,
                    name: None,
                    odoo_version: None,
                    admin_email: Some("many@example.com".to_owned().try_into()?),
                    language: None,
                    timezone: None,
                };
                interface.billing.order(&order).await?;
                Ok(())
            }
        })
        .await?;
    let rate = f64::from(known) / begun.elapsed().as_secs_f64();
    // Their databases come one after the other.
    patience::until("everything rests", Duration::from_secs(1200), async || {
        let waiting = contract::instance::InstancesQuery {
            status: Some(InstanceStatus::WaitingForDatabase),
            ..Default::default()
        };
        let is_waiting = !interface.instance.list(&waiting).await?.instances.is_empty();
        let pools = interface.database.stats().await?;
        Ok((!is_waiting && i64::from(known) <= pools.total_used).then_some(()))
    })
    .await?;
    Ok(rate)
}

/// Starts the platform anew, so that it looks at everything, and watches it: the time until it rests, then its
/// memory and its processor time at rest.
pub(super) async fn measure(
    site: &Site,
    platform: Platform,
    known: u32,
) -> Result<(Platform, Vec<Row>)> {
    let mut platform = platform;
    platform.kill().await?;
    let mut platform = site.start()?;
    platform.ready().await?;
    let id = platform.id().context("it has ended")?;
    let rests_after = rests(id).await?;
    let before = process::processor_time(id).context("it has ended")?;
    patience::pass(WATCHED).await;
    let used = process::processor_time(id).context("it has ended")? - before;
    let resident = process::resident(id).context("it has ended")? as f64 / f64::from(1 << 20);
    let idle = used.as_secs_f64() / WATCHED.as_secs_f64() * 100.0;
    let row =
        |what, target, text| Row { what, target, floor: None, measured: Measured::Text(text) };
    let rows = vec![
        row(
            "control plane, all roles, resident",
            "60 MiB",
            format!("{resident:.0} MiB, {known} instances known"),
        ),
        row("idle", "2 % of a core", format!("{idle:.2} %, {known} instances known")),
        row(
            "from `ready` until all was looked at after a start",
            "10 s for 10,000",
            format!("{:.1} s, {known} instances", rests_after.as_secs_f64()),
        ),
    ];
    Ok((platform, rows))
}

/// How long the process is busy: until it uses less than a tenth of a core for three seconds.
async fn rests(id: u32) -> Result<Duration> {
    let begun = Instant::now();
    let mut busy = Duration::ZERO;
    let mut before = process::processor_time(id).context("it has ended")?;
    while begun.elapsed() - busy < Duration::from_secs(3) {
        patience::pass(LOOK).await;
        let now = process::processor_time(id).context("it has ended")?;
        if LOOK.mul_f64(0.1) < now - before {
            busy = begun.elapsed();
        }
        before = now;
    }
    Ok(busy)
}

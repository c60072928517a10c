//! How fast databases are allocated from stock.

use std::time::Duration;

use anyhow::{Result, ensure};
use contract::database::{Allocate, Allocation};
use futures::future::try_join_all;
use tokio::time::Instant;
use vocabulary::{CustomerId, DatabaseType, InstanceId};

use super::floor::Floor;
use super::{Measured, Row, Sample};
use crate::platform::{Interface, Site};

/// How many ask at once, and how often each.
pub(super) const AT_ONCE: u64 = 4;
pub(super) const EACH: u64 = 15;

/// Rate and times, with what a renamed or a cloned database costs by hand.
pub(super) async fn measure(site: &Site, floor: &Floor) -> Result<Vec<Row>> {
    let interface = site.service("instance-service").await?;
    let begun = Instant::now();
    let times = try_join_all((0..AT_ONCE).map(|_| ask_in_a_row(&interface))).await?;
    let took = begun.elapsed();
    let times = Sample::new(times.into_iter().flatten().collect());
    let rate = (AT_ONCE * EACH) as f64 / took.as_secs_f64();
    let p99 = times.quantile(0.99).as_secs_f64() * 1000.0;
    let row = |what, target, floor: Option<(&'static str, &Sample)>, measured| Row {
        what,
        target,
        floor: floor.map(|(name, sample)| (name, sample.clone())),
        measured,
    };
    Ok(vec![
        row(
            "`allocate` from stock, 4 at once",
            "200/s",
            None,
            Measured::Text(format!("{rate:.0}/s")),
        ),
        row("its slowest of a hundred", "p99 50 ms", None, Measured::Text(format!("{p99:.0} ms"))),
        row(
            "one `allocate` of these",
            "",
            Some(("rename and `alter role`", &floor.rename)),
            Measured::Times(times.clone()),
        ),
        row(
            "the same beside a clone by hand",
            "",
            Some(("`create database … template`", &floor.clone)),
            Measured::Times(times),
        ),
    ])
}

async fn ask_in_a_row(interface: &Interface) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..EACH {
        let request = Allocate {
            instance_id: InstanceId::new(),
            customer_id: CustomerId::new(),
            db_type: Some(DatabaseType::Shared),
            require_dedicated: None,
            plan_tier: None,
            template: Some("odoo-19.0".to_owned()),
            reserve_for: None,
            cpu_limit: None,
            memory_limit: None,
        };
        let begun = Instant::now();
        let answer = interface.database.allocate(&request).await?;
        times.push(begun.elapsed());
        let Allocation::Allocated(allocated) = answer else { anyhow::bail!("not from stock") };
        ensure!(allocated.template.is_some(), "an empty database was allocated");
    }
    Ok(times)
}

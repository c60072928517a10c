//! How long a new shared pool takes.

use std::time::Duration;

use anyhow::Result;
use contract::database::{PoolsQuery, ProvisionPool};
use tokio::time::Instant;

use super::Sample;
use crate::patience;
use crate::platform::Interface;

/// Asks for pools, one after the other, each until it is active.
pub(super) async fn measure(interface: &Interface, rounds: u32) -> Result<Sample> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let before = active(interface).await?;
        let begun = Instant::now();
        let wanted = ProvisionPool { max_instances: 50, server_type: "shared".to_owned() };
        interface.database.provision_pool(&wanted).await?;
        patience::closely("an active pool", Duration::from_secs(60), async || {
            Ok((before < active(interface).await?).then_some(()))
        })
        .await?;
        times.push(begun.elapsed());
    }
    Ok(Sample::new(times))
}

async fn active(interface: &Interface) -> Result<usize> {
    let query = PoolsQuery { status: Some("active".parse()?), server_type: None };
    Ok(interface.database.pools(&query).await?.pools.len())
}

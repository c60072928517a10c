//! Commands on database servers.

use contract::database::{PoolsQuery, ProvisionPool};

use crate::client::Platform;
use crate::failure::Outcome;
use crate::output::{self, Format};

/// `saasodoo servers`
pub(crate) async fn list(platform: &Platform, format: Format) -> Outcome {
    let pools = platform.database.pools(&PoolsQuery::default()).await?;
    let rows = pools.pools.iter().map(|pool| {
        let address = match (&pool.host, pool.port) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            _ => "-".to_owned(),
        };
        vec![
            pool.name.clone(),
            pool.server_type.clone(),
            pool.status.clone(),
            pool.health_status.clone(),
            format!("{}/{}", pool.current_instances, pool.max_instances),
            pool.stock.to_string(),
            address,
        ]
    });
    let head = ["NAME", "TYPE", "STATUS", "HEALTH", "IN USE", "STOCK", "ADDRESS"];
    Ok(output::print(format, &pools, &head, rows)?)
}

/// `saasodoo provision-pool`
pub(crate) async fn provision_pool(
    platform: &Platform,
    format: Format,
    max_instances: u32,
) -> Outcome {
    let body = ProvisionPool { max_instances, server_type: "shared".to_owned() };
    let coming = platform.database.provision_pool(&body).await?;
    let fields = [("operation", coming.task_id.to_string()), ("", coming.message.clone())];
    Ok(output::print_fields(format, &coming, &fields)?)
}

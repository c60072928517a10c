//! What the services say of themselves and of each other.

use std::collections::BTreeMap;

use contract::database::PoolsQuery;
use contract::instance::{Instance, RouteTarget};
use vocabulary::{InstanceId, InstanceStatus};

use super::Report;
use crate::client::Platform;
use crate::failure::Failure;

/// Examines everything that can be asked over the gateway.
pub(super) async fn examine(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    let instances = platform.instances(None).await?;
    inventory(platform, report).await?;
    servers(platform, report).await?;
    standings(&instances, report);
    routes(platform, &instances, report).await?;
    alarms(platform, report).await?;
    operations(platform, report).await
}

/// Invariant 1: rows, databases and roles are the same.
async fn inventory(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    let found = platform.database.inventory().await?.findings;
    if found.is_empty() {
        report.note("rows, databases and roles agree on every server");
    }
    for finding in found {
        report.find(
            1,
            format!("{} on {}: {}", finding.kind, finding.place, finding.name),
            "look at it: what is unknown is never dropped without you, what is missing is made again",
        );
    }
    Ok(())
}

/// Invariant 2: no server holds more than it may, no dedicated one a stranger.
async fn servers(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    let pools = platform.database.pools(&PoolsQuery::default()).await?.pools;
    report.note(format!("{} database servers", pools.len()));
    for pool in &pools {
        if i64::from(pool.max_instances) < pool.current_instances {
            let finding =
                format!("{} holds {} of {}", pool.name, pool.current_instances, pool.max_instances);
            report.find(2, finding, "resize it, or move databases away");
        }
        if pool.status == "error" || pool.health_status == "unhealthy" {
            let reason = pool.status_reason.clone().unwrap_or_default();
            let finding =
                format!("{} is {}, {} {reason}", pool.name, pool.status, pool.health_status);
            report.find(
                0,
                finding,
                "its log is in the data folder under runtime; it is looked at again every 30 s",
            );
        }
    }
    Ok(())
}

/// Invariant 5: what may run does, and what may not does not.
fn standings(instances: &[Instance], report: &mut Report) {
    use InstanceStatus as S;
    let running = instances.iter().filter(|instance| instance.status == S::Running).count();
    report.note(format!("{} instances, {running} of them running", instances.len()));
    for instance in instances {
        let may_run = instance.standing.is_some_and(vocabulary::Standing::allows_running);
        let is_wrong = match instance.status {
            S::Running | S::Starting | S::Sleeping => !may_run,
            S::Suspended | S::AwaitingPayment | S::Creating => {
                may_run && instance.status_reason.is_none()
            }
            S::Error | S::WaitingForDatabase => true,
            _ => false,
        };
        if is_wrong {
            let standing = instance.standing.map_or("not entitled", vocabulary::Standing::as_str);
            let finding = format!(
                "{} is {}, and its standing is {standing}",
                instance.subdomain, instance.status
            );
            report.find(
                5,
                finding,
                "it lasts seconds; if it stays, `saasodoo operations` says what holds it",
            );
        }
    }
}

/// Invariant 5, at the door: who runs is reached, who does not is not.
async fn routes(
    platform: &Platform,
    instances: &[Instance],
    report: &mut Report,
) -> Result<(), Failure> {
    let routes = platform.instance.routes().await?.routes;
    let routes: BTreeMap<InstanceId, &RouteTarget> =
        routes.iter().map(|route| (route.instance_id, &route.target)).collect();
    for instance in instances {
        let is_open = matches!(routes.get(&instance.id), Some(RouteTarget::Odoo { .. }));
        if is_open != (instance.status == InstanceStatus::Running) {
            let finding = format!(
                "the route of {} does not fit its status {}",
                instance.subdomain, instance.status
            );
            report.find(5, finding, "it lasts moments; if it stays, restart the edge");
        }
    }
    Ok(())
}

/// What billing cannot derive without a guess.
async fn alarms(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    for held in platform.billing.alarmed_entitlements().await?.entitlements {
        let finding = format!("the entitlement of instance {} cannot be derived", held.instance_id);
        report.find(5, finding, "its plan is unknown: add it to plans.toml");
    }
    Ok(())
}

/// What fails again and again, or is stuck.
async fn operations(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    let mut all = platform.database.operations().await?.operations;
    all.extend(platform.instance.operations().await?.operations);
    for operation in all.iter().filter(|o| o.state == "stuck" || 3 <= o.tries) {
        let error = operation.error.clone().unwrap_or_default();
        let finding = format!(
            "{} of {} failed {} times: {error}",
            operation.kind, operation.subject, operation.tries
        );
        report.find(
            0,
            finding,
            "it is tried again by itself unless it is stuck; `saasodoo operations`",
        );
    }
    Ok(())
}

//! What the services say of themselves: which invariants their rows break, what their servers hold, and what fails.

use contract::examination::Violation;
use vocabulary::InstanceStatus;

use super::patient::Facts;
use super::remedy::Remedy;
use super::report::{Finding, Report};
use crate::client::Platform;
use crate::failure::Failure;

/// Examines every service by itself.
pub(super) async fn examine(
    platform: &Platform,
    facts: &Facts,
    report: &mut Report,
) -> Result<(), Failure> {
    violations(platform, facts, report).await?;
    inventory(platform, report).await?;
    servers(facts, report);
    operations(platform, report).await
}

async fn violations(
    platform: &Platform,
    facts: &Facts,
    report: &mut Report,
) -> Result<(), Failure> {
    let database = platform.database.violations().await?.violations;
    let instance = platform.instance.violations().await?.violations;
    let billing = platform.billing.violations().await?.violations;
    let user = platform.user.violations().await?.violations;
    let stopped = facts.at_rest_on_sick_servers();
    for violation in &instance {
        if violation.invariant == 5 && stopped.iter().any(|id| violation.subject.contains(id)) {
            report.find(frozen(violation));
        }
    }
    let sources = [
        (database, Some(Remedy::LookAtServers)),
        (instance, Some(Remedy::LookAtInstances)),
        (billing, Some(Remedy::StateEntitlements)),
        (user, None),
    ];
    for (violations, sweep) in sources {
        for violation in violations {
            let sweep = sweep.clone().filter(|_| violation.is_swept);
            let Violation { invariant, subject, finding, advice, .. } = violation;
            let finding = Finding::new(invariant, subject, &finding, advice);
            report.find(Finding { remedy: sweep, ..finding });
        }
    }
    Ok(())
}

/// Invariant 3, as far as it leaves a trace.
fn frozen(violation: &Violation) -> Finding {
    let wrong = format!("{}, while its database server is not healthy", violation.finding);
    let advice =
        "nothing may be stopped because a server cannot be reached: the log tells who did it";
    Finding::new(3, &*violation.subject, &wrong, advice).mended_by(Remedy::LookAtInstances)
}

impl Facts {
    /// The ids of instances that do not run, and whose database server is not healthy.
    fn at_rest_on_sick_servers(&self) -> Vec<String> {
        let is_sick = |id| {
            self.pools.iter().any(|pool| {
                Some(pool.id) == id && !matches!(&*pool.health_status, "healthy" | "degraded")
            })
        };
        self.instances
            .iter()
            .filter(|i| matches!(i.status, InstanceStatus::Stopped | InstanceStatus::Suspended))
            .filter(|instance| is_sick(instance.db_server_id))
            .map(|instance| instance.id.to_string())
            .collect()
    }
}

/// Invariant 1: databases and roles on the servers, as they are now, against the rows.
async fn inventory(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    let inventory = platform.database.take_inventory().await?;
    if inventory.findings.is_empty() && inventory.unseen.is_empty() {
        report.note("rows, databases and roles agree on every server");
    }
    for found in inventory.findings {
        let subject = format!("{} on {}", found.name, found.place);
        let wrong = format!("is a {}", found.kind.replace('_', " "));
        let finding = |advice| Finding::new(1, subject, &wrong, advice);
        report.find(match found.kind.as_str() {
            "missing_role" | "missing_workload" => {
                finding("it is made again: see its server's log").mended_by(Remedy::LookAtServers)
            }
            "missing_database" => finding("a tenant's database comes from its last backup"),
            _ => finding("look at it: nothing drops it without you"),
        });
    }
    for unseen in inventory.unseen {
        let wrong = format!("could not be compared with its rows: {}", unseen.error);
        let advice = "its log is in the data folder under runtime/units";
        report.find(Finding::new(1, unseen.place, &wrong, advice));
    }
    Ok(())
}

/// The health of the servers.
fn servers(facts: &Facts, report: &mut Report) {
    report.note(format!("{} database servers", facts.pools.len()));
    for pool in &facts.pools {
        if pool.status == "error" || pool.health_status == "unhealthy" {
            let reason = pool.status_reason.clone().unwrap_or_default();
            let wrong = format!("is {}, {} {reason}", pool.status, pool.health_status);
            let advice =
                "its log is in the data folder under runtime/units; it is looked at every 30 s";
            report.find(
                Finding::new(0, pool.name.as_str(), &wrong, advice)
                    .mended_by(Remedy::LookAtServers),
            );
        }
    }
}

/// What fails again and again, or is stuck.
async fn operations(platform: &Platform, report: &mut Report) -> Result<(), Failure> {
    let mut all = platform.database.work().list().await?.operations;
    all.extend(platform.instance.work().list().await?.operations);
    all.extend(platform.billing.work().list().await?.operations);
    for operation in all.iter().filter(|o| o.state == "stuck" || 3 <= o.tries) {
        let error = operation.error.clone().unwrap_or_default();
        let subject = format!("{} of {}", operation.kind, operation.subject);
        let wrong = format!("is {} after {} tries: {error}", operation.state, operation.tries);
        let advice = "it is tried again by itself unless it is stuck; `saasodoo operations`";
        report.find(Finding::new(0, subject, &wrong, advice));
    }
    Ok(())
}

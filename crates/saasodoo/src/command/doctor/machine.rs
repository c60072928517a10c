//! Invariant 6 on this machine: processes, folders, user ids and control groups are those that the rows want.

use std::collections::BTreeMap;

use contract::instance::Instance;
use runtime_local::{Examination, Found};
use vocabulary::{InstanceId, InstanceStatus};

use super::patient::{Facts, Home};
use super::remedy::Remedy;
use super::report::{Finding, Report};
use crate::composition::options;
use crate::machine::PLATFORM_POSTGRES;

/// Compares what the runtime has with what the rows want.
pub(super) fn examine(
    home: &Home,
    facts: &Facts,
    report: &mut Report,
) -> anyhow::Result<Examination> {
    let seen = runtime_local::examine(&options::runtime(&home.settings, &home.data)?)?;
    for stray in &seen.strays {
        let finding = Finding::new(6, stray.to_string(), "", stray.advice());
        report.find(match stray.is_safe_to_remove() {
            true => finding.mended_by(Remedy::Remove(stray.clone())),
            false => finding,
        });
    }
    let instances: BTreeMap<_, _> = facts.instances.iter().map(|i| (i.id, i)).collect();
    for found in &seen.workloads {
        if let Some(finding) = unwanted(found, facts, &instances) {
            report.find(finding);
        }
    }
    for instance in &facts.instances {
        if let Some(finding) = missing(instance, &seen.workloads) {
            report.find(finding);
        }
    }
    report.note(format!("{} workloads of this machine were compared", seen.workloads.len()));
    Ok(seen)
}

/// A workload that no row wants, or that runs and should not.
fn unwanted(
    found: &Found,
    facts: &Facts,
    instances: &BTreeMap<InstanceId, &Instance>,
) -> Option<Finding> {
    use InstanceStatus as S;
    let name = found.name.as_str();
    if name == PLATFORM_POSTGRES || facts.pools.iter().any(|pool| pool.name == name) {
        return None;
    }
    let instance =
        name.strip_prefix("odoo-").and_then(|id| instances.get(&id.parse().ok()?).copied());
    let finding =
        |wrong: &str, advice| Finding::new(6, format!("the workload {name}"), wrong, advice);
    match instance.map(|instance| instance.status) {
        None => Some(finding(
            &format!("is in {}, and no row wants it", found.folder.display()),
            "it may hold somebody's files: look at it, and remove it by hand",
        )),
        Some(S::Terminated) => Some(
            finding("is still there, and its instance is gone", "it is removed")
                .mended_by(Remedy::LookAtInstances),
        ),
        Some(S::Stopped | S::Suspended | S::AwaitingPayment) if found.is_alive => Some(
            finding("runs, and its instance does not", "it is stopped")
                .mended_by(Remedy::LookAtInstances),
        ),
        Some(_) => None,
    }
}

/// An instance that runs without a workload that does.
fn missing(instance: &Instance, workloads: &[Found]) -> Option<Finding> {
    let name = format!("odoo-{}", instance.id);
    let runs = workloads.iter().any(|found| found.name.as_str() == name && found.is_alive);
    (instance.status == InstanceStatus::Running && !runs).then(|| {
        let subject = format!("instance {} ({})", instance.id, instance.subdomain);
        let wrong = "is running, and no process of it runs";
        Finding::new(6, subject, wrong, "it is started").mended_by(Remedy::LookAtInstances)
    })
}

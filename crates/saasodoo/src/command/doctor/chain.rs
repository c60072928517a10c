//! The chain of truth between billing-service and instance-service: what the one states is what the other has.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use contract::instance::{Instance, Statement, Statements, StatementsQuery};
use vocabulary::{InstanceId, InstanceStatus, Standing};

use super::patient::Facts;
use super::remedy::Remedy;
use super::report::{Finding, Report};
use crate::client::Platform;
use crate::failure::Failure;

/// Within this time a sweep tells billing of an instance that its owner has deleted.
const SWEEP: TimeDelta = TimeDelta::minutes(20);

/// The statements of one side.
type Side = BTreeMap<InstanceId, Statement>;

/// Compares what is stated with what has arrived.
pub(super) async fn examine(
    platform: &Platform,
    facts: &Facts,
    report: &mut Report,
) -> Result<(), Failure> {
    // What is stated meanwhile is on the second side and not on the first, and no finding at the next look.
    let arrived = all(|query| async move { platform.instance.statements(&query).await }).await?;
    let stated = all(|query| async move { platform.billing.statements(&query).await }).await?;
    let instances: BTreeMap<_, _> = facts.instances.iter().map(|i| (i.id, i)).collect();
    for (id, statement) in &stated {
        if let Some(wrong) = difference(statement, arrived.get(id), instances.get(id).copied()) {
            let advice = "it lasts seconds; `saasodoo operations` says what holds it";
            let finding = Finding::new(1, format!("the entitlement of {id}"), &wrong, advice);
            report.find(finding.mended_by(Remedy::StateEntitlements));
        }
    }
    for id in arrived.keys().filter(|id| !stated.contains_key(id)) {
        let advice = "find out where it comes from; staff may hold it: action `hold`";
        let wrong = "has an entitlement, and there is no order of it";
        report.find(Finding::new(1, format!("instance {id}"), wrong, advice));
    }
    report.note(format!("{} entitlements were compared", stated.len()));
    Ok(())
}

async fn all<F>(page: impl Fn(StatementsQuery) -> F) -> Result<Side, Failure>
where
    F: Future<Output = Result<Statements, contract::client::CallError>>,
{
    let (mut side, mut query) = (Side::new(), StatementsQuery::default());
    loop {
        let page = page(query).await?;
        side.extend(
            page.statements.into_iter().map(|statement| (statement.instance_id, statement)),
        );
        match page.next {
            Some(next) => query = StatementsQuery { after: Some(next) },
            None => return Ok(side),
        }
    }
}

/// What is wrong between the two sides.
fn difference(
    stated: &Statement,
    arrived: Option<&Statement>,
    instance: Option<&Instance>,
) -> Option<String> {
    match (arrived, instance) {
        (Some(arrived), _) => {
            let arrived = Statement { is_acknowledged: stated.is_acknowledged, ..arrived.clone() };
            (*stated != arrived).then(|| drift(stated, &arrived))
        }
        // An instance that is over keeps its last word; billing hears of its end within a sweep.
        (None, Some(instance)) if instance.status == InstanceStatus::Terminated => {
            let is_old = instance.updated_at + SWEEP < Utc::now();
            (stated.standing != Standing::Ended && is_old)
                .then(|| "is still charged for, and the instance is gone".to_owned())
        }
        (None, _) if stated.standing == Standing::Ended => None,
        (None, _) => Some("was stated, and there is no such instance".to_owned()),
    }
}

fn drift(stated: &Statement, arrived: &Statement) -> String {
    let text = |statement: &Statement| {
        format!(
            "version {} ({}, {}, {} CPU, {}, {})",
            statement.version,
            statement.plan_name,
            statement.standing,
            statement.cpu_limit,
            statement.memory_limit,
            statement.storage_limit
        )
    };
    format!("is {} in billing, and {} in its instance", text(stated), text(arrived))
}

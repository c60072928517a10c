//! Commands on what is under way, at every service that works in the background.

use contract::client::{CallError, OperationClient};
use contract::operation::{Operation, OperationAct, OperationDetail, Operations};
use serde::Serialize;
use vocabulary::OperationId;

use crate::cli::Operation as Asked;
use crate::client::Platform;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// `saasodoo operations`. What one service does not tell keeps nobody from what the others do.
pub(crate) async fn list(platform: &Platform, format: Format) -> Outcome {
    let (mut operations, mut failed) = (Vec::new(), None);
    for service in services(platform) {
        match service.list().await {
            Ok(more) => operations.extend(more.operations),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    operations.sort_by_key(|operation| std::cmp::Reverse(operation.created_at));
    let all = Operations { operations };
    let head = ["ID", "SERVICE", "KIND", "OF", "STATE", "STEP", "TRIES", "SINCE", "NEXT", "ERROR"];
    output::print(format, &all, &head, all.operations.iter().map(row))?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// `saasodoo operations show|retry|cancel|undo ID`
pub(crate) async fn act(platform: &Platform, format: Format, asked: Asked) -> Outcome {
    let (id, act) = match asked {
        Asked::Show { id } => (id, None),
        Asked::Retry { id } => (id, Some(OperationAct::Retry)),
        Asked::Cancel { id } => (id, Some(OperationAct::Cancel)),
        Asked::Undo { id } => (id, Some(OperationAct::Undo)),
    };
    let (service, detail) = find(platform, id).await?;
    match act {
        None => show(format, &detail),
        Some(act) => {
            let after = service.act(id, act).await?;
            print(format, &after, &after, Vec::new())
        }
    }
}

fn services(platform: &Platform) -> [OperationClient; 3] {
    [platform.billing.work(), platform.instance.work(), platform.database.work()]
}

/// Ids are unique over all services, so each is asked until one knows it.
async fn find(
    platform: &Platform,
    id: OperationId,
) -> Result<(OperationClient, OperationDetail), Failure> {
    let mut failed: Option<CallError> = None;
    for service in services(platform) {
        match service.find(id).await {
            Ok(found) => return Ok((service, found)),
            Err(error) if error.is_not_found() => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.map_or_else(|| Failure::Refused(format!("nothing under way is {id}")), Into::into))
}

fn row(operation: &Operation) -> Vec<String> {
    vec![
        operation.id.to_string(),
        operation.service.clone(),
        operation.kind.clone(),
        of(operation),
        operation.state.clone(),
        operation.step.clone(),
        operation.tries.to_string(),
        operation.created_at.format("%F %T").to_string(),
        operation.next_try.map(|at| at.format("%T").to_string()).unwrap_or_default(),
        operation.error.clone().unwrap_or_default(),
    ]
}

fn of(operation: &Operation) -> String {
    operation.name.clone().unwrap_or_else(|| operation.subject.clone())
}

fn show(format: Format, detail: &OperationDetail) -> Outcome {
    let failures = detail.failures.iter();
    let failures = failures
        .map(|failure| {
            let (at, step, error) = (failure.at.format("%F %T"), &failure.step, &failure.error);
            ("failed", format!("{at} after '{step}': {error}"))
        })
        .collect();
    print(format, detail, &detail.operation, failures)
}

fn print<A: Serialize>(
    format: Format,
    answer: &A,
    operation: &Operation,
    more: Vec<(&str, String)>,
) -> Outcome {
    let correlation = operation.correlation_id.map(|id| id.to_string());
    let mut fields = vec![
        ("id", operation.id.to_string()),
        ("service", operation.service.clone()),
        ("kind", operation.kind.clone()),
        ("of", of(operation)),
        ("subject", operation.subject.clone()),
        ("state", operation.state.clone()),
        ("step", operation.step.clone()),
        ("tries", operation.tries.to_string()),
        ("since", operation.created_at.to_rfc3339()),
        ("next try", operation.next_try.map(|at| at.to_rfc3339()).unwrap_or_default()),
        ("error", operation.error.clone().unwrap_or_default()),
        ("correlation", correlation.unwrap_or_default()),
    ];
    fields.extend(more);
    Ok(output::print_fields(format, answer, &fields)?)
}

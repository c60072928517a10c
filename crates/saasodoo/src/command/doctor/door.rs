//! Invariant 5 at the door: visitors of an instance that runs get its Odoo, and those of any other do not. Asked as visitors
//! ask, through the edge, of a page that costs an Odoo nothing.

use std::time::Duration;

use anyhow::Context as _;
use contract::instance::Instance;
use futures::StreamExt as _;
use reqwest::header::HOST;
use vocabulary::InstanceStatus;

use super::patient::Facts;
use super::remedy::Remedy;
use super::report::{Finding, Report};
use crate::failure::Failure;

/// How long an Odoo may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(10);
/// How many are asked at a time.
const AT_ONCE: usize = 16;

/// Knocks at every instance that is not over.
pub(super) async fn examine(url: &str, facts: &Facts, report: &mut Report) -> Result<(), Failure> {
    let visitor = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER)
        .build()
        .context("knocking at the instances")?;
    let over = [InstanceStatus::Terminating, InstanceStatus::Terminated];
    let alive = facts.instances.iter().filter(|instance| !over.contains(&instance.status));
    let visits = alive.map(|instance| visit(&visitor, url, instance));
    let found: Vec<_> = futures::stream::iter(visits).buffer_unordered(AT_ONCE).collect().await;
    let running = facts.instances.iter().filter(|i| i.status == InstanceStatus::Running).count();
    report.note(format!("{} instances, {running} of them running", facts.instances.len()));
    found.into_iter().flatten().for_each(|finding| report.find(finding));
    Ok(())
}

async fn visit(visitor: &reqwest::Client, url: &str, instance: &Instance) -> Option<Finding> {
    let host = instance.url.split('/').nth(2).unwrap_or_default();
    let request = visitor.get(format!("{url}/web/health")).header(HOST, host);
    let got = match request.send().await {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) => format!("no answer ({error:#})"),
    };
    let (runs, is_open) = (instance.status == InstanceStatus::Running, got == "200");
    (runs != is_open).then(|| {
        let wrong = format!("is {}, and its visitors get {got}", instance.status);
        let advice = "it lasts moments; if it stays, `saasodoo logs` and `saasodoo restart`";
        Finding::new(5, format!("the door of {}", instance.subdomain), &wrong, advice)
            .mended_by(Remedy::LookAtInstances)
    })
}

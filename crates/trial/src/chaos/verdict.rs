//! Whether everything that is paid runs, and nothing else does.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use contract::instance::InstancesQuery;

use super::customer::{End, Purchase};
use crate::patience::{insist, until};
use crate::platform::{Interface, Site};
use crate::process;

/// How long after the last kill everything may take to be as it should be: a worker's longest wait between two tries
/// (5 minutes) is part of it.
const PATIENCE: Duration = Duration::from_secs(420);

/// What is not as it should be, a sentence each.
pub(super) async fn failures(site: &Site, purchases: &[Purchase]) -> Result<Vec<String>> {
    let interface = site.staff().await?;
    let mut failures = Vec::new();
    for purchase in purchases {
        if let Err(error) = settles(&interface, purchase).await {
            failures.push(format!("stuck: {error:#}"));
        }
    }
    failures.extend(doubled(&interface, purchases).await?);
    failures.extend(unreachable(site, purchases).await);
    // What was ended a moment ago may still be on its way out.
    let last = until("no sandbox too many", Duration::from_secs(30), async || {
        Ok(processes(site, purchases).is_empty().then_some(()))
    });
    if last.await.is_err() {
        failures.extend(processes(site, purchases));
    }
    let last = until("no findings", Duration::from_secs(90), async || {
        Ok(site.findings().await?.is_empty().then_some(()))
    });
    if last.await.is_err() {
        let findings = site.findings().await?;
        failures.extend(findings.into_iter().map(|finding| format!("doctor: {finding}")));
    }
    failures.extend(panics(site)?);
    Ok(failures)
}

async fn settles(interface: &Interface, purchase: &Purchase) -> Result<()> {
    let mut seen = String::from("nothing");
    let id = purchase.ordered.instance_id;
    until("", PATIENCE, async || {
        let instance =
            insist("a look", PATIENCE, async || interface.instance.get(id).await).await?;
        seen = format!("{} ({})", instance.status, instance.status_text);
        Ok((instance.status == purchase.end.status()).then_some(()))
    })
    .await
    .map_err(|_| {
        let (subdomain, wanted) = (&purchase.subdomain, purchase.end.status());
        anyhow::anyhow!("{subdomain} ({id}) should be {wanted} and is {seen}")
    })
}

/// One purchase, one instance.
async fn doubled(interface: &Interface, purchases: &[Purchase]) -> Result<Vec<String>> {
    let mut instances = BTreeSet::new();
    let mut query = InstancesQuery { limit: Some(100), ..InstancesQuery::default() };
    loop {
        let page =
            insist("the list", PATIENCE, async || interface.instance.list(&query).await).await?;
        instances.extend(page.instances.into_iter().map(|instance| instance.id.to_string()));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    let bought: BTreeSet<_> = purchases.iter().map(|p| p.ordered.instance_id.to_string()).collect();
    let strangers = instances.difference(&bought).map(|id| format!("doubled: nobody bought {id}"));
    let lost = bought.difference(&instances).map(|id| format!("lost: {id} was bought"));
    Ok(strangers.chain(lost).collect())
}

/// What runs is reached behind the edge.
async fn unreachable(site: &Site, purchases: &[Purchase]) -> Vec<String> {
    let browser = reqwest::Client::new();
    let mut failures = Vec::new();
    for purchase in purchases.iter().filter(|purchase| purchase.end == End::Runs) {
        let host = format!("{}.localhost", purchase.subdomain);
        let url = format!("http://{}/web/login", site.address);
        let answers = until(&host, Duration::from_secs(60), async || {
            let answer = browser.get(&url).header("host", &host).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        });
        if let Err(error) = answers.await {
            failures.push(format!("not reached: {error:#}"));
        }
    }
    failures
}

/// The sandboxes of Odoos are those of the instances that run, each once.
fn processes(site: &Site, purchases: &[Purchase]) -> Vec<String> {
    let mut running = process::sandboxes(&site.folder);
    running.retain(|name, _| name.starts_with("odoo-"));
    let mut failures = Vec::new();
    for purchase in purchases.iter().filter(|purchase| purchase.end == End::Runs) {
        match running.remove(&format!("odoo-{}", purchase.ordered.instance_id)) {
            Some(1) => {}
            Some(n) => failures.push(format!("doubled: {} runs {n} times", purchase.subdomain)),
            None => failures.push(format!("lost: no process of {}", purchase.subdomain)),
        }
    }
    failures.extend(running.into_keys().map(|name| format!("leaked: the process of {name}")));
    failures
}

fn panics(site: &Site) -> Result<Vec<String>> {
    let log = std::fs::read_to_string(site.folder.join("log/saasodoo.log"))?;
    let said = std::fs::read_to_string(site.folder.join("up.log"))?;
    let lines = log.lines().chain(said.lines()).filter(|line| line.contains("panicked"));
    Ok(lines.map(|line| format!("a panic: {line}")).collect())
}

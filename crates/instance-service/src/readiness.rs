//! Whether an Odoo answers. Its `/web/login` answers 200 only once its registry is loaded, so nobody is sent there
//! before.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use backon::{ConstantBuilder, Retryable};
use runtime::{Observed, Running};
use tokio::time::timeout;
use vocabulary::InstanceId;

use crate::context::{Context, workload};

/// Between two tries. Every visitor of a new instance waits for half of this.
const EVERY: Duration = Duration::from_millis(25);

/// Where the instance's Odoo answers, as soon as it does; none when it does not within the options' bound.
pub(crate) async fn wait(context: &Context, instance: InstanceId) -> Option<Running> {
    let policy = ConstantBuilder::default().with_delay(EVERY).without_max_times();
    let answers = (|| answers(context, instance)).retry(policy);
    timeout(context.options.probe_within, answers).await.ok()?.ok()
}

async fn answers(context: &Context, instance: InstanceId) -> anyhow::Result<Running> {
    let running = match context.runtime.observe(&workload(instance)).await {
        Observed::Running(running) if running.is_current => running,
        other => bail!("it does not run what it should: {other:?}"),
    };
    let url = format!("http://{}/web/login", running.address);
    let answer = context.http.get(url).send().await.context("it does not answer")?;
    ensure!(answer.status().as_u16() == 200, "it answers {}", answer.status());
    Ok(running)
}

//! Hints that make the reconciler look sooner: a database became ready, an Odoo changed. A lost one does no harm, for
//! it also looks by itself. And what else runs beside the worker: passwords are hashed before anybody needs them.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use contract::correlation;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use vocabulary::{CorrelationId, InstanceId};

use crate::QUEUE;
use crate::context::{Context, instance_of};
use crate::reconciler::InstanceReconciler;
use crate::store::{all, event};

/// What database-service announces in the database that we share.
const ALLOCATIONS: &str = "allocation_changed";

/// Runs beside the worker until `stop`.
///
/// # Errors
/// None that are expected: what fails is tried again.
pub async fn watch(context: Context, stop: CancellationToken) -> anyhow::Result<()> {
    let forever = ConstantBuilder::default().with_delay(Duration::from_secs(1)).without_max_times();
    let allocations = (|| allocations(context.clone())).retry(forever).notify(lost);
    let odoos = (|| odoos(context.clone())).retry(forever).notify(lost);
    let hints = async { tokio::join!(allocations, odoos) };
    tokio::select! {
        minted = context.mint.keep_filled(&stop) => minted,
        _ = stop.run_until_cancelled(hints) => Ok(()),
    }
}

fn lost(error: &anyhow::Error, _: Duration) {
    warn!(error = format!("{error:#}"), "hints for the reconciler are lost for a moment");
}

async fn allocations(context: Context) -> anyhow::Result<()> {
    let mut listener = PgListener::connect_with(&context.pool).await?;
    listener.listen(ALLOCATIONS).await?;
    loop {
        let told = listener.recv().await?;
        let Ok(instance) = told.payload().parse::<InstanceId>() else { continue };
        let mut conn = context.pool.acquire().await?;
        if all::instance::waits_for_database(&mut conn, instance).await? {
            wake(&context, instance).await?;
        }
    }
}

async fn odoos(context: Context) -> anyhow::Result<()> {
    let mut changes = context.runtime.changes();
    loop {
        match changes.recv().await {
            Ok(name) => {
                if let Some(instance) = instance_of(&name) {
                    wake(&context, instance).await?;
                }
            }
            Err(RecvError::Lagged(_)) => {}
            // The runtime is gone, and with it the process.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What follows has the same cause as what happened to the instance last.
async fn wake(context: &Context, instance: InstanceId) -> anyhow::Result<()> {
    let mut conn = context.pool.acquire().await?;
    let cause = event::last_cause(&mut conn, instance).await?.unwrap_or_else(CorrelationId::new);
    let wake = QUEUE.wake::<InstanceReconciler>(&mut conn, &instance);
    Ok(correlation::scope(cause, wake).await?)
}

//! The end of an instance, because its owner demanded it: first the Odoo and its volume, then the database.

use std::time::Duration;

use anyhow::Context as _;
use work::Attempt;

use super::{Flow, InstanceReconciler};
use crate::context::workload;
use crate::instance::{DatabaseState, Instance, State};
use crate::life;

/// Between two looks at a database that is being removed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl InstanceReconciler {
    pub(super) async fn remove(
        &self,
        instance: &Instance,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        life::check(&self.context, instance).await?;
        self.context.runtime.remove(&workload(instance.id)).await?;
        attempt.did("Odoo removed").await?;
        Ok(Flow::Again)
    }

    /// Gives the database back. It is gone only when database-service no longer knows it.
    pub(super) async fn release(
        &self,
        instance: &mut Instance,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        match self.context.databases.release(instance.id).await {
            Err(error) if error.is_not_found() => {}
            answer => {
                answer.context("can't release the instance's database")?;
                return Ok(Flow::Wait(LOOK_AGAIN));
            }
        }
        attempt.did("database released").await?;
        let state =
            State { database: DatabaseState::Released, place: None, ..instance.state.clone() };
        life::save(&self.context, instance, state, None, attempt).await?;
        attempt.did("release noted").await?;
        Ok(Flow::Again)
    }
}

//! From an entitlement to an Odoo that is starting, in one go: database, secrets, identity, workload.

use anyhow::Context as _;
use chrono::Utc;
use runtime::{DatabaseAddress, OdooServer, Workload};
use vocabulary::InstanceStatus;
use work::Attempt;

use super::{Flow, InstanceReconciler, sight};
use crate::context::workload;
use crate::credentials;
use crate::decision::{Odoo, World};
use crate::instance::{Instance, State};
use crate::life;
use crate::store::secret::Secrets;

impl InstanceReconciler {
    pub(super) async fn start(
        &self,
        instance: &mut Instance,
        world: World,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        let database = match self.database(instance, world.is_given_up(), attempt).await? {
            Ok(database) => database,
            Err(flow) => return Ok(flow),
        };
        let (secrets, are_new) = credentials::ensure(&self.context, instance.id).await?;
        if are_new {
            attempt.did("secrets made").await?;
        }
        self.prepare(instance, &database, &secrets, attempt).await?;
        let odoo = self.odoo(instance, database, &secrets)?;
        life::check(&self.context, instance).await?;
        self.context.runtime.apply(&workload(instance.id), &Workload::Odoo(odoo)).await?;
        attempt.did("Odoo applied").await?;
        self.note_start(instance, world, attempt).await?;
        // One that ends by itself again and again is left to the runtime for a while.
        let fails = world.odoo == Odoo::Failing;
        Ok(if fails { Flow::Wait(self.context.options.look_again) } else { Flow::Again })
    }

    async fn note_start(
        &self,
        instance: &mut Instance,
        world: World,
        attempt: &Attempt,
    ) -> anyhow::Result<()> {
        let applied = sight::wanted(instance);
        let mut state = State { applied, seen: None, ..instance.state.clone() };
        if !world.is_given_up() {
            // People's patience begins now, and not while a database was being made.
            state = State { since: Utc::now(), ..state.told(InstanceStatus::Starting, None) };
        }
        life::save(&self.context, instance, state, None, attempt).await?;
        attempt.did("start noted").await
    }

    fn odoo(
        &self,
        instance: &Instance,
        database: DatabaseAddress,
        secrets: &Secrets,
    ) -> anyhow::Result<OdooServer> {
        let limits = sight::limits(instance).context("only what is entitled is started")?;
        Ok(OdooServer {
            version: instance.odoo_version.clone(),
            database,
            master_password: credentials::master_password(&self.context, instance.id, secrets)?,
            workers: sight::workers(limits),
            limits,
            restart_generation: instance.restart_generation,
        })
    }
}

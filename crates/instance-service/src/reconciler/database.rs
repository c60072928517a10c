//! Getting the database: asked of database-service each time that its password is needed, for the same question has
//! always the same answer.

use anyhow::Context as _;
use chrono::Utc;
use contract::database::{Allocate, Allocated, Allocation};
use runtime::DatabaseAddress;
use tracing::warn;
use vocabulary::{InstanceStatus, StatusReason};
use work::Attempt;

use super::{Flow, InstanceReconciler};
use crate::instance::{DatabasePlace, DatabaseState, Instance, State};
use crate::life;
use crate::options::template;

/// What people are told when the database is there.
const READY: &str = "Its database is ready, and its Odoo is being started.";

impl InstanceReconciler {
    /// Asks for a database before anybody has paid: it is kept for a while, and nothing runs.
    pub(super) async fn reserve(
        &self,
        instance: &mut Instance,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        let seconds = u32::try_from(self.context.options.reserve_for.as_secs()).unwrap_or(u32::MAX);
        match self.allocate(instance, Some(seconds)).await? {
            Some(allocated) => {
                let state = with_place(instance, &allocated);
                life::save(&self.context, instance, state, None, attempt).await?;
                attempt.did("database reserved").await?;
                Ok(Flow::Again)
            }
            None => self.keep_looking(instance, false, attempt).await,
        }
    }

    /// The database, or when to look again. People are told that the Odoo is being started as soon as it is there.
    pub(super) async fn database(
        &self,
        instance: &mut Instance,
        is_given_up: bool,
        attempt: &Attempt,
    ) -> anyhow::Result<Result<DatabaseAddress, Flow>> {
        let Some(allocated) = self.allocate(instance, None).await? else {
            return self.keep_looking(instance, !is_given_up, attempt).await.map(Err);
        };
        attempt.did("database allocated").await?;
        let mut state = with_place(instance, &allocated);
        if !is_given_up {
            state = state.told(InstanceStatus::Starting, None);
        }
        if state != instance.state {
            let is_news = instance.state.database != DatabaseState::Ready;
            let message = is_news.then_some(READY);
            life::save(&self.context, instance, state, message, attempt).await?;
            attempt.did("starting").await?;
        }
        Ok(Ok(address(allocated)))
    }

    async fn allocate(
        &self,
        instance: &Instance,
        reserve_for: Option<u32>,
    ) -> anyhow::Result<Option<Allocated>> {
        let limits = super::sight::limits(instance);
        let request = Allocate {
            instance_id: instance.id,
            customer_id: instance.customer_id,
            db_type: Some(instance.db_type),
            require_dedicated: None,
            plan_tier: None,
            template: Some(template(&instance.odoo_version)),
            reserve_for,
            cpu_limit: limits.map(|limits| limits.cpu),
            memory_limit: limits.map(|limits| limits.memory),
        };
        let answer = self.context.databases.allocate(&request).await;
        match answer.context("can't ask for the instance's database")? {
            Allocation::Allocated(allocated) => Ok(Some(allocated)),
            // One that is being released is asked for anew when it is gone.
            Allocation::Provisioning { .. } | Allocation::Releasing => Ok(None),
        }
    }

    /// There is no database yet. `is_told` says whether people wait for it.
    async fn keep_looking(
        &self,
        instance: &mut Instance,
        is_told: bool,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        let options = &self.context.options;
        let is_first = instance.state.database != DatabaseState::Waiting;
        let now = Utc::now();
        // Being woken in between is no look that counts.
        let counts = instance.state.looked_at.is_none_or(|at| {
            (now - at).to_std().unwrap_or_default() >= options.look_every.mul_f32(0.9)
        });
        let mut state = State { database: DatabaseState::Waiting, ..instance.state.clone() };
        if counts {
            (state.looks, state.looked_at) = (state.looks.saturating_add(1), Some(now));
        }
        if is_told {
            let is_too_long = options.looks <= state.looks.unsigned_abs();
            state = if is_too_long {
                state.told(InstanceStatus::Error, Some(StatusReason::NoDatabase))
            } else {
                state.told(InstanceStatus::WaitingForDatabase, None)
            };
            if is_too_long && instance.state.status != InstanceStatus::Error {
                warn!(instance_id = %instance.id, "the instance {} has no database after {} looks", instance.id, state.looks);
            }
        }
        if state != instance.state {
            life::save(&self.context, instance, state, None, attempt).await?;
            attempt.did("waiting for a database").await?;
        }
        // What became ready between the answer and the note that we wait was announced to nobody: ask once more.
        Ok(if is_first { Flow::Again } else { Flow::Wait(options.look_every) })
    }
}

fn with_place(instance: &Instance, allocated: &Allocated) -> State {
    State {
        database: DatabaseState::Ready,
        looks: 0,
        looked_at: None,
        place: Some(DatabasePlace {
            server: allocated.db_server_id,
            host: allocated.db_host.clone(),
            port: allocated.db_port,
            name: allocated.db_name.clone(),
        }),
        ..instance.state.clone()
    }
}

fn address(allocated: Allocated) -> DatabaseAddress {
    DatabaseAddress {
        host: allocated.db_host,
        port: allocated.db_port,
        name: allocated.db_name,
        user: allocated.db_user,
        password: allocated.db_password.into(),
    }
}

//! Keeps every instance as it should be. Looks, decides, acts, and looks again, until there is nothing to do; all that
//! it knows of earlier attempts is what it finds.

mod database;
mod ending;
mod preparation;
mod sight;
mod start;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use runtime::Observed;
use tracing::warn;
use vocabulary::{InstanceId, InstanceStatus, StatusReason};
use work::{Attempt, Next, Reconcile, Worker};

use crate::context::{Context, instance_of, workload};
use crate::decision::{Action, Odoo, World, decide};
use crate::desire::Desired;
use crate::instance::{Instance, State};
use crate::life::{self, Overtaken};
use crate::store::all;
use crate::{QUEUE, readiness};

/// More acts than this in one attempt, and somebody changes his mind faster than we can follow.
const MOST_ACTS: u32 = 20;

/// Keeps instances as they should be.
#[derive(Clone)]
pub struct InstanceReconciler {
    context: Context,
}

/// The worker that keeps instances as they should be. [`crate::watch`] has to run beside it.
#[must_use]
pub fn worker(context: Context) -> Worker {
    let concurrency = context.options.concurrency;
    Worker::new(context.pool.clone(), QUEUE, concurrency).reconcile(InstanceReconciler { context })
}

/// What comes after an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Look again at once.
    Again,
    /// Look again after this long, or when woken.
    Wait(Duration),
}

#[async_trait]
impl Reconcile for InstanceReconciler {
    const NAME: &'static str = "reconcile_instance";
    type Key = InstanceId;
    const SWEEP: Duration = Duration::from_secs(60);

    async fn keys(&self) -> anyhow::Result<Vec<InstanceId>> {
        let context = &self.context;
        let instances = all::instance::alive(&mut *context.pool.acquire().await?).await?;
        let inventory = context.runtime.inventory().await?;
        let mut seen: HashMap<InstanceId, Observed> = inventory
            .into_iter()
            .filter_map(|entry| Some((instance_of(&entry.name)?, entry.observed)))
            .collect();
        let mut keys = Vec::new();
        for instance in &instances {
            let observed = seen.remove(&instance.id).unwrap_or(Observed::Absent);
            let world = sight::world(instance, &observed, &context.options, Utc::now());
            if decide(Desired::of(instance), world).is_some() {
                keys.push(instance.id);
            }
        }
        // What runs and belongs to nobody who is alive.
        keys.extend(seen.into_keys());
        Ok(keys)
    }

    async fn reconcile(&self, key: &InstanceId, attempt: &Attempt) -> anyhow::Result<Next> {
        for _ in 0..MOST_ACTS {
            match self.turn(*key, attempt).await {
                Ok(Some(Flow::Again)) => {}
                Ok(Some(Flow::Wait(after))) => return Ok(Next::After(after)),
                Ok(None) => return Ok(Next::Settled),
                Err(error) if error.is::<Overtaken>() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Next::After(self.context.options.look_again))
    }
}

impl InstanceReconciler {
    /// Looks once and does one thing; none when there is nothing to do.
    async fn turn(&self, id: InstanceId, attempt: &Attempt) -> anyhow::Result<Option<Flow>> {
        let context = &self.context;
        let found = all::instance::find(&mut *context.pool.acquire().await?, id).await?;
        let observed = context.runtime.observe(&workload(id)).await;
        let Some(mut instance) = found else {
            return self.halt_stranger(id, &observed, attempt).await;
        };
        let desired = Desired::of(&instance);
        let world = sight::world(&instance, &observed, &context.options, Utc::now());
        match decide(desired, world) {
            Some(action) => self.act(action, &mut instance, world, attempt).await.map(Some),
            None => Ok(self.look_later(desired, world)),
        }
    }

    async fn act(
        &self,
        action: Action,
        instance: &mut Instance,
        world: World,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        match action {
            Action::Reserve => self.reserve(instance, attempt).await,
            Action::Start => self.start(instance, world, attempt).await,
            Action::Probe => self.probe(instance, world, attempt).await,
            Action::Stop => self.stop(instance, attempt).await,
            Action::Remove => self.remove(instance, attempt).await,
            Action::Release => self.release(instance, attempt).await,
            Action::Say(status, reason) => self.say(instance, status, reason, attempt).await,
        }
    }

    async fn probe(
        &self,
        instance: &mut Instance,
        world: World,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        let context = &self.context;
        let Some(running) = readiness::wait(context, instance.id).await else {
            let pause = context.options.look_again;
            return Ok(Flow::Wait(if world.is_given_up() { pause } else { pause / 10 }));
        };
        let state = State {
            seen: Some(sight::seen(&running)),
            started_at: Some(Utc::now()),
            ..instance.state.clone().told(InstanceStatus::Running, None)
        };
        life::save(context, instance, state, None, attempt).await?;
        attempt.did("Odoo answers").await?;
        Ok(Flow::Again)
    }

    async fn stop(&self, instance: &Instance, attempt: &Attempt) -> anyhow::Result<Flow> {
        life::check(&self.context, instance).await?;
        self.context.runtime.stop(&workload(instance.id)).await?;
        attempt.did("Odoo stopped").await?;
        Ok(Flow::Again)
    }

    async fn say(
        &self,
        instance: &mut Instance,
        status: InstanceStatus,
        reason: Option<StatusReason>,
        attempt: &Attempt,
    ) -> anyhow::Result<Flow> {
        let mut state = instance.state.clone().told(status, reason);
        let rests = matches!(
            status,
            InstanceStatus::Stopped
                | InstanceStatus::Suspended
                | InstanceStatus::AwaitingPayment
                | InstanceStatus::Terminated
        );
        if rests {
            (state.applied, state.seen) = (None, None);
        } else if status == InstanceStatus::Running {
            state.started_at = Some(Utc::now());
        }
        life::save(&self.context, instance, state, None, attempt).await?;
        attempt.did(status.as_str()).await?;
        Ok(Flow::Again)
    }

    /// An Odoo that no instance knows of. It is stopped, because nobody pays for it; its volume is not erased, because
    /// nobody has demanded that.
    async fn halt_stranger(
        &self,
        id: InstanceId,
        observed: &Observed,
        attempt: &Attempt,
    ) -> anyhow::Result<Option<Flow>> {
        if matches!(observed, Observed::Running(_) | Observed::Failing(_)) {
            warn!(instance_id = %id, "an Odoo runs that belongs to no instance {id}: it is stopped, and its volume kept");
            self.context.runtime.stop(&workload(id)).await?;
            attempt.did("stranger stopped").await?;
        }
        Ok(None)
    }

    /// When to look again although there is nothing to do now.
    fn look_later(&self, desired: Desired, world: World) -> Option<Flow> {
        let is_watched = world.odoo == Odoo::Unknown
            || (world.odoo == Odoo::Failing && desired == Desired::Running);
        is_watched.then_some(Flow::Wait(self.context.options.look_again))
    }
}

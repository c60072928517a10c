//! The runtime itself: the trait's calls, as acts on units under their locks.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::future::join_all;
use runtime::{InventoryEntry, Observed, OdooJob, Runtime, Walls, Workload, WorkloadName};
use tokio::sync::broadcast;
use tokio_util::sync::DropGuard;

use crate::options::LocalOptions;
use crate::place::Place;
use crate::record::{Kind, Spec, State, Wish};
use crate::unit::Unit;
use crate::{job, network, observation, removal, start, supervision, wait, wall};

/// Workloads as processes of this machine. Dropping it leaves them running, and nobody restarts them
/// until the folder is opened again.
#[derive(Debug)]
pub struct LocalRuntime {
    place: Arc<Place>,
    _stop: DropGuard,
}

impl LocalRuntime {
    /// Opens the folder, or makes it: adopts what runs, ends jobs that nobody waits for any more.
    /// What does not run is not started: that is for whoever applies it again.
    ///
    /// # Errors
    /// When the folders cannot be made or read.
    pub async fn open(options: LocalOptions) -> anyhow::Result<Self> {
        let place = Arc::new(Place::open(options).await?);
        job::end_orphans(&place).await?;
        removal::erase_rests(&place)?;
        network::restore(&place).await?;
        place.tasks.spawn(network::care(place.clone()));
        for unit in place.units()? {
            if let Observed::Running(running) = observation::observe(&place, &unit) {
                tracing::info!(workload = %unit.name, address = %running.address, "a workload that runs was adopted");
            }
        }
        let stop = place.stop.clone().drop_guard();
        Ok(Self { place, _stop: stop })
    }

    /// Stops looking after workloads and leaves them running.
    pub async fn detach(&self) {
        self.place.stop.cancel();
        self.place.tasks.close();
        self.place.tasks.wait().await;
        self.place.groups.tidy();
    }

    /// Ends everything in order: all Odoos at once, then the PostgreSQL servers, then those named, one
    /// after another. What was applied stays written down; applying it again starts it.
    ///
    /// # Errors
    /// When something could not be ended; everything else is.
    pub async fn shut_down(&self, last: &[WorkloadName]) -> anyhow::Result<()> {
        self.detach().await;
        let place = &self.place;
        let _nobody_starts_anything = place.gate.write().await;
        let (named, others): (Vec<_>, Vec<_>) =
            place.units()?.into_iter().partition(|unit| last.contains(&unit.name));
        let (servers, tenants): (Vec<_>, Vec<_>) = others.into_iter().partition(is_server);
        let mut failures = Vec::new();
        let jobs = place.jobs()?;
        for group in [jobs, tenants, servers] {
            let ends = join_all(group.iter().map(|unit| self.end(unit))).await;
            failures.extend(ends.into_iter().filter_map(Result::err));
        }
        for name in last {
            for unit in named.iter().filter(|unit| unit.name == *name) {
                failures.extend(self.end(unit).await.err());
            }
        }
        place.groups.tidy();
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    async fn end(&self, unit: &Unit) -> anyhow::Result<()> {
        let _lock = unit.lock().await?;
        start::end(&self.place, unit).await.with_context(|| format!("{} was not ended", unit.name))
    }

    async fn start_anew(
        &self,
        unit: &Unit,
        workload: &Workload,
        spec: &Spec,
    ) -> anyhow::Result<()> {
        start::end(&self.place, unit).await?;
        start::prepare(&self.place, unit, workload).await?;
        unit.save_spec(spec)?;
        let state = unit.state()?;
        unit.save_state(&State { restarts: 0, crashes: 0, crash: None, next_try_at: 0, ..state })?;
        let started = start::start(&self.place, unit, spec).await;
        if let Err(error) = &started {
            supervision::record_crash(&self.place, unit, format!("{error:#}"))?;
        }
        supervision::watch(&self.place, unit);
        started
    }
}

/// Whether it is a PostgreSQL server. What cannot be read is taken for one, and so ended late.
fn is_server(unit: &Unit) -> bool {
    !matches!(unit.spec(), Ok(Some(Spec { kind: Kind::Odoo { .. }, .. })))
}

#[async_trait::async_trait]
impl Runtime for LocalRuntime {
    async fn apply(&self, name: &WorkloadName, workload: &Workload) -> anyhow::Result<()> {
        let _admission = self.place.admit().await?;
        let unit = self.place.unit(name);
        let spec = Spec::new(workload);
        let _lock = unit.lock().await?;
        let state = unit.state()?;
        let is_alive = state.process.as_ref().is_some_and(|process| process.is_alive());
        // What cannot be read is not what was applied, and is written anew.
        let is_as_applied = unit.spec().is_ok_and(|current| current.as_ref() == Some(&spec));
        // What was prepared by a platform that knew no walls gets them by a restart.
        let is_walled = state.user_id.is_none() || state.reach.is_some();
        if is_as_applied && is_alive && is_walled && state.digest == spec.digest {
            supervision::watch(&self.place, &unit);
            return Ok(());
        }
        // Being tried again after a crash is under way.
        if is_as_applied && !is_alive && self.place.watches(&unit) {
            return Ok(());
        }
        let started = self.start_anew(&unit, workload, &spec).await;
        self.place.changed(&unit);
        started.with_context(|| format!("cannot start {name}"))
    }

    async fn stop(&self, name: &WorkloadName) -> anyhow::Result<()> {
        let unit = self.place.unit(name);
        let lock = unit.lock().await?;
        if !unit.exists() {
            lock.remove();
            return Ok(());
        }
        if let Ok(Some(spec)) = unit.spec() {
            unit.save_spec(&Spec { wish: Wish::Stop, ..spec })?;
        }
        let ended = start::end(&self.place, &unit).await;
        self.place.changed(&unit);
        ended.with_context(|| format!("cannot stop {name}"))
    }

    async fn remove(&self, name: &WorkloadName) -> anyhow::Result<()> {
        let unit = self.place.unit(name);
        let lock = unit.lock().await?;
        if unit.exists() {
            start::end(&self.place, &unit).await.with_context(|| format!("cannot stop {name}"))?;
            removal::erase(&self.place, &unit).await?;
            self.place.changed(&unit);
        }
        lock.remove();
        // Whoever looked after it sees that it is gone, and lets go of its own lock.
        let is_alone = || (!self.place.watches(&unit)).then_some(());
        wait::until(Duration::from_secs(5), Duration::from_millis(2), is_alone).await;
        Ok(())
    }

    async fn observe(&self, name: &WorkloadName) -> Observed {
        observation::observe(&self.place, &self.place.unit(name))
    }

    async fn inventory(&self) -> anyhow::Result<Vec<InventoryEntry>> {
        let units = self.place.units()?;
        let entry = |unit: &Unit| InventoryEntry {
            name: unit.name.clone(),
            observed: observation::observe(&self.place, unit),
        };
        Ok(units.iter().map(entry).collect())
    }

    async fn logs(&self, name: &WorkloadName, lines: usize) -> anyhow::Result<Vec<String>> {
        Ok(self.place.unit(name).log().tail(lines))
    }

    async fn run(&self, name: &WorkloadName, job: &OdooJob) -> anyhow::Result<()> {
        let _admission = self.place.admit().await?;
        job::run(&self.place, &self.place.job(name), job)
            .await
            .with_context(|| format!("the job {name} failed"))
    }

    fn changes(&self) -> broadcast::Receiver<WorkloadName> {
        self.place.changes.subscribe()
    }

    fn walls(&self) -> Walls {
        wall::walls(&self.place)
    }
}

//! A runtime in memory. Its Odoos answer `/web/login` on a loopback port of this process; its PostgreSQL servers are
//! all the one that the test names. It can be told to crash things, to see nothing, and to be slow.

mod entry;
mod server;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::bail;
use runtime::{Address, InventoryEntry, Observed, OdooJob, Runtime, Walls, Workload, WorkloadName};
use tokio::sync::broadcast;

use entry::{Entry, Life};

type JobRun = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;
type OnJob = Box<dyn Fn(OdooJob) -> JobRun + Send + Sync>;

/// A runtime in memory. Clones share everything, and outlive a worker that crashes, as tenants do.
#[derive(Clone)]
pub struct FakeRuntime(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changes: broadcast::Sender<WorkloadName>,
    on_job: Mutex<Option<OnJob>>,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<WorkloadName, Entry>,
    is_unknown: bool,
    boot: Duration,
    postgres: Option<Address>,
    calls: Vec<String>,
}

impl FakeRuntime {
    /// A runtime in which nothing runs.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a test says what it makes")]
    pub fn new() -> Self {
        let (changes, _) = broadcast::channel(256);
        let state = Mutex::default();
        Self(Arc::new(Shared { state, changes, on_job: Mutex::default() }))
    }

    /// What jobs do; without this every job succeeds and does nothing.
    pub fn on_job<F>(&self, run: impl Fn(OdooJob) -> F + Send + Sync + 'static)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let run: OnJob = Box::new(move |job| Box::pin(run(job)));
        *self.0.on_job.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
    }

    /// Where the PostgreSQL servers of this runtime are.
    pub fn serve_postgres_at(&self, host: &str, port: u16) {
        self.state().postgres = Some(Address { host: host.to_owned(), port });
    }

    /// From now on an Odoo takes so long from its start to its first good answer.
    pub fn boot_takes(&self, boot: Duration) {
        self.state().boot = boot;
    }

    /// From now on nothing can be seen or done, or it can again.
    pub fn is_unknown(&self, is_unknown: bool) {
        self.state().is_unknown = is_unknown;
    }

    /// A workload ends by itself, and is not up again before [`heal`](Self::heal).
    ///
    /// # Panics
    /// It does not run.
    pub fn crash(&self, name: &WorkloadName) {
        self.change(name, Entry::crash);
    }

    /// A workload that crashed is up again, at another address.
    ///
    /// # Panics
    /// It has not crashed.
    pub fn heal(&self, name: &WorkloadName) {
        self.change(name, Entry::heal);
    }

    /// Whether the workload runs.
    #[must_use]
    pub fn runs(&self, name: &WorkloadName) -> bool {
        self.state().entries.get(name).is_some_and(|entry| matches!(entry.life, Life::Running(_)))
    }

    /// Whether there is anything of the workload, be it only its volume.
    #[must_use]
    pub fn has(&self, name: &WorkloadName) -> bool {
        self.state().entries.contains_key(name)
    }

    /// What was applied last under this name.
    #[must_use]
    pub fn applied(&self, name: &WorkloadName) -> Option<Workload> {
        self.state().entries.get(name).map(|entry| entry.workload.clone())
    }

    /// Every call that could change something so far, such as `stop odoo-…`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    fn change(&self, name: &WorkloadName, change: impl FnOnce(&mut Entry, Duration)) {
        let mut state = self.state();
        let boot = state.boot;
        let entry = state.entries.get_mut(name).unwrap_or_else(|| panic!("there is no {name}"));
        change(entry, boot);
        drop(state);
        self.announce(name);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn announce(&self, name: &WorkloadName) {
        // Nobody may listen: no matter.
        let _ = self.0.changes.send(name.clone());
    }

    fn run_of(&self, job: &OdooJob) -> Option<JobRun> {
        let on_job = self.0.on_job.lock().unwrap_or_else(PoisonError::into_inner);
        on_job.as_ref().map(|on_job| on_job(job.clone()))
    }

    /// Notes a call; fails while nothing can be done.
    fn call(&self, what: &str, name: &WorkloadName) -> anyhow::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.is_unknown {
            bail!("the runtime can't be reached");
        }
        state.calls.push(format!("{what} {name}"));
        Ok(state)
    }
}

#[async_trait::async_trait]
impl Runtime for FakeRuntime {
    async fn apply(&self, name: &WorkloadName, workload: &Workload) -> anyhow::Result<()> {
        let mut state = self.call("apply", name)?;
        let (boot, postgres) = (state.boot, state.postgres.clone());
        let has_changed = match state.entries.get_mut(name) {
            Some(entry) => entry.apply(workload, boot),
            None => {
                let entry = Entry::new(workload, boot, postgres);
                state.entries.insert(name.clone(), entry);
                true
            }
        };
        drop(state);
        if has_changed {
            self.announce(name);
        }
        Ok(())
    }

    async fn stop(&self, name: &WorkloadName) -> anyhow::Result<()> {
        if let Some(entry) = self.call("stop", name)?.entries.get_mut(name) {
            entry.life = Life::Stopped;
        }
        self.announce(name);
        Ok(())
    }

    async fn remove(&self, name: &WorkloadName) -> anyhow::Result<()> {
        self.call("remove", name)?.entries.remove(name);
        self.announce(name);
        Ok(())
    }

    async fn observe(&self, name: &WorkloadName) -> Observed {
        let state = self.state();
        if state.is_unknown {
            return Observed::Unknown("the runtime can't be reached".to_owned());
        }
        state.entries.get(name).map_or(Observed::Absent, Entry::observed)
    }

    async fn inventory(&self) -> anyhow::Result<Vec<InventoryEntry>> {
        let state = self.state();
        if state.is_unknown {
            bail!("the runtime can't be reached");
        }
        let entries = state.entries.iter();
        Ok(entries
            .map(|(name, entry)| InventoryEntry { name: name.clone(), observed: entry.observed() })
            .collect())
    }

    async fn logs(&self, name: &WorkloadName, lines: usize) -> anyhow::Result<Vec<String>> {
        let calls = self.calls();
        let about = calls.into_iter().filter(|call| call.ends_with(name.as_str()));
        let about: Vec<String> = about.collect();
        Ok(about[about.len().saturating_sub(lines)..].to_vec())
    }

    async fn run(&self, name: &WorkloadName, job: &OdooJob) -> anyhow::Result<()> {
        drop(self.call("run", name)?);
        match self.run_of(job) {
            Some(run) => run.await,
            None => Ok(()),
        }
    }

    fn changes(&self) -> broadcast::Receiver<WorkloadName> {
        self.0.changes.subscribe()
    }

    fn walls(&self) -> Walls {
        Walls { standing: Vec::new(), missing: vec!["this runtime is a fake".to_owned()] }
    }
}

impl std::fmt::Debug for FakeRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.state().entries.keys()).finish()
    }
}

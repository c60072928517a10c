//! The place where workloads run: what all acts on them need.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use runtime::WorkloadName;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, RwLock, RwLockReadGuard, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::confinement::Confinement;
use crate::control_group::ControlGroups;
use crate::file;
use crate::network::Network;
use crate::options::LocalOptions;
use crate::unit::Unit;
use crate::user_id::{Owner, UserIds};

/// Hints that nobody fetches are dropped; who missed some looks at everything again.
const MOST_HINTS: usize = 256;

/// One runtime's folder, walls and tasks.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) options: LocalOptions,
    pub(crate) groups: ControlGroups,
    pub(crate) user_ids: Option<UserIds>,
    pub(crate) network: Network,
    pub(crate) confinement: Confinement,
    pub(crate) changes: broadcast::Sender<WorkloadName>,
    /// Who looks after which workload in this process.
    pub(crate) watchers: Mutex<HashMap<WorkloadName, Arc<Notify>>>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Whoever starts something reads, so whoever ends everything can wait until nobody does.
    pub(crate) gate: RwLock<()>,
}

impl Place {
    pub(crate) async fn open(mut options: LocalOptions) -> anyhow::Result<Self> {
        file::make_folder(&options.folder, Owner::Platform)?;
        // Other processes see it from other folders, and it names this runtime's control groups.
        options.folder = options.folder.canonicalize().context("the folder has no real path")?;
        for folder in ["units", "jobs", "locks", "removing"] {
            file::make_folder(&options.folder.join(folder), Owner::Platform)?;
        }
        let digest = Sha256::digest(options.folder.as_os_str().as_encoded_bytes());
        Ok(Self {
            groups: ControlGroups::detect(&hex::encode(&digest[..6])),
            user_ids: UserIds::open(options.user_ids.clone(), &options.reservations)?,
            network: Network::open(&options.folder).await,
            confinement: Confinement::detect().await,
            changes: broadcast::channel(MOST_HINTS).0,
            watchers: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            gate: RwLock::default(),
            options,
        })
    }

    pub(crate) fn unit(&self, name: &WorkloadName) -> Unit {
        Unit::workload(&self.options.folder, name)
    }

    pub(crate) fn job(&self, name: &WorkloadName) -> Unit {
        Unit::job(&self.options.folder, name)
    }

    pub(crate) fn units(&self) -> anyhow::Result<Vec<Unit>> {
        Ok(self.names_in("units")?.iter().map(|name| self.unit(name)).collect())
    }

    pub(crate) fn jobs(&self) -> anyhow::Result<Vec<Unit>> {
        Ok(self.names_in("jobs")?.iter().map(|name| self.job(name)).collect())
    }

    fn names_in(&self, folder: &str) -> anyhow::Result<Vec<WorkloadName>> {
        let folder = self.options.folder.join(folder);
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        let mut names: Vec<_> = entries
            .flatten()
            .filter_map(|entry| WorkloadName::parse(entry.file_name().to_str()?))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The ports of all workloads but one, whether they run or not.
    pub(crate) fn ports_of_others(&self, unit: &Unit) -> anyhow::Result<HashSet<u16>> {
        let units = self.units()?;
        let others = units.iter().filter(|other| other.name != unit.name);
        Ok(others.filter_map(|other| other.state().ok()).flat_map(|state| state.ports).collect())
    }

    /// The lock under which ports are chosen.
    pub(crate) fn ports_lock(&self) -> PathBuf {
        self.options.folder.join("locks/ports")
    }

    /// Whether this process looks after the workload.
    pub(crate) fn watches(&self, unit: &Unit) -> bool {
        self.watchers().contains_key(&unit.name)
    }

    pub(crate) fn watchers(&self) -> std::sync::MutexGuard<'_, HashMap<WorkloadName, Arc<Notify>>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to start something, unless everything is about to be ended.
    pub(crate) async fn admit(&self) -> anyhow::Result<RwLockReadGuard<'_, ()>> {
        let admission = self.gate.read().await;
        ensure!(!self.stop.is_cancelled(), "the platform is being stopped");
        Ok(admission)
    }

    /// Tells whoever listens, and whoever looks after it, that a workload has changed.
    pub(crate) fn changed(&self, unit: &Unit) {
        if let Some(watcher) = self.watchers().get(&unit.name) {
            watcher.notify_one();
        }
        self.changes.send(unit.name.clone()).ok();
    }
}

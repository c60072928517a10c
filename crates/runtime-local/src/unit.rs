//! One workload or job on disk: its folder, its records, its locks.

use std::path::{Path, PathBuf};

use runtime::WorkloadName;

use crate::file;
use crate::lock::Lock;
use crate::log::Log;
use crate::record::{Spec, State};
use crate::user_id::Owner;
use crate::wait;

/// The folder of one workload or job; it may not exist.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) name: WorkloadName,
    /// Names its control groups and locks: jobs and workloads may have the same name.
    pub(crate) key: String,
    folder: PathBuf,
    locks: PathBuf,
}

impl Unit {
    /// The workload of that name in a runtime's folder.
    pub(crate) fn workload(runtime: &Path, name: &WorkloadName) -> Self {
        Self {
            key: name.to_string(),
            folder: runtime.join("units").join(name.as_str()),
            locks: runtime.join("locks"),
            name: name.clone(),
        }
    }

    /// The job of that name in a runtime's folder.
    pub(crate) fn job(runtime: &Path, name: &WorkloadName) -> Self {
        Self {
            key: format!("{name}.job"),
            folder: runtime.join("jobs").join(name.as_str()),
            locks: runtime.join("locks"),
            name: name.clone(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Files that the workload reads and nobody writes while it runs; some are secret.
    pub(crate) fn etc(&self) -> PathBuf {
        self.folder.join("etc")
    }

    /// What the workload keeps.
    pub(crate) fn volume(&self) -> PathBuf {
        self.folder.join("volume")
    }

    /// What the workload may throw away.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// What the sandbox reports of the process in it.
    pub(crate) fn report(&self) -> PathBuf {
        self.folder.join("sandbox.json")
    }

    pub(crate) fn log(&self) -> Log {
        Log::new(self.folder.join("output.log"))
    }

    pub(crate) fn exists(&self) -> bool {
        self.folder.exists()
    }

    pub(crate) fn spec(&self) -> anyhow::Result<Option<Spec>> {
        file::read_json(&self.folder.join("spec.json"))
    }

    pub(crate) fn save_spec(&self, spec: &Spec) -> anyhow::Result<()> {
        file::write_json(&self.folder.join("spec.json"), spec)
    }

    pub(crate) fn state(&self) -> anyhow::Result<State> {
        Ok(file::read_json(&self.folder.join("state.json"))?.unwrap_or_default())
    }

    pub(crate) fn save_state(&self, state: &State) -> anyhow::Result<()> {
        file::write_json(&self.folder.join("state.json"), state)
    }

    /// Makes the folders that a process needs, each with its owner.
    pub(crate) fn make_folders(&self, owner: Owner) -> anyhow::Result<()> {
        file::make_folder(&self.folder, Owner::Platform)?;
        file::erase(&self.scratch())?;
        for folder in [self.etc(), self.volume()] {
            file::make_folder(&folder, Owner::Platform)?;
            file::give_tree(&folder, owner)?;
        }
        file::make_folder(&self.scratch(), owner)
    }

    /// Whoever changes something holds this lock while doing so.
    pub(crate) async fn lock(&self) -> anyhow::Result<Lock> {
        Lock::acquire(&self.lock_path("change"), wait::A_MINUTE).await
    }

    /// Whoever restarts the workload when it crashes holds this lock all the time.
    pub(crate) fn watch_path(&self) -> PathBuf {
        self.lock_path("watch")
    }

    fn lock_path(&self, purpose: &str) -> PathBuf {
        self.locks.join(format!("{}.{purpose}", self.key))
    }
}

//! Looking at everything that a runtime has on this machine, without opening it and without changing anything: what runs,
//! and what is there that nothing explains. What is safe to remove can be removed, one thing at a time.

mod process;
mod scene;
mod stray;

use std::path::PathBuf;

use runtime::WorkloadName;

use crate::options::LocalOptions;
use scene::Scene;
pub use stray::Stray;

/// What a runtime has on this machine.
#[derive(Debug, Clone, Default)]
pub struct Examination {
    /// Every workload that has a folder.
    pub workloads: Vec<Found>,
    /// What nothing explains.
    pub strays: Vec<Stray>,
    /// What workloads and jobs wrote.
    pub logs: Vec<PathBuf>,
}

/// A workload that has a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: WorkloadName,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it runs.
    pub is_alive: bool,
}

/// Looks at what the runtime of these options has on this machine.
///
/// # Errors
/// When its folder cannot be read.
pub fn examine(options: &LocalOptions) -> anyhow::Result<Examination> {
    let scene = Scene::read(options)?;
    let mut strays = scene.control_groups();
    strays.extend(scene.user_ids(&options.reservations.join("user-ids")));
    strays.extend(scene.rests());
    strays.extend(scene.jobs());
    strays.extend(scene.exposed());
    strays.extend(scene.processes());
    Ok(Examination { workloads: scene.workloads(), logs: scene.logs(), strays })
}

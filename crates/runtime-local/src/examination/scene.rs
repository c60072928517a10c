//! What there is of a runtime: its folder, its control groups, its user ids and its processes, compared with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use runtime::WorkloadName;
use sha2::{Digest as _, Sha256};

use super::process::Process;
use super::{Found, Stray};
use crate::lock::Lock;
use crate::options::LocalOptions;
use crate::unit::Unit;
use crate::{control_group, network, user_id};

/// How long erasing something may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A runtime's folder as it was read.
pub(super) struct Scene {
    folder: PathBuf,
    /// Names its control groups.
    key: String,
    units: Vec<Unit>,
    jobs: Vec<Unit>,
    /// The keys of the units and jobs that run.
    alive: BTreeSet<String>,
    /// Which unit has which user id.
    owners: BTreeMap<u32, String>,
}

impl Scene {
    pub(super) fn read(options: &LocalOptions) -> anyhow::Result<Self> {
        let folder = &options.folder;
        let folder =
            folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
        let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
        let units: Vec<_> = names(&folder.join("units"))?
            .iter()
            .map(|name| Unit::workload(&folder, name))
            .collect();
        let jobs: Vec<_> =
            names(&folder.join("jobs"))?.iter().map(|name| Unit::job(&folder, name)).collect();
        let (mut alive, mut owners) = (BTreeSet::new(), BTreeMap::new());
        for unit in units.iter().chain(&jobs) {
            let state = unit.state().unwrap_or_default();
            if state.process.is_some_and(|process| process.is_alive()) {
                alive.insert(unit.key.clone());
            }
            owners.extend(state.user_id.map(|id| (id, unit.key.clone())));
        }
        Ok(Self { key: hex::encode(&digest[..6]), folder, units, jobs, alive, owners })
    }

    pub(super) fn workloads(&self) -> Vec<Found> {
        let found = |unit: &Unit| Found {
            name: unit.name.clone(),
            folder: unit.folder().to_owned(),
            is_alive: self.alive.contains(&unit.key),
        };
        self.units.iter().map(found).collect()
    }

    pub(super) fn logs(&self) -> Vec<PathBuf> {
        self.units.iter().chain(&self.jobs).flat_map(logs).collect()
    }

    /// A job's lock is held by who waits for its end.
    pub(super) fn jobs(&self) -> Vec<Stray> {
        let orphans =
            self.jobs.iter().filter(|job| job.exists() && !Lock::is_held(&job.watch_path()));
        orphans.map(|job| Stray::Job(job.name.clone())).collect()
    }

    pub(super) fn control_groups(&self) -> Vec<Stray> {
        let known: BTreeSet<&str> =
            self.units.iter().chain(&self.jobs).map(|unit| unit.key.as_str()).collect();
        let groups = control_group::folders_of(&self.key).into_iter().flat_map(folders_in);
        groups
            .filter(|path| {
                !path.file_name().is_some_and(|name| known.contains(&*name.to_string_lossy()))
            })
            .map(|path| {
                let processes = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
                Stray::ControlGroup { processes: processes.lines().count(), path }
            })
            .collect()
    }

    pub(super) fn user_ids(&self, reservations: &Path) -> Vec<Stray> {
        let files = fs::read_dir(reservations).into_iter().flatten().flatten();
        let kept: BTreeMap<u32, PathBuf> = files
            .filter_map(|file| {
                let id = file.file_name().to_str()?.parse().ok()?;
                Some((id, PathBuf::from(fs::read_to_string(file.path()).ok()?)))
            })
            .filter(|(_, workload)| workload.starts_with(&self.folder))
            .collect();
        let stale = kept.iter().filter(|(_, workload)| !workload.exists()).map(|(id, _)| {
            let file = reservations.join(id.to_string());
            Stray::UserId { file, is_used: user_id::has_processes(*id) }
        });
        let unclaimed = self.units.iter().filter_map(|unit| {
            let id = unit.state().ok()?.user_id?;
            let is_kept = kept.get(&id).is_some_and(|workload| workload == unit.folder());
            (!is_kept).then(|| Stray::Unclaimed { name: unit.name.clone(), id })
        });
        stale.chain(unclaimed).collect()
    }

    pub(super) fn rests(&self) -> Vec<Stray> {
        let is_old = |path: &PathBuf| {
            let began = path
                .file_name()
                .and_then(|name| uuid::Uuid::parse_str(name.to_str()?).ok()?.get_timestamp())
                .map_or(0, |time| time.to_unix().0);
            let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
            began + PATIENCE.as_secs() < now.as_secs()
        };
        folders_in(self.folder.join("removing")).filter(is_old).map(Stray::Rest).collect()
    }

    /// What runs without the wall that was written down for it, where there is a wall at all: its lock tells.
    pub(super) fn exposed(&self) -> Vec<Stray> {
        if !self.folder.join("locks/network").exists() {
            return Vec::new();
        }
        let walled: Vec<_> = self
            .units
            .iter()
            .filter(|unit| self.alive.contains(&unit.key))
            .filter_map(|unit| {
                let state = unit.state().ok()?;
                state.reach.as_ref()?;
                Some((unit, state.user_id?))
            })
            .collect();
        let enclosed = network::enclosed();
        let exposed = walled.into_iter().filter(|(_, id)| !enclosed.contains(id));
        exposed.map(|(unit, _)| Stray::Exposed { name: unit.name.clone() }).collect()
    }

    pub(super) fn processes(&self) -> Vec<Stray> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|number| {
                let process = Process::read(number)?;
                let unit = self.unit_of(&process)?;
                (!self.alive.contains(&unit)).then(|| process.stray())
            })
            .collect()
    }

    /// The unit that a process says to be of: by its control group, its user id, or the folder in its sandbox's arguments.
    fn unit_of(&self, process: &Process) -> Option<String> {
        let group = format!("/saasodoo/{}/", self.key);
        let by_group = process.groups.lines().find_map(|line| line.split_once(&group));
        if let Some((_, unit)) = by_group {
            return Some(unit.split('/').next().unwrap_or(unit).to_owned());
        }
        if let Some(unit) = self.owners.get(&process.user_id) {
            return Some(unit.clone());
        }
        let is_sandbox = process.words.first().is_some_and(|word| word.ends_with("bwrap"));
        is_sandbox.then(|| process.words.iter().find_map(|word| self.unit_at(word))).flatten()
    }

    fn unit_at(&self, path: &str) -> Option<String> {
        let mut parts = Path::new(path).strip_prefix(&self.folder).ok()?.iter();
        let (kind, name) = (parts.next()?.to_str()?, parts.next()?.to_str()?);
        match kind {
            "units" => Some(name.to_owned()),
            "jobs" => Some(format!("{name}.job")),
            _ => None,
        }
    }
}

fn logs(unit: &Unit) -> Vec<PathBuf> {
    let files = fs::read_dir(unit.folder()).into_iter().flatten().flatten();
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with("output.log"))
        .map(|file| file.path())
        .collect()
}

fn names(folder: &Path) -> anyhow::Result<Vec<WorkloadName>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(entries
        .flatten()
        .filter_map(|entry| WorkloadName::parse(entry.file_name().to_str()?))
        .collect())
}

fn folders_in(folder: PathBuf) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}

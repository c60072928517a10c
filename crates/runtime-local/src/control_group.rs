//! Control groups: walls for memory, processors and numbers of processes, by version 2 or 1 of them,
//! or not at all where this user may not make any.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use anyhow::Context as _;
use runtime::Limits;
use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// More than a busy Odoo or PostgreSQL has, and too few to starve a machine.
const MOST_PROCESSES: u32 = 2048;
/// The period of processor quotas, in microseconds.
const PERIOD: u64 = 100_000;

/// How control groups can be made here. Each path is the folder of this runtime's groups.
#[derive(Debug, Clone)]
pub(crate) enum ControlGroups {
    Unified(PathBuf),
    Separate { memory: PathBuf, cpu: Option<PathBuf>, pids: Option<PathBuf> },
    None,
}

impl ControlGroups {
    /// Finds out by trying: makes a group, moves a process into it, and removes it.
    pub(crate) fn detect(key: &str) -> Self {
        let candidates = [Self::unified(key), Self::separate(key)];
        let works = |groups: &Self| groups.works() || groups.gives_up();
        candidates.into_iter().flatten().find(works).unwrap_or(Self::None)
    }

    /// One tree for all controllers: at its root as root, in what the session was given otherwise.
    fn unified(key: &str) -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        if !fs::read_to_string(root.join("cgroup.controllers")).ok()?.contains("memory") {
            return None;
        }
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
        let parents: Vec<PathBuf> = root.join(own).ancestors().map(PathBuf::from).collect();
        let base = parents
            .into_iter()
            .rev()
            .filter(|folder| folder.starts_with(root))
            .find(|folder| prepare_unified(&folder.join("saasodoo")).is_ok())?;
        let groups = base.join("saasodoo").join(key);
        prepare_unified(&groups).ok()?;
        Some(Self::Unified(groups))
    }

    /// One tree for each controller, as older systems have.
    fn separate(key: &str) -> Option<Self> {
        let folder = |controller: &str| {
            let folder = mount_of(controller)?.join("saasodoo").join(key);
            fs::create_dir_all(&folder).ok().map(|()| folder)
        };
        Some(Self::Separate {
            memory: folder("memory")?,
            cpu: folder("cpu").filter(|folder| folder.join("cpu.cfs_quota_us").exists()),
            pids: folder("pids"),
        })
    }

    fn works(&self) -> bool {
        let key = format!("probe-{}", std::process::id());
        let limits = Limits {
            cpu: vocabulary::CpuLimit::try_from(rust_decimal::Decimal::ONE)
                .expect("one core is a limit"),
            memory: "64M".parse().expect("64M is a size"),
        };
        let joined = self.make(&key, &limits).is_ok_and(|()| {
            let script = "for file; do echo $$ > \"$file\" || exit 1; done";
            let mut probe = Command::new("sh");
            probe.args(["-c", script, "sh"]).args(self.entrances(&key));
            probe.output().is_ok_and(|output| output.status.success())
        });
        self.remove_empty(&key);
        joined
    }

    /// Leaves no empty folders where groups do not work.
    fn gives_up(&self) -> bool {
        self.tidy();
        false
    }

    /// Makes the group of a workload, or changes its limits.
    pub(crate) fn make(&self, key: &str, limits: &Limits) -> anyhow::Result<()> {
        let memory = limits.memory.bytes();
        let quota = limits.cpu.millicores() * PERIOD / 1000;
        match self {
            Self::Unified(groups) => {
                prepare_unified(groups).context("cannot make control groups any more")?;
                let group = make_group(groups, key)?;
                set(&group, "memory.max", memory)?;
                // Not every kernel has these two.
                set(&group, "memory.swap.max", 0).ok();
                set(&group, "memory.oom.group", 1).ok();
                set(&group, "cpu.max", format!("{quota} {PERIOD}"))?;
                set(&group, "pids.max", MOST_PROCESSES)
            }
            Self::Separate { memory: groups, cpu, pids } => {
                let group = make_group(groups, key)?;
                // Memory with swap may never be less than memory, so it is out of the way first.
                set(&group, "memory.memsw.limit_in_bytes", -1).ok();
                set(&group, "memory.limit_in_bytes", memory)?;
                set(&group, "memory.memsw.limit_in_bytes", memory).ok();
                if let Some(groups) = cpu {
                    set(&make_group(groups, key)?, "cpu.cfs_quota_us", quota)?;
                }
                if let Some(groups) = pids {
                    set(&make_group(groups, key)?, "pids.max", MOST_PROCESSES)?;
                }
                Ok(())
            }
            Self::None => Ok(()),
        }
    }

    /// The files into which a process writes its number to be in the group.
    pub(crate) fn entrances(&self, key: &str) -> Vec<PathBuf> {
        self.groups(key).into_iter().map(|group| group.join("cgroup.procs")).collect()
    }

    /// Whether something in the group was killed for using more memory than it may.
    pub(crate) fn ran_out_of_memory(&self, key: &str) -> bool {
        let counter = match self {
            Self::Unified(groups) => groups.join(key).join("memory.events"),
            Self::Separate { memory, .. } => memory.join(key).join("memory.oom_control"),
            Self::None => return false,
        };
        let text = fs::read_to_string(counter).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count != "0"))
    }

    /// Ends everything in the group and removes it.
    pub(crate) async fn remove(&self, key: &str) -> anyhow::Result<()> {
        let attempt = || {
            self.kill(key);
            self.remove_empty(key).then_some(())
        };
        wait::until(Duration::from_secs(10), Duration::from_millis(10), attempt)
            .await
            .with_context(|| format!("processes of {key} cannot be ended"))
    }

    /// Removes the folder of this runtime's groups, if there is none in it.
    pub(crate) fn tidy(&self) {
        for folder in self.groups("") {
            fs::remove_dir(&folder).ok();
        }
    }

    fn kill(&self, key: &str) {
        for entrance in self.entrances(key) {
            let numbers = fs::read_to_string(entrance).unwrap_or_default();
            let numbers = numbers.lines().filter_map(|line| line.parse().ok());
            for pid in numbers.filter_map(Pid::from_raw) {
                kill_process(pid, Signal::KILL).ok();
            }
        }
    }

    fn remove_empty(&self, key: &str) -> bool {
        self.groups(key).into_iter().all(|group| match fs::remove_dir(group) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        })
    }

    fn groups(&self, key: &str) -> Vec<PathBuf> {
        let folders = match self {
            Self::Unified(groups) => vec![groups],
            Self::Separate { memory, cpu, pids } => {
                [Some(memory), cpu.as_ref(), pids.as_ref()].into_iter().flatten().collect()
            }
            Self::None => Vec::new(),
        };
        folders.into_iter().map(|folder| folder.join(key)).collect()
    }
}

/// Every folder in which a runtime with this key may have made groups, of either version. Nothing is made.
pub(crate) fn folders_of(key: &str) -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let root = Path::new("/sys/fs/cgroup").join(own);
    let unified = root.ancestors().filter(|folder| folder.starts_with("/sys/fs/cgroup"));
    let separate = ["memory", "cpu", "pids"].into_iter().filter_map(mount_of);
    let parents = unified.map(PathBuf::from).chain(separate);
    parents
        .map(|folder| folder.join("saasodoo").join(key))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// Makes a group of version 2 whose children may have limits.
fn prepare_unified(folder: &Path) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(folder);
    fs::write(parent.join("cgroup.subtree_control"), "+memory +cpu +pids")?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("cgroup.subtree_control"), "+memory +cpu +pids")
}

fn make_group(groups: &Path, key: &str) -> anyhow::Result<PathBuf> {
    let group = groups.join(key);
    fs::create_dir_all(&group)
        .with_context(|| format!("cannot make the control group {}", group.display()))?;
    Ok(group)
}

fn set(group: &Path, file: &str, value: impl ToString) -> anyhow::Result<()> {
    let file = group.join(file);
    fs::write(&file, value.to_string()).with_context(|| format!("cannot set {}", file.display()))
}

/// Where a controller of version 1 is mounted.
fn mount_of(controller: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, folder, "cgroup", options, ..] = fields[..] else { return None };
        options.split(',').any(|option| option == controller).then(|| PathBuf::from(folder))
    })
}

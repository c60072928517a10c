//! A local runtime in a temporary folder, and a look behind it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use runtime::contract_suite::{Bench, Wall, attack};
use runtime::{Runtime, WorkloadName};
use runtime_local::{LocalOptions, LocalRuntime};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::Mutex;
use vocabulary::OdooVersion;

/// A runtime under test; what it leaves is ended when it is dropped.
pub(crate) struct LocalBench {
    pub(crate) folder: TempDir,
    runtime: Mutex<Arc<LocalRuntime>>,
}

impl LocalBench {
    pub(crate) async fn new() -> Self {
        tracing_subscriber::fmt().with_test_writer().try_init().ok();
        let folder = tempfile::Builder::new().prefix("runtime-local-").tempdir().unwrap();
        let runtime = LocalRuntime::open(options(folder.path())).await.unwrap();
        Self { runtime: Mutex::new(Arc::new(runtime)), folder }
    }

    pub(crate) async fn local(&self) -> Arc<LocalRuntime> {
        self.runtime.lock().await.clone()
    }

    /// Fails when anything is left of the workloads of this bench.
    pub(crate) async fn is_clean(&self) {
        self.local().await.detach().await;
        assert_eq!(processes(self.folder.path()), Vec::<String>::new());
        for folder in ["units", "jobs", "removing"] {
            let left: Vec<_> = fs::read_dir(self.folder.path().join(folder)).unwrap().collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }

    /// Another runtime on the same folder, as another process would have.
    pub(crate) async fn second(&self) -> LocalRuntime {
        LocalRuntime::open(options(self.folder.path())).await.unwrap()
    }

    /// Freezes everything in a workload's sandbox.
    pub(crate) fn freeze(&self, name: &WorkloadName) {
        for process in processes(&self.unit(name)) {
            let outer = process.split(' ').next().unwrap().to_owned();
            Command::new("kill").arg("-STOP").args(children(&outer)).output().unwrap();
        }
    }

    /// The user id of a workload.
    pub(crate) fn user_id(&self, name: &WorkloadName) -> u32 {
        fs::metadata(self.unit(name).join("volume")).unwrap().uid()
    }

    pub(crate) fn unit(&self, name: &WorkloadName) -> PathBuf {
        self.folder.path().join("units").join(name.as_str())
    }
}

impl Drop for LocalBench {
    fn drop(&mut self) {
        end_all(self.folder.path());
    }
}

/// Ends whatever runs in sandboxes of a runtime's folder.
pub(crate) fn end_all(folder: &Path) {
    for process in processes(folder) {
        let number = process.split(' ').next().unwrap().to_owned();
        let inside = children(&number);
        Command::new("kill").arg("-9").args(inside).arg(number).output().ok();
    }
}

/// The options for tests: anything but the folder is as it is for everybody. User ids are shared with every other
/// platform of the machine, as walls go by them.
pub(crate) fn options(folder: &Path) -> LocalOptions {
    LocalOptions::new(folder, root_file_systems())
}

fn root_file_systems() -> PathBuf {
    let given = std::env::var_os("SAASODOO_TEST_ROOTFS").map(PathBuf::from);
    given.unwrap_or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
        cache.unwrap_or_else(home).join("saasodoo")
    })
}

/// Outer processes of sandboxes whose command line names the folder: number and command line.
fn processes(folder: &Path) -> Vec<String> {
    let numbers = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter_map(|number| {
            let line = fs::read_to_string(format!("/proc/{number}/cmdline")).ok()?;
            let is_ours = line.starts_with("bwrap") && line.contains(folder.to_str()?);
            is_ours.then(|| format!("{number} {}", line.replace('\0', " ")))
        })
        .collect()
}

fn children(parent: &str) -> Vec<String> {
    let output = Command::new("pgrep").args(["-P", parent]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect()
}

#[async_trait::async_trait]
impl Bench for LocalBench {
    async fn runtime(&self) -> Arc<dyn Runtime> {
        self.local().await
    }

    async fn reopen(&self) -> Arc<dyn Runtime> {
        let mut runtime = self.runtime.lock().await;
        runtime.detach().await;
        *runtime = Arc::new(LocalRuntime::open(options(self.folder.path())).await.unwrap());
        runtime.clone()
    }

    async fn crash(&self, name: &WorkloadName) {
        let unit = self.unit(name);
        for process in processes(&unit) {
            let outer = process.split(' ').next().unwrap().to_owned();
            Command::new("kill").arg("-9").args(children(&outer)).output().unwrap();
        }
    }

    async fn leftovers(&self, name: &WorkloadName) -> Vec<String> {
        let folder = self.folder.path();
        // With the slash, so that no longer name is meant.
        let mut left = processes(&folder.join("units").join(name.as_str()).join(""));
        left.extend(processes(&folder.join("jobs").join(name.as_str()).join("")));
        let digest = hex::encode(&Sha256::digest(folder.as_os_str().as_encoded_bytes())[..6]);
        let groups = ["memory", "cpu", "pids", ""].map(|controller| {
            Path::new("/sys/fs/cgroup").join(controller).join("saasodoo").join(&digest)
        });
        let inside = ["units", "jobs", "locks", "removing"].map(|inside| folder.join(inside));
        for parent in groups.iter().chain(&inside) {
            let entries = fs::read_dir(parent).into_iter().flatten().flatten();
            let ours = entries.filter(|entry| {
                let found = entry.file_name().into_string().unwrap();
                found == name.as_str() || found.starts_with(&format!("{name}."))
            });
            left.extend(ours.map(|entry| entry.path().display().to_string()));
        }
        left
    }

    fn odoo(&self) -> Option<OdooVersion> {
        let program = root_file_systems().join("odoo-19.0/usr/bin/odoo");
        program.exists().then(|| "19.0".parse().unwrap())
    }

    fn has(&self, wall: Wall) -> bool {
        // What the runtime says is missing is told by `doctor`; here it is only told apart.
        let words = match wall {
            Wall::Network => "share the machine's network",
            Wall::AbstractSockets => "reach the abstract sockets",
            Wall::Memory => "memory of a workload as a whole",
            Wall::Processes => "numbers of processes",
        };
        let walls = self.runtime.try_lock().unwrap().walls();
        !walls.missing.iter().any(|missing| missing.contains(words))
    }

    fn own_hosts(&self) -> Vec<String> {
        let output = Command::new("hostname").arg("-I").output().unwrap().stdout;
        let all = String::from_utf8(output).unwrap();
        let addresses = all.split_whitespace().filter(|address| !address.contains(':'));
        let loopback = ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1"].into_iter();
        loopback.chain(addresses).map(String::from).collect()
    }

    fn secrets(&self) -> Vec<PathBuf> {
        let keys = self.folder.path().join("keys");
        fs::create_dir_all(&keys).unwrap();
        fs::write(keys.join("vault"), "a key").unwrap();
        let mut secrets = attack::common_secrets();
        secrets.extend([keys.join("vault"), keys]);
        for inside in ["", "units", "units/contract-ground", "units/contract-ground/volume/data"] {
            secrets.push(self.folder.path().join(inside));
        }
        secrets.push(self.folder.path().join("units/contract-ground/etc/pg_hba.conf"));
        secrets
    }
}

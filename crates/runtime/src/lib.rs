//! Where database servers and Odoos run, behind one trait.
//!
//! A caller says what should run ([`Runtime::apply`]) and looks at what does ([`Runtime::observe`]);
//! nothing of processes, containers, pids or files shows through. Every call may be repeated, and
//! none of them means "once": applying what already runs changes nothing, removing what is gone succeeds.
//! A runtime restarts by itself what crashes, with back-off.
//!
//! With the feature `contract-suite` comes what every implementation has to pass.

#[cfg(feature = "contract-suite")]
pub mod contract_suite;

use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::broadcast;
use vocabulary::{CpuLimit, MemorySize, OdooVersion};

/// The name of one thing that runs, unique in its runtime: `postgres-pool-1`, `odoo-<instance id>`.
/// Lower-case letters, digits and hyphens; at most 63.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkloadName(String);

impl WorkloadName {
    /// A name that derives from an id, so that the same thing always has the same name.
    ///
    /// # Panics
    /// When the name breaks the rule above: names are made by us, never by callers.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::parse(&name).unwrap_or_else(|| {
            panic!("a workload's name has 1 to 63 lower-case letters, digits and hyphens: {name}")
        })
    }

    /// The name, if the text is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = (1..=63).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        is_good.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a workload may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Processor share.
    pub cpu: CpuLimit,
    /// Resident memory, all of its processes together.
    pub memory: MemorySize,
}

/// What should run.
#[derive(Debug, Clone)]
pub enum Workload {
    /// A PostgreSQL server with a cluster of its own.
    Postgres(PostgresServer),
    /// One tenant's Odoo.
    Odoo(OdooServer),
}

/// A PostgreSQL server. Its superuser is `postgres`; it listens for TCP with SCRAM only.
#[derive(Debug, Clone)]
pub struct PostgresServer {
    /// The superuser's password, set when the cluster is made.
    pub superuser_password: SecretString,
    /// Most connections at a time.
    pub max_connections: u32,
    /// What the server may use.
    pub limits: Limits,
}

/// One tenant's Odoo, with a volume of its own for the filestore and the sessions.
#[derive(Debug, Clone)]
pub struct OdooServer {
    /// Which Odoo.
    pub version: OdooVersion,
    /// Where its database is.
    pub database: DatabaseAddress,
    /// The hashed or random master password; nobody ever types it.
    pub master_password: SecretString,
    /// Worker processes; 0 is one threaded process.
    pub workers: u32,
    /// What the Odoo may use.
    pub limits: Limits,
    /// Changed to demand one restart; equal values never restart anything.
    pub restart_generation: i64,
}

/// An address of one database, with the credentials of its owner.
#[derive(Debug, Clone)]
pub struct DatabaseAddress {
    /// Host, as a workload reaches it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The database's name.
    pub name: String,
    /// The role that owns it.
    pub user: String,
    /// The role's password.
    pub password: SecretString,
}

/// A run of Odoo with an end, on a database, outside of any instance's workload.
#[derive(Debug, Clone)]
pub struct OdooJob {
    /// Which Odoo.
    pub version: OdooVersion,
    /// The database it works on.
    pub database: DatabaseAddress,
    /// What it does.
    pub task: OdooTask,
    /// What it may use.
    pub limits: Limits,
    /// The job is ended and fails after this time.
    pub deadline: Duration,
}

/// What a job of Odoo does.
#[derive(Debug, Clone)]
pub enum OdooTask {
    /// Installs modules (`-i`) without demo data, leaves nothing outside of the database, and ends.
    Install {
        /// Technical names, `base` at least.
        modules: Vec<String>,
    },
    /// Feeds a Python script to `odoo shell`; the script commits by itself.
    Shell {
        /// The script's text.
        script: String,
    },
}

/// What was seen of a workload. *Unknown* is a value: nothing is destroyed because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// The runtime could not be asked; the text says why.
    Unknown(String),
    /// There is no such workload and no volume of it.
    Absent,
    /// It exists and is not meant to run; its volume is kept.
    Stopped,
    /// It is meant to run and its processes do; whether it answers is for the caller to probe.
    Running(Running),
    /// It is meant to run, ended by itself, and is tried again after a while.
    Failing(Failing),
}

/// A workload that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Where its main port is reached: 8069 of an Odoo, 5432 of a server.
    pub address: Address,
    /// Where an Odoo's websockets go (8072), when it has workers.
    pub websocket: Option<Address>,
    /// Whether it runs what was applied last: false while a change of the workload is not yet in effect.
    pub is_current: bool,
    /// How often it was restarted after a crash since it was last applied.
    pub restarts: u32,
}

/// A workload that crashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// How it ended and the last lines of its log, for people.
    pub reason: String,
    /// How often it was restarted.
    pub restarts: u32,
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// One line of an inventory.
#[derive(Debug, Clone)]
pub struct InventoryEntry {
    /// Which workload.
    pub name: WorkloadName,
    /// What was seen of it.
    pub observed: Observed,
}

/// How the walls around workloads are built here, for `doctor`.
#[derive(Debug, Clone, Default)]
pub struct Walls {
    /// Walls that stand, a sentence each.
    pub standing: Vec<String>,
    /// Walls that are missing here, a sentence each.
    pub missing: Vec<String>,
}

/// A place where workloads run.
#[async_trait::async_trait]
pub trait Runtime: Send + Sync + std::fmt::Debug {
    /// Makes the workload exist and run as described; restarts it when the description changed.
    /// Returns when the change is under way, not when it answers.
    async fn apply(&self, name: &WorkloadName, workload: &Workload) -> anyhow::Result<()>;

    /// Stops the workload in order and keeps its volume. Returns when it has ended.
    async fn stop(&self, name: &WorkloadName) -> anyhow::Result<()>;

    /// Stops the workload and erases its volume. Returns when nothing of it is left.
    async fn remove(&self, name: &WorkloadName) -> anyhow::Result<()>;

    /// Looks at one workload. Never fails: what cannot be seen is [`Observed::Unknown`].
    async fn observe(&self, name: &WorkloadName) -> Observed;

    /// Everything that this runtime knows of, also what nobody asked for in this life of the platform.
    async fn inventory(&self) -> anyhow::Result<Vec<InventoryEntry>>;

    /// The newest lines of the workload's log, oldest first.
    async fn logs(&self, name: &WorkloadName, lines: usize) -> anyhow::Result<Vec<String>>;

    /// Runs a job to its end; a job of the same name that still runs is ended first.
    /// The error of a job that fails has the end of its output.
    async fn run(&self, name: &WorkloadName, job: &OdooJob) -> anyhow::Result<()>;

    /// Names of workloads whose state may have changed. Hints only: a lost one does no harm.
    fn changes(&self) -> broadcast::Receiver<WorkloadName>;

    /// The walls that stand around workloads here.
    fn walls(&self) -> Walls;
}

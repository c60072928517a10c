//! What is written down about a workload. Nothing here is secret: passwords are in the files that
//! the workload itself reads, and here only as part of a digest.

use std::net::{Ipv4Addr, SocketAddrV4};

use runtime::{DatabaseAddress, Limits, OdooServer, PostgresServer, Workload};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use vocabulary::{CpuLimit, MemorySize, OdooVersion};

use crate::process::ProcessId;

/// What should run: written when it is applied, before anything is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) wish: Wish,
    pub(crate) kind: Kind,
    pub(crate) cpu: CpuLimit,
    pub(crate) memory: MemorySize,
    /// Of everything that was applied: another digest means that the workload has to be restarted.
    pub(crate) digest: String,
}

/// Whether a workload is meant to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wish {
    Run,
    Stop,
}

/// What a workload is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Postgres { max_connections: u32 },
    Odoo { version: OdooVersion, workers: u32 },
}

impl Kind {
    /// How many ports it listens on.
    pub(crate) fn ports(&self) -> usize {
        match self {
            Self::Postgres { .. } | Self::Odoo { workers: 0, .. } => 1,
            Self::Odoo { .. } => 2,
        }
    }
}

impl Spec {
    /// The record of a workload that is meant to run.
    pub(crate) fn new(workload: &Workload) -> Self {
        let (kind, limits, digest) = match workload {
            Workload::Postgres(server) => (
                Kind::Postgres { max_connections: server.max_connections },
                server.limits,
                postgres_digest(server),
            ),
            Workload::Odoo(server) => (
                Kind::Odoo { version: server.version.clone(), workers: server.workers },
                server.limits,
                odoo_digest(server),
            ),
        };
        Self { wish: Wish::Run, kind, cpu: limits.cpu, memory: limits.memory, digest }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { cpu: self.cpu, memory: self.memory }
    }
}

/// The superuser's password is no part of it: it counts when the cluster is made and never again.
fn postgres_digest(server: &PostgresServer) -> String {
    digest(&["postgres", &server.max_connections.to_string(), &limits_text(&server.limits)])
}

fn odoo_digest(server: &OdooServer) -> String {
    let database = &server.database;
    digest(&[
        "odoo",
        server.version.as_str(),
        &database.host,
        &database.port.to_string(),
        &database.name,
        &database.user,
        database.password.expose_secret(),
        server.master_password.expose_secret(),
        &server.workers.to_string(),
        &limits_text(&server.limits),
        &server.restart_generation.to_string(),
    ])
}

fn limits_text(limits: &Limits) -> String {
    format!("{} {}", limits.cpu, limits.memory)
}

fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Where the processes of a workload may open connections to, beside its own ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// Nowhere: whoever wants something of it comes to it.
    Nowhere,
    /// To its database server, and to what lies beyond this machine.
    Database(SocketAddrV4),
}

impl Reach {
    /// What a workload needs.
    pub(crate) fn of(workload: &Workload) -> Self {
        match workload {
            Workload::Postgres(_) => Self::Nowhere,
            Workload::Odoo(server) => Self::database(&server.database),
        }
    }

    /// What needs this database. One that is known by a name is on this machine, or beyond it anyway.
    pub(crate) fn database(database: &DatabaseAddress) -> Self {
        let host = database.host.parse().unwrap_or(Ipv4Addr::LOCALHOST);
        Self::Database(SocketAddrV4::new(host, database.port))
    }
}

/// What is so: written by whoever changed it, under the workload's lock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The user id that the volume belongs to, when the platform is root.
    pub(crate) user_id: Option<u32>,
    /// The main port, and the websockets' where there is one.
    pub(crate) ports: Vec<u16>,
    /// Where it may connect to, for the wall around its network.
    #[serde(default)]
    pub(crate) reach: Option<Reach>,
    /// The process with whose end all processes of the workload end.
    pub(crate) process: Option<ProcessId>,
    /// When that was started, in milliseconds since 1970.
    pub(crate) started_at: u64,
    /// The digest of what that runs.
    pub(crate) digest: String,
    /// Restarts after crashes since something was last applied.
    pub(crate) restarts: u32,
    /// Crashes in a row, which the back-off counts.
    pub(crate) crashes: u32,
    /// How it last ended by itself, while it is not running again.
    pub(crate) crash: Option<String>,
    /// When it is started again after a crash, in milliseconds since 1970.
    pub(crate) next_try_at: u64,
}

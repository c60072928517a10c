//! What every runtime has to do alike, tried on real servers and real Odoos.
//!
//! Each function is one claim, panics where it does not hold, and cleans up behind itself, so that an
//! implementation's tests call them one by one: on a [`Bench`], which knows what the trait hides.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this is a test, wherever it is compiled"
)]

pub mod attack;
mod probe;
pub mod server;
pub mod tenant;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use vocabulary::OdooVersion;

use crate::{Limits, PostgresServer, Runtime, Workload, WorkloadName};

pub use attack::Wall;
pub use probe::{Login, eventually, fetch};

/// An implementation under test.
#[async_trait::async_trait]
pub trait Bench: Send + Sync {
    /// The runtime as it is open now.
    async fn runtime(&self) -> Arc<dyn Runtime>;

    /// Lets go of the runtime without stopping anything, as a platform that ends, and opens it again.
    async fn reopen(&self) -> Arc<dyn Runtime>;

    /// Ends a workload's processes from outside and by force.
    async fn crash(&self, name: &WorkloadName);

    /// Whatever there still is of a workload or job: processes, folders, groups.
    async fn leftovers(&self, name: &WorkloadName) -> Vec<String>;

    /// The Odoo that this implementation can run here, if it can run any.
    fn odoo(&self) -> Option<OdooVersion>;

    /// Whether this machine lets the implementation put up this wall.
    fn has(&self, wall: Wall) -> bool;

    /// Hosts by which whoever runs on this machine reaches what listens at every address of it.
    fn own_hosts(&self) -> Vec<String>;

    /// Files and folders of the platform and of the machine that no workload may read.
    fn secrets(&self) -> Vec<PathBuf>;
}

/// Limits for a test.
///
/// # Panics
/// When the size is none.
#[must_use]
pub fn limits(memory: &str) -> Limits {
    let cpu = rust_decimal::Decimal::TWO.try_into().unwrap();
    Limits { cpu, memory: memory.parse().unwrap() }
}

/// A small server whose superuser's password is `a secret`.
#[must_use]
pub fn small_server() -> PostgresServer {
    PostgresServer {
        superuser_password: "a secret".into(),
        max_connections: 30,
        limits: limits("512M"),
    }
}

/// Applies a server, waits until it answers, and returns its login.
pub(crate) async fn start_server(
    runtime: &Arc<dyn Runtime>,
    name: &WorkloadName,
    server: &PostgresServer,
) -> Login {
    let started = Instant::now();
    runtime.apply(name, &Workload::Postgres(server.clone())).await.unwrap();
    let login = Login::new(probe::running(runtime, name).await.address);
    login.answers().await;
    eprintln!("{name} let us in after {:?}", started.elapsed());
    login
}

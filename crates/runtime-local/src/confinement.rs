//! What Landlock adds to the sandbox, with or without root: a workload listens at its own ports only, connects to no
//! abstract socket of the machine (these are no files, so a sandbox of files does not hide them), and a database server
//! opens no connection at all. It is the thread that starts a process which is confined, and all that comes of it.

use std::process::Stdio;

use anyhow::{Context as _, anyhow};
use landlock::{
    AccessNet, CompatLevel, Compatible, NetPort, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, Scope,
};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;

use crate::record::{Reach, State};

/// What the kernel can do of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confinement {
    pub(crate) ports: bool,
    pub(crate) sockets: bool,
}

impl Confinement {
    /// Asks the kernel, and tries whether sandboxes can be made under it.
    pub(crate) async fn detect() -> Self {
        let strict = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let found = Self {
            ports: strict()
                .handle_access(AccessNet::BindTcp)
                .is_ok_and(|ruleset| ruleset.create().is_ok()),
            sockets: strict()
                .scope(Scope::AbstractUnixSocket)
                .is_ok_and(|ruleset| ruleset.create().is_ok()),
        };
        if found.sandboxes().await { found } else { Self { ports: false, sockets: false } }
    }

    async fn sandboxes(self) -> bool {
        let mut trial = Command::new("bwrap");
        trial.args(["--ro-bind", "/", "/", "--dev", "/dev", "--", "true"]);
        trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(mut child) = self.spawn(&mut trial, &State::default()) else { return false };
        child.wait().await.is_ok_and(|status| status.success())
    }

    /// Starts a command under the confinement of the workload of which this is written down.
    pub(crate) fn spawn(self, command: &mut Command, state: &State) -> anyhow::Result<Child> {
        if !self.ports && !self.sockets {
            return command.spawn().context("cannot start a process");
        }
        let runtime = Handle::current();
        let start = || {
            confine(&state.ports, state.reach).context("cannot confine a process")?;
            let _runtime = runtime.enter();
            command.spawn().context("cannot start a process")
        };
        let started = std::thread::scope(|scope| scope.spawn(start).join());
        started.map_err(|_| anyhow!("the thread that starts a process has panicked"))?
    }
}

/// Confines this thread for good, as far as the kernel can.
fn confine(ports: &[u16], reach: Option<Reach>) -> Result<(), RulesetError> {
    let mut ruleset =
        Ruleset::default().scope(Scope::AbstractUnixSocket)?.handle_access(AccessNet::BindTcp)?;
    if reach == Some(Reach::Nowhere) {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let mut ruleset = ruleset.create()?;
    // Port 0 is any that nobody else waits for.
    for port in ports.iter().chain(&[0]) {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
    }
    ruleset.restrict_self().map(drop)
}

//! Preparing, starting and ending one workload. Every function here is called under its lock.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use odoo::{Listen, Paths};
use runtime::Workload;
use rustix::process::Signal;

use crate::launch::{launch, unrecorded};
use crate::lock::Lock;
use crate::place::Place;
use crate::postgres::{self, Settings};
use crate::process::{Handle, ProcessId};
use crate::record::{Kind, Reach, Spec};
use crate::sandbox::Sandbox;
use crate::unit::Unit;
use crate::user_id::Owner;
use crate::{port, tenant, wait};

/// Makes everything on disk that a workload needs, with the secrets that only the caller knows.
pub(crate) async fn prepare(place: &Place, unit: &Unit, workload: &Workload) -> anyhow::Result<()> {
    let owner = own_folders(place, unit).await?;
    write_reach(unit, Reach::of(workload))?;
    match workload {
        Workload::Postgres(server) => {
            let password = &server.superuser_password;
            postgres::make_cluster(place, unit, owner, password, &server.limits).await
        }
        Workload::Odoo(server) => {
            // Ports are given on the command line, where another can be chosen at any start.
            let listen = Listen::loopback(8069, 8072);
            let configuration = odoo::render_config(server, &listen, &Paths::default());
            tenant::write_configuration(unit, owner, &configuration)
        }
    }
}

/// Gives the workload its user id, and its folders to that.
pub(crate) async fn own_folders(place: &Place, unit: &Unit) -> anyhow::Result<Owner> {
    crate::file::make_folder(unit.folder(), Owner::Platform)?;
    let Some(user_ids) = &place.user_ids else {
        unit.make_folders(Owner::Platform)?;
        return Ok(Owner::Platform);
    };
    let mut state = unit.state()?;
    let id = user_ids.reserve(unit.folder(), state.user_id).await?;
    if state.user_id != Some(id) {
        state.user_id = Some(id);
        unit.save_state(&state)?;
    }
    unit.make_folders(Owner::Workload(id))?;
    Ok(Owner::Workload(id))
}

/// Writes down where a workload may connect to, before anything of it is started.
pub(crate) fn write_reach(unit: &Unit, reach: Reach) -> anyhow::Result<()> {
    let mut state = unit.state()?;
    state.reach = Some(reach);
    unit.save_state(&state)
}

/// Starts a workload that was prepared and does not run, and writes down that it does.
pub(crate) async fn start(place: &Place, unit: &Unit, spec: &Spec) -> anyhow::Result<()> {
    end_unrecorded(place, unit).await?;
    let owner = own_folders(place, unit).await?;
    let ports = reserve_ports(place, unit, spec).await?;
    let sandbox = sandbox(place, unit, owner, spec, &ports)?;
    let launched = launch(place, unit, &spec.limits(), &sandbox, Stdio::null()).await?;
    let mut state = unit.state()?;
    state.process = Some(launched.process);
    state.digest.clone_from(&spec.digest);
    state.started_at = now();
    state.crash = None;
    unit.save_state(&state)?;
    tracing::info!(workload = %unit.name, ?ports, "a workload was started");
    Ok(())
}

fn sandbox(
    place: &Place,
    unit: &Unit,
    owner: Owner,
    spec: &Spec,
    ports: &[u16],
) -> anyhow::Result<Sandbox> {
    let main = *ports.first().context("a workload has a port")?;
    match &spec.kind {
        Kind::Postgres { max_connections } => {
            let settings =
                Settings { port: main, max_connections: *max_connections, memory: spec.memory };
            postgres::server(place, unit, owner, &settings)
        }
        Kind::Odoo { version, .. } => {
            let listen = Listen::loopback(main, ports.get(1).copied().unwrap_or(main));
            let command = odoo::server_command(tenant::CONFIGURATION, &listen);
            tenant::sandbox(place, unit, owner, version, command)
        }
    }
}

async fn reserve_ports(place: &Place, unit: &Unit, spec: &Spec) -> anyhow::Result<Vec<u16>> {
    let _lock = Lock::acquire(&place.ports_lock(), wait::A_MINUTE).await?;
    let mut state = unit.state()?;
    let taken = place.ports_of_others(unit)?;
    let range = &place.options.ports;
    state.ports = port::choose(range, &state.ports, spec.kind.ports(), &taken)?;
    unit.save_state(&state)?;
    Ok(state.ports)
}

/// Ends a workload: in order if it hears, by force after a while, and everything that is left of it.
/// Damaged records keep nothing from being ended; then it is done by force.
pub(crate) async fn end(place: &Place, unit: &Unit) -> anyhow::Result<()> {
    let mut state = unit.state().unwrap_or_default();
    if let Some(process) = &state.process {
        let (signal, patience) = match unit.spec().ok().flatten().map(|spec| spec.kind) {
            // A fast shutdown: sessions are ended, what is in memory is written.
            Some(Kind::Postgres { .. }) => (Signal::INT, Duration::from_secs(30)),
            _ => (Signal::TERM, Duration::from_secs(10)),
        };
        end_process(process, signal, patience).await?;
        state.process = None;
        unit.save_state(&state)?;
    }
    end_unrecorded(place, unit).await
}

async fn end_process(
    process: &ProcessId,
    signal: Signal,
    patience: Duration,
) -> anyhow::Result<()> {
    let Some(handle) = process.open() else { return Ok(()) };
    if let Some(main) = process.first_child().and_then(|main| main.open()) {
        main.signal(signal);
        if handle.ends_within(patience).await {
            return Ok(());
        }
        tracing::warn!("a workload did not stop in time and is ended by force");
    }
    kill(&handle).await
}

/// The first process of a sandbox takes all others with it.
async fn kill(first: &Handle) -> anyhow::Result<()> {
    first.signal(Signal::KILL);
    ensure!(first.ends_within(Duration::from_secs(10)).await, "a process cannot be ended");
    Ok(())
}

/// Ends what a platform started and could not write down any more, and what outlived its first process.
pub(crate) async fn end_unrecorded(place: &Place, unit: &Unit) -> anyhow::Result<()> {
    if let Some(handle) = unrecorded(unit).and_then(|process| process.open()) {
        kill(&handle).await?;
    }
    place.groups.remove(&unit.key).await
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, milliseconds)
}

/// The duration in milliseconds, which fit for half a billion years.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

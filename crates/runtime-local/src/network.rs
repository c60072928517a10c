//! The wall around the network of workloads, where the platform is root: one table of nftables, in which every user id
//! of a workload has a chain that says where its processes may connect to. All platforms of a machine share the table,
//! as they share the user ids: each writes the chains of its own workloads and no other. The chains stay when a
//! platform is killed, as the workloads do.
//!
//! Nothing here needs the kernel to remember connections: what opens one is told by its flags, and the ports at which
//! a workload is reached are known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::lock::Lock;
use crate::place::Place;
use crate::unit::Unit;
use crate::wait;

mod rules;
mod table;

use rules::Passage;

/// How often it is looked whether somebody else has taken the wall down.
const CARE: Duration = Duration::from_secs(60);

/// The wall, or why there is none.
#[derive(Debug)]
pub(crate) enum Network {
    /// The wall stands; the lock is held by whoever changes it.
    Walled { lock: PathBuf },
    /// Every workload reaches whatever this machine does.
    Open { because: String },
}

impl Network {
    /// Tries whether a wall can be put up here.
    pub(crate) async fn open(folder: &Path) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Open { because: "the platform does not run as root".into() };
        }
        match table::change(&rules::frame(&rules::resolvers())).await {
            Ok(()) => Self::Walled { lock: folder.join("locks/network") },
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "workloads get no wall around their network"
                );
                Self::Open { because: format!("{error:#}") }
            }
        }
    }

    /// Puts the wall around a workload, as it is written down. Whatever was allowed before is not any more.
    pub(crate) async fn enclose(&self, unit: &Unit) -> anyhow::Result<()> {
        let Self::Walled { lock } = self else { return Ok(()) };
        let _lock = Lock::acquire(lock, wait::A_MINUTE).await?;
        // Read under the lock, so that nobody writes afterwards what was read before.
        let Some(passage) = Passage::of(unit)? else { return Ok(()) };
        let script = rules::frame(&rules::resolvers()) + &passage.chain();
        table::change(&script).await.context("cannot put up the wall around the network")
    }

    /// Takes the wall of a workload away, of which nothing runs any more and whose user id is still its own.
    pub(crate) async fn release(&self, user_id: u32) -> anyhow::Result<()> {
        let Self::Walled { .. } = self else { return Ok(()) };
        table::change(&rules::without(user_id))
            .await
            .context("cannot take away the wall around the network")
    }
}

/// Puts the walls of everything that runs up again, and takes those away that nobody has any more.
pub(crate) async fn restore(place: &Place) -> anyhow::Result<()> {
    let Network::Walled { lock } = &place.network else { return Ok(()) };
    let _lock = Lock::acquire(lock, wait::A_MINUTE).await?;
    let mut script = rules::frame(&rules::resolvers());
    for passage in passages(place)? {
        script.push_str(&passage.chain());
    }
    table::change(&script).await.context("cannot put up the walls around the network")?;
    clear(place).await
}

/// Takes away what platforms have left that are gone.
async fn clear(place: &Place) -> anyhow::Result<()> {
    let Some(user_ids) = &place.user_ids else { return Ok(()) };
    let enclosed = table::user_ids().await?;
    let mut script = String::new();
    // While it is held nobody is given a user id.
    let _lock = user_ids.lock().await?;
    for id in enclosed.into_iter().filter(|id| user_ids.is_stale(*id)) {
        script.push_str(&rules::without(id));
    }
    if script.is_empty() { Ok(()) } else { table::change(&script).await }
}

/// What runs here, with where it may connect to.
fn passages(place: &Place) -> anyhow::Result<Vec<Passage>> {
    let units = place.units()?.into_iter().chain(place.jobs()?);
    let running = units.filter(|unit| {
        unit.state().is_ok_and(|state| state.process.is_some_and(|process| process.is_alive()))
    });
    // A damaged record is that workload's matter, and keeps no other from its wall.
    Ok(running.filter_map(|unit| Passage::of(&unit).ok().flatten()).collect())
}

/// Looks after the wall until the runtime ends: tools for firewalls like to begin with an empty table.
pub(crate) async fn care(place: std::sync::Arc<Place>) {
    let mut ticks = tokio::time::interval(CARE);
    ticks.tick().await;
    while place.stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = repair(&place).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the wall around the network cannot be kept up"
            );
        }
    }
}

async fn repair(place: &Place) -> anyhow::Result<()> {
    let enclosed = table::user_ids().await.unwrap_or_default();
    let missing = passages(place)?.iter().any(|passage| !enclosed.contains(&passage.user_id));
    if missing {
        tracing::error!("somebody has taken down the wall around the network: it is put up again");
        restore(place).await?;
    }
    Ok(())
}

/// The user ids that have a wall; none where that cannot be asked.
pub(crate) fn enclosed() -> BTreeSet<u32> {
    table::user_ids_now().unwrap_or_default()
}

/// The user ids of workloads that run without the wall that they should have.
pub(crate) fn exposed(place: &Place) -> anyhow::Result<BTreeSet<u32>> {
    let enclosed = table::user_ids_now()?;
    let running = passages(place)?.into_iter().map(|passage| passage.user_id);
    Ok(running.filter(|id| !enclosed.contains(id)).collect())
}

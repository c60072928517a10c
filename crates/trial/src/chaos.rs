//! Chaos: customers buy, stop, start, fall behind, pay and delete, while parts of the platform are killed at random
//! moments. At the end everything that is paid runs and nothing else does: nothing leaked, doubled or stuck.
//!
//! What is random comes from one seed, so that the same acts come in the same order again; the moments at which the
//! machine gets to them are its own.

mod customer;
mod disk;
mod killer;
mod verdict;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Notify;

use crate::platform::Site;
use customer::Purchase;
use disk::SmallDisk;
use killer::Killer;

/// What to try.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program `saasodoo`.
    pub binary: PathBuf,
    /// How often something is killed, frozen or filled.
    pub kills: u32,
    /// How many instances are bought meanwhile.
    pub purchases: u32,
    /// From which all that is random follows.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// The seed, for replay.
    pub seed: u64,
    /// How often each kind of victim was struck.
    pub strikes: BTreeMap<&'static str, u32>,
    /// How many purchases were acknowledged, and how they were to end.
    pub purchases: BTreeMap<&'static str, u32>,
    /// How long all of it took.
    pub took: Duration,
    /// How long after the last kill everything was as it should be.
    pub settled_after: Duration,
    /// What was not as it should be; nothing, if the platform is what it claims to be.
    pub failures: Vec<String>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |counts: &BTreeMap<&str, u32>| {
            let parts: Vec<_> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
            parts.join(", ")
        };
        writeln!(f, "seed {}: {:.0} s", self.seed, self.took.as_secs_f64())?;
        writeln!(f, "struck: {}", list(&self.strikes))?;
        writeln!(f, "bought: {}", list(&self.purchases))?;
        writeln!(f, "settled {:.1} s after the last kill", self.settled_after.as_secs_f64())?;
        match &self.failures[..] {
            [] => write!(f, "0 leaked, 0 doubled, 0 stuck"),
            failures => write!(f, "FAILED:\n  {}", failures.join("\n  ")),
        }
    }
}

/// Runs the whole trial on a fresh folder, which is kept if something is wrong; `say` is told what is done.
///
/// # Errors
/// When the trial itself cannot be carried out; what the platform does wrong is in the report.
pub async fn run(options: &Options, say: fn(&str)) -> Result<Report> {
    let folder = tempfile::Builder::new().prefix("saasodoo-chaos.").tempdir()?;
    let begun = Instant::now();
    let report = on(folder.path(), options, begun, say).await;
    if report.as_ref().map_or(true, |report| !report.failures.is_empty()) {
        say(&format!("what is left of it: {}", folder.keep().display()));
    }
    report
}

async fn on(folder: &Path, options: &Options, begun: Instant, say: fn(&str)) -> Result<Report> {
    let disk = SmallDisk::under(folder, say)?;
    // Small pools, so that several have to come.
    let site = Site::new(&options.binary, folder)?.with("database.pool_size", "20");
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut killer = Killer::new(site.clone(), disk, fork(&mut random), say)?;
    let (purchases, mut failures) = fire(&site, &mut killer, options, &mut random).await?;
    let last_kill = Instant::now();
    killer.ready().await?;
    failures.extend(verdict::failures(&site, &purchases).await?);
    let settled_after = last_kill.elapsed();
    failures.append(&mut killer.collapses);
    let strikes = killer.strikes.clone();
    if let Err(error) = killer.finish().await {
        failures.push(format!("{error:#}"));
    }
    Ok(Report {
        seed: options.seed,
        strikes,
        purchases: customer::counts(&purchases),
        took: begun.elapsed(),
        settled_after,
        failures,
    })
}

/// The customers live while the killer kills. Returns what they bought, and why some gave up.
async fn fire(
    site: &Site,
    killer: &mut Killer,
    options: &Options,
    random: &mut StdRng,
) -> Result<(Vec<Purchase>, Vec<String>)> {
    let lives = join_all((0..options.purchases).map(|number| {
        // Spread over the time that the kills will take.
        let begin = killer::MEAN_PAUSE * options.kills * number / options.purchases.max(1);
        customer::live(site, number, fork(random), begin)
    }));
    let everybody_is_done = Notify::new();
    let lives = async {
        let ended = lives.await;
        everybody_is_done.notify_one();
        ended
    };
    let (ended, attended) =
        tokio::join!(lives, killer.attend(options.kills, everybody_is_done.notified()));
    attended?;
    let (mut purchases, mut failures) = (Vec::new(), Vec::new());
    for life in ended {
        match life {
            Ok(purchase) => purchases.push(purchase),
            Err(error) => failures.push(format!("a customer gave up: {error:#}")),
        }
    }
    Ok((purchases, failures))
}

/// Chance of its own for somebody, from the one seed.
fn fork(random: &mut StdRng) -> StdRng {
    StdRng::seed_from_u64(random.random())
}

//! The proof that a crash after any step changes nothing in the end: the effect has happened, the result is lost, the worker is
//! gone, and a fresh one brings the same world about.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use work::{Faults, Worker};

/// Runs the scenario once without a crash, then once for each of its steps with a crash right after that step, and asserts
/// that the world ends the same each time.
///
/// The scenario builds a fresh world, gives the faults to its workers by [`settle`] or [`run_until`], and returns what is to be
/// the same: without ids and times, and best counted from the outside (databases that exist, not rows that say so).
///
/// Returns the kinds of work that were crashed, for [`Crashed::covers`].
///
/// # Panics
/// If an end differs, or if no step was counted, because then nothing was proven.
pub async fn after_every_step<E, F>(scenario: impl Fn(Faults) -> F) -> Crashed
where
    E: PartialEq + Debug,
    F: Future<Output = E>,
{
    let counted = Faults::none();
    let expected = scenario(counted.clone()).await;
    assert!(
        counted.steps() > 0,
        "no step was counted: does the scenario give the faults to its workers?"
    );
    for step in 1..=counted.steps() {
        let faults = Faults::crash_at(step);
        let end = scenario(faults.clone()).await;
        assert_eq!(
            end,
            expected,
            "after a crash at step {step} of {} the world ends differently",
            counted.steps()
        );
        assert!(
            faults.has_crashed() || faults.steps() < step,
            "the scenario passed step {step} without a crash: does each of its workers get these faults?"
        );
    }
    Crashed(counted.kinds())
}

/// The kinds of work that a scenario crashed after each of their steps.
#[derive(Debug)]
pub struct Crashed(BTreeSet<String>);

impl Crashed {
    /// Asserts that these kinds were among them.
    ///
    /// # Panics
    /// If one was not.
    pub fn covers(self, kinds: &[&str]) {
        for kind in kinds {
            assert!(self.0.contains(*kind), "{kind} took no step; those did: {:?}", self.0);
        }
    }
}

/// Asserts that every kind of work of a worker is named in the source of its crash tests, where [`Crashed::covers`] asserts that
/// it was crashed.
///
/// # Panics
/// If one is not named.
pub fn names_every_kind(worker: &Worker, source: &str) {
    for kind in worker.kinds() {
        let name = format!("\"{kind}\"");
        assert!(source.contains(&name), "no crash test covers {kind}");
    }
}

/// Lets a worker run until nothing is due; where it crashes, a fresh one takes over at once.
///
/// # Errors
/// What [`Worker::settle`] returns, the crash excepted.
pub async fn settle(faults: &Faults, worker: impl Fn(Faults) -> Worker) -> anyhow::Result<()> {
    match worker(faults.clone()).settle().await {
        Err(error) if error.is::<work::Crashed>() => worker(Faults::none()).settle().await,
        result => result,
    }
}

/// Lets several workers run, which wait for each other, until `is_done`; where one crashes all are gone, and fresh ones take over.
/// They take over as fast as their [`Pace`](work::Pace) says.
///
/// # Errors
/// What [`Worker::run`] returns, the crash excepted; and that it is not done within two minutes.
pub async fn run_until<D: Future<Output = bool>>(
    faults: &Faults,
    workers: impl Fn(Faults) -> Vec<Worker>,
    is_done: impl Fn() -> D,
) -> anyhow::Result<()> {
    match together(workers(faults.clone()), &is_done).await {
        Err(error) if error.is::<work::Crashed>() => {
            together(workers(Faults::none()), &is_done).await
        }
        result => result,
    }
}

const LIMIT: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

async fn together<D: Future<Output = bool>>(
    workers: Vec<Worker>,
    is_done: impl Fn() -> D,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let mut running = JoinSet::new();
    for worker in workers {
        let stop = stop.clone();
        running.spawn(async move { worker.run(stop).await });
    }
    let done = async {
        while !is_done().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        biased;
        Some(ended) = running.join_next() => {
            // One is gone, so the process is gone.
            running.shutdown().await;
            ended??;
            anyhow::bail!("a worker ended by itself")
        }
        () = done => {}
        () = tokio::time::sleep(LIMIT) => anyhow::bail!("not done within {} s", LIMIT.as_secs()),
    }
    stop.cancel();
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

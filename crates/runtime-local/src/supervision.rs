//! Looking after workloads: whoever crashes is started again, later each time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::launch;
use crate::lock::Lock;
use crate::place::Place;
use crate::process::Handle;
use crate::record::{Spec, State, Wish};
use crate::start::{self, milliseconds, now};
use crate::unit::Unit;

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A workload that ran this long is healthy: its next crash is a first one again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// What a look at a workload says about the next one.
enum Next {
    /// Nobody wants it to run: there is nothing to look after.
    Nothing,
    /// It runs: look when it has ended.
    AtItsEnd(Handle),
    /// It crashed: start it after a while.
    After(Duration),
}

/// Looks after a workload from now on, unless somebody does already.
pub(crate) fn watch(place: &Arc<Place>, unit: &Unit) {
    let mut watchers = place.watchers();
    if watchers.contains_key(&unit.name) || place.stop.is_cancelled() {
        return;
    }
    match Lock::try_acquire(&unit.watch_path()) {
        Ok(Some(lock)) => {
            let woken = Arc::new(Notify::new());
            watchers.insert(unit.name.clone(), woken.clone());
            place.tasks.spawn(supervise(place.clone(), unit.clone(), lock, woken));
        }
        Ok(None) => tracing::debug!(workload = %unit.name, "another process looks after it"),
        Err(error) => {
            tracing::warn!(workload = %unit.name, %error, "a workload is not looked after")
        }
    }
}

async fn supervise(place: Arc<Place>, unit: Unit, lock: Lock, woken: Arc<Notify>) {
    let mut lock = Some(lock);
    while !place.stop.is_cancelled() {
        let waiting = async {
            match look(&place, &unit, &mut lock).await {
                Ok(Next::Nothing) => return false,
                Ok(Next::AtItsEnd(handle)) => wait_for_end(&place, &unit, &handle).await,
                Ok(Next::After(delay)) => wait_for_time(&place, &woken, delay).await,
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(workload = %unit.name, error, "a workload cannot be looked after");
                    wait_for_time(&place, &woken, LONGEST_DELAY).await;
                }
            }
            true
        };
        if !waiting.await {
            return;
        }
    }
    place.watchers().remove(&unit.name);
}

async fn wait_for_end(place: &Place, unit: &Unit, process: &Handle) {
    let log = unit.log();
    let end = async {
        loop {
            match tokio::time::timeout(LOG_INTERVAL, process.ended()).await {
                Ok(_) => return,
                Err(_) => log.rotate().unwrap_or_else(
                    |error| tracing::warn!(workload = %unit.name, %error, "a log cannot be put aside"),
                ),
            }
        }
    };
    place.stop.run_until_cancelled(end).await;
}

async fn wait_for_time(place: &Place, woken: &Notify, delay: Duration) {
    let time = tokio::time::timeout(delay, woken.notified());
    place.stop.run_until_cancelled(time).await;
}

/// Sees what became of the workload, and starts it if its time has come.
async fn look(place: &Place, unit: &Unit, watch: &mut Option<Lock>) -> anyhow::Result<Next> {
    let change = unit.lock().await?;
    let Some(spec) = unit.spec()?.filter(|spec| spec.wish == Wish::Run) else {
        // Under the lock, so that whoever wants it to run next finds nobody looking after it.
        if let Some(watch) = watch.take() {
            watch.remove();
        }
        change.remove();
        place.watchers().remove(&unit.name);
        return Ok(Next::Nothing);
    };
    let state = unit.state()?;
    if let Some(process) = &state.process {
        return match process.open() {
            Some(handle) => Ok(Next::AtItsEnd(handle)),
            None => {
                let reason = how_it_ended(place, unit).await;
                record_crash(place, unit, reason).map(Next::After)
            }
        };
    }
    let delay = Duration::from_millis(state.next_try_at.saturating_sub(now()));
    if !delay.is_zero() {
        return Ok(Next::After(delay));
    }
    try_again(place, unit, &spec).await
}

async fn try_again(place: &Place, unit: &Unit, spec: &Spec) -> anyhow::Result<Next> {
    if let Err(error) = start::start(place, unit, spec).await {
        return record_crash(place, unit, format!("{error:#}")).map(Next::After);
    }
    place.changes.send(unit.name.clone()).ok();
    let process = unit.state()?.process;
    Ok(process
        .and_then(|process| process.open())
        .map_or(Next::After(Duration::ZERO), Next::AtItsEnd))
}

/// Writes down that the workload ended by itself, and says how long to wait before the next try.
pub(crate) fn record_crash(place: &Place, unit: &Unit, reason: String) -> anyhow::Result<Duration> {
    tracing::warn!(workload = %unit.name, reason, "a workload ended by itself");
    let state = unit.state()?.crashed(reason);
    unit.save_state(&state)?;
    place.changes.send(unit.name.clone()).ok();
    Ok(Duration::from_millis(state.next_try_at.saturating_sub(now())))
}

impl State {
    fn crashed(mut self, reason: String) -> Self {
        if now().saturating_sub(self.started_at) > milliseconds(HEALTHY_AFTER) {
            self.crashes = 0;
        }
        let delay = FIRST_DELAY.saturating_mul(1 << self.crashes.min(16)).min(LONGEST_DELAY);
        self.next_try_at = now() + milliseconds(delay);
        self.crashes += 1;
        self.restarts += 1;
        self.process = None;
        self.crash = Some(reason);
        self
    }
}

async fn how_it_ended(place: &Place, unit: &Unit) -> String {
    let how = if place.groups.ran_out_of_memory(&unit.key) {
        "it used more memory than it may".to_owned()
    } else {
        match launch::exit_code(unit).await {
            Some(code) if code > 128 => format!("it was ended by signal {}", code - 128),
            Some(code) => format!("it ended with exit code {code}"),
            None => "it ended".to_owned(),
        }
    };
    let mut lines = unit.log().tail(3);
    lines.insert(0, how);
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crash_waits_longer_until_a_workload_was_healthy() {
        let mut state = State { started_at: now(), ..State::default() };
        let mut delays = Vec::new();
        for _ in 0..10 {
            state = state.crashed("gone".into());
            delays.push(state.next_try_at.saturating_sub(now()));
        }
        assert!(delays.is_sorted() && delays[0] <= 200 && delays[1] > 300, "{delays:?}");
        assert!((29_000..=30_000).contains(&delays[9]), "{delays:?}");

        state.started_at = now() - 61_000;
        assert!(state.crashed("again".into()).next_try_at <= now() + 200);
    }
}

//! Looking at workloads, without changing them.

use std::sync::Arc;

use runtime::{Address, Failing, Observed, Running};

use crate::lock::Lock;
use crate::place::Place;
use crate::record::{Spec, State, Wish};
use crate::supervision;
use crate::unit::Unit;

/// What is to be seen of a workload. One that runs, and that nobody looks after, is adopted.
pub(crate) fn observe(place: &Arc<Place>, unit: &Unit) -> Observed {
    if !unit.exists() {
        return Observed::Absent;
    }
    match (unit.spec(), unit.state()) {
        (Ok(spec), Ok(state)) => see(place, unit, spec.as_ref(), state),
        (Err(error), _) | (_, Err(error)) => Observed::Unknown(format!("{error:#}")),
    }
}

fn see(place: &Arc<Place>, unit: &Unit, spec: Option<&Spec>, state: State) -> Observed {
    let is_wanted = spec.is_some_and(|spec| spec.wish == Wish::Run);
    if state.process.as_ref().is_some_and(|process| process.is_alive()) {
        if is_wanted {
            supervision::watch(place, unit);
        }
        return running(spec, &state, is_wanted);
    }
    // What nobody looks after is not tried again: it waits until somebody applies it.
    let is_tried_again = is_wanted && (place.watches(unit) || Lock::is_held(&unit.watch_path()));
    if is_tried_again {
        let reason = state.crash.unwrap_or_else(|| "it has just ended".into());
        return Observed::Failing(Failing { reason, restarts: state.restarts });
    }
    Observed::Stopped
}

fn running(spec: Option<&Spec>, state: &State, is_wanted: bool) -> Observed {
    let address = |port: &u16| Address { host: "127.0.0.1".into(), port: *port };
    let Some(main) = state.ports.first().map(address) else {
        return Observed::Unknown("it runs, and its port is not written down".into());
    };
    Observed::Running(Running {
        address: main,
        websocket: state.ports.get(1).map(address),
        is_current: is_wanted && spec.is_some_and(|spec| spec.digest == state.digest),
        restarts: state.restarts,
    })
}

//! What was seen of an instance, as a world to decide about: the runtime's word compared with what should run.

use chrono::{DateTime, Utc};
use runtime::{Limits, Observed, Running};
use serde_json::json;

use crate::decision::{Odoo, World};
use crate::instance::{Instance, Seen};
use crate::options::Options;

pub(super) fn world(
    instance: &Instance,
    observed: &Observed,
    options: &Options,
    now: DateTime<Utc>,
) -> World {
    let waited = (now - instance.state.since).to_std().unwrap_or_default();
    World {
        status: instance.state.status,
        reason: instance.state.reason,
        is_overdue: options.start_patience < waited,
        database: instance.state.database,
        odoo: odoo(instance, observed),
    }
}

fn odoo(instance: &Instance, observed: &Observed) -> Odoo {
    let is_wanted =
        || instance.state.applied.is_some() && instance.state.applied == wanted(instance);
    match observed {
        Observed::Unknown(_) => Odoo::Unknown,
        Observed::Absent => Odoo::Absent,
        Observed::Stopped => Odoo::Stopped,
        Observed::Running(_) | Observed::Failing(_) if !is_wanted() => Odoo::Outdated,
        Observed::Failing(_) => Odoo::Failing,
        Observed::Running(running) => {
            let is_known = instance.state.seen.as_ref() == Some(&seen(running));
            if running.is_current && is_known { Odoo::Answering } else { Odoo::Booting }
        }
    }
}

/// Where an Odoo that runs is reached.
pub(super) fn seen(running: &Running) -> Seen {
    Seen {
        http: running.address.to_string(),
        websocket: running.websocket.as_ref().map(ToString::to_string),
        restarts: running.restarts,
    }
}

/// Everything that an instance's Odoo is to be, in one text: when it changes, the Odoo is applied again. None while
/// there is no database or no entitlement.
pub(super) fn wanted(instance: &Instance) -> Option<String> {
    let (place, limits) = (instance.state.place.as_ref()?, limits(instance)?);
    let wanted = json!({
        "version": instance.odoo_version,
        "database": format!("{}:{}/{}", place.host, place.port, place.name),
        "millicores": limits.cpu.millicores(),
        "memory": limits.memory,
        "workers": workers(limits),
        "restart": instance.restart_generation,
    });
    Some(wanted.to_string())
}

/// What the plan lets the Odoo use.
pub(super) fn limits(instance: &Instance) -> Option<Limits> {
    let entitlement = instance.entitlement.as_ref()?;
    Some(Limits { cpu: entitlement.cpu_limit, memory: entitlement.memory_limit })
}

/// One threaded process serves a small plan best: each worker process costs as much memory again. From four cores on
/// there is a worker for each.
pub(super) fn workers(limits: Limits) -> u32 {
    let cores = u32::try_from(limits.cpu.millicores() / 1000).unwrap_or(u32::MAX);
    if cores < 4 { 0 } else { cores }
}

//! What to do next about one instance: a pure function of what should be and what was seen. It has no memory; it is
//! asked again after every act, until there is nothing to do.

use vocabulary::{InstanceStatus, StatusReason};

use crate::desire::Desired;
use crate::instance::DatabaseState;

#[cfg(test)]
mod tests;

/// What was seen of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// What people are told that it does.
    pub status: InstanceStatus,
    /// Why.
    pub reason: Option<StatusReason>,
    /// Whether it has been starting for longer than anybody should wait.
    pub is_overdue: bool,
    /// How far its database is.
    pub database: DatabaseState,
    /// What the runtime says of its Odoo.
    pub odoo: Odoo,
}

/// What the runtime says of an Odoo, compared with what it should run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odoo {
    /// It could not be seen.
    Unknown,
    /// It does not exist, and neither does its volume.
    Absent,
    /// It does not run; its volume is kept.
    Stopped,
    /// It runs, but not what it should run now.
    Outdated,
    /// It runs what it should, and has not been seen to answer there since it started.
    Booting,
    /// It runs what it should, and has been seen to answer.
    Answering,
    /// It ended by itself, and the runtime tries again.
    Failing,
}

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask for a database, for a while.
    Reserve,
    /// Get the database, prepare it and have the Odoo started on it.
    Start,
    /// Find out whether the Odoo answers.
    Probe,
    /// Have the Odoo stopped.
    Stop,
    /// Erase the Odoo and its volume.
    Remove,
    /// Give the database back for ever.
    Release,
    /// Tell people.
    Say(InstanceStatus, Option<StatusReason>),
}

const GIVE_UP: Action = Action::Say(InstanceStatus::Error, Some(StatusReason::OdooFails));

/// What to do next, or nothing.
#[must_use]
pub fn decide(desired: Desired, world: World) -> Option<Action> {
    // What can't be seen is left alone, and so is what an operation has in its hands.
    let is_in_hands =
        matches!(world.status, InstanceStatus::Maintenance | InstanceStatus::Migrating);
    if world.odoo == Odoo::Unknown || is_in_hands {
        return None;
    }
    match desired {
        Desired::Gone => end(world),
        // Nothing comes back from the dead: whatever was stated or wished later.
        _ if matches!(world.status, InstanceStatus::Terminating | InstanceStatus::Terminated) => {
            end(world)
        }
        Desired::Running => run(world),
        Desired::Reserved => {
            let waits = matches!(world.database, DatabaseState::Unasked | DatabaseState::Waiting);
            rest(world, InstanceStatus::AwaitingPayment, None).or(waits.then_some(Action::Reserve))
        }
        Desired::Stopped => rest(world, InstanceStatus::Stopped, None),
        Desired::Suspended(reason) => rest(world, InstanceStatus::Suspended, Some(reason)),
    }
}

fn run(world: World) -> Option<Action> {
    match world.odoo {
        Odoo::Answering => world.unless_told(InstanceStatus::Running, None),
        Odoo::Booting => world.wait_for_odoo(Some(Action::Probe)),
        Odoo::Failing => world.wait_for_odoo(world.is_given_up().then_some(Action::Start)),
        _ if world.status == InstanceStatus::Starting && world.is_overdue => Some(GIVE_UP),
        Odoo::Absent | Odoo::Stopped | Odoo::Outdated | Odoo::Unknown => Some(Action::Start),
    }
}

fn rest(world: World, status: InstanceStatus, reason: Option<StatusReason>) -> Option<Action> {
    let runs = !matches!(world.odoo, Odoo::Absent | Odoo::Stopped);
    let is_stopping = world.status == InstanceStatus::Stopping;
    if runs && !is_stopping && world.status.may_become(InstanceStatus::Stopping) {
        return Some(Action::Say(InstanceStatus::Stopping, None));
    }
    if runs {
        return Some(Action::Stop);
    }
    world.unless_told(status, reason)
}

fn end(world: World) -> Option<Action> {
    let is_said = matches!(world.status, InstanceStatus::Terminating | InstanceStatus::Terminated);
    if !is_said {
        Some(Action::Say(InstanceStatus::Terminating, None))
    } else if world.odoo != Odoo::Absent {
        Some(Action::Remove)
    } else if world.database != DatabaseState::Released {
        Some(Action::Release)
    } else {
        world.unless_told(InstanceStatus::Terminated, None)
    }
}

impl World {
    /// Whether people were told that the Odoo fails. It is tried again and again, and they are told when it works.
    #[must_use]
    pub fn is_given_up(self) -> bool {
        self.says(InstanceStatus::Error, Some(StatusReason::OdooFails))
    }

    fn says(self, status: InstanceStatus, reason: Option<StatusReason>) -> bool {
        self.status == status && self.reason == reason
    }

    /// The table of transitions may demand a station in between; then that comes first.
    fn unless_told(self, status: InstanceStatus, reason: Option<StatusReason>) -> Option<Action> {
        if self.says(status, reason) {
            None
        } else if self.status.may_become(status) {
            Some(Action::Say(status, reason))
        } else if status == InstanceStatus::Running {
            Some(Action::Say(InstanceStatus::Starting, None))
        } else {
            Some(Action::Say(InstanceStatus::Stopping, None))
        }
    }

    /// While an Odoo does not answer people are told that it starts, and after too long that it fails.
    fn wait_for_odoo(self, action: Option<Action>) -> Option<Action> {
        let is_starting = self.status == InstanceStatus::Starting;
        if is_starting && self.is_overdue {
            Some(GIVE_UP)
        } else if is_starting || self.is_given_up() {
            action
        } else {
            Some(Action::Say(InstanceStatus::Starting, None))
        }
    }
}

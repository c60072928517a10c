//! What to do next about a server. Pure and total; nothing is removed because something could not be seen.

use crate::state::{ServerStatus, ServerType, Wish};

/// What is wanted and what was seen of one server.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// What is wanted.
    pub wish: Wish,
    /// What the row says that it does.
    pub status: ServerStatus,
    /// What it is for.
    pub server_type: ServerType,
    /// What the runtime sees.
    pub runs: Runs,
    /// Whether the runtime has the description that it should have.
    pub is_applied: bool,
    /// Whether the row has the address that was seen.
    pub has_address: bool,
    /// Whether it lets us in.
    pub answers: bool,
    /// Whether its walls stand.
    pub is_prepared: bool,
    /// Whether every slot is taken.
    pub is_full: bool,
    /// Slots taken.
    pub taken: i64,
    /// Slots taken by allocations that are not being released.
    pub live: i64,
    /// Whether it has had its time to come up.
    pub is_late: bool,
}

/// What the runtime sees of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// It could not be asked.
    Unknown,
    /// Nothing, and no data.
    Absent,
    /// Its data, and no process.
    Stopped,
    /// It ends again and again.
    Failing,
    /// A change is not in effect yet.
    Changing,
    /// It runs.
    Running,
}

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Tell the runtime what should run.
    Apply,
    /// Write down where it was seen.
    RecordAddress,
    /// Put the walls up.
    Prepare,
    /// Change the status, for a reason if there is one.
    Become(ServerStatus, Option<&'static str>),
    /// Erase it.
    RemoveWorkload,
    /// Write down that it is gone, and forget what it held.
    Bury,
}

impl Action {
    /// What the trace says after it.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Apply => "told the runtime",
            Self::RecordAddress => "recorded the address",
            Self::Prepare => "put the walls up",
            Self::Become(status, _) => status.as_str(),
            Self::RemoveWorkload => "erased the server",
            Self::Bury => "is gone",
        }
    }
}

/// The next action, or none when it is as it should be or nothing can be done but wait.
#[must_use]
pub(super) fn decide(world: &World) -> Option<Action> {
    let action = match world.wish {
        Wish::Remove => remove(world),
        Wish::Serve | Wish::Drain => serve(world),
    };
    // A status that stands already is no action.
    action.filter(|action| !matches!(action, Action::Become(status, _) if *status == world.status))
}

fn remove(world: &World) -> Option<Action> {
    let in_the_way = match world.server_type {
        ServerType::Dedicated => world.live,
        ServerType::Shared | ServerType::Platform => world.taken,
    };
    match world.runs {
        _ if world.status == ServerStatus::Gone => None,
        _ if in_the_way > 0 => {
            Some(Action::Become(ServerStatus::Draining, Some("waits for its databases to go")))
        }
        Runs::Unknown => None,
        Runs::Absent => Some(Action::Bury),
        _ if world.status != ServerStatus::Deprovisioning => {
            Some(Action::Become(ServerStatus::Deprovisioning, None))
        }
        _ => Some(Action::RemoveWorkload),
    }
}

fn serve(world: &World) -> Option<Action> {
    match world.runs {
        Runs::Unknown => None,
        // Making it anew would hide that its data is lost.
        Runs::Absent if world.is_prepared => {
            Some(Action::Become(ServerStatus::Error, Some("its data is gone")))
        }
        Runs::Absent | Runs::Stopped => Some(Action::Apply),
        Runs::Failing => Some(Action::Become(ServerStatus::Error, Some("does not stay up"))),
        Runs::Changing | Runs::Running if !world.is_applied => Some(Action::Apply),
        Runs::Changing => come_up(world),
        Runs::Running if !world.has_address => Some(Action::RecordAddress),
        Runs::Running if world.answers => settle(world),
        Runs::Running => come_up(world),
    }
}

/// It answers, so it is made ready for tenants and says what it does.
fn settle(world: &World) -> Option<Action> {
    if !world.is_prepared {
        return Some(Action::Prepare);
    }
    let status = match world.wish {
        Wish::Drain | Wish::Remove => ServerStatus::Draining,
        Wish::Serve if world.is_full => ServerStatus::Full,
        Wish::Serve => ServerStatus::Active,
    };
    Some(Action::Become(status, None))
}

/// It does not answer. One that served before is for the health checks to judge; a new one has its time.
fn come_up(world: &World) -> Option<Action> {
    if world.is_prepared {
        None
    } else if world.is_late {
        Some(Action::Become(ServerStatus::Error, Some("does not answer")))
    } else {
        Some(Action::Become(ServerStatus::Initializing, None))
    }
}

#[cfg(test)]
mod tests;

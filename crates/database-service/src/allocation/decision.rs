//! What to do next about an allocation. Pure and total; a database that a tenant may have written into is
//! never made anew, and never dropped unless it is being released.

use crate::state::AllocationState;
use crate::tenant::Seen;

/// What is wanted and what was seen of one allocation.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// How far its row says that it is.
    pub state: AllocationState,
    /// Whether it was only reserved, and the time has run out.
    pub has_expired: bool,
    /// Whether a tenant may have written into the database.
    pub was_ready: bool,
    /// What is known of its server.
    pub place: Place,
    /// What the database would be made from.
    pub source: Source,
    /// What the server keeps of the password that we would hand out.
    pub verifier: String,
}

/// What is known of the server.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// It has none.
    None(Room),
    /// It has one that does not answer.
    Unreachable,
    /// It had one that is gone with everything on it.
    Gone,
    /// It has one of its own that is being removed.
    Leaving,
    /// It is the only one on a server of its own, which is removed as a whole.
    Dedicated {
        /// What was seen there.
        seen: Seen,
    },
    /// It lies beside others.
    Shared {
        /// What was seen there.
        seen: Seen,
    },
}

/// Whether a server could be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A slot is there to be taken.
    Now,
    /// It needs a server of its own, and nobody has asked for one.
    Unasked,
    /// Not now; others see to it.
    Later,
}

/// What a database is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Nothing: it is empty.
    Nothing,
    /// The golden database on its server.
    Golden,
    /// The dump of the template, straight into it.
    Dump,
    /// A golden database that is on its way.
    Later,
}

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Ask for a server of its own.
    OrderServer,
    /// Take a slot.
    Settle,
    /// Make the role.
    CreateRole,
    /// Bound the role.
    LimitRole,
    /// Make the database, from this.
    CreateDatabase(Source),
    /// Give the database to its role, and to nobody else.
    OpenDatabase,
    /// Let the role in with its password.
    LetIn,
    /// Write down that it can be handed out.
    BecomeReady,
    /// Write down that it is to go.
    BeginRelease,
    /// Keep the role out.
    LockOut,
    /// Erase the database.
    DropDatabase,
    /// Erase the role.
    DropRole,
    /// Want the server of its own to go.
    RemoveServer,
    /// Free the slot and write down that nothing is left.
    BecomeReleased,
}

impl Action {
    /// What the trace says after it.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OrderServer => "asked for a server of its own",
            Self::Settle => "took a slot",
            Self::CreateRole => "made the role",
            Self::LimitRole => "bounded the role",
            Self::CreateDatabase(Source::Golden) => "cloned the golden database",
            Self::CreateDatabase(Source::Dump) => "restored the template",
            Self::CreateDatabase(_) => "made an empty database",
            Self::OpenDatabase => "gave the database to its role",
            Self::LetIn => "set the password",
            Self::BecomeReady => "is ready",
            Self::BeginRelease => "the reservation ran out",
            Self::LockOut => "kept the role out",
            Self::DropDatabase => "erased the database",
            Self::DropRole => "erased the role",
            Self::RemoveServer => "asked for its server to go",
            Self::BecomeReleased => "freed the slot",
        }
    }
}

/// The next action, or none when it is as it should be or nothing can be done but wait.
#[must_use]
pub(super) fn decide(world: &World) -> Option<Action> {
    match world.state {
        AllocationState::Waiting | AllocationState::Making | AllocationState::Ready
            if world.has_expired =>
        {
            Some(Action::BeginRelease)
        }
        AllocationState::Waiting => match world.place {
            Place::None(Room::Now) => Some(Action::Settle),
            Place::None(Room::Unasked) => Some(Action::OrderServer),
            _ => None,
        },
        AllocationState::Making => make(world),
        AllocationState::Releasing => release(world),
        AllocationState::Ready | AllocationState::Released => None,
    }
}

fn make(world: &World) -> Option<Action> {
    let (Place::Dedicated { seen } | Place::Shared { seen }) = &world.place else {
        return None;
    };
    match (&seen.role, &seen.database) {
        // What a tenant had and is not there is lost; an empty one in its place would hide it.
        (None, _) | (_, None) if world.was_ready => None,
        (None, _) => Some(Action::CreateRole),
        (Some(role), _) if !role.is_limited => Some(Action::LimitRole),
        (_, None) if world.source == Source::Later => None,
        (_, None) => Some(Action::CreateDatabase(world.source)),
        (_, Some(database)) if !database.is_open => Some(Action::OpenDatabase),
        (Some(role), _) if !role.can_login || role.verifier.as_ref() != Some(&world.verifier) => {
            Some(Action::LetIn)
        }
        _ => Some(Action::BecomeReady),
    }
}

fn release(world: &World) -> Option<Action> {
    match &world.place {
        Place::None(_) | Place::Gone => Some(Action::BecomeReleased),
        Place::Unreachable | Place::Leaving => None,
        Place::Dedicated { .. } => Some(Action::RemoveServer),
        Place::Shared { seen } => Some(match (&seen.role, &seen.database) {
            (Some(role), _) if role.can_login => Action::LockOut,
            (_, Some(_)) => Action::DropDatabase,
            (Some(_), None) => Action::DropRole,
            (None, None) => Action::BecomeReleased,
        }),
    }
}

#[cfg(test)]
mod tests;

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
mod tests {
    use super::*;
    use crate::tenant::{SeenDatabase, SeenRole};

    fn seen() -> Vec<Seen> {
        let mut roles = vec![None];
        for can_login in [false, true] {
            for verifier in [None, Some("old"), Some("ours")] {
                for is_limited in [false, true] {
                    let verifier = verifier.map(str::to_owned);
                    roles.push(Some(SeenRole { can_login, verifier, is_limited }));
                }
            }
        }
        let databases =
            [None, Some(SeenDatabase { is_open: false }), Some(SeenDatabase { is_open: true })];
        roles
            .iter()
            .flat_map(|role| {
                databases
                    .iter()
                    .map(|database| Seen { role: role.clone(), database: database.clone() })
            })
            .collect()
    }

    /// Every world there is.
    fn worlds() -> Vec<World> {
        let mut places = vec![
            Place::None(Room::Now),
            Place::None(Room::Unasked),
            Place::None(Room::Later),
            Place::Unreachable,
            Place::Gone,
            Place::Leaving,
        ];
        for seen in seen() {
            places.push(Place::Dedicated { seen: seen.clone() });
            places.push(Place::Shared { seen });
        }
        let mut worlds = Vec::new();
        for state in AllocationState::ALL {
            for place in &places {
                for source in [Source::Nothing, Source::Golden, Source::Dump, Source::Later] {
                    for bits in 0..4 {
                        worlds.push(World {
                            state: *state,
                            has_expired: bits & 1 != 0,
                            was_ready: bits & 2 != 0,
                            place: place.clone(),
                            source,
                            verifier: "ours".to_owned(),
                        });
                    }
                }
            }
        }
        worlds
    }

    fn after(mut world: World, action: Action) -> World {
        if let Place::Dedicated { seen } | Place::Shared { seen } = &mut world.place {
            change(seen, action, &world.verifier);
        }
        match action {
            Action::Settle => {
                world.state = AllocationState::Making;
                world.place = Place::Shared { seen: Seen::default() };
            }
            Action::OrderServer => world.place = Place::None(Room::Later),
            Action::BecomeReady => world.state = AllocationState::Ready,
            Action::BeginRelease => world.state = AllocationState::Releasing,
            Action::RemoveServer => world.place = Place::Gone,
            Action::BecomeReleased => world.state = AllocationState::Released,
            _ => {}
        }
        world
    }

    fn change(seen: &mut Seen, action: Action, ours: &str) {
        match (action, &mut seen.role) {
            (Action::CreateRole, role) => {
                *role = Some(SeenRole { can_login: false, verifier: None, is_limited: false });
            }
            (Action::LimitRole, Some(role)) => role.is_limited = true,
            (Action::LetIn, Some(role)) => {
                role.can_login = true;
                role.verifier = Some(ours.to_owned());
            }
            (Action::LockOut, Some(role)) => role.can_login = false,
            (Action::DropRole, role) => *role = None,
            _ => {}
        }
        match action {
            Action::CreateDatabase(_) => seen.database = Some(SeenDatabase { is_open: false }),
            Action::OpenDatabase => seen.database = Some(SeenDatabase { is_open: true }),
            Action::DropDatabase => seen.database = None,
            _ => {}
        }
    }

    fn rest(start: &World) -> World {
        let mut world = start.clone();
        let mut actions = 0;
        while let Some(action) = decide(&world) {
            world = after(world, action);
            actions += 1;
            assert!(actions <= 8, "{start:?} does not come to rest");
        }
        world
    }

    #[test]
    fn every_world_comes_to_the_right_rest() {
        for start in worlds() {
            let end = rest(&start);
            match start.state {
                AllocationState::Released => assert_eq!(end.state, AllocationState::Released),
                AllocationState::Releasing
                    if !matches!(start.place, Place::Unreachable | Place::Leaving) =>
                {
                    assert_eq!(end.state, AllocationState::Released, "{start:?}");
                }
                _ => {}
            }
            if end.state == AllocationState::Ready && start.state != AllocationState::Ready {
                let (Place::Dedicated { seen } | Place::Shared { seen }) = &end.place else {
                    panic!("ready without a place: {start:?}");
                };
                let role = seen.role.as_ref().expect("ready without a role");
                assert!(
                    role.can_login && role.is_limited && role.verifier.as_deref() == Some("ours")
                );
                assert!(seen.database.as_ref().is_some_and(|database| database.is_open));
            }
        }
    }

    #[test]
    fn a_slot_is_free_only_when_nothing_is_left() {
        for world in worlds() {
            if decide(&world) == Some(Action::BecomeReleased)
                && let Place::Shared { seen } = &world.place
            {
                assert_eq!(*seen, Seen::default());
            }
        }
    }

    #[test]
    fn data_goes_only_when_it_is_told_to() {
        for world in worlds() {
            if let Some(Action::DropDatabase | Action::DropRole | Action::RemoveServer) =
                decide(&world)
            {
                assert_eq!(world.state, AllocationState::Releasing, "{world:?}");
            }
        }
    }

    #[test]
    fn what_a_tenant_had_is_never_made_anew() {
        for world in worlds().into_iter().filter(|world| world.was_ready) {
            assert!(
                !matches!(decide(&world), Some(Action::CreateRole | Action::CreateDatabase(_))),
                "{world:?}"
            );
        }
    }

    #[test]
    fn nothing_happens_to_what_cannot_be_seen() {
        for world in worlds() {
            if matches!(world.place, Place::Unreachable | Place::Leaving) && !world.has_expired {
                assert_eq!(decide(&world), None, "{world:?}");
            }
        }
    }
}

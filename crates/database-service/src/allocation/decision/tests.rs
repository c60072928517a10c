//! From every world to every desire.

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
            databases.iter().map(|database| Seen { role: role.clone(), database: database.clone() })
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
            assert!(role.can_login && role.is_limited && role.verifier.as_deref() == Some("ours"));
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
        if let Some(Action::DropDatabase | Action::DropRole | Action::RemoveServer) = decide(&world)
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

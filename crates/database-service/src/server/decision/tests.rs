//! From every world to every desire.

use super::*;

const RUNS: [Runs; 6] =
    [Runs::Unknown, Runs::Absent, Runs::Stopped, Runs::Failing, Runs::Changing, Runs::Running];

/// Every world there is.
fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for bits in 0..64_u32 {
        let bit = |n: u32| bits & (1 << n) != 0;
        for wish in Wish::ALL {
            for status in ServerStatus::ALL {
                for server_type in [ServerType::Shared, ServerType::Dedicated] {
                    for runs in RUNS {
                        for (taken, live) in [(0, 0), (1, 0), (1, 1)] {
                            worlds.push(World {
                                wish: *wish,
                                status: *status,
                                server_type,
                                runs,
                                is_applied: bit(0),
                                has_address: bit(1),
                                answers: bit(2),
                                is_prepared: bit(3),
                                is_full: bit(4),
                                taken,
                                live,
                                is_late: bit(5),
                            });
                        }
                    }
                }
            }
        }
    }
    worlds
}

/// What the action makes of the world, when everything goes well.
fn after(mut world: World, action: Action) -> World {
    match action {
        Action::Apply => {
            world.is_applied = true;
            world.runs = Runs::Running;
            world.answers = true;
        }
        Action::RecordAddress => world.has_address = true,
        Action::Prepare => world.is_prepared = true,
        Action::Become(status, _) => world.status = status,
        Action::RemoveWorkload => world.runs = Runs::Absent,
        Action::Bury => world.status = ServerStatus::Gone,
    }
    world
}

#[test]
fn every_world_comes_to_rest_in_a_few_actions() {
    for start in worlds() {
        let mut world = start.clone();
        let mut actions = 0;
        while let Some(action) = decide(&world) {
            world = after(world, action);
            actions += 1;
            assert!(actions <= 6, "{start:?} does not come to rest");
        }
    }
}

#[test]
fn a_server_that_can_serve_ends_active_full_or_draining() {
    for start in worlds().into_iter().filter(|w| w.wish != Wish::Remove) {
        let lost = start.runs == Runs::Absent && start.is_prepared;
        let hopeful = matches!(start.runs, Runs::Absent | Runs::Stopped)
            || (start.runs == Runs::Running && (start.answers || !start.is_applied));
        if lost || !hopeful {
            continue;
        }
        let mut world = start.clone();
        while let Some(action) = decide(&world) {
            world = after(world, action);
        }
        let expected = match (start.wish, start.is_full) {
            (Wish::Drain, _) => ServerStatus::Draining,
            (_, true) => ServerStatus::Full,
            (_, false) => ServerStatus::Active,
        };
        assert_eq!(world.status, expected, "{start:?}");
        assert!(world.is_prepared, "{start:?}");
    }
}

#[test]
fn nothing_is_erased_unless_it_is_told_to_go_and_nobody_lives_there() {
    for world in worlds() {
        if let Some(Action::RemoveWorkload | Action::Bury) = decide(&world) {
            assert_eq!(world.wish, Wish::Remove);
            assert_eq!(world.live, 0, "{world:?}");
            assert!(world.taken == 0 || world.server_type == ServerType::Dedicated, "{world:?}");
            assert_ne!(world.runs, Runs::Unknown, "{world:?}");
        }
    }
}

#[test]
fn nothing_happens_on_unknown_but_a_word() {
    for world in worlds().into_iter().filter(|w| w.runs == Runs::Unknown) {
        assert!(matches!(decide(&world), None | Some(Action::Become(ServerStatus::Draining, _))));
    }
}

#[test]
fn a_server_whose_data_is_gone_is_not_made_anew() {
    for world in worlds() {
        if world.runs == Runs::Absent && world.is_prepared {
            assert_ne!(decide(&world), Some(Action::Apply), "{world:?}");
        }
    }
}

//! From every world to every desire: few acts, the right end, and data goes only when told to.

use vocabulary::{InstanceStatus as Status, StatusReason as Reason};

use super::*;

const ODOOS: [Odoo; 7] = [
    Odoo::Unknown,
    Odoo::Absent,
    Odoo::Stopped,
    Odoo::Outdated,
    Odoo::Booting,
    Odoo::Answering,
    Odoo::Failing,
];
const DATABASES: [DatabaseState; 4] =
    [DatabaseState::Unasked, DatabaseState::Waiting, DatabaseState::Ready, DatabaseState::Released];
const DESIRES: [Desired; 7] = [
    Desired::Reserved,
    Desired::Running,
    Desired::Stopped,
    Desired::Suspended(Reason::Unpaid),
    Desired::Suspended(Reason::Staff),
    Desired::Suspended(Reason::Ended),
    Desired::Gone,
];

/// Worlds that can be: nobody is told `running` of what has no database, and what is released is on its way out.
fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    let reasons = [None, Some(Reason::Unpaid), Some(Reason::OdooFails), Some(Reason::NoDatabase)];
    for status in Status::ALL {
        for reason in reasons {
            for database in DATABASES {
                for odoo in ODOOS {
                    for is_overdue in [false, true] {
                        let is_over = matches!(status, Status::Terminating | Status::Terminated);
                        if database != DatabaseState::Released || is_over {
                            worlds.push(World {
                                status: *status,
                                reason,
                                is_overdue,
                                database,
                                odoo,
                            });
                        }
                    }
                }
            }
        }
    }
    worlds
}

/// What the act makes of the world when everything goes well.
fn after(world: World, action: Action) -> World {
    let told = |status, reason| {
        assert!(world.status.may_become(status), "{:?}: {action:?}", world.status);
        World { status, reason, is_overdue: false, ..world }
    };
    match action {
        Action::Say(status, reason) => {
            assert_ne!((world.status, world.reason), (status, reason), "said twice");
            told(status, reason)
        }
        Action::Reserve => World { database: DatabaseState::Ready, ..world },
        Action::Start => {
            let started = if world.is_given_up() { world } else { told(Status::Starting, None) };
            World { database: DatabaseState::Ready, odoo: Odoo::Booting, ..started }
        }
        Action::Probe => World { odoo: Odoo::Answering, ..world },
        Action::Stop => World { odoo: Odoo::Stopped, ..world },
        Action::Remove => World { odoo: Odoo::Absent, ..world },
        Action::Release => World { database: DatabaseState::Released, ..world },
    }
}

fn walk(desired: Desired, mut world: World) -> (World, Vec<Action>) {
    let mut acts = Vec::new();
    while let Some(action) = decide(desired, world) {
        acts.push(action);
        assert!(acts.len() <= 6, "{desired:?}: {acts:?} and no end");
        world = after(world, action);
    }
    (world, acts)
}

fn is_frozen(world: World) -> bool {
    world.odoo == Odoo::Unknown || matches!(world.status, Status::Maintenance | Status::Migrating)
}

fn is_over(world: World) -> bool {
    matches!(world.status, Status::Terminating | Status::Terminated)
}

#[test]
fn every_world_ends_as_desired() {
    for world in worlds().into_iter().filter(|world| !is_frozen(*world)) {
        for desired in DESIRES {
            let (end, acts) = walk(desired, world);
            let context = format!("{desired:?} from {world:?} by {acts:?}");
            let rests = matches!(end.odoo, Odoo::Absent | Odoo::Stopped);
            if desired == Desired::Gone || is_over(world) {
                assert_eq!(end.status, Status::Terminated, "{context}");
                assert_eq!(
                    (end.odoo, end.database),
                    (Odoo::Absent, DatabaseState::Released),
                    "{context}"
                );
                continue;
            }
            match desired {
                // Until the runtime has it up again.
                Desired::Running if end.odoo == Odoo::Failing => {
                    assert!(matches!(end.status, Status::Starting | Status::Error), "{context}");
                }
                Desired::Running => {
                    assert_eq!(
                        (end.status, end.odoo),
                        (Status::Running, Odoo::Answering),
                        "{context}"
                    );
                }
                Desired::Reserved => {
                    assert!(rests && end.status == Status::AwaitingPayment, "{context}");
                    assert_eq!(end.database, DatabaseState::Ready, "{context}");
                }
                Desired::Stopped => assert!(rests && end.status == Status::Stopped, "{context}"),
                Desired::Suspended(reason) => {
                    assert!(rests && end.status == Status::Suspended, "{context}");
                    assert_eq!(end.reason, Some(reason), "{context}");
                }
                Desired::Gone => unreachable!(),
            }
        }
    }
}

#[test]
fn what_cannot_be_seen_or_is_in_an_operations_hands_is_left_alone() {
    for world in worlds().into_iter().filter(|world| is_frozen(*world)) {
        for desired in DESIRES {
            assert_eq!(decide(desired, world), None, "{desired:?} from {world:?}");
        }
    }
}

#[test]
fn data_goes_only_when_its_owner_demands_it() {
    for world in worlds().into_iter().filter(|world| !is_over(*world)) {
        for desired in DESIRES.into_iter().filter(|desired| *desired != Desired::Gone) {
            let (_, acts) = walk(desired, world);
            let destroys = |act: &Action| matches!(act, Action::Remove | Action::Release);
            assert!(!acts.iter().any(destroys), "{desired:?} from {world:?} by {acts:?}");
        }
    }
}

#[test]
fn nothing_is_started_that_should_not_run() {
    for world in worlds() {
        for desired in DESIRES.into_iter().filter(|desired| *desired != Desired::Running) {
            let action = decide(desired, world);
            assert!(
                !matches!(action, Some(Action::Start | Action::Probe)),
                "{desired:?} {world:?}"
            );
        }
    }
}

#[test]
fn from_an_order_to_a_running_odoo_there_are_three_acts() {
    let ordered = World {
        status: Status::Creating,
        reason: None,
        is_overdue: false,
        database: DatabaseState::Unasked,
        odoo: Odoo::Absent,
    };
    let (_, acts) = walk(Desired::Running, ordered);
    assert_eq!(acts, [Action::Start, Action::Probe, Action::Say(Status::Running, None)]);
}

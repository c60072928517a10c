//! Which walls stand around workloads here, in words.

use runtime::Walls;

use crate::control_group::ControlGroups;
use crate::place::Place;

/// The walls of this place.
pub(crate) fn walls(place: &Place) -> Walls {
    let mut walls = Walls::default();
    walls.standing.push(
        "every workload sees only its own files and processes (bubblewrap: mount, process, IPC and \
         host-name namespaces, no privileges)"
            .into(),
    );
    match &place.user_ids {
        Some(_) => walls.standing.push("every workload has a user id of its own".into()),
        None => walls.missing.push(
            "all workloads have this user's id, because the platform does not run as root".into(),
        ),
    }
    limits(&place.groups, &mut walls);
    walls.missing.push(
        "workloads share the machine's network: each can reach every port on the loopback address"
            .into(),
    );
    walls
}

fn limits(groups: &ControlGroups, walls: &mut Walls) {
    match groups {
        ControlGroups::Unified(_) => walls.standing.push(
            "memory, processors and numbers of processes are limited by control groups (version 2)"
                .into(),
        ),
        ControlGroups::Separate { cpu, pids, .. } => {
            walls.standing.push("memory is limited by control groups (version 1)".into());
            let mut others = |what: &str, has: bool| {
                let list = if has { &mut walls.standing } else { &mut walls.missing };
                let verb =
                    if has { "limited by control groups (version 1)" } else { "not limited" };
                list.push(format!("{what} are {verb}"));
            };
            others("processors", cpu.is_some());
            others("numbers of processes", pids.is_some());
        }
        ControlGroups::None => {
            walls
                .standing
                .push("memory is limited for each process by itself (RLIMIT_DATA)".into());
            walls.missing.push(
                "memory of a workload as a whole, processors and numbers of processes are not limited: \
                 no control group can be made here"
                    .into(),
            );
        }
    }
}

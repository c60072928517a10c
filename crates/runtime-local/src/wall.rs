//! Which walls stand around workloads here, in words.

use std::collections::BTreeSet;

use runtime::Walls;

use crate::confinement::Confinement;
use crate::control_group::ControlGroups;
use crate::network::{self, Network};
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
    network(place, &mut walls);
    confinement(place.confinement, &mut walls);
    walls.missing.push(
        "the disk that a workload's volume takes is not limited: it can fill the disk that the data folder is on"
            .into(),
    );
    walls
}

fn network(place: &Place, walls: &mut Walls) {
    if let Network::Open { because } = &place.network {
        walls.missing.push(format!(
            "workloads share the machine's network, and each can reach every port of this machine, also those on the \
             loopback address: {because}"
        ));
        return;
    }
    match network::exposed(place) {
        Ok(exposed) if exposed.is_empty() => walls.standing.push(
            "of this machine an Odoo reaches only its own database server and itself, a database server reaches \
             nothing at all, and neither reaches link-local addresses (nftables)"
                .into(),
        ),
        Ok(exposed) => walls.missing.push(format!(
            "{} workloads run without the wall around their network: somebody has changed the table of nftables; it \
             is put up again within a minute",
            exposed.len()
        )),
        Err(error) => walls.missing.push(format!(
            "it cannot be seen whether the wall around the network stands: {error:#}"
        )),
    }
    walls.missing.push(
        "an Odoo reaches the other machines of the networks that this machine is in, as it reaches the internet".into(),
    );
}

fn confinement(confinement: Confinement, walls: &mut Walls) {
    let mut wall = |has: bool, standing: &str, missing: String| match has {
        true => walls.standing.push(standing.into()),
        false => walls.missing.push(missing),
    };
    wall(
        confinement.ports,
        "workloads listen at their own ports only (Landlock)",
        "a workload can take a port that the platform needs: the kernel has no Landlock for ports (Linux 6.7)".into(),
    );
    wall(
        confinement.sockets,
        "workloads reach no abstract sockets of this machine (Landlock)",
        format!(
            "workloads reach the abstract sockets of this machine: the kernel has no Landlock for them (Linux 6.12); {}",
            abstract_sockets()
        ),
    );
}

/// Who listens at abstract sockets here.
fn abstract_sockets() -> String {
    let sockets = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let names: BTreeSet<&str> = sockets
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(3);
            // A socket that accepts connections has this flag and no other.
            (fields.next()? == "00010000").then(|| fields.nth(3))?
        })
        .filter(|name| name.starts_with('@'))
        .collect();
    match names.len() {
        0 => "nobody listens at one".to_owned(),
        _ => format!("these listen: {}", names.into_iter().collect::<Vec<_>>().join(", ")),
    }
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

//! Ports on the loopback address: the same again when it is free, another when it was taken.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;

use anyhow::Context as _;

/// As many ports as wanted: those that a workload had if they are free, else others that nobody uses.
pub(crate) fn choose(
    range: &RangeInclusive<u16>,
    had: &[u16],
    wanted: usize,
    taken: &HashSet<u16>,
) -> anyhow::Result<Vec<u16>> {
    let can_keep = |port: &&u16| range.contains(port) && !taken.contains(port) && is_free(**port);
    let mut ports: Vec<u16> = had.iter().take(wanted).filter(can_keep).copied().collect();
    if ports.len() < wanted.min(had.len()) {
        tracing::warn!(?had, "ports of a workload are taken by others, so it gets new ones");
    }
    let (first, count) = (*range.start(), range.len());
    // Several platforms that start at once should not all try the same port first.
    let start = rand::random_range(0..count.max(1));
    let candidates = (0..count).map(|n| first + u16::try_from((start + n) % count).unwrap_or(0));
    for port in candidates {
        if ports.len() >= wanted {
            break;
        }
        if !taken.contains(&port) && !ports.contains(&port) && is_free(port) {
            ports.push(port);
        }
    }
    (ports.len() == wanted).then_some(ports).context("no port is free in the configured range")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_kept_while_it_is_free_and_changed_when_it_is_taken() {
        let range = 31_000..=31_999;
        let first = choose(&range, &[], 2, &HashSet::new()).unwrap();
        assert_eq!(choose(&range, &first, 2, &HashSet::new()).unwrap(), first);

        let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, first[0])).unwrap();
        let next = choose(&range, &first, 2, &HashSet::new()).unwrap();
        assert!(!next.contains(&first[0]) && next.contains(&first[1]), "{first:?} {next:?}");
    }

    #[test]
    fn a_range_that_is_used_up_is_an_error() {
        let taken = HashSet::from([31_000, 31_001]);
        assert!(choose(&(31_000..=31_001), &[], 1, &taken).is_err());
    }
}

//! Which shared server gets the next database. Pure: the same servers always give the same order.

use vocabulary::ServerId;

use crate::state::{HealthStatus, ServerStatus, ServerType, Strategy, Wish};

/// What the choice looks at of one server.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Which server.
    pub id: ServerId,
    /// Its name, which breaks ties.
    pub name: String,
    /// Only shared ones are chosen.
    pub server_type: ServerType,
    /// Only those that are to serve.
    pub wish: Wish,
    /// Only active ones; whether one is full is counted, not believed.
    pub status: ServerStatus,
    /// Not those that failed three times.
    pub health: HealthStatus,
    /// Only those that are ours to fill.
    pub strategy: Strategy,
    /// Lower comes first.
    pub priority: i32,
    /// Slots in use.
    pub used: i64,
    /// Slots in all.
    pub size: i64,
}

/// A server that may be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Which server.
    pub server: ServerId,
    /// The reason, for staff.
    pub reason: String,
}

/// All servers that may be taken, the best first: another request may take the last slot of the first meanwhile.
#[must_use]
pub(crate) fn rank(candidates: &[Candidate]) -> Vec<Choice> {
    let (mut fit, unfit): (Vec<_>, Vec<_>) =
        candidates.iter().partition(|candidate| refusal(candidate).is_none());
    fit.sort_by(|a, b| {
        let emptier = (a.used * b.size).cmp(&(b.used * a.size));
        a.priority.cmp(&b.priority).then(emptier).then_with(|| a.name.cmp(&b.name))
    });
    let passed_over: Vec<String> =
        unfit.iter().filter_map(|c| refusal(c).map(|why| format!("{} ({why})", c.name))).collect();
    fit.iter()
        .map(|c| Choice { server: c.id, reason: reason(c, fit.len(), &passed_over) })
        .collect()
}

/// Why this server may not be taken.
fn refusal(candidate: &Candidate) -> Option<&'static str> {
    let is_up = matches!(candidate.status, ServerStatus::Active | ServerStatus::Full);
    if candidate.server_type != ServerType::Shared {
        Some("not shared")
    } else if candidate.wish != Wish::Serve {
        Some("draining")
    } else if !is_up {
        Some("not active")
    } else if !matches!(candidate.health, HealthStatus::Healthy | HealthStatus::Degraded) {
        Some("not healthy")
    } else if candidate.strategy != Strategy::Auto {
        Some("filled by hand")
    } else if candidate.size <= candidate.used {
        Some("full")
    } else {
        None
    }
}

fn reason(chosen: &Candidate, fit: usize, passed_over: &[String]) -> String {
    let mut text = format!(
        "{}: priority {}, {} of {} slots in use, first of {fit} that fit",
        chosen.name, chosen.priority, chosen.used, chosen.size,
    );
    if !passed_over.is_empty() {
        text.push_str("; passed over: ");
        text.push_str(&passed_over.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str) -> Candidate {
        Candidate {
            id: ServerId::new(),
            name: name.to_owned(),
            server_type: ServerType::Shared,
            wish: Wish::Serve,
            status: ServerStatus::Active,
            health: HealthStatus::Healthy,
            strategy: Strategy::Auto,
            priority: 100,
            used: 0,
            size: 10,
        }
    }

    #[test]
    fn priority_goes_before_emptiness_and_emptiness_before_the_name() {
        let full = Candidate { used: 10, ..candidate("a") };
        let busy = Candidate { used: 5, ..candidate("b") };
        let large = Candidate { used: 10, size: 100, ..candidate("c") };
        let twin = Candidate { used: 5, ..candidate("d") };
        let preferred = Candidate { used: 9, priority: 1, ..candidate("e") };
        let order = rank(&[twin.clone(), busy.clone(), full, large.clone(), preferred.clone()]);
        let servers: Vec<_> = order.iter().map(|choice| choice.server).collect();
        assert_eq!(servers, [preferred.id, large.id, busy.id, twin.id]);
        assert!(order[0].reason.contains("passed over: a (full)"), "{}", order[0].reason);
    }

    #[test]
    fn only_an_active_healthy_server_of_ours_is_chosen() {
        for status in ServerStatus::ALL {
            let is_up = matches!(status, ServerStatus::Active | ServerStatus::Full);
            let chosen = rank(&[Candidate { status: *status, ..candidate("a") }]);
            assert_eq!(chosen.len(), usize::from(is_up), "{status}");
        }
        for wish in [Wish::Drain, Wish::Remove] {
            assert!(rank(&[Candidate { wish, ..candidate("a") }]).is_empty());
        }
        for health in [HealthStatus::Unhealthy, HealthStatus::Unknown] {
            assert!(rank(&[Candidate { health, ..candidate("a") }]).is_empty());
        }
        for server_type in [ServerType::Dedicated, ServerType::Platform] {
            assert!(rank(&[Candidate { server_type, ..candidate("a") }]).is_empty());
        }
        assert!(rank(&[Candidate { strategy: Strategy::Manual, ..candidate("a") }]).is_empty());
    }

    #[test]
    fn one_failed_look_does_not_take_a_server_out_of_the_choice() {
        let degraded = Candidate { health: HealthStatus::Degraded, ..candidate("a") };
        assert_eq!(rank(&[degraded]).len(), 1);
    }
}

//! What people read in the place of a code: a sentence for every status and reason, addressed to the owner.

use vocabulary::{InstanceStatus, StatusReason};

/// The status and its reason as a sentence for the owner.
#[must_use]
pub fn status(status: InstanceStatus, reason: Option<StatusReason>) -> &'static str {
    match status {
        InstanceStatus::AwaitingPayment => "It starts as soon as the first invoice is paid.",
        InstanceStatus::Creating => "It is being made.",
        InstanceStatus::WaitingForDatabase => {
            "A database server is being made ready for it. It starts by itself."
        }
        InstanceStatus::Starting => "It is starting.",
        InstanceStatus::Running => "It is running.",
        InstanceStatus::Sleeping => "It sleeps, and wakes up with the next visit.",
        InstanceStatus::Stopping => "It is being stopped.",
        InstanceStatus::Stopped => "It is stopped, as you wished.",
        InstanceStatus::Suspended => suspended(reason),
        InstanceStatus::Maintenance => "It is under maintenance and comes back by itself.",
        InstanceStatus::Migrating => "Its database is being moved. It comes back by itself.",
        InstanceStatus::Error => failed(reason),
        InstanceStatus::Terminating => "It is being deleted with all of its data.",
        InstanceStatus::Terminated => "It is deleted.",
    }
}

fn suspended(reason: Option<StatusReason>) -> &'static str {
    match reason {
        Some(StatusReason::Paused) => {
            "It is suspended because its subscription is paused. Its data is kept."
        }
        Some(StatusReason::Staff) => {
            "It is suspended by our staff. Its data is kept; please write to us."
        }
        Some(StatusReason::Ended) => {
            "It is suspended because its subscription has ended. Its data is kept for a while."
        }
        _ => {
            "It is suspended because an invoice is not paid. It starts again once it is; its data is kept."
        }
    }
}

fn failed(reason: Option<StatusReason>) -> &'static str {
    match reason {
        Some(StatusReason::NoDatabase) => {
            "No database server was free for it in time. We keep trying, and it starts by itself."
        }
        Some(StatusReason::OdooFails) => {
            "Its Odoo does not start or does not answer. We keep trying, and it comes back by itself."
        }
        _ => "Something went wrong. We keep trying.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_a_sentence_without_a_code_in_it() {
        let reasons = StatusReason::ALL.iter().map(|reason| Some(*reason)).chain([None]);
        for reason in reasons {
            for status in InstanceStatus::ALL {
                let text = super::status(*status, reason);
                assert!(text.ends_with('.') && !text.contains('_'), "{text}");
            }
        }
    }
}

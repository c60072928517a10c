//! What should be true of an instance: standing, the owner's wish and staff's hold, combined into one word.

use vocabulary::{Standing, StatusReason};

use crate::instance::{Instance, Wish};

/// What should be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desired {
    /// It has a database, and no Odoo runs, because nobody has paid yet.
    Reserved,
    /// It runs.
    Running,
    /// It does not run, because its owner wants it so.
    Stopped,
    /// It does not run, against its owner's wish.
    Suspended(StatusReason),
    /// Nothing of it is left, because its owner demanded that.
    Gone,
}

impl Desired {
    /// What should be true of this instance. The owner's last word comes first, then staff's, then billing's, and only
    /// an entitlement that allows running leaves anything to the owner's wish.
    #[must_use]
    pub fn of(instance: &Instance) -> Self {
        if instance.unwanted_at.is_some() {
            return Self::Gone;
        }
        if instance.is_held {
            return Self::Suspended(StatusReason::Staff);
        }
        let Some(entitlement) = &instance.entitlement else { return Self::Reserved };
        match entitlement.standing {
            Standing::AwaitingPayment => Self::Reserved,
            Standing::Suspended => {
                Self::Suspended(entitlement.reason.unwrap_or(StatusReason::Unpaid))
            }
            Standing::Ended => Self::Suspended(StatusReason::Ended),
            Standing::Trial | Standing::Active | Standing::PastDue => match instance.wish {
                Wish::Run => Self::Running,
                Wish::Stop => Self::Stopped,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn only_an_entitlement_that_allows_running_starts_anything() {
        for standing in Standing::ALL {
            for wish in [Wish::Run, Wish::Stop] {
                let mut instance = example::instance(Some(*standing));
                instance.wish = wish;
                let runs = Desired::of(&instance) == Desired::Running;
                assert_eq!(runs, standing.allows_running() && wish == Wish::Run, "{standing}");
            }
        }
        assert_eq!(Desired::of(&example::instance(None)), Desired::Reserved);
    }

    #[test]
    fn the_reason_of_a_suspension_is_what_billing_says() {
        let mut instance = example::instance(Some(Standing::Suspended));
        assert_eq!(Desired::of(&instance), Desired::Suspended(StatusReason::Unpaid));
        instance.entitlement.as_mut().unwrap().reason = Some(StatusReason::Paused);
        assert_eq!(Desired::of(&instance), Desired::Suspended(StatusReason::Paused));
    }

    #[test]
    fn staff_holds_what_is_paid_and_the_owner_has_the_last_word() {
        let mut instance = example::instance(Some(Standing::Active));
        instance.is_held = true;
        assert_eq!(Desired::of(&instance), Desired::Suspended(StatusReason::Staff));
        instance.unwanted_at = Some(chrono::Utc::now());
        assert_eq!(Desired::of(&instance), Desired::Gone);
    }
}

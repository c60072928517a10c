//! What an instance is entitled to: a pure function of the account's snapshot and of what its plan gives.

mod statement;

use billing_engine::{
    AccountSnapshot, Block, Overdue, Phase, SubscriptionSnapshot, SubscriptionState,
};
use chrono::{DateTime, Utc};
use contract::instance::Resources;
use vocabulary::{PlanName, Standing, StatusReason};

pub(crate) use statement::{StateEntitlement, bring_about};

/// What an instance is entitled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) standing: Standing,
    pub(crate) reason: Option<StatusReason>,
    pub(crate) plan: PlanName,
    pub(crate) resources: Resources,
}

/// What we hold true of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// Grows when something changes; 0 before the first look.
    pub(crate) version: i64,
    /// Grows with every look.
    pub(crate) looks: i64,
    /// The version that instance-service has.
    pub(crate) acknowledged: i64,
    pub(crate) grant: Option<Grant>,
    /// Since when it stands so, as far as that is known.
    pub(crate) since: Option<DateTime<Utc>>,
    /// When that was found out.
    pub(crate) changed_at: Option<DateTime<Utc>>,
}

impl Held {
    /// The version that holds when `grant` does: another one only if something changed.
    pub(crate) fn version_for(&self, grant: &Grant) -> i64 {
        if self.grant.as_ref() == Some(grant) { self.version } else { self.version + 1 }
    }
}

/// Since when an instance stands as it was just found to: since it was ordered, at first; since the payment, when there was
/// one after the last change; and else since now, as far as we know.
pub(crate) fn since(
    held: &Held,
    ordered_at: DateTime<Utc>,
    paid_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    match held.changed_at {
        None => ordered_at,
        Some(changed_at) => paid_at.filter(|paid_at| changed_at < *paid_at).unwrap_or(now),
    }
}

/// How an instance stands, and why when it is suspended.
pub(crate) fn standing(
    account: &AccountSnapshot,
    subscription: &SubscriptionSnapshot,
) -> (Standing, Option<StatusReason>) {
    if subscription.state == SubscriptionState::Cancelled {
        return (Standing::Ended, None);
    }
    if !subscription.used_trial && !subscription.has_paid {
        return (Standing::AwaitingPayment, None);
    }
    match (subscription.state, subscription.phase) {
        (SubscriptionState::Blocked(Block::Unpaid), _) => {
            (Standing::Suspended, Some(StatusReason::Unpaid))
        }
        (SubscriptionState::Blocked(Block::Paused), _) => {
            (Standing::Suspended, Some(StatusReason::Paused))
        }
        (_, Phase::Trial) => (Standing::Trial, None),
        (_, Phase::Evergreen) if account.overdue == Overdue::Clear => (Standing::Active, None),
        (_, Phase::Evergreen) => (Standing::PastDue, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use rust_decimal::Decimal;
    use vocabulary::{AccountId, CustomerId, InstanceId, SubscriptionId};

    fn subscription() -> SubscriptionSnapshot {
        SubscriptionSnapshot {
            id: SubscriptionId::new(),
            bundle: InstanceId::new(),
            plan: "basic-monthly".parse().unwrap(),
            phase: Phase::Evergreen,
            state: SubscriptionState::Active,
            used_trial: true,
            has_paid: false,
            created_at: DateTime::<Utc>::UNIX_EPOCH,
            trial_ends: None,
            charged_through: None,
            ends_at: None,
        }
    }

    fn account(overdue: Overdue) -> AccountSnapshot {
        AccountSnapshot {
            account: AccountId::new(),
            customer: CustomerId::new(),
            currency: "USD".to_owned(),
            taken_at: DateTime::<Utc>::UNIX_EPOCH,
            overdue,
            balance: Decimal::ZERO,
            credit: Decimal::ZERO,
            paid_at: None,
            had_trial: true,
            subscriptions: Vec::new(),
            unpaid: Vec::new(),
        }
    }

    #[test]
    fn the_table_of_standings() {
        use Standing::{Active, AwaitingPayment, Ended, PastDue, Suspended, Trial};
        let (unpaid, paused) = (Some(StatusReason::Unpaid), Some(StatusReason::Paused));
        let blocked = SubscriptionState::Blocked(Block::Unpaid);
        let bought = || SubscriptionSnapshot { used_trial: false, ..subscription() };
        let paid = || SubscriptionSnapshot { has_paid: true, ..bought() };
        let trial = SubscriptionSnapshot { phase: Phase::Trial, ..subscription() };
        let table = [
            (Overdue::Clear, trial, Trial, None),
            (Overdue::Clear, bought(), AwaitingPayment, None),
            (Overdue::Warning, bought(), AwaitingPayment, None),
            (Overdue::Clear, paid(), Active, None),
            (Overdue::Clear, subscription(), Active, None),
            (Overdue::Warning, paid(), PastDue, None),
            (
                Overdue::Blocked,
                SubscriptionSnapshot { state: blocked, ..paid() },
                Suspended,
                unpaid,
            ),
            (
                Overdue::Blocked,
                SubscriptionSnapshot { state: blocked, ..bought() },
                AwaitingPayment,
                None,
            ),
            (
                Overdue::Clear,
                SubscriptionSnapshot { state: SubscriptionState::Blocked(Block::Paused), ..paid() },
                Suspended,
                paused,
            ),
            (
                Overdue::Cancellation,
                SubscriptionSnapshot { state: SubscriptionState::Cancelled, ..paid() },
                Ended,
                None,
            ),
        ];
        for (overdue, subscription, expected, reason) in table {
            assert_eq!(standing(&account(overdue), &subscription), (expected, reason));
        }
    }

    #[test]
    fn the_version_grows_only_when_something_changes() {
        let resources = Resources {
            db_type: vocabulary::DatabaseType::Shared,
            cpu_limit: Decimal::ONE.try_into().unwrap(),
            memory_limit: "2G".parse().unwrap(),
            storage_limit: "10G".parse().unwrap(),
        };
        let plan: PlanName = "basic-monthly".parse().unwrap();
        let grant = Grant { standing: Standing::Trial, reason: None, plan, resources };
        let held = Held {
            version: 3,
            looks: 7,
            acknowledged: 3,
            grant: Some(grant.clone()),
            since: None,
            changed_at: None,
        };
        assert_eq!(held.version_for(&grant), 3);
        assert_eq!(held.version_for(&Grant { standing: Standing::Active, ..grant.clone() }), 4);
        assert_eq!(Held { version: 0, grant: None, ..held }.version_for(&grant), 1);
    }
}

//! What holds for an account at one moment: the only input to whatever follows from billing.

use crate::charge;
use crate::invoice::{Invoice, ItemKind};
use crate::ledger::Ledger;
use crate::money;
use crate::overdue::Overdue;
use crate::subscription::{Phase, Subscription};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use vocabulary::{AccountId, CustomerId, InstanceId, PlanName, SubscriptionId};

/// An account at one moment.
#[derive(Debug, Clone)]
pub struct AccountSnapshot {
    /// The account.
    pub account: AccountId,
    /// Whose.
    pub customer: CustomerId,
    /// ISO 4217.
    pub currency: String,
    /// When this held.
    pub taken_at: DateTime<Utc>,
    /// How late the account is.
    pub overdue: Overdue,
    /// What is to be paid over all, less credit.
    pub balance: Decimal,
    /// Credit that no invoice has used.
    pub credit: Decimal,
    /// When its latest payment was recorded.
    pub paid_at: Option<DateTime<Utc>>,
    /// Whether the account has had its one trial.
    pub had_trial: bool,
    /// Its subscriptions, oldest first, those that are over too.
    pub subscriptions: Vec<SubscriptionSnapshot>,
    /// Its unpaid invoices, oldest first.
    pub unpaid: Vec<Invoice>,
}

impl AccountSnapshot {
    /// The subscription that pays for an instance.
    #[must_use]
    pub fn of_instance(&self, instance: InstanceId) -> Option<&SubscriptionSnapshot> {
        self.subscriptions.iter().find(|subscription| subscription.bundle == instance)
    }
}

/// A subscription at one moment.
#[derive(Debug, Clone)]
pub struct SubscriptionSnapshot {
    /// Its id.
    pub id: SubscriptionId,
    /// The instance that it pays for.
    pub bundle: InstanceId,
    /// Which plan.
    pub plan: PlanName,
    /// In which phase it is.
    pub phase: Phase,
    /// Whether it is served.
    pub state: SubscriptionState,
    /// Whether it began with a trial.
    pub used_trial: bool,
    /// Whether an invoice for a period of it was ever settled.
    pub has_paid: bool,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When its trial ends or ended, if it had one.
    pub trial_ends: Option<DateTime<Utc>>,
    /// The day up to which it is charged.
    pub charged_through: Option<NaiveDate>,
    /// When it ends or ended, if that is known.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Whether a subscription is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It is.
    Active,
    /// Not for now.
    Blocked(Block),
    /// Never again.
    Cancelled,
}

/// Why a subscription is not served for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The account is too late with a payment.
    Unpaid,
    /// It was paused.
    Paused,
}

impl Ledger {
    /// What holds now, which is when the ledger was settled last.
    pub(crate) fn snapshot(&self) -> AccountSnapshot {
        let unpaid: Vec<_> = self.invoices.iter().filter(|i| i.is_unpaid()).cloned().collect();
        let owed: Decimal = unpaid.iter().map(Invoice::balance).sum();
        AccountSnapshot {
            account: self.account,
            customer: self.customer,
            currency: self.currency.clone(),
            taken_at: self.settled_at,
            overdue: self.overdue(),
            balance: money::round(owed - self.credit(), &self.currency),
            credit: money::round(self.credit(), &self.currency),
            paid_at: self.payments.iter().map(|payment| payment.recorded_at).max(),
            had_trial: self.had_trial,
            subscriptions: self.subscriptions.iter().map(|s| self.look_at(s)).collect(),
            unpaid,
        }
    }

    fn look_at(&self, subscription: &Subscription) -> SubscriptionSnapshot {
        let items: Vec<_> = self.items().collect();
        SubscriptionSnapshot {
            id: subscription.id,
            bundle: subscription.bundle,
            plan: subscription.plan.clone(),
            phase: subscription.phase_at(self.settled_at),
            state: self.state(subscription),
            used_trial: subscription.began_in_trial(),
            has_paid: self.has_paid(subscription.id),
            created_at: subscription.created_at,
            trial_ends: subscription.trial_ends(),
            charged_through: charge::charged_through(&items, subscription.id),
            ends_at: subscription.cancelled_at(),
        }
    }

    fn state(&self, subscription: &Subscription) -> SubscriptionState {
        if subscription.is_cancelled_at(self.settled_at) {
            SubscriptionState::Cancelled
        } else if self.overdue().blocks() {
            SubscriptionState::Blocked(Block::Unpaid)
        } else if subscription.is_paused_at(self.settled_at) {
            SubscriptionState::Blocked(Block::Paused)
        } else {
            SubscriptionState::Active
        }
    }

    /// Whether a period of the subscription was ever on a settled invoice. What was never paid cannot be paused, so that
    /// no repair can settle its first invoice while it lives.
    pub(crate) fn has_paid(&self, id: SubscriptionId) -> bool {
        let settled = self.invoices.iter().filter(|invoice| !invoice.is_unpaid());
        settled
            .flat_map(|invoice| &invoice.items)
            .any(|item| item.kind == ItemKind::Recurring && item.subscription == Some(id))
    }
}

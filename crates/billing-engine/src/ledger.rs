//! Everything that is known of one account. Pure: facts go in, new facts come out; the store writes them down.

mod act;
mod passing;
#[cfg(test)]
mod tests;

use crate::catalogue::Catalogue;
use crate::invoice::{Invoice, Item, ItemKind, Payment};
use crate::overdue::{Dunning, Overdue, Unpaid};
use crate::subscription::{Event, EventKind, Subscription};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::sync::Arc;
use uuid::Uuid;
use vocabulary::{AccountId, CustomerId, InvoiceId, SubscriptionId};

/// A change of how late the account is.
#[derive(Debug, Clone)]
pub(crate) struct Transition {
    pub(crate) id: Uuid,
    pub(crate) state: Overdue,
    pub(crate) effective_at: DateTime<Utc>,
}

/// Something new that the store must write down.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    TrialGranted(SubscriptionId),
    Subscribed(Subscription),
    Happens { subscription: SubscriptionId, event: Event },
    Withdrawn { subscription: SubscriptionId, event: Uuid },
    TookEffect { subscription: SubscriptionId, kind: EventKind },
    Invoiced(Invoice),
    Credited(Item),
    Demanded(InvoiceId),
    Paid(Payment),
    Overdue(Transition),
}

/// One account with all its facts.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    pub(crate) account: AccountId,
    pub(crate) customer: CustomerId,
    pub(crate) currency: String,
    /// Up to when everything that became due is in the facts.
    pub(crate) settled_at: DateTime<Utc>,
    pub(crate) had_trial: bool,
    pub(crate) subscriptions: Vec<Subscription>,
    /// Oldest first.
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) dunning: Dunning,
    /// What is not yet written down, in order, each with its time.
    pub(crate) fresh: Vec<(DateTime<Utc>, Fact)>,
}

impl Ledger {
    /// How late the account is.
    pub(crate) fn overdue(&self) -> Overdue {
        self.transitions.last().map_or(Overdue::Clear, |transition| transition.state)
    }

    /// Credit that no invoice has used.
    pub(crate) fn credit(&self) -> Decimal {
        self.items().filter(|item| item.kind == ItemKind::CbaAdj).map(|item| item.amount).sum()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.invoices.iter().flat_map(|invoice| &invoice.items)
    }

    fn unpaid(&self) -> Vec<Unpaid> {
        self.invoices
            .iter()
            .filter(|invoice| invoice.is_unpaid())
            .map(|invoice| Unpaid {
                date: invoice.date,
                is_demanded: invoice.demanded_at.is_some(),
            })
            .collect()
    }

    fn happens(
        &mut self,
        subscription: SubscriptionId,
        kind: EventKind,
        effective_at: DateTime<Utc>,
        at: DateTime<Utc>,
    ) {
        let event = Event { id: Uuid::now_v7(), kind: kind.clone(), effective_at };
        self.record(at, Fact::Happens { subscription, event });
        if effective_at <= self.settled_at {
            self.fresh.push((at, Fact::TookEffect { subscription, kind }));
        }
    }

    /// Takes a fact into the ledger and keeps it for the store.
    fn record(&mut self, at: DateTime<Utc>, fact: Fact) {
        self.apply(at, fact.clone());
        self.fresh.push((at, fact));
    }

    fn apply(&mut self, at: DateTime<Utc>, fact: Fact) {
        match fact {
            Fact::TrialGranted(_) => self.had_trial = true,
            Fact::Subscribed(subscription) => self.subscriptions.push(subscription),
            Fact::Happens { subscription, event } => {
                self.with_subscription(subscription, |s| s.events.push(event));
            }
            Fact::Withdrawn { subscription, event } => {
                self.with_subscription(subscription, |s| s.events.retain(|e| e.id != event));
            }
            Fact::TookEffect { .. } => {}
            Fact::Invoiced(invoice) => self.invoices.push(invoice),
            Fact::Credited(item) => self.with_invoice(item.invoice, |i| i.items.push(item)),
            Fact::Demanded(invoice) => self.with_invoice(invoice, |i| i.demanded_at = Some(at)),
            Fact::Paid(payment) => {
                self.with_invoice(payment.invoice, |invoice| invoice.paid += payment.amount);
                self.payments.push(payment);
            }
            Fact::Overdue(transition) => self.transitions.push(transition),
        }
    }

    fn with_subscription(&mut self, id: SubscriptionId, change: impl FnOnce(&mut Subscription)) {
        if let Some(subscription) = self.subscriptions.iter_mut().find(|s| s.id == id) {
            change(subscription);
        }
    }

    fn with_invoice(&mut self, id: InvoiceId, change: impl FnOnce(&mut Invoice)) {
        if let Some(invoice) = self.invoices.iter_mut().find(|i| i.id == id) {
            change(invoice);
        }
    }
}

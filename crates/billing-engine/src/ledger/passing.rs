//! What follows when time passes. Moving the clock in one jump or in steps makes the same facts, because every moment at
//! which something becomes due is gone through in order.

use super::{Fact, Ledger, Transition};
use crate::charge::{self, Basis, Charge, NoPrice};
use crate::invoice::{Invoice, Item, ItemKind};
use crate::overdue::{self, Overdue};
use crate::period::{self, Period};
use crate::subscription::{EventKind, Subscription};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;
use vocabulary::InvoiceId;

impl Ledger {
    /// Goes through everything that becomes due up to `now`, in order.
    pub(crate) fn advance(&mut self, now: DateTime<Utc>) -> Result<(), NoPrice> {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            self.step(due)?;
        }
        self.step(now.max(self.settled_at))
    }

    /// When something becomes due next, if nobody does anything.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        let events = self.subscriptions.iter().flat_map(|s| &s.events).map(|e| e.effective_at);
        let cycles = self.subscriptions.iter().filter_map(|s| self.next_cycle(s));
        let today = self.settled_at.date_naive();
        let overdue = overdue::next_change(&self.unpaid(), &self.dunning, today).map(midnight);
        events.chain(cycles).chain(overdue).filter(|due| *due > self.settled_at).min()
    }

    fn next_cycle(&self, subscription: &Subscription) -> Option<DateTime<Utc>> {
        let anchor = subscription.evergreen_at()?.date_naive();
        let today = self.settled_at.date_naive();
        if anchor > today || subscription.is_cancelled_at(self.settled_at) {
            return None;
        }
        Some(midnight(period::cycle_of(anchor, today).end))
    }

    fn step(&mut self, at: DateTime<Utc>) -> Result<(), NoPrice> {
        self.note_effects(at);
        self.settled_at = at;
        self.dun(at);
        if !self.overdue().blocks() {
            self.invoice(at, at.date_naive())?;
            self.use_credit(at);
            self.dun(at);
        }
        Ok(())
    }

    fn note_effects(&mut self, at: DateTime<Utc>) {
        let since = self.settled_at;
        let effects: Vec<_> = self
            .subscriptions
            .iter()
            .flat_map(|s| s.events.iter().map(move |event| (s.id, event)))
            .filter(|(_, event)| since < event.effective_at && event.effective_at <= at)
            .map(|(subscription, event)| Fact::TookEffect {
                subscription,
                kind: event.kind.clone(),
            })
            .collect();
        self.fresh.extend(effects.into_iter().map(|fact| (at, fact)));
    }

    /// Brings the overdue state up to date, and ends everything when it says so.
    pub(super) fn dun(&mut self, at: DateTime<Utc>) {
        let state = overdue::evaluate(&self.unpaid(), &self.dunning, at.date_naive());
        if state == self.overdue() {
            return;
        }
        self.record(at, Fact::Overdue(Transition { id: Uuid::now_v7(), state, effective_at: at }));
        if state == Overdue::Cancellation {
            let live: Vec<_> = self
                .subscriptions
                .iter()
                .filter(|s| !s.is_cancelled_at(at))
                .map(|subscription| subscription.id)
                .collect();
            for subscription in live {
                self.happens(subscription, EventKind::Cancel, at, at);
            }
        }
    }

    /// Makes an invoice of whatever is missing up to the day `target`.
    pub(super) fn invoice(&mut self, at: DateTime<Utc>, target: NaiveDate) -> Result<(), NoPrice> {
        let basis = Basis {
            subscriptions: &self.subscriptions,
            items: self.items().collect(),
            blocked: &self.blocked_days(),
            catalogue: &self.catalogue,
            currency: &self.currency,
        };
        let charges = charge::missing(&basis, target)?;
        if !charges.is_empty() {
            self.record(at, Fact::Invoiced(new_invoice(at, target, charges)));
        }
        Ok(())
    }

    /// Pays the oldest unpaid invoices from the account's credit.
    pub(super) fn use_credit(&mut self, at: DateTime<Utc>) {
        let mut credit = self.credit();
        let unpaid: Vec<_> = self
            .invoices
            .iter()
            .filter(|invoice| invoice.is_unpaid())
            .map(|invoice| (invoice.id, invoice.balance()))
            .collect();
        for (invoice, balance) in unpaid {
            let used = credit.min(balance);
            if used > Decimal::ZERO {
                credit -= used;
                self.record(at, Fact::Credited(credit_item(invoice, at.date_naive(), -used)));
            }
        }
    }

    /// The days on which the account was blocked, up to its release. A block that lasts is not among them: until it is
    /// paid, what was charged stays charged.
    pub(super) fn blocked_days(&self) -> Vec<Period> {
        let mut blocks = Vec::new();
        let mut since = None;
        for transition in &self.transitions {
            let day = transition.effective_at.date_naive();
            if transition.state.blocks() {
                since = since.or(Some(day));
            } else {
                blocks.extend(since.take().and_then(|start| Period::new(start, day)));
            }
        }
        blocks
    }
}

fn new_invoice(at: DateTime<Utc>, target: NaiveDate, charges: Vec<Charge>) -> Invoice {
    let id = InvoiceId::new();
    let date = at.date_naive();
    let mut items: Vec<_> = charges.into_iter().map(|charge| item(id, charge)).collect();
    let amount: Decimal = items.iter().map(|item| item.amount).sum();
    if amount < Decimal::ZERO {
        items.push(credit_item(id, date, -amount));
    }
    Invoice {
        id,
        number: None,
        date,
        target,
        demanded_at: None,
        created_at: at,
        items,
        paid: Decimal::ZERO,
    }
}

fn item(invoice: InvoiceId, charge: Charge) -> Item {
    Item {
        id: Uuid::now_v7(),
        invoice,
        subscription: Some(charge.subscription),
        kind: charge.kind,
        plan: Some(charge.plan),
        start: charge.start,
        end: charge.end,
        rate: charge.rate,
        amount: charge.amount,
        linked: charge.linked,
    }
}

fn credit_item(invoice: InvoiceId, date: NaiveDate, amount: Decimal) -> Item {
    Item {
        id: Uuid::now_v7(),
        invoice,
        subscription: None,
        kind: ItemKind::CbaAdj,
        plan: None,
        start: date,
        end: None,
        rate: None,
        amount,
        linked: None,
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

//! What people ask of an account. Each act checks its rules and adds facts; asked again it adds nothing.

use super::{Fact, Ledger};
use crate::charge;
use crate::engine::{
    CancelPolicy, EngineError, NewPayment, NewSubscription, RecordedPayment, Start,
};
use crate::invoice::{Invoice, Payment};
use crate::money;
use crate::overdue::Overdue;
use crate::subscription::{Event, EventKind, Phase, Subscription};
use chrono::{DateTime, Days, NaiveTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;
use vocabulary::{InstanceId, InvoiceId, PaymentId, SubscriptionId};

impl Ledger {
    /// Begins a subscription, in its plan's trial unless it is to be without.
    pub(crate) fn subscribe(
        &mut self,
        new: &NewSubscription,
        at: DateTime<Utc>,
    ) -> Result<SubscriptionId, EngineError> {
        if let Some(existing) = self.subscriptions.iter().find(|s| s.bundle == new.bundle) {
            return Ok(existing.id);
        }
        if self.overdue().blocks() {
            return Err(EngineError::AccountIsOverdue);
        }
        let plan = self.catalogue.at(&new.plan, at);
        let plan = plan.ok_or_else(|| EngineError::UnknownPlan(new.plan.clone()))?;
        if plan.currency != self.currency {
            return Err(EngineError::OtherCurrency(self.currency.clone()));
        }
        let trial_days = if new.start == Start::AsPlanned { plan.trial_days } else { 0 };
        if trial_days > 0 && self.had_trial {
            return Err(EngineError::TrialIsUsed);
        }
        Ok(self.begin(new, trial_days, at))
    }

    fn begin(
        &mut self,
        new: &NewSubscription,
        trial_days: u32,
        at: DateTime<Utc>,
    ) -> SubscriptionId {
        let id = SubscriptionId::new();
        let plan = new.plan.clone();
        self.record(
            at,
            Fact::Subscribed(Subscription {
                id,
                bundle: new.bundle,
                plan: plan.clone(),
                created_at: at,
                events: Vec::new(),
            }),
        );
        if trial_days == 0 {
            self.happens(id, EventKind::Create { plan, phase: Phase::Evergreen }, at, at);
        } else {
            let ends = at + Days::new(trial_days.into());
            self.record(at, Fact::TrialGranted(id));
            self.happens(id, EventKind::Create { plan, phase: Phase::Trial }, at, at);
            self.happens(id, EventKind::Phase(Phase::Evergreen), ends, at);
        }
        id
    }

    /// Ends a subscription: now, or at the end of what is paid. In a trial, and before anything was paid, it is always now.
    pub(crate) fn cancel(
        &mut self,
        id: SubscriptionId,
        policy: CancelPolicy,
        at: DateTime<Utc>,
    ) -> Result<(), EngineError> {
        let ends = match policy {
            CancelPolicy::Immediate => at,
            CancelPolicy::EndOfTerm => self.end_of_term(self.subscription(id)?, at),
        };
        match self.subscription(id)?.cancelled_at() {
            Some(earlier) if earlier <= ends => return Ok(()),
            Some(_) => self.withdraw_future_cancel(id, at),
            None => {}
        }
        self.happens(id, EventKind::Cancel, ends, at);
        Ok(())
    }

    /// Takes back an end that has not come yet.
    pub(crate) fn uncancel(
        &mut self,
        id: SubscriptionId,
        at: DateTime<Utc>,
    ) -> Result<(), EngineError> {
        self.live(id, at)?;
        self.withdraw_future_cancel(id, at);
        Ok(())
    }

    /// Stops service and billing of an instance until it is resumed.
    pub(crate) fn pause(
        &mut self,
        bundle: InstanceId,
        at: DateTime<Utc>,
    ) -> Result<(), EngineError> {
        let subscription = self.live(self.of_bundle(bundle)?, at)?;
        if subscription.is_paused_at(at) {
            return Ok(());
        }
        let (id, used_trial) = (subscription.id, subscription.began_in_trial());
        if self.overdue() != Overdue::Clear {
            return Err(EngineError::AccountIsOverdue);
        }
        if !used_trial && !self.has_paid(id) {
            return Err(EngineError::AwaitsPayment);
        }
        self.happens(id, EventKind::Pause, at, at);
        Ok(())
    }

    /// Goes on with what was paused.
    pub(crate) fn resume(
        &mut self,
        bundle: InstanceId,
        at: DateTime<Utc>,
    ) -> Result<(), EngineError> {
        let subscription = self.live(self.of_bundle(bundle)?, at)?;
        let id = subscription.id;
        if subscription.is_paused_at(at) {
            self.happens(id, EventKind::Resume, at, at);
        }
        Ok(())
    }

    /// Demands payment at once: ends the trial or the grace, makes sure that something is unpaid (if need be the next
    /// cycle, in advance), and blocks the account until everything unpaid is paid.
    pub(crate) fn demand(
        &mut self,
        id: SubscriptionId,
        at: DateTime<Utc>,
    ) -> Result<(), EngineError> {
        if self.live(id, at)?.phase_at(at) == Phase::Trial {
            self.end_trial(id, at);
            self.advance(at)?;
        }
        if !self.invoices.iter().any(Invoice::is_unpaid) {
            let items: Vec<_> = self.items().collect();
            let next = charge::charged_through(&items, id).ok_or(EngineError::NothingToDemand)?;
            self.invoice(at, next)?;
            self.use_credit(at);
        }
        let unpaid: Vec<_> =
            self.invoices.iter().filter(|i| i.is_unpaid()).map(|i| (i.id, i.demanded_at)).collect();
        if unpaid.is_empty() {
            return Err(EngineError::NothingToDemand);
        }
        for (invoice, _) in unpaid.into_iter().filter(|(_, demanded_at)| demanded_at.is_none()) {
            self.record(at, Fact::Demanded(invoice));
        }
        self.dun(at);
        Ok(())
    }

    /// Records a payment that was made elsewhere. The same reference is recorded once.
    pub(crate) fn pay(
        &mut self,
        new: &NewPayment,
        at: DateTime<Utc>,
    ) -> Result<RecordedPayment, EngineError> {
        if let Some(earlier) = self.payments.iter().find(|p| p.reference == new.reference) {
            let is_same = earlier.invoice == new.invoice
                && new.amount.is_none_or(|amount| amount == earlier.amount);
            let recorded = is_same.then(|| self.recorded(earlier));
            return recorded.ok_or(EngineError::ReferenceIsTaken);
        }
        let amount = self.payable(new)?;
        let payment = Payment {
            id: PaymentId::new(),
            invoice: new.invoice,
            reference: new.reference.clone(),
            amount,
            recorded_at: at,
        };
        self.record(at, Fact::Paid(payment.clone()));
        Ok(self.recorded(&payment))
    }

    fn payable(&self, new: &NewPayment) -> Result<Decimal, EngineError> {
        let balance = self.balance(new.invoice).ok_or(EngineError::NoSuchInvoice)?;
        if balance <= Decimal::ZERO {
            return Err(EngineError::NothingToPay);
        }
        let amount = new.amount.unwrap_or(balance);
        if amount <= Decimal::ZERO || money::round(amount, &self.currency) != amount {
            return Err(EngineError::BadAmount(money::scale(&self.currency)));
        }
        if amount > balance {
            return Err(EngineError::AboveBalance(balance));
        }
        Ok(money::round(amount, &self.currency))
    }

    fn recorded(&self, payment: &Payment) -> RecordedPayment {
        RecordedPayment {
            id: payment.id,
            account: self.account,
            invoice: payment.invoice,
            amount: payment.amount,
            reference: payment.reference.clone(),
            balance: money::round(
                self.balance(payment.invoice).unwrap_or_default(),
                &self.currency,
            ),
        }
    }

    fn balance(&self, id: InvoiceId) -> Option<Decimal> {
        self.invoices.iter().find(|invoice| invoice.id == id).map(Invoice::balance)
    }

    fn end_trial(&mut self, id: SubscriptionId, at: DateTime<Utc>) {
        let is_end = |event: &Event| event.kind == EventKind::Phase(Phase::Evergreen);
        self.withdraw(id, at, is_end);
        self.happens(id, EventKind::Phase(Phase::Evergreen), at, at);
    }

    fn withdraw_future_cancel(&mut self, id: SubscriptionId, at: DateTime<Utc>) {
        self.withdraw(id, at, |event| event.kind == EventKind::Cancel);
    }

    /// Takes back events that have not taken effect.
    fn withdraw(&mut self, id: SubscriptionId, at: DateTime<Utc>, which: impl Fn(&Event) -> bool) {
        let events: Vec<Uuid> = self
            .subscriptions
            .iter()
            .filter(|subscription| subscription.id == id)
            .flat_map(|subscription| &subscription.events)
            .filter(|event| event.effective_at > at && which(event))
            .map(|event| event.id)
            .collect();
        for event in events {
            self.record(at, Fact::Withdrawn { subscription: id, event });
        }
    }

    fn end_of_term(&self, subscription: &Subscription, at: DateTime<Utc>) -> DateTime<Utc> {
        let items: Vec<_> = self.items().collect();
        let paid_through = charge::charged_through(&items, subscription.id)
            .filter(|_| self.has_paid(subscription.id))
            .map(|day| day.and_time(NaiveTime::MIN).and_utc());
        match subscription.phase_at(at) {
            Phase::Trial => at,
            Phase::Evergreen => paid_through.map_or(at, |end| end.max(at)),
        }
    }

    fn of_bundle(&self, bundle: InstanceId) -> Result<SubscriptionId, EngineError> {
        let found = self.subscriptions.iter().find(|s| s.bundle == bundle);
        found.map(|subscription| subscription.id).ok_or(EngineError::NoSuchSubscription)
    }

    fn subscription(&self, id: SubscriptionId) -> Result<&Subscription, EngineError> {
        self.subscriptions.iter().find(|s| s.id == id).ok_or(EngineError::NoSuchSubscription)
    }

    fn live(&self, id: SubscriptionId, at: DateTime<Utc>) -> Result<&Subscription, EngineError> {
        let subscription = self.subscription(id)?;
        if subscription.is_cancelled_at(at) {
            return Err(EngineError::IsCancelled);
        }
        Ok(subscription)
    }
}

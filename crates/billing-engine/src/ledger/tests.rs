//! The rules of billing, without a database.

mod lives;

use super::Ledger;
use crate::catalogue::{Catalogue, CataloguePlan};
use crate::engine::{CancelPolicy, EngineError, NewPayment, NewSubscription, Start};
use crate::invoice::ItemKind;
use crate::overdue::{Dunning, Overdue};
use crate::snapshot::{Block, SubscriptionState};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::sync::Arc;
use uuid::Uuid;
use vocabulary::{AccountId, CustomerId, InstanceId, PlanName, SubscriptionId};

const PLANS: [(&str, i64, u32); 3] =
    [("basic-monthly", 500, 14), ("basic-immediate", 500, 0), ("standard-immediate", 800, 0)];

fn start() -> DateTime<Utc> {
    "2026-01-15T10:00:00Z".parse().unwrap()
}

fn day(number: i64) -> DateTime<Utc> {
    start() + TimeDelta::days(number)
}

fn ledger() -> Ledger {
    let mut catalogue = Catalogue::default();
    for (name, cents, trial_days) in PLANS {
        let price = Decimal::new(cents, 2);
        let (name, currency) = (plan(name), "USD".to_owned());
        catalogue.add(start(), CataloguePlan { name, currency, trial_days, price });
    }
    Ledger {
        account: AccountId::new(),
        customer: CustomerId::new(),
        currency: "USD".to_owned(),
        settled_at: start(),
        had_trial: false,
        subscriptions: Vec::new(),
        invoices: Vec::new(),
        payments: Vec::new(),
        transitions: Vec::new(),
        catalogue: Arc::new(catalogue),
        dunning: Dunning::default(),
        fresh: Vec::new(),
    }
}

fn plan(name: &str) -> PlanName {
    name.parse().unwrap()
}

fn subscribe(ledger: &mut Ledger, name: &str) -> (InstanceId, SubscriptionId) {
    let bundle = InstanceId(Uuid::from_u128(ledger.subscriptions.len() as u128 + 1));
    let new = NewSubscription {
        account: ledger.account,
        bundle,
        plan: plan(name),
        start: if ledger.had_trial { Start::WithoutTrial } else { Start::AsPlanned },
    };
    let id = ledger.subscribe(&new, ledger.settled_at).unwrap();
    ledger.advance(ledger.settled_at).unwrap();
    (bundle, id)
}

fn pay_everything(ledger: &mut Ledger) {
    while let Some(invoice) = ledger.invoices.iter().find(|i| i.is_unpaid()).map(|i| i.id) {
        let reference = format!("transfer {}", ledger.payments.len());
        let at = ledger.settled_at;
        ledger.pay(&NewPayment { invoice, amount: None, reference }, at).unwrap();
        ledger.advance(at).unwrap();
    }
}

fn amounts(ledger: &Ledger, kind: ItemKind) -> Vec<String> {
    ledger.items().filter(|item| item.kind == kind).map(|item| item.amount.to_string()).collect()
}

#[test]
fn a_trial_costs_nothing_and_then_a_month_in_advance() {
    let mut ledger = ledger();
    let (_, id) = subscribe(&mut ledger, "basic-monthly");
    assert_eq!(ledger.invoices[0].amount(), Decimal::ZERO);
    ledger.advance(day(13)).unwrap();
    assert_eq!(ledger.invoices.len(), 1);
    ledger.advance(day(14)).unwrap();
    let invoice = &ledger.invoices[1];
    assert_eq!((invoice.date, invoice.balance()), (day(14).date_naive(), Decimal::new(500, 2)));
    assert!(!ledger.has_paid(id));
    pay_everything(&mut ledger);
    assert!(ledger.has_paid(id));
    ledger.advance(day(14 + 31)).unwrap();
    assert_eq!(ledger.invoices.len(), 3);
}

#[test]
fn a_second_trial_is_refused_and_without_it_payment_comes_first() {
    let mut ledger = ledger();
    subscribe(&mut ledger, "basic-monthly");
    let again = NewSubscription {
        account: ledger.account,
        bundle: InstanceId::new(),
        plan: plan("basic-monthly"),
        start: Start::AsPlanned,
    };
    assert!(matches!(ledger.subscribe(&again, day(0)), Err(EngineError::TrialIsUsed)));
    let (bundle, _) = subscribe(&mut ledger, "basic-monthly");
    let snapshot = ledger.snapshot();
    let second = snapshot.of_instance(bundle).unwrap();
    assert!(!second.used_trial && !second.has_paid);
    assert_eq!(snapshot.balance, Decimal::new(500, 2));
}

#[test]
fn grace_ends_day_by_day_and_payment_brings_everything_back_with_credit() {
    let mut ledger = ledger();
    let (bundle, _) = subscribe(&mut ledger, "basic-immediate");
    pay_everything(&mut ledger);
    // 15 February: the second month, which nobody pays.
    for (number, state) in [(31 + 2, Overdue::Clear), (31 + 3, Overdue::Warning)] {
        ledger.advance(day(number)).unwrap();
        assert_eq!(ledger.overdue(), state);
    }
    ledger.advance(day(31 + 12)).unwrap();
    let blocked = SubscriptionState::Blocked(Block::Unpaid);
    assert_eq!(ledger.snapshot().of_instance(bundle).unwrap().state, blocked);
    pay_everything(&mut ledger);
    assert_eq!(ledger.overdue(), Overdue::Clear);
    // Blocked from the 25th, midnight, to the 27th: two days of 28.
    assert_eq!(amounts(&ledger, ItemKind::RepairAdj), ["-0.36"]);
    assert_eq!(ledger.credit(), Decimal::new(36, 2));
    ledger.advance(day(31 + 28)).unwrap();
    assert_eq!(ledger.snapshot().balance, Decimal::new(464, 2));
}

#[test]
fn an_unpaid_account_is_given_up_and_a_late_payment_revives_nothing() {
    let mut ledger = ledger();
    let (bundle, _) = subscribe(&mut ledger, "basic-immediate");
    ledger.advance(day(40)).unwrap();
    assert_eq!(ledger.overdue(), Overdue::Cancellation);
    assert_eq!(ledger.invoices.len(), 1);
    pay_everything(&mut ledger);
    assert_eq!(ledger.overdue(), Overdue::Clear);
    let state = ledger.snapshot().of_instance(bundle).unwrap().state;
    assert_eq!(state, SubscriptionState::Cancelled);
    ledger.advance(day(400)).unwrap();
    assert_eq!(ledger.invoices.iter().filter(|i| i.is_unpaid()).count(), 0);
}

#[test]
fn a_cancelled_term_is_served_to_its_end_and_an_immediate_end_gives_credit() {
    let mut ledger = ledger();
    let (_, first) = subscribe(&mut ledger, "basic-immediate");
    let (_, second) = subscribe(&mut ledger, "basic-immediate");
    pay_everything(&mut ledger);
    ledger.advance(day(10)).unwrap();
    ledger.cancel(first, CancelPolicy::EndOfTerm, day(10)).unwrap();
    ledger.cancel(second, CancelPolicy::Immediate, day(10)).unwrap();
    ledger.advance(day(10)).unwrap();
    // 21 of 31 days, as Kill Bill computes them.
    assert_eq!(amounts(&ledger, ItemKind::RepairAdj), ["-3.39"]);
    let states: Vec<_> = ledger.snapshot().subscriptions.iter().map(|s| s.state).collect();
    assert_eq!(states, [SubscriptionState::Active, SubscriptionState::Cancelled]);
    ledger.advance(day(31)).unwrap();
    assert_eq!(ledger.snapshot().subscriptions[0].state, SubscriptionState::Cancelled);
    assert_eq!(ledger.snapshot().balance, Decimal::new(-339, 2));
    assert!(matches!(ledger.uncancel(first, day(31)), Err(EngineError::IsCancelled)));
}

#[test]
fn cancelling_what_was_never_paid_leaves_no_debt() {
    let mut ledger = ledger();
    let (_, id) = subscribe(&mut ledger, "basic-immediate");
    ledger.cancel(id, CancelPolicy::EndOfTerm, day(0)).unwrap();
    ledger.advance(day(0)).unwrap();
    assert_eq!(ledger.snapshot().subscriptions[0].state, SubscriptionState::Cancelled);
    assert_eq!((ledger.snapshot().balance, ledger.credit()), (Decimal::ZERO, Decimal::ZERO));
}

#[test]
fn what_was_never_paid_cannot_be_paused() {
    let mut ledger = ledger();
    let (bundle, _) = subscribe(&mut ledger, "basic-immediate");
    assert!(matches!(ledger.pause(bundle, day(0)), Err(EngineError::AwaitsPayment)));
}

#[test]
fn paused_days_are_not_paid_for() {
    let mut ledger = ledger();
    let (bundle, id) = subscribe(&mut ledger, "basic-immediate");
    pay_everything(&mut ledger);
    ledger.pause(bundle, day(0)).unwrap();
    ledger.resume(bundle, day(0)).unwrap();
    ledger.advance(day(10)).unwrap();
    assert!(ledger.has_paid(id) && ledger.credit().is_zero());
    ledger.pause(bundle, day(10)).unwrap();
    ledger.advance(day(10)).unwrap();
    let state = ledger.snapshot().of_instance(bundle).unwrap().state;
    assert_eq!(state, SubscriptionState::Blocked(Block::Paused));
    ledger.advance(day(200)).unwrap();
    assert_eq!(ledger.invoices.len(), 2);
    assert_eq!(ledger.credit(), Decimal::new(339, 2));
    ledger.resume(bundle, day(200)).unwrap();
    ledger.advance(day(200)).unwrap();
    assert_eq!(ledger.snapshot().of_instance(bundle).unwrap().state, SubscriptionState::Active);
}

#[test]
fn a_demand_ends_the_trial_and_blocks_until_paid() {
    let mut ledger = ledger();
    let (bundle, id) = subscribe(&mut ledger, "basic-monthly");
    ledger.advance(day(3)).unwrap();
    ledger.demand(id, day(3)).unwrap();
    ledger.demand(id, day(3)).unwrap();
    assert_eq!(ledger.snapshot().balance, Decimal::new(500, 2));
    let blocked = SubscriptionState::Blocked(Block::Unpaid);
    assert_eq!(ledger.snapshot().of_instance(bundle).unwrap().state, blocked);
    pay_everything(&mut ledger);
    assert_eq!(ledger.snapshot().of_instance(bundle).unwrap().state, SubscriptionState::Active);
    assert!(ledger.has_paid(id));
    ledger.advance(day(14)).unwrap();
    assert_eq!(ledger.overdue(), Overdue::Clear);
    assert_eq!(ledger.invoices.iter().filter(|i| i.is_unpaid()).count(), 0);
}

#[test]
fn a_demand_of_what_is_paid_charges_the_next_month_in_advance_and_only_once() {
    let mut ledger = ledger();
    let (_, id) = subscribe(&mut ledger, "basic-immediate");
    pay_everything(&mut ledger);
    ledger.demand(id, day(0)).unwrap();
    assert_eq!(ledger.overdue(), Overdue::Blocked);
    pay_everything(&mut ledger);
    assert_eq!(ledger.overdue(), Overdue::Clear);
    ledger.advance(day(40)).unwrap();
    assert_eq!(amounts(&ledger, ItemKind::Recurring), ["5.00", "5.00"]);
    ledger.advance(day(60)).unwrap();
    assert_eq!(amounts(&ledger, ItemKind::Recurring).len(), 3);
}

#[test]
fn payments_are_recorded_once_and_never_above_the_balance() {
    let mut ledger = ledger();
    subscribe(&mut ledger, "basic-immediate");
    let invoice = ledger.invoices[0].id;
    let payment = |cents: i64, reference: &str| NewPayment {
        invoice,
        amount: Some(Decimal::new(cents, 2)),
        reference: reference.to_owned(),
    };
    let first = ledger.pay(&payment(200, "a"), day(0)).unwrap();
    assert_eq!(first.balance, Decimal::new(300, 2));
    assert_eq!(ledger.pay(&payment(200, "a"), day(0)).unwrap().id, first.id);
    let taken = ledger.pay(&payment(100, "a"), day(0));
    assert!(matches!(taken, Err(EngineError::ReferenceIsTaken)));
    let above = ledger.pay(&payment(301, "b"), day(0));
    assert!(matches!(above, Err(EngineError::AboveBalance(left)) if left == Decimal::new(300, 2)));
    for cents in [0, -100] {
        assert!(matches!(ledger.pay(&payment(cents, "c"), day(0)), Err(EngineError::BadAmount(2))));
    }
    let fraction = NewPayment { amount: Some(Decimal::new(1, 3)), ..payment(1, "d") };
    assert!(matches!(ledger.pay(&fraction, day(0)), Err(EngineError::BadAmount(2))));
    ledger.pay(&payment(300, "e"), day(0)).unwrap();
    assert!(matches!(ledger.pay(&payment(1, "f"), day(0)), Err(EngineError::NothingToPay)));
}

#[test]
fn an_old_subscription_keeps_its_price() {
    let mut ledger = ledger();
    subscribe(&mut ledger, "basic-immediate");
    pay_everything(&mut ledger);
    let mut catalogue = (*ledger.catalogue).clone();
    let dearer = CataloguePlan {
        name: plan("basic-immediate"),
        currency: "USD".to_owned(),
        trial_days: 0,
        price: Decimal::new(900, 2),
    };
    catalogue.add(day(5), dearer);
    ledger.catalogue = Arc::new(catalogue);
    ledger.advance(day(31)).unwrap();
    assert_eq!(amounts(&ledger, ItemKind::Recurring), ["5.00", "5.00"]);
}

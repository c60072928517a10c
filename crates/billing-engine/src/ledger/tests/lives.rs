//! What holds for every life of an account, whatever happens in it.

use super::super::Ledger;
use super::{PLANS, day, ledger, start, subscribe};
use crate::charge::{self, Basis};
use crate::engine::{CancelPolicy, EngineError, NewPayment};
use crate::invoice::{Invoice, ItemKind};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;
use vocabulary::{InstanceId, SubscriptionId};

#[derive(Debug, Clone)]
enum Act {
    Subscribe(usize),
    Cancel(usize, bool),
    Uncancel(usize),
    Pause(usize),
    Resume(usize),
    Demand(usize),
    Pay { cents: Option<i64> },
    Wait,
}

fn acts() -> impl Strategy<Value = Vec<(i64, Act)>> {
    let which = 0..4_usize;
    let act = prop_oneof![
        3 => (0..PLANS.len()).prop_map(Act::Subscribe),
        1 => (which.clone(), any::<bool>()).prop_map(|(i, now)| Act::Cancel(i, now)),
        1 => which.clone().prop_map(Act::Uncancel),
        2 => which.clone().prop_map(Act::Pause),
        2 => which.clone().prop_map(Act::Resume),
        1 => which.prop_map(Act::Demand),
        6 => prop_oneof![3 => Just(None), 1 => (1..600_i64).prop_map(Some)]
            .prop_map(|cents| Act::Pay { cents }),
        2 => Just(Act::Wait),
    ];
    proptest::collection::vec((0..500_i64, act), 1..14)
}

/// Lives through the acts, looking at the clock every `step` hours in between, or only when something is done.
fn live(acts: &[(i64, Act)], step: Option<i64>) -> Ledger {
    let mut ledger = ledger();
    let mut now = start();
    for (hours, act) in acts {
        let next = now + TimeDelta::hours(*hours);
        while let Some(step) = step.map(TimeDelta::hours).filter(|step| now + *step < next) {
            now += step;
            ledger.advance(now).unwrap();
        }
        now = next;
        ledger.advance(now).unwrap();
        let mut tried = ledger.clone();
        if perform(&mut tried, act, now).is_ok() {
            tried.advance(now).unwrap();
            ledger = tried;
        }
    }
    ledger
}

fn perform(ledger: &mut Ledger, act: &Act, now: DateTime<Utc>) -> Result<(), EngineError> {
    let nth = |i: usize| ledger.subscriptions.get(i).map(|s| (s.id, s.bundle));
    let none = EngineError::NoSuchSubscription;
    match *act {
        Act::Subscribe(plan) => {
            if !ledger.overdue().blocks() {
                subscribe(ledger, PLANS[plan].0);
            }
            Ok(())
        }
        Act::Cancel(i, is_now) => {
            let policy = if is_now { CancelPolicy::Immediate } else { CancelPolicy::EndOfTerm };
            ledger.cancel(nth(i).ok_or(none)?.0, policy, now)
        }
        Act::Uncancel(i) => ledger.uncancel(nth(i).ok_or(none)?.0, now),
        Act::Pause(i) => ledger.pause(nth(i).ok_or(none)?.1, now),
        Act::Resume(i) => ledger.resume(nth(i).ok_or(none)?.1, now),
        Act::Demand(i) => ledger.demand(nth(i).ok_or(none)?.0, now),
        Act::Pay { cents } => {
            let oldest = ledger.invoices.iter().find(|invoice| invoice.is_unpaid());
            let invoice = oldest.ok_or(EngineError::NothingToPay)?.id;
            let reference = ledger.payments.len().to_string();
            let amount = cents.map(|cents| Decimal::new(cents, 2));
            ledger.pay(&NewPayment { invoice, amount, reference }, now).map(|_| ())
        }
        Act::Wait => Ok(()),
    }
}

type Line = (ItemKind, Option<InstanceId>, NaiveDate, Option<NaiveDate>, Decimal);

fn told(ledger: &Ledger) -> Vec<(NaiveDate, Decimal, Vec<Line>)> {
    let bundle =
        |id: SubscriptionId| ledger.subscriptions.iter().find(|s| s.id == id).map(|s| s.bundle);
    let lines = |invoice: &Invoice| -> Vec<Line> {
        let items = invoice.items.iter();
        items.map(|i| (i.kind, i.subscription.and_then(bundle), i.start, i.end, i.amount)).collect()
    };
    ledger.invoices.iter().map(|i| (i.date, i.balance(), lines(i))).collect()
}

fn most_often_charged(ledger: &Ledger, subscription: SubscriptionId) -> usize {
    let net = |day: NaiveDate| {
        let covers = |kind: ItemKind| {
            ledger
                .items()
                .filter(|i| i.kind == kind && i.subscription == Some(subscription))
                .filter(|i| i.start <= day && i.end.is_some_and(|end| day < end))
                .count()
        };
        covers(ItemKind::Recurring) - covers(ItemKind::RepairAdj)
    };
    (0..500).map(|offset| net(day(offset).date_naive())).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn one_jump_of_the_clock_and_small_steps_make_the_same_invoices(acts in acts(), step in 1..60_i64) {
        let (jumped, stepped) = (live(&acts, None), live(&acts, Some(step)));
        prop_assert_eq!(told(&jumped), told(&stepped));
        let states = |l: &Ledger| -> Vec<_> {
            l.transitions.iter().map(|t| (t.state, t.effective_at)).collect()
        };
        prop_assert_eq!(states(&jumped), states(&stepped));
    }

    #[test]
    fn no_day_is_charged_twice_and_asking_again_adds_nothing(acts in acts()) {
        let ledger = live(&acts, None);
        for subscription in &ledger.subscriptions {
            prop_assert!(most_often_charged(&ledger, subscription.id) <= 1);
        }
        let mut again = ledger.clone();
        again.fresh.clear();
        again.advance(ledger.settled_at).unwrap();
        prop_assert!(again.fresh.is_empty(), "{:?}", again.fresh);
        if !ledger.overdue().blocks() {
            let blocked = ledger.blocked_days();
            let basis = Basis {
                subscriptions: &ledger.subscriptions,
                items: ledger.items().collect(),
                blocked: &blocked,
                catalogue: &ledger.catalogue,
                currency: "USD",
            };
            let missing = charge::missing(&basis, ledger.settled_at.date_naive()).unwrap();
            prop_assert!(missing.is_empty(), "{missing:?}");
        }
    }

    #[test]
    fn money_adds_up(acts in acts()) {
        let ledger = live(&acts, None);
        prop_assert!(ledger.credit() >= Decimal::ZERO);
        let charged: Decimal = ledger.invoices.iter().map(Invoice::amount).sum();
        let paid: Decimal = ledger.payments.iter().map(|payment| payment.amount).sum();
        let owed: Decimal = ledger.invoices.iter().map(Invoice::balance).sum();
        prop_assert_eq!(charged + ledger.credit(), paid + owed);
        for invoice in &ledger.invoices {
            prop_assert!(invoice.balance() >= Decimal::ZERO, "{invoice:?}");
        }
        for line in ledger.items().filter(|item| item.kind == ItemKind::Recurring) {
            let repairs = ledger.items().filter(|item| item.linked == Some(line.id));
            let left = line.amount + repairs.map(|repair| repair.amount).sum::<Decimal>();
            prop_assert!(left >= Decimal::ZERO);
        }
    }
}

//! What is missing on the invoices of an account: a pure function of what was charged, what was served and the prices.
//! Asked twice for the same day it answers nothing the second time, and no day is ever charged twice.

use crate::catalogue::Catalogue;
use crate::invoice::{Item, ItemKind};
use crate::money;
use crate::period::{self, Period};
use crate::subscription::Subscription;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;
use vocabulary::{PlanName, SubscriptionId};

/// A line that is missing.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) subscription: SubscriptionId,
    pub(crate) kind: ItemKind,
    pub(crate) plan: PlanName,
    pub(crate) start: NaiveDate,
    pub(crate) end: Option<NaiveDate>,
    pub(crate) rate: Option<Decimal>,
    pub(crate) amount: Decimal,
    pub(crate) linked: Option<Uuid>,
}

/// A subscription whose plan has no price: nothing is guessed.
#[derive(Debug, thiserror::Error)]
#[error("no price is known for the plan {plan} of subscription {subscription}")]
pub struct NoPrice {
    /// Which plan.
    pub plan: PlanName,
    /// Of which subscription.
    pub subscription: SubscriptionId,
}

/// What invoices are made from.
pub(crate) struct Basis<'a> {
    pub(crate) subscriptions: &'a [Subscription],
    pub(crate) items: Vec<&'a Item>,
    /// Days on which the whole account was blocked and is no longer.
    pub(crate) blocked: &'a [Period],
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) currency: &'a str,
}

/// The lines that are missing when everything that begins up to the day `target` is to be charged.
pub(crate) fn missing(basis: &Basis<'_>, target: NaiveDate) -> Result<Vec<Charge>, NoPrice> {
    let mut charges = Vec::new();
    for subscription in basis.subscriptions {
        charges.extend(trial(basis, subscription, target));
        charges.extend(paid_phase(basis, subscription, target)?);
    }
    Ok(charges)
}

/// The day up to which a subscription is charged, net of repairs.
pub(crate) fn charged_through(items: &[&Item], subscription: SubscriptionId) -> Option<NaiveDate> {
    let billed = billed(items, subscription);
    billed.into_iter().flat_map(|(_, left)| left).map(|left| left.end).max()
}

fn trial(basis: &Basis<'_>, subscription: &Subscription, target: NaiveDate) -> Option<Charge> {
    let start = subscription.created_at.date_naive();
    let is_charged = of(&basis.items, subscription.id, ItemKind::Fixed).next().is_some();
    if !subscription.began_in_trial() || is_charged || start > target {
        return None;
    }
    Some(Charge {
        subscription: subscription.id,
        kind: ItemKind::Fixed,
        plan: subscription.plan.clone(),
        start,
        end: subscription.trial_ends().map(|at| at.date_naive()).filter(|end| start < *end),
        rate: None,
        amount: money::round(Decimal::ZERO, basis.currency),
        linked: None,
    })
}

fn paid_phase(
    basis: &Basis<'_>,
    subscription: &Subscription,
    target: NaiveDate,
) -> Result<Vec<Charge>, NoPrice> {
    let Some(anchor) = subscription.evergreen_at().map(|at| at.date_naive()) else {
        return Ok(Vec::new());
    };
    let billed = billed(&basis.items, subscription.id);
    let charged_through = billed.iter().filter_map(|(item, _)| item.end).max();
    let due = (anchor <= target).then(|| period::cycle_of(anchor, target).end);
    let Some(horizon) = due.max(charged_through) else { return Ok(Vec::new()) };
    let served: Vec<_> = subscription
        .paid_days(horizon)
        .into_iter()
        .flat_map(|paid| paid.without(basis.blocked))
        .collect();
    let mut charges: Vec<_> = billed
        .iter()
        .flat_map(|(item, left)| repairs(basis, anchor, item, left, &served))
        .collect();
    charges.extend(recurring(basis, subscription, anchor, &served, &billed)?);
    Ok(charges)
}

/// Takes back what was charged for days that are not served.
fn repairs(
    basis: &Basis<'_>,
    anchor: NaiveDate,
    item: &Item,
    left: &[Period],
    served: &[Period],
) -> Vec<Charge> {
    let (Some(subscription), Some(plan), Some(rate)) =
        (item.subscription, item.plan.clone(), item.rate)
    else {
        return Vec::new();
    };
    let cycle = period::cycle_of(anchor, item.start);
    let mut days_left: i64 = left.iter().map(|period| period.days()).sum();
    let mut amount_left = item.amount + repaired(&basis.items, item);
    let unserved = left.iter().flat_map(|period| period.without(served));
    unserved
        .map(|period| {
            days_left -= period.days();
            let share = money::share(rate, period.days(), cycle.days(), basis.currency);
            // The last repair of a line takes back exactly the rest, whatever rounding did before.
            let amount = if days_left == 0 { amount_left } else { share.min(amount_left) };
            amount_left -= amount;
            Charge {
                subscription,
                kind: ItemKind::RepairAdj,
                plan: plan.clone(),
                start: period.start,
                end: Some(period.end),
                rate: Some(rate),
                amount: -amount,
                linked: Some(item.id),
            }
        })
        .collect()
}

/// Charges the served days that no line covers.
fn recurring(
    basis: &Basis<'_>,
    subscription: &Subscription,
    anchor: NaiveDate,
    served: &[Period],
    billed: &[(&Item, Vec<Period>)],
) -> Result<Vec<Charge>, NoPrice> {
    let covered: Vec<_> = billed.iter().flat_map(|(_, left)| left.iter().copied()).collect();
    let uncovered: Vec<_> = served
        .iter()
        .flat_map(|period| period.without(&covered))
        .flat_map(|period| period.by_cycle(anchor))
        .collect();
    if uncovered.is_empty() {
        return Ok(Vec::new());
    }
    let plan =
        basis.catalogue.at(&subscription.plan, subscription.created_at).ok_or_else(|| NoPrice {
            plan: subscription.plan.clone(),
            subscription: subscription.id,
        })?;
    let charge = |days: Period| {
        let cycle = period::cycle_of(anchor, days.start);
        Charge {
            subscription: subscription.id,
            kind: ItemKind::Recurring,
            plan: subscription.plan.clone(),
            start: days.start,
            end: Some(days.end),
            rate: Some(plan.price),
            amount: money::share(plan.price, days.days(), cycle.days(), basis.currency),
            linked: None,
        }
    };
    Ok(uncovered.into_iter().map(charge).collect())
}

/// The recurring lines of a subscription, each with the days that no repair took back.
fn billed<'a>(items: &[&'a Item], subscription: SubscriptionId) -> Vec<(&'a Item, Vec<Period>)> {
    of(items, subscription, ItemKind::Recurring).map(|item| (item, left_of(items, item))).collect()
}

fn left_of(items: &[&Item], item: &Item) -> Vec<Period> {
    let repaired: Vec<_> = repairs_of(items, item).filter_map(days_of).collect();
    days_of(item).map_or_else(Vec::new, |days| days.without(&repaired))
}

fn repaired(items: &[&Item], item: &Item) -> Decimal {
    repairs_of(items, item).map(|repair| repair.amount).sum()
}

fn repairs_of<'a>(items: &'a [&Item], item: &'a Item) -> impl Iterator<Item = &'a Item> {
    items.iter().copied().filter(|other| other.linked == Some(item.id))
}

fn of<'a>(
    items: &[&'a Item],
    subscription: SubscriptionId,
    kind: ItemKind,
) -> impl Iterator<Item = &'a Item> {
    items
        .iter()
        .copied()
        .filter(move |item| item.subscription == Some(subscription) && item.kind == kind)
}

fn days_of(item: &Item) -> Option<Period> {
    item.end.and_then(|end| Period::new(item.start, end))
}

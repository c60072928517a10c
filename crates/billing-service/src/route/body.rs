//! The engine's things as the interface shows them.

use crate::entitlement::standing;
use crate::plan::{Plan, Plans};
use billing_engine::{AccountSnapshot, Invoice, ItemKind, Phase, SubscriptionSnapshot};
use contract::billing;
use vocabulary::CustomerId;

pub(crate) fn plan(plan: &Plan, plans: &Plans) -> billing::Plan {
    billing::Plan {
        name: plan.name.to_string(),
        product: plan.product.clone(),
        description: plan.description.clone(),
        price: plan.price(),
        currency: plans.currency().to_owned(),
        billing_period: "MONTHLY".to_owned(),
        trial_days: plan.trial_days(),
        cpu_limit: plan.cpu_limit,
        memory_limit: plan.memory_limit,
        storage_limit: plan.storage_limit,
        db_type: plan.db_type,
    }
}

pub(crate) fn subscription(
    account: &AccountSnapshot,
    subscription: &SubscriptionSnapshot,
) -> billing::Subscription {
    let is_in_trial = subscription.phase == Phase::Trial;
    billing::Subscription {
        id: subscription.id,
        customer_id: account.customer,
        instance_id: subscription.bundle,
        plan_name: subscription.plan.to_string(),
        standing: standing(account, subscription).0,
        created_at: subscription.created_at,
        trial_ends: subscription.trial_ends.filter(|_| is_in_trial).map(|at| at.date_naive()),
        charged_through: subscription.charged_through,
        ends_at: subscription.ends_at,
    }
}

pub(crate) fn invoice(invoice: &Invoice, customer: CustomerId, currency: &str) -> billing::Invoice {
    billing::Invoice {
        id: invoice.id,
        number: invoice.number.unwrap_or_default(),
        customer_id: customer,
        date: invoice.date,
        currency: currency.to_owned(),
        amount: billing_engine::round(invoice.amount(), currency),
        balance: billing_engine::round(invoice.balance(), currency),
        items: invoice.items.iter().filter_map(item).collect(),
    }
}

/// Credit is the account's and no line for people: it shows in the balance.
fn item(item: &billing_engine::Item) -> Option<billing::InvoiceItem> {
    if item.kind == ItemKind::CbaAdj {
        return None;
    }
    Some(billing::InvoiceItem {
        subscription_id: item.subscription?,
        plan_name: item.plan.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: item.kind.as_str().to_owned(),
        start: item.start,
        end: item.end,
        amount: item.amount,
    })
}

//! Writes new facts down, each with its row in the outbox.

use super::{account, outbox};
use crate::engine::EngineError;
use crate::invoice::{Invoice, Item, ItemKind, Payment};
use crate::ledger::{Fact, Ledger, Transition};
use crate::overdue::Overdue;
use crate::subscription::{Event, EventKind, Phase, Subscription};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::{AccountId, InvoiceId, SubscriptionId};

/// Writes everything new of a ledger, and when it must be looked at again.
pub(crate) async fn save(conn: &mut PgConnection, ledger: &Ledger) -> Result<(), EngineError> {
    if !ledger.fresh.is_empty() {
        outbox::begin(conn).await?;
    }
    for (at, fact) in &ledger.fresh {
        write(conn, ledger.account, *at, fact).await.map_err(name_the_conflict)?;
        let (event_type, object) = hint(ledger.account, fact);
        outbox::add(conn, ledger.account, event_type, object, *at).await?;
    }
    Ok(account::settle(conn, ledger.account, ledger.settled_at, ledger.next_due()).await?)
}

/// The event that Kill Bill would send, and what it is about.
fn hint(account: AccountId, fact: &Fact) -> (&'static str, Uuid) {
    match fact {
        Fact::TrialGranted(subscription) => ("TRIAL_GRANTED", subscription.0),
        Fact::Subscribed(subscription) => ("SUBSCRIPTION_CREATION", subscription.id.0),
        Fact::Happens { subscription, event } => (event_type(&event.kind), subscription.0),
        Fact::Withdrawn { subscription, .. } => ("SUBSCRIPTION_CHANGE", subscription.0),
        Fact::TookEffect { subscription, kind } => (event_type(kind), subscription.0),
        Fact::Invoiced(invoice) => ("INVOICE_CREATION", invoice.id.0),
        Fact::Credited(item) => ("INVOICE_ADJUSTMENT", item.invoice.0),
        Fact::Demanded(invoice) => ("INVOICE_DEMAND", invoice.0),
        Fact::Paid(payment) => ("INVOICE_PAYMENT_SUCCESS", payment.invoice.0),
        Fact::Overdue(_) => ("OVERDUE_CHANGE", account.0),
    }
}

fn event_type(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Create { .. } => "SUBSCRIPTION_CREATION",
        EventKind::Phase(_) => "SUBSCRIPTION_PHASE",
        EventKind::Pause => "BUNDLE_PAUSE",
        EventKind::Resume => "BUNDLE_RESUME",
        EventKind::Cancel => "SUBSCRIPTION_CANCEL",
    }
}

fn name_the_conflict(error: sqlx::Error) -> EngineError {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    match constraint {
        Some("engine_subscriptions_bundle_is_taken") => EngineError::BundleIsTaken,
        Some("engine_trials_one_per_account") => EngineError::TrialIsUsed,
        Some("engine_payments_reference_is_taken") => EngineError::ReferenceIsTaken,
        _ => EngineError::Storage(error),
    }
}

async fn write(
    conn: &mut PgConnection,
    account: AccountId,
    at: DateTime<Utc>,
    fact: &Fact,
) -> sqlx::Result<()> {
    match fact {
        Fact::TrialGranted(subscription) => trial(conn, account, *subscription, at).await,
        Fact::Subscribed(new) => subscription(conn, account, new).await,
        Fact::Happens { subscription, event: new } => event(conn, *subscription, new, at).await,
        Fact::Withdrawn { event, .. } => withdrawal(conn, *event).await,
        Fact::TookEffect { .. } => Ok(()),
        Fact::Invoiced(new) => invoice(conn, account, new).await,
        Fact::Credited(new) => item(conn, new).await,
        Fact::Demanded(invoice) => demand(conn, *invoice, at).await,
        Fact::Paid(new) => payment(conn, account, new).await,
        Fact::Overdue(new) => transition(conn, account, new).await,
    }
}

async fn trial(
    conn: &mut PgConnection,
    account: AccountId,
    subscription: SubscriptionId,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_trials (account_id, subscription_id, granted_at) values ($1, $2, $3)",
        account.0,
        subscription.0,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn subscription(
    conn: &mut PgConnection,
    account: AccountId,
    new: &Subscription,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_subscriptions (id, account_id, bundle_key, created_at) values ($1, $2, $3, $4)",
        new.id.0,
        account.0,
        new.bundle.0,
        new.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn event(
    conn: &mut PgConnection,
    subscription: SubscriptionId,
    new: &Event,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (kind, plan, phase) = match &new.kind {
        EventKind::Create { plan, phase } => ("create", Some(plan.as_str()), Some(*phase)),
        EventKind::Phase(phase) => ("phase", None, Some(*phase)),
        EventKind::Pause => ("pause", None, None),
        EventKind::Resume => ("resume", None, None),
        EventKind::Cancel => ("cancel", None, None),
    };
    sqlx::query!(
        "insert into engine_subscription_events
             (id, subscription_id, kind, effective_at, plan_name, phase, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        subscription.0,
        kind,
        new.effective_at,
        plan,
        phase as Option<Phase>,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn withdrawal(conn: &mut PgConnection, event: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update engine_subscription_events set is_active = false where id = $1", event)
        .execute(conn)
        .await?;
    Ok(())
}

async fn invoice(conn: &mut PgConnection, account: AccountId, new: &Invoice) -> sqlx::Result<()> {
    sqlx::query!(
        "with counted as (update engine_invoice_numbers set latest = latest + 1 returning latest)
         insert into engine_invoices (id, account_id, number, invoice_date, target_date, created_at)
         select $1, $2, latest, $3, $4, $5 from counted",
        new.id.0,
        account.0,
        new.date,
        new.target,
        new.created_at
    )
    .execute(&mut *conn)
    .await?;
    for line in &new.items {
        item(conn, line).await?;
    }
    Ok(())
}

async fn item(conn: &mut PgConnection, new: &Item) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_invoice_items
             (id, invoice_id, subscription_id, kind, plan_name, start_date, end_date, rate, amount, linked_item_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.invoice.0,
        new.subscription.map(|subscription| subscription.0),
        new.kind as ItemKind,
        new.plan.as_ref().map(|plan| plan.as_str()),
        new.start,
        new.end,
        new.rate,
        new.amount,
        new.linked
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn demand(
    conn: &mut PgConnection,
    invoice: InvoiceId,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("update engine_invoices set demanded_at = $2 where id = $1", invoice.0, at)
        .execute(conn)
        .await?;
    Ok(())
}

async fn payment(conn: &mut PgConnection, account: AccountId, new: &Payment) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_payments (id, account_id, invoice_id, reference, amount, recorded_at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id.0,
        account.0,
        new.invoice.0,
        new.reference,
        new.amount,
        new.recorded_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn transition(
    conn: &mut PgConnection,
    account: AccountId,
    new: &Transition,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into engine_overdue_transitions (id, account_id, state, effective_at) values ($1, $2, $3, $4)",
        new.id,
        account.0,
        new.state as Overdue,
        new.effective_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

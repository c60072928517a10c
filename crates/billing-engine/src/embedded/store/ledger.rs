//! Reads everything that is known of one account.

use crate::catalogue::Catalogue;
use crate::engine::EngineError;
use crate::invoice::{Invoice, Item, ItemKind, Payment};
use crate::ledger::{Ledger, Transition};
use crate::overdue::{Dunning, Overdue};
use crate::subscription::{Event, EventKind, Phase, Subscription};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::sync::Arc;
use vocabulary::{
    AccountId, CustomerId, InstanceId, InvoiceId, PaymentId, PlanName, SubscriptionId,
};

pub(crate) async fn load(
    conn: &mut PgConnection,
    account: AccountId,
    catalogue: Arc<Catalogue>,
    dunning: Dunning,
) -> Result<Option<Ledger>, EngineError> {
    let head = sqlx::query!(
        r#"select customer_id as "customer_id: CustomerId", currency, settled_at,
                  exists (select from engine_trials t where t.account_id = a.id) as "had_trial!"
           from engine_accounts a where id = $1"#,
        account.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(head) = head else { return Ok(None) };
    let payments = payments(conn, account).await?;
    Ok(Some(Ledger {
        account,
        customer: head.customer_id,
        currency: head.currency,
        settled_at: head.settled_at,
        had_trial: head.had_trial,
        subscriptions: subscriptions(conn, account).await?,
        invoices: invoices(conn, account, &payments).await?,
        payments,
        transitions: transitions(conn, account).await?,
        catalogue,
        dunning,
        fresh: Vec::new(),
    }))
}

async fn subscriptions(
    conn: &mut PgConnection,
    account: AccountId,
) -> Result<Vec<Subscription>, EngineError> {
    let rows = sqlx::query!(
        r#"select s.id as "id: SubscriptionId", s.bundle_key as "bundle: InstanceId", s.created_at,
                  e.id as event_id, e.kind, e.effective_at, e.plan_name as "plan_name: PlanName",
                  e.phase as "phase: Phase"
           from engine_subscriptions s
           join engine_subscription_events e on e.subscription_id = s.id and e.is_active
           where s.account_id = $1
           order by s.created_at, s.id, e.sequence"#,
        account.0
    )
    .fetch_all(conn)
    .await?;
    let mut subscriptions: Vec<Subscription> = Vec::new();
    for row in rows {
        let kind = event_kind(&row.kind, row.plan_name, row.phase)?;
        if subscriptions.last().is_none_or(|last| last.id != row.id) {
            let EventKind::Create { plan, .. } = &kind else {
                return Err(EngineError::Corrupt(
                    "a subscription does not begin with its creation",
                ));
            };
            subscriptions.push(Subscription {
                id: row.id,
                bundle: row.bundle,
                plan: plan.clone(),
                created_at: row.created_at,
                events: Vec::new(),
            });
        }
        let event = Event { id: row.event_id, kind, effective_at: row.effective_at };
        if let Some(subscription) = subscriptions.last_mut() {
            subscription.events.push(event);
        }
    }
    Ok(subscriptions)
}

fn event_kind(
    kind: &str,
    plan: Option<PlanName>,
    phase: Option<Phase>,
) -> Result<EventKind, EngineError> {
    match (kind, plan, phase) {
        ("create", Some(plan), Some(phase)) => Ok(EventKind::Create { plan, phase }),
        ("phase", None, Some(phase)) => Ok(EventKind::Phase(phase)),
        ("pause", None, None) => Ok(EventKind::Pause),
        ("resume", None, None) => Ok(EventKind::Resume),
        ("cancel", None, None) => Ok(EventKind::Cancel),
        _ => Err(EngineError::Corrupt("an event of an unknown kind")),
    }
}

async fn invoices(
    conn: &mut PgConnection,
    account: AccountId,
    payments: &[Payment],
) -> Result<Vec<Invoice>, EngineError> {
    let mut items = items(conn, account).await?;
    let rows = sqlx::query!(
        r#"select id as "id: InvoiceId", number, invoice_date, target_date, demanded_at, created_at
           from engine_invoices where account_id = $1 order by number"#,
        account.0
    )
    .fetch_all(conn)
    .await?;
    let invoices = rows.into_iter().map(|row| {
        let (mine, others) =
            std::mem::take(&mut items).into_iter().partition(|i| i.invoice == row.id);
        items = others;
        let paid: Decimal = payments.iter().filter(|p| p.invoice == row.id).map(|p| p.amount).sum();
        Invoice {
            id: row.id,
            number: Some(row.number),
            date: row.invoice_date,
            target: row.target_date,
            demanded_at: row.demanded_at,
            created_at: row.created_at,
            items: mine,
            paid,
        }
    });
    Ok(invoices.collect())
}

async fn items(conn: &mut PgConnection, account: AccountId) -> sqlx::Result<Vec<Item>> {
    sqlx::query_as!(
        Item,
        r#"select t.id, t.invoice_id as "invoice: InvoiceId",
                  t.subscription_id as "subscription: SubscriptionId", t.kind as "kind: ItemKind",
                  t.plan_name as "plan: PlanName", t.start_date as start, t.end_date as "end", t.rate,
                  t.amount, t.linked_item_id as linked
           from engine_invoice_items t join engine_invoices i on i.id = t.invoice_id
           where i.account_id = $1
           order by t.sequence"#,
        account.0
    )
    .fetch_all(conn)
    .await
}

async fn payments(conn: &mut PgConnection, account: AccountId) -> sqlx::Result<Vec<Payment>> {
    sqlx::query_as!(
        Payment,
        r#"select id as "id: PaymentId", invoice_id as "invoice: InvoiceId", reference, amount, recorded_at
           from engine_payments where account_id = $1 order by recorded_at, id"#,
        account.0
    )
    .fetch_all(conn)
    .await
}

async fn transitions(conn: &mut PgConnection, account: AccountId) -> sqlx::Result<Vec<Transition>> {
    sqlx::query_as!(
        Transition,
        r#"select id, state as "state: Overdue", effective_at
           from engine_overdue_transitions where account_id = $1 order by sequence"#,
        account.0
    )
    .fetch_all(conn)
    .await
}

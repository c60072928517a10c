//! The engine in our own PostgreSQL. Every act locks its account, loads its ledger, brings it up to now, lets the pure
//! part decide, and writes the new facts with their outbox rows in the same transaction.

mod store;

use crate::catalogue::CataloguePlan;
use crate::clock::Clock;
use crate::engine::{
    BillingEngine, CancelPolicy, Cursor, EngineError, NewPayment, NewSubscription, Quote,
    RecordedPayment,
};
use crate::invoice::Invoice;
use crate::ledger::Ledger;
use crate::overdue::Dunning;
use crate::snapshot::AccountSnapshot;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use vocabulary::{
    AccountId, CustomerId, InstanceId, InvoiceId, PaymentId, PlanName, SubscriptionId,
};

/// The embedded billing engine.
#[derive(Clone)]
pub struct Embedded {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    dunning: Dunning,
}

impl Embedded {
    /// An engine on a database that has its tables.
    #[must_use]
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, dunning: Dunning) -> Self {
        Self { pool, clock, dunning }
    }

    async fn act<T: Send>(
        &self,
        account: AccountId,
        act: impl FnOnce(&mut Ledger, DateTime<Utc>) -> Result<T, EngineError> + Send,
    ) -> Result<T, EngineError> {
        let mut tx = self.pool.begin().await?;
        let now = self.clock.now();
        store::account::lock(&mut tx, account).await?;
        let mut ledger = self.load(&mut tx, account).await?;
        ledger.advance(now)?;
        let at = ledger.settled_at;
        let answer = act(&mut ledger, at)?;
        ledger.advance(at)?;
        store::fact::save(&mut tx, &ledger).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn load(
        &self,
        conn: &mut PgConnection,
        account: AccountId,
    ) -> Result<Ledger, EngineError> {
        let catalogue = Arc::new(store::catalogue::all(conn).await?);
        let ledger = store::ledger::load(conn, account, catalogue, self.dunning).await?;
        ledger.ok_or(EngineError::NoSuchAccount)
    }

    /// The ledger as it stands now: a read does not wait for the worker to do what is due.
    async fn read(&self, account: AccountId) -> Result<Ledger, EngineError> {
        let now = self.clock.now();
        let mut ledger = self.load_whole(account).await?;
        if ledger.next_due().is_some_and(|due| due <= now) {
            self.act(account, |_, _| Ok(())).await?;
            ledger = self.load_whole(account).await?;
        }
        // Nothing became due in between, so that what held when it was settled holds now.
        ledger.settled_at = ledger.settled_at.max(now);
        Ok(ledger)
    }

    /// The ledger at one moment, although it takes several queries to read it.
    async fn load_whole(&self, account: AccountId) -> Result<Ledger, EngineError> {
        const BEGIN: &str = "begin isolation level repeatable read read only";
        let mut tx = self.pool.begin_with(BEGIN).await?;
        self.load(&mut tx, account).await
    }

    async fn account_of(&self, subscription: SubscriptionId) -> Result<AccountId, EngineError> {
        let mut conn = self.pool.acquire().await?;
        let account = store::account::of_subscription(&mut conn, subscription).await?;
        account.ok_or(EngineError::NoSuchSubscription)
    }

    async fn account_of_bundle(&self, bundle: InstanceId) -> Result<AccountId, EngineError> {
        let mut conn = self.pool.acquire().await?;
        let account = store::account::of_bundle(&mut conn, bundle).await?;
        account.ok_or(EngineError::NoSuchSubscription)
    }
}

#[async_trait]
impl BillingEngine for Embedded {
    async fn publish(&self, plans: &[CataloguePlan]) -> Result<(), EngineError> {
        let mut tx = self.pool.begin().await?;
        store::catalogue::publish(&mut tx, plans, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn ensure_account(
        &self,
        customer: CustomerId,
        currency: &str,
    ) -> Result<AccountId, EngineError> {
        let mut conn = self.pool.acquire().await?;
        Ok(store::account::ensure(&mut conn, customer, currency, self.clock.now()).await?)
    }

    async fn find_account(&self, customer: CustomerId) -> Result<Option<AccountId>, EngineError> {
        let mut conn = self.pool.acquire().await?;
        Ok(store::account::of_customer(&mut conn, customer).await?)
    }

    async fn create_subscription(
        &self,
        new: &NewSubscription,
    ) -> Result<SubscriptionId, EngineError> {
        self.act(new.account, |ledger, at| ledger.subscribe(new, at)).await
    }

    async fn quote_change(&self, _: SubscriptionId, _: &PlanName) -> Result<Quote, EngineError> {
        Err(EngineError::NotOffered("quote a change of plan"))
    }

    async fn change_plan(
        &self,
        _: SubscriptionId,
        _: &PlanName,
        _: CancelPolicy,
    ) -> Result<(), EngineError> {
        Err(EngineError::NotOffered("change the plan of a subscription"))
    }

    async fn cancel(
        &self,
        subscription: SubscriptionId,
        policy: CancelPolicy,
    ) -> Result<(), EngineError> {
        let account = self.account_of(subscription).await?;
        self.act(account, |ledger, at| ledger.cancel(subscription, policy, at)).await
    }

    async fn uncancel(&self, subscription: SubscriptionId) -> Result<(), EngineError> {
        let account = self.account_of(subscription).await?;
        self.act(account, |ledger, at| ledger.uncancel(subscription, at)).await
    }

    async fn pause(&self, bundle: InstanceId) -> Result<(), EngineError> {
        let account = self.account_of_bundle(bundle).await?;
        self.act(account, |ledger, at| ledger.pause(bundle, at)).await
    }

    async fn resume(&self, bundle: InstanceId) -> Result<(), EngineError> {
        let account = self.account_of_bundle(bundle).await?;
        self.act(account, |ledger, at| ledger.resume(bundle, at)).await
    }

    async fn demand(&self, subscription: SubscriptionId) -> Result<(), EngineError> {
        let account = self.account_of(subscription).await?;
        self.act(account, |ledger, at| ledger.demand(subscription, at)).await
    }

    async fn record_payment(&self, new: &NewPayment) -> Result<RecordedPayment, EngineError> {
        let mut conn = self.pool.acquire().await?;
        let account = store::account::of_invoice(&mut conn, new.invoice).await?;
        drop(conn);
        let account = account.ok_or(EngineError::NoSuchInvoice)?;
        self.act(account, |ledger, at| ledger.pay(new, at)).await
    }

    async fn refund(&self, _: PaymentId, _: Decimal) -> Result<(), EngineError> {
        Err(EngineError::NotOffered("refund a payment"))
    }

    async fn write_off(&self, _: InvoiceId) -> Result<(), EngineError> {
        Err(EngineError::NotOffered("write off an invoice"))
    }

    async fn invoices(&self, account: AccountId) -> Result<Vec<Invoice>, EngineError> {
        let mut invoices = self.read(account).await?.invoices;
        invoices.reverse();
        Ok(invoices)
    }

    async fn find_invoice(
        &self,
        invoice: InvoiceId,
    ) -> Result<Option<(CustomerId, Invoice)>, EngineError> {
        let mut conn = self.pool.acquire().await?;
        let account = store::account::of_invoice(&mut conn, invoice).await?;
        drop(conn);
        let Some(account) = account else { return Ok(None) };
        let ledger = self.read(account).await?;
        let found = ledger.invoices.into_iter().find(|other| other.id == invoice);
        Ok(found.map(|invoice| (ledger.customer, invoice)))
    }

    async fn snapshot(&self, account: AccountId) -> Result<AccountSnapshot, EngineError> {
        Ok(self.read(account).await?.snapshot())
    }

    async fn settle(&self, account: AccountId) -> Result<Option<DateTime<Utc>>, EngineError> {
        Ok(self.read(account).await?.next_due())
    }

    async fn due_accounts(&self) -> Result<Vec<AccountId>, EngineError> {
        let mut conn = self.pool.acquire().await?;
        Ok(store::account::due(&mut conn, self.clock.now()).await?)
    }

    async fn changes_since(&self, cursor: Cursor) -> Result<(Vec<AccountId>, Cursor), EngineError> {
        let mut conn = self.pool.acquire().await?;
        Ok(store::outbox::since(&mut conn, cursor).await?)
    }
}

//! The seam: what the platform asks of a billing engine, whichever it is.

use crate::catalogue::CataloguePlan;
use crate::charge::NoPrice;
use crate::invoice::Invoice;
use crate::snapshot::AccountSnapshot;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use vocabulary::{
    AccountId, CustomerId, InstanceId, InvoiceId, PaymentId, PlanName, SubscriptionId,
};

/// Charges customers. Every act may be repeated; the instance's id is the key of its subscription.
#[async_trait]
pub trait BillingEngine: Send + Sync + 'static {
    /// Makes what is sold known. A plan that is unchanged stays as it is.
    async fn publish(&self, plans: &[CataloguePlan]) -> Result<(), EngineError>;

    /// The account of a customer, made when there is none. An existing account keeps its currency.
    async fn ensure_account(
        &self,
        customer: CustomerId,
        currency: &str,
    ) -> Result<AccountId, EngineError>;

    /// The account of a customer, if there is one.
    async fn find_account(&self, customer: CustomerId) -> Result<Option<AccountId>, EngineError>;

    /// Begins a subscription. The same bundle again answers the same subscription.
    async fn create_subscription(
        &self,
        new: &NewSubscription,
    ) -> Result<SubscriptionId, EngineError>;

    /// What a change of plan would cost now. Changes nothing.
    async fn quote_change(
        &self,
        subscription: SubscriptionId,
        plan: &PlanName,
    ) -> Result<Quote, EngineError>;

    /// Changes the plan.
    async fn change_plan(
        &self,
        subscription: SubscriptionId,
        plan: &PlanName,
        policy: CancelPolicy,
    ) -> Result<(), EngineError>;

    /// Ends a subscription.
    async fn cancel(
        &self,
        subscription: SubscriptionId,
        policy: CancelPolicy,
    ) -> Result<(), EngineError>;

    /// Takes back an end that has not come yet.
    async fn uncancel(&self, subscription: SubscriptionId) -> Result<(), EngineError>;

    /// Stops service and billing of an instance until it is resumed.
    async fn pause(&self, bundle: InstanceId) -> Result<(), EngineError>;

    /// Goes on with what was paused.
    async fn resume(&self, bundle: InstanceId) -> Result<(), EngineError>;

    /// Demands payment at once: ends the trial or the grace, makes sure that something is unpaid, and blocks the account
    /// until everything unpaid is paid.
    async fn demand(&self, subscription: SubscriptionId) -> Result<(), EngineError>;

    /// Records a payment that was made elsewhere. The same reference is recorded once.
    async fn record_payment(&self, new: &NewPayment) -> Result<RecordedPayment, EngineError>;

    /// Gives a payment back.
    async fn refund(&self, payment: PaymentId, amount: Decimal) -> Result<(), EngineError>;

    /// Gives up an invoice.
    async fn write_off(&self, invoice: InvoiceId) -> Result<(), EngineError>;

    /// The invoices of an account, newest first, for people to read. What follows from billing follows from the snapshot.
    async fn invoices(&self, account: AccountId) -> Result<Vec<Invoice>, EngineError>;

    /// One invoice, and whose it is, for people to read.
    async fn find_invoice(
        &self,
        invoice: InvoiceId,
    ) -> Result<Option<(CustomerId, Invoice)>, EngineError>;

    /// What holds for an account: the only input to whatever follows.
    async fn snapshot(&self, account: AccountId) -> Result<AccountSnapshot, EngineError>;

    /// Does what has become due for an account, and says when something becomes due next. An engine that keeps the time
    /// by itself answers `None`.
    async fn settle(&self, account: AccountId) -> Result<Option<DateTime<Utc>>, EngineError>;

    /// The accounts for which something is due.
    async fn due_accounts(&self) -> Result<Vec<AccountId>, EngineError>;

    /// The accounts that changed since, and how far that reaches. A hint: what changed is in the snapshot.
    async fn changes_since(&self, cursor: Cursor) -> Result<(Vec<AccountId>, Cursor), EngineError>;
}

/// A subscription to begin.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// Who pays.
    pub account: AccountId,
    /// For which instance: the key.
    pub bundle: InstanceId,
    /// Which plan.
    pub plan: PlanName,
    /// How it starts.
    pub start: Start,
}

/// How a subscription starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As its plan says; refused when the plan has a trial and the account has had its one.
    AsPlanned,
    /// In its paid phase.
    WithoutTrial,
}

/// When a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelPolicy {
    /// Now.
    Immediate,
    /// At the end of what is paid; in a trial, now.
    EndOfTerm,
}

/// What a change would cost.
#[derive(Debug, Clone)]
pub struct Quote {
    /// To be paid at once; credit when negative.
    pub due: Decimal,
    /// ISO 4217.
    pub currency: String,
}

/// A payment to record.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// Of which invoice.
    pub invoice: InvoiceId,
    /// How much; the whole balance when absent.
    pub amount: Option<Decimal>,
    /// The gateway's or the bank's reference.
    pub reference: String,
}

/// A payment that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPayment {
    /// Its id.
    pub id: PaymentId,
    /// Of which account.
    pub account: AccountId,
    /// Of which invoice.
    pub invoice: InvoiceId,
    /// How much.
    pub amount: Decimal,
    /// The reference.
    pub reference: String,
    /// What is still to be paid of the invoice.
    pub balance: Decimal,
}

/// How far changes were read; 0 is the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor(pub i64);

/// Why a billing engine does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine in use cannot do this at all.
    #[error("the billing engine in use does not offer to {0}")]
    NotOffered(&'static str),
    /// There is no such account.
    #[error("there is no such account")]
    NoSuchAccount,
    /// There is no such subscription.
    #[error("there is no such subscription")]
    NoSuchSubscription,
    /// There is no such invoice.
    #[error("there is no such invoice")]
    NoSuchInvoice,
    /// Nobody sells this plan.
    #[error("there is no plan {0}")]
    UnknownPlan(PlanName),
    /// The plan is sold in another currency than the account's.
    #[error("the account pays in {0}, and the plan is sold in another currency")]
    OtherCurrency(String),
    /// An account has one trial, ever.
    #[error("the account has had its trial")]
    TrialIsUsed,
    /// The instance already has a subscription of another account.
    #[error("the instance already has a subscription")]
    BundleIsTaken,
    /// Unpaid invoices are in the way.
    #[error("the account has overdue invoices, which must be paid first")]
    AccountIsOverdue,
    /// What was never paid cannot be paused.
    #[error("the subscription awaits its first payment")]
    AwaitsPayment,
    /// The subscription is over.
    #[error("the subscription has ended")]
    IsCancelled,
    /// Nothing can be made due.
    #[error("nothing can be demanded: everything is paid, and nothing can be charged in advance")]
    NothingToDemand,
    /// The invoice is settled.
    #[error("nothing is left to pay of the invoice")]
    NothingToPay,
    /// More than is owed: the surplus would be lost.
    #[error("only {0} is left to pay of the invoice")]
    AboveBalance(Decimal),
    /// Not an amount of money.
    #[error("an amount is greater than 0 and has at most {0} decimals")]
    BadAmount(u32),
    /// Another payment has this reference.
    #[error("the reference belongs to another payment")]
    ReferenceIsTaken,
    /// A plan without a price.
    #[error(transparent)]
    NoPrice(#[from] NoPrice),
    /// What is stored makes no sense.
    #[error("stored billing data cannot be read: {0}")]
    Corrupt(&'static str),
    /// The engine's database failed.
    #[error("the billing engine's database failed")]
    Storage(#[from] sqlx::Error),
}

//! Calls of billing-service.

use vocabulary::{CustomerId, SubscriptionId};

use super::{CallError, Client};
use crate::billing::{
    Account, CustomerQuery, HeldEntitlements, Invoices, OrderInstance, Ordered, Payment, Plans,
    RecordPayment, Subscription, Subscriptions, TrialEligibility,
};
use crate::examination::{Swept, Violations};
use crate::instance::{Statements, StatementsQuery};

const PREFIX: &str = "/api/billing";

/// Speaks with billing-service.
#[derive(Debug, Clone)]
pub struct BillingClient(pub Client);

#[expect(clippy::missing_errors_doc, reason = "every call fails in the ways of CallError")]
impl BillingClient {
    /// The plans that can be bought.
    pub async fn plans(&self) -> Result<Plans, CallError> {
        self.0.get(&format!("{PREFIX}/plans")).await
    }

    /// Orders an instance.
    pub async fn order(&self, order: &OrderInstance) -> Result<Ordered, CallError> {
        self.0.post(&format!("{PREFIX}/instances"), order).await
    }

    /// Orders an instance once, however often it is called with this key.
    pub async fn order_once(&self, order: &OrderInstance, key: &str) -> Result<Ordered, CallError> {
        self.0.post_once(&format!("{PREFIX}/instances"), order, key).await
    }

    /// Subscriptions, newest first.
    pub async fn subscriptions(&self, query: &CustomerQuery) -> Result<Subscriptions, CallError> {
        self.0.find(&format!("{PREFIX}/subscriptions"), query).await
    }

    /// Asks for `upgrade`, `cancel`, `uncancel`, `pause`, `resume`, … of a subscription.
    pub async fn act(&self, id: SubscriptionId, action: &str) -> Result<Subscription, CallError> {
        self.0.act(&format!("{PREFIX}/subscriptions/{id}/{action}")).await
    }

    /// Invoices, newest first.
    pub async fn invoices(&self, query: &CustomerQuery) -> Result<Invoices, CallError> {
        self.0.find(&format!("{PREFIX}/invoices"), query).await
    }

    /// Records a payment that was made elsewhere.
    pub async fn record_payment(&self, payment: &RecordPayment) -> Result<Payment, CallError> {
        self.0.post(&format!("{PREFIX}/payments"), payment).await
    }

    /// A customer's account.
    pub async fn account(&self, customer: CustomerId) -> Result<Account, CallError> {
        self.0.get(&format!("{PREFIX}/accounts/{customer}")).await
    }

    /// Entitlements that cannot be derived without a guess (staff).
    pub async fn alarmed_entitlements(&self) -> Result<HeldEntitlements, CallError> {
        self.0.get("/api/billing/admin/entitlements?alarmed=true").await
    }

    /// Which invariants the rows break.
    pub async fn violations(&self) -> Result<Violations, CallError> {
        self.0.get(&format!("{PREFIX}/admin/violations")).await
    }

    /// Has everything looked at again.
    pub async fn sweep(&self) -> Result<Swept, CallError> {
        self.0.act(&format!("{PREFIX}/admin/sweep")).await
    }

    /// What is stated to instance-service.
    pub async fn statements(&self, query: &StatementsQuery) -> Result<Statements, CallError> {
        self.0.find(&format!("{PREFIX}/admin/statements"), query).await
    }

    /// Whether a customer may still have a trial.
    pub async fn trial_eligibility(&self, id: CustomerId) -> Result<TrialEligibility, CallError> {
        self.0.get(&format!("{PREFIX}/trial-eligibility/{id}")).await
    }
}

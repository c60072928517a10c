//! billing-service, prefix `/api/billing`.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vocabulary::{
    AccountId, CpuLimit, CustomerId, DatabaseType, DisplayName, EmailAddress, InstanceId,
    InvoiceId, Language, MemorySize, OdooVersion, OrderId, PaymentId, PlanName, Standing,
    Subdomain, SubscriptionId, TimeZone,
};

/// One plan that can be bought.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// Its key.
    pub name: String,
    /// Its product, such as `Basic`.
    pub product: String,
    /// A sentence for people.
    pub description: String,
    /// Price of a billing period.
    #[schema(value_type = String)]
    pub price: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// `MONTHLY`.
    pub billing_period: String,
    /// Days of free trial; 0 for none.
    pub trial_days: u32,
    /// CPU cores.
    pub cpu_limit: CpuLimit,
    /// Memory.
    pub memory_limit: MemorySize,
    /// Storage.
    pub storage_limit: MemorySize,
    /// Where the database lies.
    pub db_type: DatabaseType,
}

/// The plans that can be bought.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Plans {
    /// The plans, cheapest first.
    pub plans: Vec<Plan>,
}

/// Orders an instance: `POST /instances`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderInstance {
    /// For whom; needed from staff, and for customers only their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// Which plan.
    pub plan_name: PlanName,
    /// Under which name it is reached.
    pub subdomain: Subdomain,
    /// What people call it; the subdomain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    /// Which Odoo; the newest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odoo_version: Option<OdooVersion>,
    /// The administrator's address; staff must give it, for a customer it is the caller's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_email: Option<EmailAddress>,
    /// The language, such as `en_US`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The time zone, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<TimeZone>,
}

/// An order that was taken (201).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ordered {
    /// The order.
    pub order_id: OrderId,
    /// The instance that is being made.
    pub instance_id: InstanceId,
    /// The subscription that pays for it.
    pub subscription_id: SubscriptionId,
    /// How it stands: `trial`, or `awaiting_payment` with an invoice to pay first.
    pub standing: Standing,
    /// The invoice to pay first, when there is one.
    pub invoice: Option<Invoice>,
}

/// One subscription.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose.
    pub customer_id: CustomerId,
    /// For which instance.
    pub instance_id: InstanceId,
    /// Which plan.
    pub plan_name: String,
    /// How it stands.
    pub standing: Standing,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The last day of the trial's end, while it is in trial.
    pub trial_ends: Option<NaiveDate>,
    /// The day up to which it is charged.
    pub charged_through: Option<NaiveDate>,
    /// When it ends or ended, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
}

/// Says when a subscription is to end.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CancelQuery {
    /// `end_of_term` when absent. What is in its trial, or was never paid, always ends now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<CancelWhen>,
}

/// When a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelWhen {
    /// Now; what was paid for the time after becomes credit.
    Now,
    /// At the end of what is paid.
    EndOfTerm,
}

/// Subscriptions, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Subscriptions {
    /// The subscriptions.
    pub subscriptions: Vec<Subscription>,
}

/// One invoice. It is paid when its balance is 0.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number, without gaps.
    pub number: i64,
    /// Whose.
    pub customer_id: CustomerId,
    /// When it was made.
    pub date: NaiveDate,
    /// ISO 4217.
    pub currency: String,
    /// What it charges.
    #[schema(value_type = String)]
    pub amount: Decimal,
    /// What is still to be paid.
    #[schema(value_type = String)]
    pub balance: Decimal,
    /// Its lines.
    pub items: Vec<InvoiceItem>,
}

/// One line of an invoice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvoiceItem {
    /// Which subscription.
    pub subscription_id: SubscriptionId,
    /// Which plan.
    pub plan_name: String,
    /// `FIXED` (a trial) or `RECURRING`.
    pub kind: String,
    /// From this day.
    pub start: NaiveDate,
    /// Up to this day, without it.
    pub end: Option<NaiveDate>,
    /// The line's amount.
    #[schema(value_type = String)]
    pub amount: Decimal,
}

/// Invoices, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invoices {
    /// The invoices.
    pub invoices: Vec<Invoice>,
}

/// Records a payment that was made elsewhere: `POST /payments` (staff).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPayment {
    /// Which invoice.
    pub invoice_id: InvoiceId,
    /// How much; the whole balance when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Decimal>,
    /// The gateway's or the bank's reference: the same reference is recorded once.
    pub reference: String,
}

/// A payment that is recorded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// For which invoice.
    pub invoice_id: InvoiceId,
    /// How much.
    #[schema(value_type = String)]
    pub amount: Decimal,
    /// The reference.
    pub reference: String,
    /// What is still to be paid of the invoice.
    #[schema(value_type = String)]
    pub balance: Decimal,
}

/// A customer's account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// The account in the billing engine.
    pub id: AccountId,
    /// Whose.
    pub customer_id: CustomerId,
    /// What is to be paid over all.
    #[schema(value_type = String)]
    pub balance: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// `CLEAR`, `WARNING`, `BLOCKED` or `CANCELLATION`.
    pub overdue: String,
}

/// Whether a customer may still have a trial.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TrialEligibility {
    /// Whether.
    pub eligible: bool,
    /// Why (not): `eligible`, `had_a_trial`.
    pub reason: String,
}

/// Of which customer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// Staff say whose; for customers it is always their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
}

/// What billing holds true of an instance, and whether instance-service knows: one line of `GET /admin/entitlements`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeldEntitlement {
    /// Which instance.
    pub instance_id: InstanceId,
    /// Whose.
    pub customer_id: CustomerId,
    /// Which subscription pays for it; none while the order is being carried out.
    pub subscription_id: Option<SubscriptionId>,
    /// Which plan was ordered.
    pub plan_name: String,
    /// How it stands; none before it was first looked at.
    pub standing: Option<Standing>,
    /// The version that holds.
    pub version: i64,
    /// The version that instance-service has acknowledged.
    pub acknowledged_version: i64,
    /// Why nothing can be stated, where a person must act.
    pub alarm: Option<String>,
}

/// What billing holds true of the instances, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeldEntitlements {
    /// The entitlements.
    pub entitlements: Vec<HeldEntitlement>,
}

/// Which entitlements to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntitlementsQuery {
    /// Only those with an alarm.
    #[serde(default)]
    pub alarmed: bool,
}

//! Invoices and their lines. A line is never changed: what was charged too much is repaired by another line.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;
use vocabulary::{InvoiceId, PaymentId, PlanName, SubscriptionId};

/// What a line of an invoice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ItemKind {
    /// Once, at the start of a phase: the trial's 0.
    Fixed,
    /// The price of a period, or of a part of it.
    Recurring,
    /// Takes back a part of a recurring line, for days that were not served.
    RepairAdj,
    /// Credit of the account: gained when positive, used when negative.
    CbaAdj,
}

impl ItemKind {
    /// The kind as Kill Bill writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "FIXED",
            Self::Recurring => "RECURRING",
            Self::RepairAdj => "REPAIR_ADJ",
            Self::CbaAdj => "CBA_ADJ",
        }
    }
}

/// One line of an invoice.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id.
    pub id: Uuid,
    /// On which invoice.
    pub invoice: InvoiceId,
    /// For which subscription; credit is the account's.
    pub subscription: Option<SubscriptionId>,
    /// What for.
    pub kind: ItemKind,
    /// Which plan.
    pub plan: Option<PlanName>,
    /// From this day.
    pub start: NaiveDate,
    /// Up to this day, without it.
    pub end: Option<NaiveDate>,
    /// The price of a whole period.
    pub rate: Option<Decimal>,
    /// The line's amount.
    pub amount: Decimal,
    /// The line that this one repairs.
    pub linked: Option<Uuid>,
}

/// One committed invoice.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number, without gaps; given when it is committed.
    pub number: Option<i64>,
    /// Its date.
    pub date: NaiveDate,
    /// Up to which day it charges what is due.
    pub target: NaiveDate,
    /// When payment was demanded at once, if it was.
    pub demanded_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its lines.
    pub items: Vec<Item>,
    /// What was paid of it.
    pub paid: Decimal,
}

impl Invoice {
    /// What it charges: its lines without credit.
    #[must_use]
    pub fn amount(&self) -> Decimal {
        self.items.iter().filter(|i| i.kind != ItemKind::CbaAdj).map(|item| item.amount).sum()
    }

    /// What is still to be paid. It is paid when this is 0.
    #[must_use]
    pub fn balance(&self) -> Decimal {
        self.items.iter().map(|item| item.amount).sum::<Decimal>() - self.paid
    }

    /// Whether something is still to be paid.
    #[must_use]
    pub fn is_unpaid(&self) -> bool {
        self.balance() > Decimal::ZERO
    }
}

/// A payment that was recorded.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) invoice: InvoiceId,
    pub(crate) reference: String,
    pub(crate) amount: Decimal,
    pub(crate) recorded_at: DateTime<Utc>,
}

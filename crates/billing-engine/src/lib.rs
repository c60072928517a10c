//! What charges customers. The seam is [`BillingEngine`]: everything that follows from billing follows from its
//! [`AccountSnapshot`] alone. [`Embedded`] is an engine in our own PostgreSQL: pure functions over an append-only
//! ledger, with a clock that tests can move.
//!
//! The embedded engine is no tax engine, rates no usage, keeps one currency per account and UTC days, stores no cards
//! and recognises no revenue. What it does not offer answers [`EngineError::NotOffered`].

mod catalogue;
mod charge;
mod clock;
mod embedded;
mod engine;
mod invoice;
mod ledger;
mod money;
mod overdue;
mod period;
mod snapshot;
mod subscription;

pub use catalogue::{Catalogue, CataloguePlan};
pub use clock::{Clock, ManualClock, SystemClock};
pub use embedded::Embedded;
pub use engine::{
    BillingEngine, CancelPolicy, Cursor, EngineError, NewPayment, NewSubscription, Quote,
    RecordedPayment, Start,
};
pub use invoice::{Invoice, Item, ItemKind};
pub use money::round;
pub use overdue::{Dunning, Overdue};
pub use snapshot::{AccountSnapshot, Block, SubscriptionSnapshot, SubscriptionState};
pub use subscription::Phase;

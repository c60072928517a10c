//! billing-service: plans, orders, subscriptions, invoices and payments for people, and the first link of the chain of
//! truth: what holds for an instance is derived from the billing engine's snapshot alone, and is stated to instance-service
//! again and again until it is acknowledged, and every 15 minutes from then on.
//!
//! Webhooks of outside billing engines and gateways are not offered by this engine: their addresses answer 404.

mod account;
mod audit;
mod context;
mod desk;
mod entitlement;
mod examination;
mod feed;
mod metric;
mod order;
mod plan;
mod refusal;
mod route;
mod store;

pub use context::{Context, Options, QUEUE, service, worker};
pub use plan::{Phase, Plan, Plans};

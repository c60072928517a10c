//! instance-service and instance-worker: customers' Odoos. The service takes what billing states and what people wish,
//! and shows what is; the worker makes it true, alone: nobody else starts, stops or erases an Odoo.
//!
//! Nothing here knows of money, and nothing of how a database comes about: that is asked of database-service.

mod bell;
mod context;
mod credentials;
pub mod decision;
pub mod desire;
mod desk;
mod entitlement;
mod examination;
#[cfg(test)]
mod example;
mod hint;
mod http;
pub mod instance;
mod life;
mod number;
mod options;
mod order;
mod readiness;
mod reconciler;
pub mod route;
pub mod sentence;
pub mod store;
mod tenant;
mod view;
mod wish;

pub use context::Context;
pub use examination::secrets;
pub use hint::watch;
pub use http::service;
pub use options::{Options, PublicAddress};
pub use reconciler::{InstanceReconciler, worker};

/// The queue of this service's database.
pub const QUEUE: work::Queue = work::Queue::new("instance_work");

//! database-service and its worker: the tenants' PostgreSQL servers, and which instance has which database on them.
//!
//! Intent comes before effect. A row says what is to be, before anything of it is made and until nothing of it is left,
//! so that a crash leaves something that is finished or removed, and never a database that nobody knows. Whatever changes
//! one thing on a server does it in the session that holds the thing's `tenant::Fence`.
//!
//! What it does not do: it never decides that a tenant's data may go. Whoever releases an allocation has decided that.

mod allocation;
mod capacity;
mod changes;
mod choice;
mod context;
mod credential;
mod desk;
mod examination;
mod guard;
mod health;
mod http;
mod inventory;
mod number;
mod options;
mod pool;
mod server;
mod state;
mod stock;
mod store;
mod template;
mod tenant;

use std::sync::Arc;

use runtime::Runtime;
use work::{Queue, Worker};

pub use context::Context;
pub use examination::secrets;
pub use options::{Options, TemplateOffer, TenantLimits};

/// Where this service's work waits.
pub const QUEUE: Queue = Queue::new("database_work");

/// The HTTP side.
#[must_use]
pub fn service(context: Context) -> api::ServiceServer {
    http::service(context)
}

/// The side that acts: keeps servers, allocations, stock and templates as they should be, looks at their health,
/// plans capacity and takes inventory.
#[must_use]
pub fn worker(context: &Context, runtime: Arc<dyn Runtime>, concurrency: usize) -> Worker {
    Worker::new(context.pool.clone(), QUEUE, concurrency)
        .reconcile(server::Servers::new(context.clone(), Arc::clone(&runtime)))
        .reconcile(allocation::Allocations::new(context.clone()))
        .reconcile(stock::Stocks::new(context.clone()))
        .reconcile(template::Templates::new(context.clone(), Arc::clone(&runtime)))
        .reconcile(capacity::Capacity::new(context.clone()))
        .reconcile(health::HealthChecks::new(context.clone()))
        .reconcile(inventory::Inventory::new(context.clone(), runtime))
        .operation(pool::ProvisionPool::new(context.clone()))
}
